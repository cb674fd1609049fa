"""Shares of seeds: their exact intervals and tests. They decide on events, on typical runs, and where no mean can."""

from __future__ import annotations

from scipy import special

from pytest_claims.statistics.decisions import Estimate

USUALLY = 1 / 2
"""An event happens usually if it does in more than half of the runs."""

RELIABLY = 2 / 3
"""An event happens reliably if it does in more than two of three runs."""


def share_with_interval(count: int, num: int, confidence_level: float = 0.95) -> Estimate:
    """Give a share with its exact (Clopper–Pearson) interval.

    Parameters
    ----------
    count, num
        `count` of `num` seeds; ``0 <= count <= num``, `num` at least 1.
    confidence_level
        Between 0 and 1.

    Raises
    ------
    ValueError
        If the counts do not fit each other or the level is out of range.

    Notes
    -----
    Source: C. J. Clopper and E. S. Pearson, Biometrika 26 (1934). The result equals that of
    ``scipy.stats.binomtest(...).proportion_ci``. SciPy searches for the roots, which takes milliseconds, and a report
    needs hundreds of intervals; here they are quantiles of the beta distribution.

    Examples
    --------
    >>> share = share_with_interval(9, 10)
    >>> f"It holds in 9 of 10 seeds, that is in between {share.low:.0%} and {share.high:.1%} of single runs."
    'It holds in 9 of 10 seeds, that is in between 55% and 99.7% of single runs.'
    """
    if num < 1 or not 0 <= count <= num:
        raise ValueError(f"expected a count between 0 and num, and num of at least 1; received {count} of {num}")
    if not 0 < confidence_level < 1:
        raise ValueError(f"confidence_level must lie between 0 and 1; received {confidence_level}")
    beyond = (1 - confidence_level) / 2
    low = special.betaincinv(count, num - count + 1, beyond) if count > 0 else 0.0
    high = special.betaincinv(count + 1, num - count, 1 - beyond) if count < num else 1.0
    return Estimate(count / num, float(low), float(high), confidence_level, None, int(num))


def tested_share(count: int, num: int, threshold: float, alpha: float) -> Estimate:
    """Return a share with the interval that decides, and with its p-value against ``share <= threshold``."""
    share = share_with_interval(count, num, 1 - 2 * alpha)
    pvalue = _pvalue_of_more(count, num, threshold)
    return Estimate(share.value, share.low, share.high, share.confidence_level, pvalue, num)


def is_more(count: int, num: int, threshold: float, alpha: float) -> bool:
    """Tell if `count` of `num` shows a share above the threshold."""
    return _pvalue_of_more(count, num, threshold) < alpha


def is_less(count: int, num: int, threshold: float, alpha: float) -> bool:
    """Tell if `count` of `num` shows a share below the threshold."""
    return bool(special.bdtr(count, num, threshold) < alpha)


def _pvalue_of_more(count: int, num: int, threshold: float) -> float:
    """Return the probability of `count` or more events if their share equals the threshold."""
    return float(special.bdtrc(count - 1, num, threshold)) if count > 0 else 1.0
