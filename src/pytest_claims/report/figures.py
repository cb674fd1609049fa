"""What the figures of a card show: learning curves, and the quantity of each seed against its margin.

A drawing is 720 units wide and shown at about half of that, so that whole units are fine enough.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_claims.report.formatting import (
    UNITS,
    Claim,
    Part,
    Unit,
    counted,
    effect,
    effect_with_interval,
    interval_name,
    margins,
    number,
    quantity_value,
    unit_of,
)
from pytest_claims.report.scales import Scale, Values, band, lanes, path, scale_over
from pytest_claims.report.wording import asked, num_happened

WIDTH = 720
LEFT, RIGHT = 84, 704
CURVES_TOP, CURVES_BOTTOM, CURVES_HEIGHT = 20, 330, 390
DOTS_BOTTOM, INTERVAL_Y, AXIS_Y, STRIP_HEIGHT = 150, 186, 214, 268
DOT_DISTANCE = 18
LONGEST_STACK = 120
"""Dots are stacked up to this height, above the interval."""

NUM_STYLES = 6
"""Colours and dashes for arms; a claim takes at most that many without repeating them."""

MOST_RUNS_DRAWN = 10
"""Single runs behind a mean: enough to see how they differ, few enough that a card stays small."""

METRICS_DRAWN = 2
FALLBACK_METRICS = ("val_cross_entropy", "val_loss")


@dataclass(frozen=True)
class Tick:
    """A tick of an axis."""

    at: int
    label: str


@dataclass(frozen=True)
class ArmCurve:
    """The curves of one arm: paths, and the numbers of the means at three epochs in words."""

    name: str
    style: int
    mean: str
    band: str
    runs: tuple[str, ...]
    first: str
    best: str
    last: str


@dataclass(frozen=True)
class Curves:
    """Learning curves of a claim's arms in one metric."""

    metric: str
    description: str
    caption: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    arms: tuple[ArmCurve, ...]


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


def metrics_of(claim: Claim, recorded: Sequence[str]) -> list[str]:
    """The recorded metrics that a claim's quantities are about, in the order in which they name them."""
    named = [
        (i, match.start(), metric)
        for i, part in enumerate(claim["parts"])
        for metric in recorded
        if (match := re.search(rf"\b{re.escape(metric)}\b", part["quantity"]))
    ]
    chosen = list(dict.fromkeys(metric for _, _, metric in sorted(named)))
    fallback = [metric for metric in FALLBACK_METRICS if metric in recorded] or list(recorded)
    return (chosen or fallback[:1])[:METRICS_DRAWN]


def curves(claim: Claim, arms: Mapping[str, Mapping[str, Any]]) -> list[Curves]:
    """The learning curves of a claim: a figure for each metric that its quantities are about."""
    held = [arms[name] for name in claim["arms"] if name in arms and arms[name]["curves"]]
    recorded = list(dict.fromkeys(metric for arm in held for metric in arm["curves"]))
    shown = metrics_of(claim, recorded)
    held += [_published(part["published"]) for part in claim["parts"] if part.get("published")]
    figures = (_curves(metric, [arm for arm in held if metric in arm["curves"]]) for metric in shown)
    return [figure for figure in figures if figure]


