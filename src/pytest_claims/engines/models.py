"""Builds models, inputs and measurements from an arm's declaration, and checks them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import isclass, signature
from typing import Any

import keras
import numpy as np

from pytest_claims.catalogue.arms import Arm, Split
from pytest_claims.engines.base import Job, Trained
from pytest_claims.engines.conditions import KERAS_DEFAULTS
from pytest_claims.engines.draws import is_own, remember_starts
from pytest_claims.engines.objective import Objective

Inputs = Callable[[np.ndarray], np.ndarray]
"""Takes rows of the pool, shape ``(num_rows,)``, and gives their inputs, ``(num_rows, ...)``."""


def build_model(builder: Callable[[tuple[int, ...]], Any], input_shape: tuple[int, ...]) -> Any:
    """Build an arm's model and its variables.

    Raises
    ------
    ValueError
        If `builder` does not return a Keras model, compiles it or sets its weights, or changes a setting of Keras or
        JAX for all later arms.
    """
    with _drawing_nothing():
        model = _with_settings_kept(lambda: builder(input_shape), "model")
        if not isinstance(model, keras.Model):
            raise ValueError(f"an arm's model must build a keras.Model, got {type(model).__name__}. Return the model.")
        _check_tells_its_output(model)
        if model.compiled:
            raise ValueError(
                "the arm's model is compiled, and its optimizer, loss and metrics would not be used. Leave out its "
                "compile(): the arm declares the optimizer and the loss, and measurements stand for metrics."
            )
        if not model.built:
            model.build((None, *input_shape))
    remember_starts(model)
    return model


def _check_tells_its_output(model: Any) -> None:
    """Refuse a subclass of `keras.Model` that does not tell its output layer."""
    if not isinstance(model, keras.Sequential) and getattr(model, "inputs", None) is None:
        raise ValueError(
            f"{type(model).__name__}, a subclass of keras.Model, does not tell the shape of its output, nor its last"
            " layer. Build a keras.Sequential, or keras.Model(inputs, outputs)."
        )


def build_optimizer(builder: Callable[[], Any]) -> Any:
    """Build an arm's optimizer.

    Raises
    ------
    ValueError
        If `builder` changes a setting of Keras or JAX for all who come after.
    """
    return _with_settings_kept(builder, "optimizer")


def _with_settings_kept(build: Callable[[], Any], what: str) -> Any:
    """Build something, and put back the settings of Keras and JAX that this changed, which is an error."""
    before = _settings()
    try:
        built = build()
    finally:
        changed = {setting: value for setting, value in _settings().items() if value != before[setting]}
        for setting in changed:
            _set(*setting, before[setting])
    if changed:
        told = ", ".join(
            f"{owner}' {name} from {before[owner, name]} to {new}" for (owner, name), new in changed.items()
        )
        raise ValueError(
            f"building the {what} changed {told}, for every arm that is built after it. Give the layers what"
            " they need, such as dtype='mixed_float16', and leave the setting as it is."
        )
    return built


def _settings() -> dict[tuple[str, str], Any]:
    """The global settings of Keras, and those of JAX where it is imported, by library and name."""
    of_keras = {("Keras", name): getattr(keras.config, name)() for name in KERAS_DEFAULTS}
    jax = sys.modules.get("jax")
    return of_keras | ({("JAX", name): value for name, value in jax.config.values.items()} if jax else {})


def _set(owner: str, name: str, value: Any) -> None:
    if owner == "Keras":
        getattr(keras.config, f"set_{name}")(value)
    else:
        sys.modules["jax"].config.update(name, value)


OVERRIDDEN = (
    *("fit", "evaluate", "compile", "make_train_function", "make_test_function", "train_step", "test_step"),
    *("compute_loss", "compute_metrics", "get_metrics_result", "metrics"),
)
"""Methods that `keras.Model.fit` calls on a model, and a compiled epoch does not."""


def refuse_own_training(model: Any) -> None:
    """Refuse a model that trains in a way of its own.

    Raises
    ------
    ValueError
        Its class has a `compute_loss` or the like, which a compiled epoch would not call. Or a layer has metrics or a
        state that passes from batch to batch, or Keras would scale the model's loss.
    """
    for name in OVERRIDDEN:
        if is_own(type(model), name):
            raise ValueError(
                f"{type(model).__name__} has a {name} of its own, which the engine 'stacked' would not call. Train "
                "it with --claims-engine=fit, or say the same by the arm's loss and layers."
            )
    for layer in model._flatten_layers():
        if layer._metrics:
            problem = "has metrics, which the engine 'stacked' does not report"
        elif getattr(layer, "stateful", False):
            problem = "carries a state from batch to batch, which the engine 'stacked' does not"
        elif layer is model and layer.dtype_policy.name == "mixed_float16":
            problem = "is 'mixed_float16', for which Keras scales the loss, and the engine 'stacked' does not"
        else:
            continue
        raise ValueError(
            f"{type(layer).__name__} {layer.name!r} {problem}. Train it with --claims-engine=fit, or build another."
        )


@contextmanager
def _drawing_nothing() -> Iterator[None]:
    """Let Keras' random initializers give NaN. Runs get their weights from `initial_weights`.

    On JAX Keras compiles a draw for each shape. This takes longer than all other steps of building a model.
    """
    # Derived classes inherit the method from these classes.
    calls = {
        cls: cls.__call__
        for cls in vars(keras.initializers).values()
        if isclass(cls) and "__call__" in vars(cls) and "seed" in signature(cls).parameters
    }
    try:
        for random in calls:
            random.__call__ = _not_drawn  # type: ignore[method-assign]
        yield
    finally:
        for random, call in calls.items():
            random.__call__ = call  # type: ignore[method-assign]


def _not_drawn(_: Any, shape: tuple[int, ...], dtype: Any = None, **__: Any) -> np.ndarray:
    return np.full(shape, np.nan, dtype)


def measure(arm: Arm, trained: Trained) -> dict[str, Any]:
    """Compute an arm's measurements, as floats and nested lists, and count the model's parameters.

    Raises
    ------
    ValueError
        If a measurement does not return numbers.
    """
    numbers: dict[str, Any] = {"num_parameters": int(trained.model.count_params())}
    for name, measurement in arm.measurements.items():
        try:
            numbers[name] = np.asarray(measurement(trained), dtype=np.float64).tolist()
        except (TypeError, ValueError) as error:
            raise ValueError(f"the measurement {name!r} must give a number or an array of numbers: {error}") from error
    return numbers


def inputs_of(arm: Arm, pool: np.ndarray, seed: int) -> Inputs:
    """A function from rows of the pool to their decoded inputs in one run, in the precision of training."""

    def inputs(rows: np.ndarray) -> np.ndarray:
        decoded = arm.data.decode(np, pool[rows], np.asarray(rows, np.int32), np.uint32(seed))
        return np.asarray(decoded, keras.config.floatx())

    return inputs


def trained_run(
    job: Job,
    seed: int,
    split: Split,
    inputs: Inputs,
    objective: Objective,
    logits: Callable[[np.ndarray], np.ndarray],
    **model_and_weights: Any,
) -> Trained:
    """Make the argument of an arm's measurements; `model_and_weights` are its fields with these names."""

    def predict(inputs: np.ndarray) -> np.ndarray:
        return np.asarray(objective.activate(logits(inputs)))

    return Trained(
        arrays=job.arrays,
        split=split,
        tier=job.tier,
        seed=seed,
        inputs=inputs,
        logits=logits,
        predict=predict,
        **model_and_weights,
    )
