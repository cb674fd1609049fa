"""From numbers to coordinates: scales, ticks and paths of the figures, rounded to whole units of the drawing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Values = Sequence[float | None]

MOST_ON_A_SCALE = 1e12
"""The largest ratio on a scale; its inverse is the smallest. Values beyond are drawn at the end of the scale."""


@dataclass(frozen=True)
class Scale:
    """A linear or logarithmic scale from ``[low, high]`` to the coordinates ``[start, end]``."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def __call__(self, value: float) -> int:
        """The coordinate of a value. Values beyond the scale are drawn at its end.

        Examples
        --------
        >>> Scale(0, 10, 0, 200)(5), Scale(0, 10, 0, 200)(11), Scale(0.1, 10, 0, 200, logarithmic=True)(1)
        (100, 200, 100)
        """
        low, high, value = self.low, self.high, min(max(value, self.low), self.high)
        if self.logarithmic:
            low, high, value = math.log(low), math.log(high), math.log(value)
        share = (value - low) / (high - low)
        return round(self.start + share * (self.end - self.start))

    def ticks(self, num_steps: int = 5) -> list[float]:
        """Round numbers on the scale, about `num_steps` steps apart.

        Examples
        --------
        >>> Scale(0.91, 0.984, 0, 1).ticks()
        [0.92, 0.94, 0.96, 0.98]
        """
        if self.logarithmic and self.high / self.low > 3:
            return self._log_ticks()
        step = _round_step((self.high - self.low) / num_steps)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(i * step, 12) for i in range(first, last + 1)]

    def _log_ticks(self) -> list[float]:
        exponents = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        dense = self.high / self.low < 100
        ticks = [factor * 10.0**exponent for exponent in exponents for factor in ((1, 2, 5) if dense else (1,))]
        inside = [round(tick, 12) for tick in ticks if self.low <= tick <= self.high]
        return inside[:: math.ceil(len(inside) / 6)] if inside else [self.low, self.high]


def scale_over(values: Iterable[float], start: float, end: float, *, logarithmic: bool = False) -> Scale:
    """A scale over all values, with a small margin at both ends."""
    values = list(values)
    low, high = min(values), max(values)
    if logarithmic:
        # Two different seeds give a ratio an interval over hundreds of decades, which tell readers nothing.
        low, high = (min(max(value, 1 / MOST_ON_A_SCALE), MOST_ON_A_SCALE) for value in (low, high))
        room = max((high / low) ** 0.06, 1.02)
        return Scale(low / room, high * room, start, end, logarithmic=True)
    room = 0.06 * (high - low) or abs(high) * 0.1 or 1.0
    return Scale(low - room, high + room, start, end)


def _round_step(rough: float) -> float:
    magnitude = 10.0 ** math.floor(math.log10(rough))
    return magnitude * next(factor for factor in (1, 2, 5, 10) if factor * magnitude >= 0.7 * rough)


def path(xs: Sequence[int], values: Values, y: Scale) -> str:
    """An SVG path through the values, in relative steps, with a gap at each missing value.

    Examples
    --------
    >>> path([0, 10, 20, 30, 40], [0, 1, None, 1, 0], Scale(0, 1, 100, 0))
    'M0 100l10-100M30 0l10 100'
    """
    drawn, before = "", None
    for x, value in zip(xs, values, strict=True):
        if value is None:
            before = None
            continue
        at = x, y(value)
        if before is None:
            drawn += f"M{_pair(*at)}"
        else:
            drawn += f"l{_pair(at[0] - before[0], at[1] - before[1])}"
        before = at
    return drawn


def _pair(x: int, y: int) -> str:
    return f"{x}{y}" if y < 0 else f"{x} {y}"


def band(xs: Sequence[int], low: Values, high: Values, y: Scale) -> str:
    """An SVG path around the band between two curves: one closed shape for each stretch without a gap.

    Examples
    --------
    >>> band([0, 10], [0, 0], [1, 1], Scale(0, 1, 100, 0))
    'M0 0L10 0L10 100L0 100Z'
    """
    shapes, stretch = [], []
    for x, below, above in [*zip(xs, low, high, strict=True), (0, None, None)]:
        if below is not None and above is not None:
            stretch.append((x, y(above), y(below)))
            continue
        if len(stretch) > 1:
            corners = [(x, top) for x, top, _ in stretch] + [(x, bottom) for x, _, bottom in reversed(stretch)]
            shapes.append("M" + "L".join(_pair(*corner) for corner in corners) + "Z")
        stretch = []
    return "".join(shapes)


def lanes(xs: Sequence[int], distance: int) -> list[int]:
    """Lanes for dots at `xs`, so that dots in the same lane are at least `distance` apart; lane 0 is filled first.

    Examples
    --------
    >>> lanes([10, 12, 40, 11], 8)
    [0, 2, 0, 1]
    """
    ends: list[int] = []
    chosen = [0] * len(xs)
    for i in sorted(range(len(xs)), key=lambda i: xs[i]):
        lane = next((lane for lane, end in enumerate(ends) if xs[i] - end >= distance), len(ends))
        ends[lane : lane + 1] = [xs[i]]
        chosen[i] = lane
    return chosen
