"""What the rules on means share: the interval, exact values, power, and collapsed runs."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pytest_claims.statistics.decisions import Decision, Estimate
from pytest_claims.statistics.event_rule import USUALLY, is_less, is_more, tested_share
from pytest_claims.statistics.looks import Look
from pytest_claims.statistics.power import smallest_detectable_effect

# What floating-point arithmetic alone may add to a difference of two accuracies or losses.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Sample:
    """What a t-test needs of finite values, one per seed; worked out once for all that is asked of them.

    A report takes some ten thousand tests, since each claim is judged without each of its seeds as well.

    Parameters
    ----------
    num_seeds
        How many values.
    mean, sd
        Their mean and standard deviation; NaN where there are too few.
    is_identical
        Whether they differ by the rounding of floats at most, so that a t-test would divide by nothing.
    """

    num_seeds: int
    mean: float
    sd: float
    is_identical: bool

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Sample:
        """Summarize values of shape ``(num_seeds,)`` in ascending order."""
        if values.size < 2:
            return cls(values.size, float(values[0]) if values.size else math.nan, math.nan, False)
        lowest, highest = float(values[0]), float(values[-1])
        is_identical = highest - lowest <= 32 * sys.float_info.epsilon * max(abs(lowest), abs(highest))
        mean = lowest if is_identical else float(values.mean())
        return cls(values.size, mean, float(values.std(ddof=1)), is_identical)

    def interval(self, alpha: float) -> Estimate:
        """Give the mean with its t interval at 1 − 2·alpha."""
        confidence_level = 1 - 2 * alpha
        reach = 0.0 if self.is_identical else math.nan
        if self.num_seeds > 1 and not self.is_identical:
            reach = _quantile(confidence_level, self.num_seeds - 1) * self._standard_error
        return Estimate(self.mean, self.mean - reach, self.mean + reach, confidence_level, None, self.num_seeds)

    def pvalue(self, margin: float, alternative: str) -> float:
        """Give a one-sample t-test's p-value: `scipy.stats.ttest_1samp`'s, without its millisecond of checks."""
        t = (self.mean - margin) / self._standard_error
        return float(special.stdtr(self.num_seeds - 1, -t if alternative == "greater" else t))

    def cannot_see(self, distance: float, look: Look, power: float = 0.8) -> bool:
        """Whether seeds that scatter like these would miss an effect of this size too often."""
        return smallest_detectable_effect(self.sd, look, power) > distance

    @property
    def _standard_error(self) -> float:
        return self.sd / math.sqrt(self.num_seeds)


@cache
def _quantile(confidence_level: float, degrees_of_freedom: int) -> float:
    """Student's t beyond which either side holds half of what the confidence level leaves."""
    return float(-special.stdtrit(degrees_of_freedom, (1 - confidence_level) / 2))


def is_close(value: float, bound: float) -> bool:
    """Whether a value lies on a bound, up to the rounding of floats."""
    return math.isclose(value, bound, rel_tol=_ROUNDING, abs_tol=_ROUNDING)


def decide_by_share(
    values: NDArray[np.float64],
    look: Look,
    *,
    claimed: NDArray[np.bool_],
    opposite: NDArray[np.bool_],
    refuted: Literal["missed", "outside"],
) -> Decision:
    """Decide by the share of seeds on the claim's side, since a run collapsed and a mean would say nothing.

    Judged at the last look alone, as an event that happens usually. It spends that look's alpha, not the whole, since
    looks at which no run had collapsed yet have spent theirs on the mean.
    """
    mean = Sample.of(values[np.isfinite(values)]).interval(look.alpha)
    count, num = int(claimed.sum()), claimed.size
    share = tested_share(count, num, USUALLY, look.alpha)
    if look.last and is_more(count, num, USUALLY, look.alpha):
        return Decision("supported", None, mean, share)
    if look.last and is_less(count, num, USUALLY, look.refuting_alpha):
        is_reversed = is_more(int(opposite.sum()), num, USUALLY, look.refuting_alpha)
        return Decision("refuted", "reversed" if is_reversed else refuted, mean, share)
    return Decision("inconclusive", "collapsed", mean, share)
