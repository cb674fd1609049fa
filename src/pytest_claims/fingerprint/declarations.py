"""Descriptions of declarations for people and for JSON, and the differences between two of them."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from pathlib import PurePath
from types import MappingProxyType
from typing import Any, NamedTuple

from pytest_claims.catalogue.arms import Arm, Data, Measurement, Split
from pytest_claims.support.json_numbers import finite_or_name
from pytest_claims.support.vocabulary import ByTier, Tier, at_tier

_LARGEST_READABLE_ARRAY = 20


class Computation(NamedTuple):
    """How runs are computed.

    Parameters
    ----------
    engine, semantics
        The engine's name, and the version of its computations.
    conditions
        What deviates from the settings and golden steps that the package expects, as data for JSON.
    """

    engine: str
    semantics: int
    conditions: Mapping[str, Any] = MappingProxyType({})


_DECLARATIONS = (Arm, Data, Measurement, Split)


def describe(declaration: Any, *, tier: Tier | None = None) -> Any:
    """Describe a declaration in nested dictionaries, for people and for JSON.

    A function becomes its name with its arguments. Without a `tier`, the values of `by_tier` are shown for both tiers.

    Examples
    --------
    >>> describe(functools.partial(sorted, reverse=True))
    {'call': 'sorted', 'reverse': True}
    """
    inner = functools.partial(describe, tier=tier)
    match declaration:
        case ByTier():
            shown = inner(dataclasses.asdict(declaration) if tier is None else at_tier(declaration, tier))
        case Enum():
            shown = declaration.name
        case bool() | int() | str() | None:
            shown = declaration
        case float():
            shown = finite_or_name(float(declaration))
        case Mapping():
            shown = {str(key): inner(value) for key, value in declaration.items()}
        case list() | tuple():
            shown = [inner(item) for item in declaration]
        case set() | frozenset():
            shown = sorted(map(inner, declaration), key=dump)
        case PurePath() | range():
            shown = str(declaration)
        case _:
            shown = _object_shown(declaration, inner)
    return shown


def _object_shown(value: Any, inner: Callable[[Any], Any]) -> Any:
    if is_data_set(value):
        return value.name
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        called = {} if isinstance(value, _DECLARATIONS) else {"call": _short_name(type(value))}
        return called | {name: inner(item) for name, item in fields_of(value)}
    if is_numpy(value):
        small = value.size <= _LARGEST_READABLE_ARRAY
        return inner(value.tolist()) if small else f"{value.dtype} array of shape {value.shape}"
    if callable(value):
        function, arguments = call_of(value)
        return {"call": _short_name(function)} | {name: inner(item) for name, item in arguments.items()}
    return _short_name(type(value))


def differences(a: Any, b: Any) -> list[str]:
    """List the differences between two described declarations, one line each.

    Examples
    --------
    >>> differences({"model": {"call": "mlp", "hidden": [16, 16]}}, {"model": {"call": "mlp", "hidden": [4, 4]}})
    ['model.hidden: [16, 16] → [4, 4]']
    """
    return list(_differences(a, b, ""))


_ABSENT = object()


def _differences(a: Any, b: Any, where: str) -> Iterator[str]:
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        for key in dict.fromkeys([*a, *b]):
            # The name of a function stands for the object that it makes.
            inner = where if key == "call" and where else f"{where}.{key}" if where else key
            yield from _differences(a.get(key, _ABSENT), b.get(key, _ABSENT), inner)
    elif a is _ABSENT or b is _ABSENT or dump(a) != dump(b):
        yield f"{where or 'declaration'}: {_shown(a)} → {_shown(b)}"


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "not given"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def call_of(value: Any) -> tuple[Any, dict[str, Any]]:
    """Return a function and the arguments bound to it, by name if the function has a signature."""
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}
    while isinstance(value, functools.partial):
        args, kwargs, value = value.args + args, value.keywords | kwargs, value.func
    if not args and not kwargs:
        return value, {}
    try:
        signature = inspect.signature(value)
    except ValueError:  # some builtin functions have none
        return value, {str(i): argument for i, argument in enumerate(args)} | kwargs
    bound = signature.bind_partial(*args, **kwargs).arguments
    for name, parameter in signature.parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            bound |= bound.pop(name, {})
    return value, dict(sorted(bound.items(), key=lambda item: _rank(signature, item[0])))


def _rank(signature: inspect.Signature, name: str) -> tuple[int, str]:
    order = list(signature.parameters)
    return (order.index(name) if name in order else len(order)), name


def fields_of(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a dataclass; skip a declaration's empty fields, so that new fields may be added."""
    for field in dataclasses.fields(value):
        item = getattr(value, field.name)
        if not isinstance(value, _DECLARATIONS) or not (item is None or item == {}):
            yield field.name, item


def is_numpy(value: Any) -> bool:
    """Tell if a value is an array or a scalar of NumPy, without importing NumPy."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray | numpy.generic)


def is_data_set(value: Any) -> bool:
    """Tell if a value is a `pytest_claims.data.sets.DataSet`."""
    data = sys.modules.get("pytest_claims.data.sets")  # code that holds a data set has imported this module
    return data is not None and isinstance(value, data.DataSet)


def _short_name(value: Any) -> str:
    return str(getattr(value, "__name__", type(value).__name__))


def dump(value: Any) -> str:
    """Write a value as JSON text that is the same for equal values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
