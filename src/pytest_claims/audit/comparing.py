"""Whether an audited run is one of the stored runs of its arm.

Two questions. *Does it begin like the stored run of its seed?* Both start from the same weights and see the same
batches, so that without stochastic layers they differ by rounding alone. *Does it lie within the spread over seeds?* It
is one more draw, and has to lie where the stored runs predict one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from pytest_claims.engines.base import RunResult
from pytest_claims.store.store import Run

# Rounding grows. In a lecture's 15 arms without stochastic layers, with two seeds and in both tiers, most training
# losses of the first epoch differed by 1e-7 to 1e-4 of themselves, the worst by 0.8 % and by a fifth of the spread.
# Validation losses after it differed by up to nine spreads, at learning rate 1, and are not compared in this way.
FIRST_EPOCH_TOLERANCE = 0.01
"""By how much, relatively, the training loss of the first epoch may differ from that of the same seed."""

FIRST_EPOCH_SPREADS = 0.5
"""Or by how many standard deviations over seeds, where that is more."""

# What engines may differ by where runs do not scatter at all: losses relatively, fractions absolutely, and what is
# measured, such as the number of parameters, hardly.
LOSS_FLOOR, ACCURACY_FLOOR, MEASURED_FLOOR = 0.01, 0.002, 1e-6


@dataclass(frozen=True)
class Compared:
    """One quantity of an audited run beside those of the stored runs.

    Parameters
    ----------
    quantity
        What is compared.
    audited, stored
        Its value in the audited run, and in the stored run of the same seed.
    low, high
        Where the audited value was to lie.
    """

    quantity: str
    audited: float
    stored: float
    low: float
    high: float

    @property
    def ok(self) -> bool:
        """Whether it lies there; a value that is not finite does if a stored one is not."""
        if not math.isfinite(self.audited):
            return self.low == -math.inf and self.high == math.inf
        return self.low <= self.audited <= self.high

    def __str__(self) -> str:
        bounds = f"{self.low:.6g} to {self.high:.6g}"
        return (
            f"{self.quantity}: {self.audited:.6g}, expected {bounds}; the stored run of this seed has {self.stored:.6g}"
        )


def compare(stored: Sequence[Run], audited: RunResult, *, stochastic: bool, error_rate: float) -> list[Compared]:
    """Compare an audited run with the stored runs of its arm.

    Compared are the training losses of the first epoch; of each metric its best value, and its median over the second
    half of the epochs (the last one alone may be a spike: at learning rate 1, in one run of ten); and measured numbers.
    The interval is that of a prediction of one more draw from a normal distribution, of logarithms for losses, which
    scatter by factors: mean ± t·s·√(1 + 1/n), see G. J. Hahn, "Factors for calculating two-sided prediction intervals",
    J. Am. Stat. Assoc. 64 (1969), 878–888.

    Parameters
    ----------
    stored
        At least two runs, among them that of the audited seed.
    audited
        The run trained again.
    stochastic
        Whether the model has stochastic layers, in which engines agree in distribution only.
    error_rate
        Nominal probability that any of the quantities of a run that is one of them lies outside.

    Raises
    ------
    ValueError
        There is no stored run of that seed, or only that one, or they record other metrics.
    """
    own = next((run for run in stored if run.seed == audited.seed), None)
    if own is None or len(stored) < 2:
        seeds = [run.seed for run in stored]
        raise ValueError(f"runs of seeds {seeds} are stored: expected two or more, and seed {audited.seed} among them")
    if _recorded(own) != _recorded(audited):
        metrics = ", ".join(_recorded(own)), ", ".join(_recorded(audited))
        raise ValueError(f"the stored run records {metrics[0]}; the audited one {metrics[1]}: expected the same")
    quantities = _quantities(own)
    level = error_rate / len(quantities)
    found = []
    for quantity in quantities:
        values, own_value = np.array([quantity.of(run) for run in stored]), quantity.of(own)
        if quantity.what == FIRST and not stochastic:
            low, high = _like_its_own(values, own_value)
        else:
            low, high = _predicted(values, quantity.kind, level)
        found.append(Compared(quantity.name, quantity.of(audited), own_value, low, high))
    return found


FIRST, BEST, LATE, MEASURED = "first epoch", "best", "median of the second half", "measured"


class _Quantity(NamedTuple):
    """One number of a run: a metric (or a measurement) and what is taken of it."""

    metric: str
    what: str

    @property
    def name(self) -> str:
        return self.metric if self.what == MEASURED else f"{self.metric}, {self.what}"

    @property
    def kind(self) -> str:
        if self.what == MEASURED:
            return MEASURED
        return "accuracy" if self.metric.endswith("accuracy") else "loss"

    def of(self, run: Run | RunResult) -> float:
        if self.what == MEASURED:
            return float(run.measurements[self.metric])
        values = np.asarray(run.history[self.metric], float)
        if self.what == FIRST:
            return float(values[0])
        if self.what == LATE:
            return float(np.median(values[len(values) // 2 :]))
        return float(np.max(values) if self.kind == "accuracy" else np.min(values))


def _recorded(run: Run | RunResult) -> list[str]:
    return [*sorted(run.history), *sorted(run.measurements)]


def _quantities(run: Run) -> list[_Quantity]:
    first = [metric for metric in run.history if not metric.startswith("val_") and not metric.endswith("accuracy")]
    first.sort(key=lambda metric: metric != "loss")  # the one that holds all, and is shown
    numbers = [name for name, value in run.measurements.items() if isinstance(value, int | float)]
    return [
        *(_Quantity(metric, FIRST) for metric in first),
        *(_Quantity(metric, what) for metric in run.history for what in (BEST, LATE)),
        *(_Quantity(name, MEASURED) for name in numbers),
    ]


def _like_its_own(values: np.ndarray, own: float) -> tuple[float, float]:
    """Where the value of the same seed is to lie."""
    if not math.isfinite(own):
        return -math.inf, math.inf
    scattered = values[np.isfinite(values)]
    spread = float(scattered.std(ddof=1)) if scattered.size > 1 else 0.0
    tolerance = max(FIRST_EPOCH_TOLERANCE * abs(own), FIRST_EPOCH_SPREADS * spread)
    return own - tolerance, own + tolerance


def _predicted(values: np.ndarray, kind: str, level: float) -> tuple[float, float]:
    """Where one more value is to lie; anywhere if stored runs have collapsed, since it may collapse as well."""
    from scipy import stats

    if not np.isfinite(values).all():
        return -math.inf, math.inf
    logarithmic = kind == "loss" and bool(np.all(values > 0))
    scale = np.log(values) if logarithmic else values
    center, num = float(scale.mean()), len(values)
    half = float(stats.t.isf(level / 2, num - 1) * scale.std(ddof=1) * math.sqrt(1 + 1 / num))
    half = max(half, _floor(kind, center, logarithmic=logarithmic))
    low, high = center - half, center + half
    return (math.exp(low), math.exp(high)) if logarithmic else (low, high)


def _floor(kind: str, center: float, *, logarithmic: bool) -> float:
    if kind == "accuracy":
        return ACCURACY_FLOOR
    if kind == MEASURED:
        return MEASURED_FLOOR * abs(center)
    return LOSS_FLOOR if logarithmic else LOSS_FLOOR * abs(center)


def plain(compared: Sequence[Compared]) -> list[dict[str, Any]]:
    """The same as plain data for a JSON file, in which numbers that are not finite are strings."""
    from pytest_claims.support.json_numbers import finite_or_name

    numbers = ("audited", "stored", "low", "high")
    return [
        {"quantity": one.quantity, **{name: finite_or_name(getattr(one, name)) for name in numbers}, "ok": one.ok}
        for one in compared
    ]
