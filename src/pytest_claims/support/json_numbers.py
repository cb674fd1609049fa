"""Numbers in JSON. JSON has no NaN and no infinity, so strings stand for them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any


def finite_or_name(number: float) -> float | str:
    """Return a finite number as it is, and NaN or an infinity as the string that stands for it in JSON.

    Examples
    --------
    >>> finite_or_name(0.5), finite_or_name(float("-inf"))
    (0.5, '-Infinity')
    """
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


_NOT_FINITE = tuple(json.dumps(finite_or_name(number)) for number in (math.nan, math.inf, -math.inf))


def dumped(value: Any) -> str:
    """Write an `encoded` value as JSON text."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def plain_numbers(value: Any, name: str) -> Any:
    """Turn numbers of any library into Python numbers, arrays and tuples into lists; the error shows `name`."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    if hasattr(value, "tolist"):
        return plain_numbers(value.tolist(), name)
    if isinstance(value, list | tuple):
        return [plain_numbers(item, name) for item in value]
    raise ValueError(
        f"the measurement {name!r} holds a {type(value).__name__}, {value!r}; expected numbers or nested lists of them"
    )


def encoded(value: Any) -> Any:
    """Replace each NaN and infinity in a nested value by its string, so that JSON can hold the value."""
    if isinstance(value, float):
        return finite_or_name(value)
    if isinstance(value, Mapping):
        return {str(key): encoded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encoded(item) for item in value]
    return value


def loaded(text: str) -> Any:
    """Read the value that `encoded` and `dumped` wrote. If all its numbers are finite, there is nothing to decode."""
    content = json.loads(text)
    return decoded(content) if any(name in text for name in _NOT_FINITE) else content


def decoded(value: Any) -> Any:
    """Turn the strings in a nested value back into numbers."""
    if isinstance(value, str):
        return float(value)
    if isinstance(value, dict):
        return {key: decoded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [decoded(item) for item in value]
    return value