def _published(metrics: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """A published log as an arm of one run."""
    curves = {metric: {"mean": line, "low": line, "high": line, "runs": []} for metric, line in metrics.items()}
    return {"name": "the published log", "curves": curves}


def unit_of_metric(metric: str) -> Unit:
    """The unit of a learning curve."""
    if metric.endswith("accuracy"):
        return UNITS["accuracy"]
    return UNITS["nats"] if metric.endswith("cross_entropy") else UNITS[""]


def _finite(*lines: Values) -> list[float]:
    return [value for line in lines for value in line if value is not None and math.isfinite(value)]


def _curves(metric: str, arms: Sequence[Mapping[str, Any]]) -> Curves | None:
    means = [arm["curves"][metric] for arm in arms]
    central = _finite(*(curve[line] for curve in means for line in ("mean", "low", "high")))
    single = _finite(*(run for curve in means for run in curve["runs"][:MOST_RUNS_DRAWN]))
    if not central and not single:
        return None
    y = scale_over(_without_outliers(single, central), CURVES_BOTTOM, CURVES_TOP)
    num_epochs = max(len(curve["mean"]) for curve in means)
    x = Scale(1, max(num_epochs, 2), LEFT + 12, RIGHT - 8)
    unit = unit_of_metric(metric)
    drawn = tuple(_arm_curve(arm, metric, i % NUM_STYLES, x, y) for i, arm in enumerate(arms))
    told = "; ".join(f"{arm.name} starts at {arm.first}, is best with {arm.best}, ends at {arm.last}" for arm in drawn)
    num_runs = max(len(curve["runs"]) for curve in means)
    shown = "the single runs" if num_runs <= MOST_RUNS_DRAWN else f"the first {MOST_RUNS_DRAWN} single runs"
    return Curves(
        metric=metric,
        description=f"{metric} over {counted(num_epochs, 'epoch')}. {told}.",
        caption=f"{metric}{_in_unit(unit)} by epoch: mean, ± one standard deviation over seeds, {shown} faintly",
        x_ticks=tuple(Tick(x(epoch), f"{epoch:g}") for epoch in _epoch_ticks(num_epochs)),
        y_ticks=_ticks(y, unit),
        arms=drawn,
    )


def _without_outliers(single: list[float], central: list[float]) -> list[float]:
    """Values to scale by: a few diverged runs must not flatten all others."""
    if not central:
        return single
    spread = max(central) - min(central)
    return central + [v for v in single if min(central) - 2 * spread <= v <= max(central) + 2 * spread]


def _in_unit(unit: Unit) -> str:
    return f" ({unit.suffix.strip()})" if unit.suffix else ""


def _epoch_ticks(num_epochs: int) -> list[int]:
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, num_epochs) if num_epochs / s <= 6)
    return sorted({*range(step, num_epochs + 1, step), *([1] if step > 2 else [])})


def _ticks(scale: Scale, unit: Unit, *, signed: bool = False) -> tuple[Tick, ...]:
    ticks = scale.ticks()
    places = next((places for places in range(8) if _exact(ticks, unit, places)), unit.decimals)
    return tuple(Tick(scale(tick), number(tick, unit, places, signed=signed)) for tick in ticks)


def _exact(ticks: Sequence[float], unit: Unit, places: int) -> bool:
    return all(math.isclose(round(tick * unit.factor, places), tick * unit.factor, abs_tol=1e-9) for tick in ticks)


def _arm_curve(arm: Mapping[str, Any], metric: str, style: int, x: Scale, y: Scale) -> ArmCurve:
    curve = arm["curves"][metric]
    mean = curve["mean"]
    xs = [x(epoch) for epoch in range(1, len(mean) + 1)]
    unit = unit_of_metric(metric)
    known = [(value, epoch) for epoch, value in enumerate(mean, start=1) if value is not None]
    value, epoch = (max if metric.endswith("accuracy") else min)(known, default=(None, 0))
    return ArmCurve(
        name=arm["name"],
        style=style,
        mean=path(xs, mean, y),
        band=band(xs, curve["low"], curve["high"], y),
        runs=tuple(path(xs, run, y) for run in curve["runs"][:MOST_RUNS_DRAWN]),
        first=number(mean[0] if mean else None, unit) + unit.suffix,
        best=f"{number(value, unit)}{unit.suffix} at epoch {epoch}",
        last=number(mean[-1] if mean else None, unit) + unit.suffix,
    )


