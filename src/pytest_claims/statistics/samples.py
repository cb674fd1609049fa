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
from pytest_claims.statistics.looks import Look
from pytest_claims.statistics.power import smallest_detectable_effect
from pytest_claims.statistics.shares import USUALLY, is_less, is_more, tested_share

# Numbers whose relative difference is no larger are the same, up to the rounding of floats.
_ROUNDING = 32 * sys.float_info.epsilon


@dataclass(frozen=True)
class Sample:
    """The summary of finite values, one per seed, that t-tests need; computed once for all tests on the values.

    A report needs about ten thousand tests, because it also judges each claim without each of its seeds.

    Parameters
    ----------
    num_seeds
        Number of finite values.
    mean, sd
        Mean and standard deviation of the finite values; NaN if there are too few.
    is_finite
        True if all values are finite. A collapsed run has none.
    is_tied
        True if most values are the same, up to the rounding of floats.
    """

    num_seeds: int
    mean: float
    sd: float
    is_finite: bool
    is_tied: bool

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Sample:
        """Summarize values of shape ``(num_seeds,)`` in ascending order."""
        finite = values[np.isfinite(values)]
        mean = float(finite.mean()) if finite.size else math.nan
        sd = float(finite.std(ddof=1)) if finite.size > 1 else math.nan
        return cls(finite.size, mean, sd, finite.size == values.size, _is_tied(finite))

    @property
    def is_counted(self) -> bool:
        """True if the share of seeds on the claim's side decides, since a mean says too little."""
        return self.is_tied or not self.is_finite

    def interval(self, alpha: float) -> Estimate:
        """Give the mean with its t interval at 1 − 2·alpha."""
        confidence_level = 1 - 2 * alpha
        reach = math.nan
        if self.num_seeds > 1 and self.sd > _ROUNDING * abs(self.mean):
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


def _is_tied(values: NDArray[np.float64]) -> bool:
    """Tell if more than half of the values, in ascending order, are the same."""
    window = values.size // 2
    if values.size < 2:
        return False
    first, last = values[:-window], values[window:]
    return bool((last - first <= _ROUNDING * np.maximum(np.abs(first), np.abs(last))).any())


def decide_by_share(
    values: NDArray[np.float64],
    look: Look,
    *,
    claimed: NDArray[np.bool_],
    opposite: NDArray[np.bool_],
    refuted: Literal["missed", "outside"],
) -> Decision:
    """Decide by the share of seeds on the claim's side, because the mean has no meaning.

    With a collapsed run there is none, and where most seeds have the same value the t-test sees no spread. Only the
    last look decides, as for an event that happens usually. It spends its own alpha, not the whole: earlier looks, at
    which the mean still had a meaning, have spent theirs on it.
    """
    sample = Sample.of(values)
    mean = sample.interval(look.alpha)
    count, num = int(claimed.sum()), claimed.size
    share = tested_share(count, num, USUALLY, look.alpha)
    if look.last and is_more(count, num, USUALLY, look.alpha):
        return Decision("supported", None, mean, share)
    if look.last and is_less(count, num, USUALLY, look.refuting_alpha):
        is_reversed = is_more(int(opposite.sum()), num, USUALLY, look.refuting_alpha)
        return Decision("refuted", "reversed" if is_reversed else refuted, mean, share)
    return Decision("inconclusive", "ties" if sample.is_finite else "collapsed", mean, share)
