"""The rows of a calibration: measured rates, the promises about them, and their table."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from scipy import stats

from pytest_claims.statistics.decisions import Estimate
from pytest_claims.statistics.shares import share_with_interval

Promise = Literal["at most", "at least"] | None

# The check of a row wrongly names a rule that keeps its promise once in ten thousand rows.
_SURPRISE = 1e-4
# The upper bound of a rate that is promised to be small may be so many times the promise. More shows too little.
_SHOWN = 2


@dataclass(frozen=True)
class Row:
    """A rate over simulated families of seeds, or an exact rate, with its nominal value.

    Parameters
    ----------
    rule, schedule, alpha
        The name of a rule; ``"fast"``, ``"full"`` or a fixed number such as ``"12 seeds"``; and the claim's one-sided
        level, a probability.
    shape
        The name of the seeds' distribution, or the number of parts and their correlation.
    quantity
        With the truth on the margin: ``"supported"``, ``"refuted"``, ``"interval misses"`` the truth. With an effect
        that a t-test should detect four times in five: ``"seen at the first"`` look, ``"seen by the last"``.
    rate, num_families
        The rate, a fraction, and the number of families; ``None`` if the rate is computed exactly.
    nominal, promise
        The nominal rate, a fraction. The promise is a rate ``"at most"`` or ``"at least"`` nominal; ``None`` if the
        rate is only measured.

    Examples
    --------
    >>> row = Row("superiority", "fast", 0.05, "normal", "supported", 0.052, 2000, 0.05, "at most")
    >>> f"What is not true is {row.quantity} in {row.rate:.1%} of families; {row.promise} 5 % are promised."
    'What is not true is supported in 5.2% of families; at most 5 % are promised.'
    """

    rule: str
    schedule: str
    alpha: float
    shape: str
    quantity: str
    rate: float
    num_families: int | None
    nominal: float
    promise: Promise

    @property
    def bounds(self) -> Estimate:
        """The rate with exact (Clopper–Pearson) 95 % bounds; they are the rate itself if it is computed exactly."""
        if self.num_families is None:
            return Estimate(self.rate, self.rate, self.rate, 1.0, None, 1)
        return share_with_interval(self._count, self.num_families)

    @property
    def keeps_promise(self) -> bool:
        """True if the rate is as promised.

        A simulated count is, unless a promised rate would give one so extreme less than once in ten thousand times.
        What is promised to be rare must also be shown to be rare: the upper bound is at most twice the promise.
        """
        if self.promise is None:
            return True
        sign = 1 if self.promise == "at most" else -1
        if self.num_families is None:
            return sign * (self.rate - self.nominal) <= 0
        binomial = stats.binom(self.num_families, self.nominal)
        if sign < 0:
            return bool(binomial.cdf(self._count) >= _SURPRISE)
        return bool(binomial.sf(self._count - 1) >= _SURPRISE) and self.bounds.high <= _SHOWN * self.nominal

    @property
    def _count(self) -> int:
        return round(self.rate * (self.num_families or 0))


def check(rows: list[Row]) -> list[str]:
    """Name the rows whose rate breaks its promise, one line each.

    Examples
    --------
    >>> check([Row("equivalence", "full", 0.05, "normal", "supported", 0.075, 2000, 0.05, "at most")])
    ['equivalence, full, alpha 0.05, normal: supported in 7.500% (6.384 to 8.743); promised are at most 5.00%']
    """
    return [
        f"{row.rule}, {row.schedule}, alpha {row.alpha:g}, {row.shape}: {row.quantity} in {row.rate:.3%} "
        f"({100 * row.bounds.low:.3f} to {100 * row.bounds.high:.3f}); promised are {row.promise} {row.nominal:.2%}"
        for row in rows
        if not row.keeps_promise
    ]


def table(rows: list[Row]) -> str:
    """Write a table of wrong verdicts in percent, with exact 95 % bounds, and of the other rates, in 80 columns.

    Examples
    --------
    >>> print(table([Row("superiority", "fast", 0.05, "normal", "supported", 0.075, 2000, 0.05, "at most")]))
    Rates in per cent of families, and their exact 95 % bounds
    (= is computed exactly, ~ promises nothing, ! breaks its promise)
    superiority, fast, alpha 5 %
      normal            supported 7.5 (6.4-8.7)!
    """
    lines = [
        "Rates in per cent of families, and their exact 95 % bounds",
        "(= is computed exactly, ~ promises nothing, ! breaks its promise)",
    ]
    for (rule, schedule, alpha), group in groupby(rows, key=lambda row: (row.rule, row.schedule, row.alpha)):
        lines.append(f"{rule}, {schedule}, alpha {100 * alpha:g} %")
        for shape, same in groupby(group, key=lambda row: row.shape):
            cells = {row.quantity: f"{row.quantity} {_rate(row)}" for row in same}
            errors = [f"{cells.pop(quantity):30}" for quantity in ("supported", "refuted") if quantity in cells]
            lines.append(f"  {shape:18}{''.join(errors)}".rstrip())
            lines += [f"{'':20}{cell}" for cell in cells.values()]
    return "\n".join(lines)


def _rate(row: Row) -> str:
    low, high = row.bounds.low, row.bounds.high
    bounds = "=" if row.num_families is None else f" ({_percent(low)}-{_percent(high)})"
    mark = "!" if not row.keeps_promise else "" if row.promise else "~"
    return f"{_percent(row.rate)}{bounds}{mark}"


def _percent(rate: float) -> str:
    return f"{100 * rate:.{3 if rate < 0.01 else 1}f}"