def strip(part: Part) -> Strip | None:
    """The figure of a part; none where no number of it is finite, or where arithmetic alone decides."""
    values = [0.0, 1.0] if part["rule"] == "event" else _finite(part["values"])
    marks = _finite([part["estimate"], part["low"], part["high"], *margins(part)])
    if not values or part["rule"] == "exact":
        return None
    is_ratio = part["unit"] == "ratio" and min([*values, *marks]) > 0
    x = scale_over([*values, *marks], LEFT, RIGHT - 20, logarithmic=is_ratio)
    if part["rule"] == "event":
        x = Scale(0, 1, LEFT, RIGHT - 20)
    known = [(seed, value) for seed, value in zip(part["seeds"], part["values"], strict=False)]
    return Strip(
        description=_strip_description(part),
        caption=_strip_caption(part),
        ticks=_ticks(x, unit_of(part), signed=part["difference"]),
        dots=_outcomes(part) if part["rule"] == "event" else _dots(part, x),
        margins=tuple(x(bound) for bound in margins(part)),
        region=_region(part, x),
        zero=_zero(part, x),
        interval=None if part["low"] is None or part["high"] is None else (x(part["low"]), x(part["high"])),
        estimate=None if part["estimate"] is None else x(part["estimate"]),
        rows=tuple((str(seed), _seed_value(value, part)) for seed, value in known),
    )


def _seed_value(value: float | None, part: Part) -> str:
    if part["rule"] == "event" and value is not None:
        return "yes" if value else "no"
    return quantity_value(value, part)


def _zero(part: Part, x: Scale) -> int | None:
    """Where no effect lies, if it is a place on the scale."""
    none = 1.0 if part["unit"] == "ratio" else 0.0 if part["difference"] else None
    return x(none) if none is not None and x.low <= none <= x.high else None


def _region(part: Part, x: Scale) -> tuple[int, int]:
    """The claim's side of the margin."""
    bounds = [x(bound) for bound in margins(part)]
    if len(bounds) == 2:
        return bounds[0], bounds[1]
    return (int(x.start), bounds[0]) if part["alternative"] == "less" else (bounds[0], int(x.end))


def _dots(part: Part, x: Scale) -> tuple[Dot, ...]:
    xs = [x(value) for value in _finite(part["values"])]
    placed = lanes(xs, DOT_DISTANCE)
    rise = min(DOT_DISTANCE, LONGEST_STACK // max(1, *placed))
    return tuple(Dot(at, DOTS_BOTTOM - lane * rise) for at, lane in zip(xs, placed, strict=True))


def _outcomes(part: Part) -> tuple[Dot, ...]:
    """Seeds in their order, evenly spaced: an event has no place on the axis of shares."""
    values = part["values"]
    step = (RIGHT - 20 - LEFT) / max(1, len(values) - 1)
    return tuple(Dot(round(LEFT + i * step), DOTS_BOTTOM - 40, hollow=value != 1) for i, value in enumerate(values))


def _strip_caption(part: Part) -> str:
    lost = sum(value is None for value in part["values"])
    without = f"; {counted(lost, 'seed')} without a finite value" if lost else ""
    unit = _in_unit(unit_of(part))
    if part["rule"] == "event":
        return f"seeds in their order, filled where it happened; below, the share{unit} with its interval{without}"
    if part["rule"] == "log":
        return f"a dot per run of ours{unit}; shaded, as far off as the published log, whose place is marked{without}"
    interval = f", mean and {interval_name(part)}" if part["low"] is not None else ""
    return f"a dot per seed{unit}{interval}; shaded, what the claim asks for{without}"


def _strip_description(part: Part) -> str:
    if part["rule"] == "event":
        return f"Happened in {num_happened(part)} of {part['num_seeds']} runs; asked for: {asked(part)}."
    values = _finite(part["values"])
    span = f"{quantity_value(min(values), part)} to {quantity_value(max(values), part)}"
    if part["rule"] == "log":
        return f"{counted(len(values), 'run')} of ours lie from {span} off; the published log {effect(part)}."
    found = effect_with_interval(part) if part["low"] is not None else effect(part)
    return f"{counted(len(values), 'seed')} from {span}; estimate {found}; asked for: {asked(part)}."
