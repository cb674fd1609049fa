"""The learning curves of a card: the metrics of the claim's arms, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_claims.report.drawings.scales import Scale, band, path, scale_over
from pytest_claims.report.drawings.seed_strips import LEFT, RIGHT, Tick, finite, in_unit, ticks
from pytest_claims.report.words.numbers import UNITS, Claim, Unit, number
from pytest_claims.support.record_types import ArmRecord, CurveRecord, MarkRecord
from pytest_claims.support.text import counted

CURVES_TOP, CURVES_BOTTOM, CURVES_HEIGHT = 20, 330, 390

NUM_STYLES = 6
"""Number of colours and dashes for arms. A claim with more arms repeats them."""

MOST_RUNS_DRAWN = 10
"""Single runs behind a mean: enough to show their spread, few enough for a small card."""

CLAIMS_WITH_RUNS, CLAIMS_WITH_CURVES = 200, 500
"""A page with more claims than these omits single runs, or all figures of cards, so that browsers can open it."""
METRICS_DRAWN = 2
FALLBACK_METRICS = ("val_cross_entropy", "val_loss")


@dataclass(frozen=True)
class ArmCurve:
    """The curves of one arm: paths, the places that the claim is about, and the means at three epochs in words."""

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
    """The recorded metrics in a claim's quantities, in the order of the quantities."""
    chosen = list(dict.fromkeys(mark["metric"] for mark in marks_of(claim) if mark["metric"] in recorded))
    fallback = [metric for metric in FALLBACK_METRICS if metric in recorded] or list(recorded)
    return (chosen or fallback[:1])[:METRICS_DRAWN]


def marks_of(claim: Claim) -> list[MarkRecord]:
    """The marks of all parts of a claim."""
    return [mark for part in claim["parts"] for mark in part["marks"]]


def metrics_and_curves(claim: Claim, arms: Mapping[str, ArmRecord]) -> dict[str, dict[str, CurveRecord]]:
    """The metrics that a claim is about, each with the curves of its arms by the arm's name."""
    curves_of = {name: arms[name]["curves"] for name in claim["arms"] if name in arms}
    recorded = list(dict.fromkeys(metric for metrics in curves_of.values() for metric in metrics))
    return {
        metric: {name: metrics[metric] for name, metrics in curves_of.items() if metric in metrics}
        for metric in metrics_of(claim, recorded)
    }


def curves(claim: Claim, arms: Mapping[str, ArmRecord]) -> list[Curves]:
    """The learning curves of a claim: a figure for each metric in its quantities."""
    logs = [part["published"] for part in claim["parts"] if "published" in part]
    figures = []
    for metric, by_arm in metrics_and_curves(claim, arms).items():
        for log in logs:
            if metric in log:
                by_arm["the published log"] = _published(log[metric])
        marks = [mark for mark in marks_of(claim) if mark["metric"] == metric]
        figures.append(_curves(metric, by_arm, marks))
    return [figure for figure in figures if figure]


def thinned(arm: ArmRecord, num_claims: int) -> ArmRecord:
    """An arm without the curves that a page of so many claims omits."""
    if num_claims <= CLAIMS_WITH_RUNS:
        return arm
    kept = arm["curves"] if num_claims <= CLAIMS_WITH_CURVES else {}
    return {**arm, "curves": {metric: {**curve, "runs": []} for metric, curve in kept.items()}}


def _published(line: Sequence[float | None]) -> CurveRecord:
    """A published log as the curve of an arm of one run; `None` where no epoch was printed."""
    return {"mean": line, "low": line, "high": line, "runs": []}


def unit_of_metric(metric: str) -> Unit:
    """The unit of a learning curve."""
    if metric.endswith("accuracy"):
        return UNITS["accuracy"]
    return UNITS["nats"] if metric.endswith("cross_entropy") else UNITS[""]


def _curves(metric: str, by_arm: Mapping[str, CurveRecord], marks: Sequence[MarkRecord]) -> Curves | None:
    recorded = list(by_arm.values())
    central = finite(*(curve[line] for curve in recorded for line in ("mean", "low", "high")))
    single = finite(*(run for curve in recorded for run in curve["runs"][:MOST_RUNS_DRAWN]))
    if not central and not single:
        return None
    y = scale_over(_without_outliers(single, central), CURVES_BOTTOM, CURVES_TOP)
    num_epochs = max(len(curve["mean"]) for curve in recorded)
    x = Scale(1, max(num_epochs, 2), LEFT + 12, RIGHT - 8)
    unit = unit_of_metric(metric)
    places = {place for mark in marks for place in mark["places"]}
    drawn = tuple(
        _arm_curve(name, metric, curve, i % NUM_STYLES, (x, y), places)
        for i, (name, curve) in enumerate(by_arm.items())
    )
    last = next((mark["last_epochs"] for mark in marks if mark["last_epochs"]), None)
    lines = "; ".join(f"{arm.name} starts at {arm.first}, is best with {arm.best}, ends at {arm.last}" for arm in drawn)
    num_runs = max(len(curve["runs"]) for curve in recorded)
    shown = "the single runs" if num_runs <= MOST_RUNS_DRAWN else f"the first {MOST_RUNS_DRAWN} single runs"
    behind = f", {shown} faintly" if num_runs else ""
    return Curves(
        metric=metric,
        description=f"{metric} over {counted(num_epochs, 'epoch')}. {lines}.",
        caption=f"{metric}{in_unit(unit)} by epoch: mean, ± one standard deviation over seeds{behind}"
        + ("; rings mark what the claim is about" if places else "; shaded, the epochs it is about" if last else ""),
        x_ticks=tuple(Tick(x(epoch), f"{epoch:g}") for epoch in _epoch_ticks(num_epochs)),
        y_ticks=ticks(y, unit),
        range=(x(max(1, num_epochs - last + 1)), x(num_epochs)) if last else None,
        arms=drawn,
    )


def _without_outliers(single: list[float], central: list[float]) -> list[float]:
    """The values for the scale, without those of diverged runs, which would flatten all other curves."""
    if not central:
        return single
    lowest, highest = min(central), max(central)
    reach = 2 * (highest - lowest)
    return central + [value for value in single if lowest - reach <= value <= highest + reach]


def _epoch_ticks(num_epochs: int) -> list[int]:
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, num_epochs) if num_epochs / s <= 6)
    return sorted({*range(step, num_epochs + 1, step), *([1] if step > 2 else [])})


def _arm_curve(
    name: str, metric: str, curve: CurveRecord, style: int, scales: tuple[Scale, Scale], places: set[str]
) -> ArmCurve:
    mean, (x, y) = curve["mean"], scales
    xs = [x(epoch) for epoch in range(1, len(mean) + 1)]
    unit = unit_of_metric(metric)
    known = [(value, epoch) for epoch, value in enumerate(mean, start=1) if value is not None]
    marked = [_place(place, known) for place in sorted(places)] if known else []
    value, epoch = (max if metric.endswith("accuracy") else min)(known, default=(None, 0))
    return ArmCurve(
        name=name,
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
    """Value and epoch of a place on a curve: ``"first"``, ``"last"``, ``"lowest"`` or ``"highest"``."""
    if place in ("first", "last"):
        return known[0 if place == "first" else -1]
    return min(known) if place == "lowest" else max(known)
