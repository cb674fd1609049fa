"""Shared code of the rules on means: the interval, exact values, power, and collapsed runs."""

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

# The largest rounding error of a difference of two accuracies or losses.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Sample:
    """The summary of finite values, one per seed, that t-tests need; computed once for all tests on the values.

    A report needs about ten thousand tests, because it also judges each claim without each of its seeds.

    Parameters
    ----------
    num_seeds
        Number of values.
    mean, sd
        Mean and standard deviation of the values; NaN if there are too few.
    is_identical
        True if the values differ only by the rounding of floats. A t-test would then divide by zero.
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
        """Give the p-value of `scipy.stats.ttest_1samp`, without the millisecond that SciPy's checks take."""
        t = (self.mean - margin) / self._standard_error
        return float(special.stdtr(self.num_seeds - 1, -t if alternative == "greater" else t))

    def cannot_see(self, distance: float, look: Look, power: float = 0.8) -> bool:
        """Tell if seeds with this standard deviation would miss an effect of this size too often."""
        return smallest_detectable_effect(self.sd, look, power) > distance

    @property
    def _standard_error(self) -> float:
        return self.sd / math.sqrt(self.num_seeds)


@cache
def _quantile(confidence_level: float, degrees_of_freedom: int) -> float:
    """Return the quantile of Student's t that bounds a two-sided interval at the confidence level."""
    return float(-special.stdtrit(degrees_of_freedom, (1 - confidence_level) / 2))


def is_close(value: float, bound: float) -> bool:
    """Tell if a value lies on a bound, up to the rounding of floats."""
    return math.isclose(value, bound, rel_tol=_ROUNDING, abs_tol=_ROUNDING)


def decide_by_share(
    values: NDArray[np.float64],
    look: Look,
    *,
    claimed: NDArray[np.bool_],
    opposite: NDArray[np.bool_],
    refuted: Literal["missed", "outside"],
) -> Decision:
    """Decide by the share of seeds on the claim's side, because with a collapsed run the mean has no meaning.

    Only the last look decides, as for an event that happens usually. It spends its own alpha, not the whole: earlier
    looks, at which no run had collapsed yet, have spent theirs on the mean.
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
