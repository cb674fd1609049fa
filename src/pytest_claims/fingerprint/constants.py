"""Trees of values that hold no code, and names of what code takes from packages."""

from __future__ import annotations

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
"""By today's name of a module of this package, the name under which runs were published.

A fingerprint names what an arm takes from this package by its module. A module that moves keeps its name here.
"""

NO_CONSTANT = object()


def constant_tree(value: Any) -> Any:
    """What JSON can tell of a value that holds no others; `NO_CONSTANT` for anything else."""
    tree = NO_CONSTANT
    match value:
        case bool() | int() | str() | None:
            tree = value
        case float():
            tree = ["float", float(value).hex()]
        case complex() | range() | slice() | PurePath() | bytes():
            tree = [type(value).__name__, repr(value)]
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


def order_in_set(value: Any) -> str:
    """By what members of a set are put in an order that every process finds."""
    return qualified_name(value) if hasattr(value, "__qualname__") else repr(value)


def qualified_name(value: Any) -> str:
    """A class or a function by its module and its name in there."""
    return f"{PUBLISHED_MODULES.get(value.__module__, value.__module__)}.{value.__qualname__}"
