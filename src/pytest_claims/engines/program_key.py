"""Keys of compiled programs. A key covers everything in memory that a trace depends on."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from enum import Enum
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_claims.engines.conditions import KERAS_DEFAULTS
from pytest_claims.fingerprint.fingerprint import code_digest

if TYPE_CHECKING:
    from pytest_claims.catalogue.arms import Arm
    from pytest_claims.support.vocabulary import Tier

# Attributes of one optimizer instance: its names, and the variables that its first step or `build` sets.
_OF_AN_INSTANCE = {
    *("name", "built", "_lock", "_tracker", "_iterations", "_exclude_from_weight_decay_cache"),
    *("_variables", "_trainable_variables", "_trainable_variables_indices"),
}


def code_key(arm: Arm, tier: Tier) -> Hashable:
    """Key of the functions that build an arm's model and decode its inputs: code, arguments, and constants they use."""
    digest = code_digest({"model": arm.model, "decode": arm.data.decode}, tier=tier, name="this arm")
    return digest or (content_key(arm.model), content_key(arm.data.decode))


def optimizer_key(optimizer: Any) -> Hashable:
    """Key of everything that an optimizer's updates depend on, except the value of a constant learning rate.

    ``get_config`` is not complete: it lacks the variables excluded from weight decay, and settings of users' classes.
    """
    settings = {name: value for name, value in vars(optimizer).items() if name not in _OF_AN_INSTANCE}
    if learning_rate_of(optimizer) is not None:
        settings["_learning_rate"] = "a number"
    return type(optimizer), content_key(settings)


def learning_rate_of(optimizer: Any) -> float | None:
    """The learning rate if it is a number; ``None`` for a schedule.

    Raises
    ------
    ValueError
        If a setting needs more than the stateless update.
    """
    import keras

    kind, base = type(optimizer), keras.optimizers.Optimizer
    for name in ("apply_gradients", "stateless_apply", "scale_loss", "finalize_variable_values"):
        if getattr(kind, name) is not getattr(base, name):
            raise ValueError(
                f"the optimizer {kind.__name__} has a {name} of its own, which the engine 'stacked' would not honour. "
                "Train it with --claims-engine=fit, or choose another optimizer."
            )
    if optimizer.use_ema or optimizer.loss_scale_factor is not None:
        raise ValueError(f"{kind.__name__} with use_ema or loss_scale_factor is not supported. Leave them out.")
    rate = optimizer._learning_rate
    return float(np.asarray(rate)) if isinstance(rate, keras.Variable) else None


def surroundings() -> Hashable:
    """The global settings of Keras and JAX that a trace depends on."""
    import jax
    import keras

    return (
        *(content_key(getattr(keras.config, name)()) for name in KERAS_DEFAULTS),
        *sorted((name, repr(value)) for name, value in jax.config.values.items()),
    )


def content_key(value: Any) -> Hashable:
    """A key that two values share if they have the same content.

    Functions, classes and modules equal only themselves, and so do objects that have no readable content.

    Examples
    --------
    >>> content_key({"rate": 0.1, "sizes": [1, 2]}) == content_key({"sizes": [1, 2], "rate": 0.1})
    True
    >>> content_key(1) == content_key(1.0), content_key([1]) == content_key((1,))
    (False, False)
    """
    return _key(value, ())


def _key(value: Any, within: tuple[int, ...]) -> Hashable:
    if id(value) in within:  # it contains itself
        return "cycle", within.index(id(value))
    within = (*within, id(value))
    match value:
        case Enum() | FunctionType() | BuiltinFunctionType() | type() | ModuleType():
            return value
        case None | bool() | int() | float() | complex() | str() | bytes() | range():
            return type(value), repr(value)
        case re.Pattern():
            return "pattern", value.pattern, value.flags
        case np.ndarray() if not value.dtype.hasobject:
            return "array", value.dtype.str, value.shape, value.tobytes()
    return _key_of_parts(value, within)


def _key_of_parts(value: Any, within: tuple[int, ...]) -> Hashable:
    match value:
        case MethodType():
            parts: Any = (value.__func__, value.__self__)
        case partial():
            parts = (value.func, value.args, value.keywords)
        case Mapping():
            parts = sorted(value.items(), key=lambda pair: repr(pair[0]))
        case list() | tuple():
            return type(value), *(_key(item, within) for item in value)
        case set() | frozenset():
            return type(value), frozenset(_key(item, within) for item in value)
        case _ if hasattr(value, "__array__"):  # Keras' variables, and any library's scalars
            parts = np.asarray(value)
        case _ if hasattr(value, "__dict__"):
            parts = dict(vars(value))
        case _:
            return _Itself(value)
    return type(value), _key(parts, within)


class _Itself:
    """An object that equals only itself. The reference to it keeps other objects from getting its identity."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and other._value is self._value

    def __hash__(self) -> int:
        return id(self._value)
