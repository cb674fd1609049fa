"""Learning curves of a card: what its claim's arms came to, epoch by epoch."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_claims.report.drawings.scales import Scale, band, path, scale_over
from pytest_claims.report.drawings.seed_strips import LEFT, RIGHT, Tick, finite, in_unit, ticks
from pytest_claims.report.words.numbers import UNITS, Claim, Unit, number
from pytest_claims.support.text import counted

CURVES_TOP, CURVES_BOTTOM, CURVES_HEIGHT = 20, 330, 390

NUM_STYLES = 6
"""Colours and dashes for arms; a claim takes at most that many without repeating them."""

MOST_RUNS_DRAWN = 10
"""Single runs behind a mean: enough to see how they differ, few enough that a card stays small."""

CLAIMS_WITH_RUNS, CLAIMS_WITH_CURVES = 200, 500
"""Of more claims than these, single runs are left out, and then all figures of cards, so that a page opens."""
METRICS_DRAWN = 2
FALLBACK_METRICS = ("val_cross_entropy", "val_loss")


@dataclass(frozen=True)
class ArmCurve:
    """The curves of one arm: paths, the places that the claim is about, the means at three epochs in words."""

    name: str
    style: int
    mean: str
    band: str
    runs: tuple[str, ...]
    places: tuple[tuple[int, int], ...]
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
    range: tuple[int, int] | None
    arms: tuple[ArmCurve, ...]


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


def arms_and_metrics(claim: Claim, arms: Mapping[str, Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], list[str]]:
    """The arms of a claim that have curves, and the metrics that it is about."""
    held = [arms[name] for name in claim["arms"] if name in arms and arms[name]["curves"]]
    recorded = list(dict.fromkeys(metric for arm in held for metric in arm["curves"]))
    return held, metrics_of(claim, recorded)


def curves(claim: Claim, arms: Mapping[str, Mapping[str, Any]]) -> list[Curves]:
    """The learning curves of a claim: a figure for each metric that its quantities are about."""
    held, shown = arms_and_metrics(claim, arms)
    held += [_published(part["published"]) for part in claim["parts"] if part.get("published")]
    quantities = " ".join(part["quantity"] for part in claim["parts"])
    figures = (_curves(metric, [arm for arm in held if metric in arm["curves"]], quantities) for metric in shown)
    return [figure for figure in figures if figure]


def thinned(arm: Mapping[str, Any], num_claims: int) -> Mapping[str, Any]:
    """An arm with as much of its curves as a page of so many claims can hold."""
    if num_claims <= CLAIMS_WITH_RUNS:
        return arm
    kept = arm["curves"] if num_claims <= CLAIMS_WITH_CURVES else {}
    return {**arm, "curves": {metric: {**curve, "runs": []} for metric, curve in kept.items()}}


def _published(metrics: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """A published log as an arm of one run."""
    curves = {metric: {"mean": line, "low": line, "high": line, "runs": []} for metric, line in metrics.items()}
    return {"name": "the published log", "curves": curves}


def unit_of_metric(metric: str) -> Unit:
    """The unit of a learning curve."""
    if metric.endswith("accuracy"):
        return UNITS["accuracy"]
    return UNITS["nats"] if metric.endswith("cross_entropy") else UNITS[""]


# What of a curve a quantity is about, by the words in its name.
_PLACES = {
    "lowest": ("lowest",),
    "highest": ("highest",),
    "rise after the minimum": ("lowest", "last"),
    "last epoch": ("last",),
    "first epoch": ("first",),
}


def _places_of(quantities: str, metric: str) -> set[str]:
    """The places of a metric's curve that quantities are about: first, last, lowest or highest."""
    told = re.findall(rf"\b{re.escape(metric)}, ([^:]*)", quantities)
    return {place for what in told for words, places in _PLACES.items() if words in what for place in places}


