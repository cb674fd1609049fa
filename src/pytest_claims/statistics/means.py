"""What the rules on means share: the interval, exact values, power, and collapsed runs."""

from __future__ import annotations

import math
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pytest_claims.statistics.decisions import Decision, Estimate
from pytest_claims.statistics.power import smallest_detectable_effect
from pytest_claims.statistics.schedule import Look
from pytest_claims.statistics.shares import USUALLY, is_less, is_more, tested_share

# What floating-point arithmetic alone may add to a difference of two accuracies or losses.
_ROUNDING = 1e-12


def mean_with_interval(values: NDArray[np.float64], alpha: float) -> Estimate:
    """Give the mean of finite values, shape ``(num_seeds,)``, with its t interval at 1 − 2·alpha."""
    confidence_level = 1 - 2 * alpha
    if values.size == 0:
        return Estimate(math.nan, math.nan, math.nan, confidence_level, None, 0)
    mean = float(values.mean())
    if values.size == 1:
        return Estimate(mean, math.nan, math.nan, confidence_level, None, 1)
    if is_identical(values):
        value = float(values[0])
        return Estimate(value, value, value, confidence_level, None, values.size)
    standard_error = values.std(ddof=1) / values.size**0.5
    reach = _quantile(confidence_level, values.size - 1) * float(standard_error)
    return Estimate(mean, mean - reach, mean + reach, confidence_level, None, values.size)


@cache
def _quantile(confidence_level: float, degrees_of_freedom: int) -> float:
    """Student's t beyond which either side holds half of what the confidence level leaves."""
    return float(-special.stdtrit(degrees_of_freedom, (1 - confidence_level) / 2))


def t_test_pvalue(values: NDArray[np.float64], margin: float, alternative: str) -> float:
    """The p-value of a one-sample t-test: `scipy.stats.ttest_1samp`'s, without the checks that take it a millisecond.

    A report takes some ten thousand: each claim is judged without each of its seeds as well.
    """
    t = (values.mean() - margin) / (values.std(ddof=1) / values.size**0.5)
    return float(special.stdtr(values.size - 1, -t if alternative == "greater" else t))


def is_identical(values: NDArray[np.float64]) -> bool:
    """Whether values differ by the rounding of floats at most, so that a t-test would divide by nothing."""
    return bool(np.ptp(values) <= 32 * np.finfo(np.float64).eps * np.abs(values).max())


def is_close(value: float, bound: float) -> bool:
    """Whether a value lies on a bound, up to the rounding of floats."""
    return math.isclose(value, bound, rel_tol=_ROUNDING, abs_tol=_ROUNDING)


def cannot_see(values: NDArray[np.float64], distance: float, look: Look, power: float = 0.8) -> bool:
    """Whether seeds that scatter like these would miss an effect of this size too often."""
    return smallest_detectable_effect(float(values.std(ddof=1)), look, power) > distance


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
    mean = mean_with_interval(values[np.isfinite(values)], look.alpha)
    count, num = int(claimed.sum()), claimed.size
    share = tested_share(count, num, USUALLY, look.alpha)
    if look.last and is_more(count, num, USUALLY, look.alpha):
        return Decision("supported", None, mean, share)
    if look.last and is_less(count, num, USUALLY, look.refuting_alpha):
        is_reversed = is_more(int(opposite.sum()), num, USUALLY, look.refuting_alpha)
        return Decision("refuted", "reversed" if is_reversed else refuted, mean, share)
    return Decision("inconclusive", "collapsed", mean, share)
