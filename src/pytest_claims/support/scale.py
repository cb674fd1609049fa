"""Conversion between the tested scale and the scale that people read, and the bounds of margins.

A ratio is tested as its natural logarithm. All other numbers are the same on both scales.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

RATIO = "ratio"
"""The one unit whose numbers are tested as natural logarithms."""

Margin = float | tuple[float, float]
"""A bound, or a lower and an upper one. In JSON the pair is a list."""


def as_tested(number: float, unit: str) -> float:
    """Convert a number from the scale that people read to the tested scale.

    Examples
    --------
    >>> as_tested(1.0, "ratio"), as_tested(0.0, "ratio"), as_tested(0.3, "nats")
    (0.0, -inf, 0.3)
    """
    if unit != RATIO:
        return float(number)
    return math.log(number) if number > 0 else -math.inf if number == 0 else math.nan


def as_read(number: float, unit: str) -> float:
    """Convert a number from the tested scale to the scale that people read.

    Examples
    --------
    >>> as_read(0.0, "ratio"), as_read(-0.3, "nats")
    (1.0, -0.3)
    """
    if unit != RATIO:
        return float(number)
    try:
        return math.exp(number)
    except OverflowError:
        return math.inf


def no_effect(unit: str, *, difference: bool) -> float | None:
    """Return the number that means "no effect", on the scale that people read; ``None`` for a plain quantity."""
    return 1.0 if unit == RATIO else 0.0 if difference else None


def bounds(margin: float | Sequence[float]) -> tuple[float, ...]:
    """Return the bounds of a margin; an empty list has none.

    Examples
    --------
    >>> bounds(0.5), bounds([5.5, 6.5]), bounds([])
    ((0.5,), (5.5, 6.5), ())
    """
    return tuple(map(float, margin)) if isinstance(margin, Sequence) else (float(margin),)


def margin_of(ends: Iterable[float]) -> Margin:
    """Make the margin with these bounds; the lower bound comes first."""
    low, *others = sorted(ends)
    return (low, *others) if others else low  # type: ignore[return-value]


def each_bound(change: Callable[[float], float], margin: float | Sequence[float]) -> Margin:
    """Apply a function to each bound of a margin.

    Examples
    --------
    >>> each_bound(lambda bound: -bound, (1.0, 2.0))
    (-2.0, -1.0)
    """
    return margin_of(map(change, bounds(margin)))
