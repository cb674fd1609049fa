"""Trees of values that contain no code, and qualified names of classes and functions."""

from __future__ import annotations

import logging
import re
from hashlib import sha256
from pathlib import PurePath
from types import GenericAlias, ModuleType, UnionType
from typing import Any

from pytest_claims.fingerprint.declarations import (
    is_data_set,
    is_numpy,
)

PUBLISHED_MODULES = {
    "pytest_claims.catalogue.arms": "pytest_claims.arms",
    "pytest_claims.data.pools": "pytest_claims.data",
    "pytest_claims.support.randomness": "pytest_claims.randomness",
    "pytest_claims.support.vocabulary": "pytest_claims.arms",
}
"""Today's name of a module of this package, mapped to its name at the time when runs were published.

A fingerprint contains the module's name of each function that an arm uses from this package. If a module moves, this
table keeps its published name, so that fingerprints stay the same.
"""

NO_CONSTANT = object()


def constant_tree(value: Any) -> Any:
    """Return the JSON tree of a value that contains no other values; `NO_CONSTANT` for any other value."""
    tree = NO_CONSTANT
    match value:
        case bool() | int() | str() | None:
            tree = value
        case float():
            tree = ["float", float(value).hex()]
        case complex() | range() | slice() | PurePath() | bytes():
            tree = [type(value).__name__, repr(value)]
        case logging.Logger() | logging.LoggerAdapter():
            tree = ["logger"]  # it tells of a run, and changes nothing in it
        case re.Pattern():
            tree = ["pattern", repr(value.pattern), value.flags]
        case ModuleType():
            tree = ["module", value.__name__]
        case _ if type(value).__module__ == "typing" or isinstance(value, GenericAlias | UnionType):
            tree = ["type", repr(value)]
        case _ if is_numpy(value) and not value.dtype.hasobject:
            tree = ["array", value.dtype.str, list(value.shape), sha256(value.tobytes()).hexdigest()]
        case _ if is_data_set(value):
            tree = ["data set", value.name]
    return tree


def is_constant(value: Any) -> bool:
    """Tell if a value is a constant, or a list, a tuple or a dictionary of constants."""
    if isinstance(value, list | tuple):
        return all(map(is_constant, value))
    if isinstance(value, dict):
        return all(is_constant(part) for item in value.items() for part in item)
    return constant_tree(value) is not NO_CONSTANT


def is_same(one: Any, other: Any) -> bool:
    """Tell if two values are one object, or constants of equal type and content; also inside containers.

    Examples
    --------
    >>> is_same([0.5, (1,)], [0.5, (1,)]), is_same(1, 1.0), is_same(0.0, -0.0)
    (True, False, False)
    """
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, dict):
        return is_same(list(one.items()), list(other.items()))
    tree = constant_tree(one)
    return tree is not NO_CONSTANT and bool(tree == constant_tree(other))


def order_in_set(value: Any) -> str:
    """Return the key that sorts the members of a set in the same order in every process."""
    return qualified_name(value) if hasattr(value, "__qualname__") else repr(value)


def qualified_name(value: Any) -> str:
    """Return the module and the qualified name of a class or a function."""
    return f"{PUBLISHED_MODULES.get(value.__module__, value.__module__)}.{value.__qualname__}"
