"""The seed strips of a card: the quantity of each seed against its margin.

A drawing is 720 units wide. The page shows it at about half that width, so integer coordinates are fine enough.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_claims.report.drawings.scales import Scale, Values, lanes, scale_over
from pytest_claims.report.words.numbers import (
    Part,
    Unit,
    effect,
    effect_with_interval,
    interval_name,
    number,
    quantity_value,
    unit_of,
)
from pytest_claims.report.words.rules import side_asked, words_of
from pytest_claims.report.words.sentences import asked, num_happened
from pytest_claims.support.scale import RATIO, bounds, no_effect
from pytest_claims.support.text import counted

WIDTH = 720
LEFT, RIGHT = 84, 704
DOTS_BOTTOM, INTERVAL_Y, AXIS_Y, STRIP_HEIGHT = 150, 186, 214, 268
DOT_DISTANCE = 18
LONGEST_STACK = 120
"""Largest height of stacked dots, above the interval."""


@dataclass(frozen=True)
class Tick:
    """A tick of an axis."""

    at: int
    label: str


@dataclass(frozen=True)
class Dot:
    """One seed's value."""

    x: int
    y: int
    hollow: bool = False


@dataclass(frozen=True)
class Strip:
    """The quantity of each seed, its interval, and the claim's side of the margin."""

    description: str
    caption: str
    ticks: tuple[Tick, ...]
    dots: tuple[Dot, ...]
    margins: tuple[int, ...]
    region: tuple[int, int]
    zero: int | None
    interval: tuple[int, int] | None
    estimate: int | None
    rows: tuple[tuple[str, str], ...]


def finite(*lines: Values) -> list[float]:
    """The finite numbers of several lines."""
    return [value for line in lines for value in line if value is not None and math.isfinite(value)]


def in_unit(unit: Unit) -> str:
    """The unit in brackets, for a caption; empty if it has no name."""
    return f" ({unit.suffix.strip()})" if unit.suffix else ""


def ticks(scale: Scale, unit: Unit, *, signed: bool = False) -> tuple[Tick, ...]:
    """The ticks of a scale, with the decimals that they need."""
    values = scale.ticks()
    places = next((places for places in range(8) if _exact(values, unit, places)), unit.decimals)
    return tuple(Tick(scale(value), number(value, unit, places, signed=signed)) for value in values)


def _exact(ticks: Sequence[float], unit: Unit, places: int) -> bool:
    return all(math.isclose(round(tick * unit.factor, places), tick * unit.factor, abs_tol=1e-9) for tick in ticks)


def strip(part: Part) -> Strip | None:
    """The figure of a part; ``None`` if no seed has a finite number, or if arithmetic alone decides."""
    words, ends = words_of(part), bounds(part["margin"])
    has_outcomes = words.draws == "outcomes"
    values = [0.0, 1.0] if has_outcomes else finite(part["values"])
    marks = finite([part["estimate"], part["low"], part["high"], *ends])
    if not values or words.draws is None:
        return None
    is_ratio = part["unit"] == RATIO and min([*values, *marks]) > 0
    x = scale_over([*values, *marks], LEFT, RIGHT - 20, logarithmic=is_ratio)
    if has_outcomes:
        x = Scale(0, 1, LEFT, RIGHT - 20)
    known = [(seed, value) for seed, value in zip(part["seeds"], part["values"], strict=False)]
    return Strip(
        description=words.description.format(**_template_values(part, values)),
        caption=words.caption.format(**_template_values(part, values)),
        ticks=ticks(x, unit_of(part), signed=part["difference"]),
        dots=_outcomes(part) if has_outcomes else _dots(part, x),
        margins=tuple(map(x, ends)),
        region=_region(part, x),
        zero=_zero(part, x),
        interval=None if part["low"] is None or part["high"] is None else (x(part["low"]), x(part["high"])),
        estimate=None if part["estimate"] is None else x(part["estimate"]),
        rows=tuple((str(seed), _seed_value(value, part)) for seed, value in known),
    )


def _seed_value(value: float, part: Part) -> str:
    if words_of(part).draws == "outcomes" and math.isfinite(value):
        return "yes" if value else "no"
    return quantity_value(value, part)


def _zero(part: Part, x: Scale) -> int | None:
    """The coordinate of no effect; ``None`` if it lies outside the scale."""
    none = no_effect(part["unit"], difference=part["difference"] and "plain" not in part)
    return x(none) if none is not None and x.low <= none <= x.high else None


def _region(part: Part, x: Scale) -> tuple[int, int]:
    """The claim's side of the margin."""
    low, *high = map(x, bounds(part["margin"]))
    if high:
        return low, high[0]
    return (int(x.start), low) if side_asked(part) == "below" else (low, int(x.end))


def _dots(part: Part, x: Scale) -> tuple[Dot, ...]:
    xs = [x(value) for value in finite(part["values"])]
    placed = lanes(xs, DOT_DISTANCE)
    rise = min(DOT_DISTANCE, LONGEST_STACK // max(1, *placed))
    return tuple(Dot(at, DOTS_BOTTOM - lane * rise) for at, lane in zip(xs, placed, strict=True))


def _outcomes(part: Part) -> tuple[Dot, ...]:
    """A dot for each seed in order, evenly spaced, since an event has no place on the axis of shares."""
    values = part["values"]
    step = (RIGHT - 20 - LEFT) / max(1, len(values) - 1)
    return tuple(Dot(round(LEFT + i * step), DOTS_BOTTOM - 40, hollow=value != 1) for i, value in enumerate(values))


def _template_values(part: Part, values: Sequence[float]) -> dict[str, object]:
    """The values for the templates of a caption and a description."""
    lost = sum(not math.isfinite(value) for value in part["values"])
    has_interval = part["low"] is not None
    return {
        "unit": in_unit(unit_of(part)),
        "interval": f", mean and {interval_name(part)}" if has_interval else "",
        "without": f"; {counted(lost, 'seed')} without a finite value" if lost else "",
        "seeds": counted(len(values), "seed"),
        "runs": counted(len(values), "run"),
        "span": f"{quantity_value(min(values), part)} to {quantity_value(max(values), part)}",
        "effect": effect(part),
        "effect_with_interval": effect_with_interval(part) if has_interval else effect(part),
        "asked": asked(part),
        "happened": num_happened(part),
        "num_seeds": part["num_seeds"],
    }
