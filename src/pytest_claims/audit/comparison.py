"""Compares an audited run with the stored runs of its arm.

It asks two questions. *Does the run begin like the stored run of its seed?* Both start from the same weights and see
the same batches. Without stochastic layers they differ only by rounding. *Does the run lie within the spread over
seeds?* It is one more draw, and must lie in the prediction interval of the stored runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from pytest_claims.engines.base import RunResult
from pytest_claims.store.store import Run
from pytest_claims.support.json_numbers import encoded

# Rounding grows. A trial compared a lecture's 15 arms without stochastic layers, with two seeds in both tiers. Most
# training losses of the first epoch differed by 1e-7 to 1e-4 of themselves. The worst differed by 0.8 %, a fifth of the
# spread. At learning rate 1, validation losses differed by up to nine spreads, so they are not compared in this way.
FIRST_EPOCH_TOLERANCE = 0.01
"""Largest relative difference between the first epoch's training loss and that of the stored run of the same seed."""

FIRST_EPOCH_SPREADS = 0.5
"""The same limit in standard deviations over seeds. The larger limit applies."""

# Engines may differ by this if runs do not differ between seeds: relatively for losses and measured numbers, absolutely
# for accuracies.
LOSS_FLOOR, ACCURACY_FLOOR, MEASURED_FLOOR = 0.01, 0.002, 1e-6


@dataclass(frozen=True)
class Compared:
    """One quantity: its audited value, the stored value of the same seed, and the bounds for the audited value."""

    quantity: str
    audited: float
    stored: float
    low: float
    high: float

    @property
    def ok(self) -> bool:
        """True if the audited value lies within the bounds. A value that is not finite needs infinite bounds."""
        if not math.isfinite(self.audited):
            return self.low == -math.inf and self.high == math.inf
        return self.low <= self.audited <= self.high

    def __str__(self) -> str:
        bounds = f"{self.low:.6g} to {self.high:.6g}"
        return (
            f"{self.quantity}: {self.audited:.6g}, expected {bounds}; the stored run of this seed has {self.stored:.6g}"
        )

    def plain(self) -> dict[str, Any]:
        """Give the fields for a JSON file, where numbers that are not finite are strings."""
        plain: dict[str, Any] = encoded({**asdict(self), "ok": self.ok})
        return plain


def compare(stored: Sequence[Run], audited: RunResult, *, stochastic: bool, error_rate: float) -> list[Compared]:
    """Compare an audited run with the stored runs of its arm.

    It compares the training losses of the first epoch, and all measured numbers. For each metric it compares the best
    value, and the median over the second half of the epochs. The last epoch alone may be a spike: at learning rate 1,
    in one run of ten.

    Parameters
    ----------
    stored, audited
        At least two stored runs, including that of the audited seed, and the audited run.
    stochastic
        True if the model has stochastic layers. Then engines agree only in distribution.
    error_rate
        Nominal probability that any quantity of a correct run lies outside its bounds.

    Raises
    ------
    ValueError
        If there is no stored run of that seed, or no other stored run, or if they record other metrics.
    """
    seeds = [run.seed for run in stored]
    if audited.seed not in seeds or len(stored) < 2:
        raise ValueError(f"runs of seeds {seeds} are stored: expected two or more, and seed {audited.seed} among them")
    own = stored[seeds.index(audited.seed)]
    recorded = [", ".join([*sorted(run.history), *sorted(run.measurements)]) for run in (own, audited)]
    if recorded[0] != recorded[1]:
        raise ValueError(f"the stored run records {recorded[0]}; the audited one {recorded[1]}: expected the same")
    audited_values, own_values, all_values = _quantities(audited), _quantities(own), list(map(_quantities, stored))
    compared = []
    for name, (kind, own_value) in own_values.items():
        values = np.array([quantities[name].value for quantities in all_values])
        if kind == FIRST and not stochastic:
            low, high = _same_seed_bounds(values, own_value)
        else:
            low, high = _prediction_interval(values, kind, error_rate / len(own_values))
        compared.append(Compared(name, audited_values[name].value, own_value, low, high))
    return compared


FIRST, LOSS, ACCURACY, MEASURED = "first epoch", "loss", "accuracy", "measured"


class _Quantity(NamedTuple):
    kind: str
    value: float


def _quantities(run: Run | RunResult) -> dict[str, _Quantity]:
    """The compared numbers of a run, by name. The training loss with penalties comes first."""
    curves = {metric: np.asarray(values, float) for metric, values in run.history.items()}
    quantities = {
        f"{metric}, {FIRST}": _Quantity(FIRST, float(curves[metric][0]))
        for metric in sorted(curves, key=lambda metric: metric != "loss")
        if not metric.startswith("val_") and not metric.endswith("accuracy")
    }
    for metric, curve in curves.items():
        kind, best = (ACCURACY, np.max) if metric.endswith("accuracy") else (LOSS, np.min)
        quantities[f"{metric}, best"] = _Quantity(kind, float(best(curve)))
        late = float(np.median(curve[len(curve) // 2 :]))
        quantities[f"{metric}, median of the second half"] = _Quantity(kind, late)
    for name, value in run.measurements.items():
        if isinstance(value, int | float):
            quantities[name] = _Quantity(MEASURED, float(value))
    return quantities


def _same_seed_bounds(values: np.ndarray, own: float) -> tuple[float, float]:
    """The bounds around the stored value of the same seed; infinite if that value is not finite."""
    if not math.isfinite(own):
        return -math.inf, math.inf
    scattered = values[np.isfinite(values)]
    spread = float(scattered.std(ddof=1)) if scattered.size > 1 else 0.0
    tolerance = max(FIRST_EPOCH_TOLERANCE * abs(own), FIRST_EPOCH_SPREADS * spread)
    return own - tolerance, own + tolerance


def _prediction_interval(values: np.ndarray, kind: str, level: float) -> tuple[float, float]:
    """The bounds of one more value; infinite if a stored run has collapsed, since this run may collapse too.

    They predict one more draw from a normal distribution: mean ± t·s·√(1 + 1/n), see G. J. Hahn, "Factors for
    calculating two-sided prediction intervals", J. Am. Stat. Assoc. 64 (1969), 878–888. For losses they predict
    logarithms, since losses vary by factors.
    """
    from scipy import stats

    if not np.isfinite(values).all():
        return -math.inf, math.inf
    logarithmic = kind in (FIRST, LOSS) and bool(np.all(values > 0))
    scale = np.log(values) if logarithmic else values
    center, num = float(scale.mean()), len(values)
    half = float(stats.t.isf(level / 2, num - 1) * scale.std(ddof=1) * math.sqrt(1 + 1 / num))
    size = 1.0 if logarithmic else abs(center)
    floors = {ACCURACY: ACCURACY_FLOOR, MEASURED: MEASURED_FLOOR * size}
    half = max(half, floors.get(kind, LOSS_FLOOR * size))
    low, high = center - half, center + half
    return (math.exp(low), math.exp(high)) if logarithmic else (low, high)