def _curves(metric: str, arms: Sequence[Mapping[str, Any]], quantities: str) -> Curves | None:
    means = [arm["curves"][metric] for arm in arms]
    central = finite(*(curve[line] for curve in means for line in ("mean", "low", "high")))
    single = finite(*(run for curve in means for run in curve["runs"][:MOST_RUNS_DRAWN]))
    if not central and not single:
        return None
    y = scale_over(_without_outliers(single, central), CURVES_BOTTOM, CURVES_TOP)
    num_epochs = max(len(curve["mean"]) for curve in means)
    x = Scale(1, max(num_epochs, 2), LEFT + 12, RIGHT - 8)
    unit = unit_of_metric(metric)
    places = _places_of(quantities, metric)
    drawn = tuple(_arm_curve(arm, metric, i % NUM_STYLES, x, y, places) for i, arm in enumerate(arms))
    last = re.search(rf"\b{re.escape(metric)}, mean of the last (\d+) epochs", quantities)
    told = "; ".join(f"{arm.name} starts at {arm.first}, is best with {arm.best}, ends at {arm.last}" for arm in drawn)
    num_runs = max(len(curve["runs"]) for curve in means)
    shown = "the single runs" if num_runs <= MOST_RUNS_DRAWN else f"the first {MOST_RUNS_DRAWN} single runs"
    behind = f", {shown} faintly" if num_runs else ""
    return Curves(
        metric=metric,
        description=f"{metric} over {counted(num_epochs, 'epoch')}. {told}.",
        caption=f"{metric}{in_unit(unit)} by epoch: mean, ± one standard deviation over seeds{behind}"
        + ("; rings mark what the claim is about" if places else "; shaded, the epochs it is about" if last else ""),
        x_ticks=tuple(Tick(x(epoch), f"{epoch:g}") for epoch in _epoch_ticks(num_epochs)),
        y_ticks=ticks(y, unit),
        range=(x(max(1, num_epochs - int(last[1]) + 1)), x(num_epochs)) if last else None,
        arms=drawn,
    )


def _without_outliers(single: list[float], central: list[float]) -> list[float]:
    """Values to scale by: a few diverged runs must not flatten all others."""
    if not central:
        return single
    lowest, highest = min(central), max(central)
    reach = 2 * (highest - lowest)
    return central + [value for value in single if lowest - reach <= value <= highest + reach]


def _epoch_ticks(num_epochs: int) -> list[int]:
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, num_epochs) if num_epochs / s <= 6)
    return sorted({*range(step, num_epochs + 1, step), *([1] if step > 2 else [])})


def _arm_curve(arm: Mapping[str, Any], metric: str, style: int, x: Scale, y: Scale, places: set[str]) -> ArmCurve:
    curve = arm["curves"][metric]
    mean = curve["mean"]
    xs = [x(epoch) for epoch in range(1, len(mean) + 1)]
    unit = unit_of_metric(metric)
    known = [(value, epoch) for epoch, value in enumerate(mean, start=1) if value is not None]
    marked = [_place(place, known) for place in sorted(places)] if known else []
    value, epoch = (max if metric.endswith("accuracy") else min)(known, default=(None, 0))
    return ArmCurve(
        name=arm["name"],
        style=style,
        mean=path(xs, mean, y),
        band=band(xs, curve["low"], curve["high"], y),
        runs=tuple(path(xs, run, y) for run in curve["runs"][:MOST_RUNS_DRAWN]),
        places=tuple((x(epoch), y(value)) for value, epoch in marked),
        first=number(mean[0] if mean else None, unit) + unit.suffix,
        best=f"{number(value, unit)}{unit.suffix} at epoch {epoch}",
        last=number(mean[-1] if mean else None, unit) + unit.suffix,
    )


def _place(place: str, known: Sequence[tuple[float, int]]) -> tuple[float, int]:
    """Value and epoch of a place on a curve."""
    if place in ("first", "last"):
        return known[0 if place == "first" else -1]
    return min(known) if place == "lowest" else max(known)
