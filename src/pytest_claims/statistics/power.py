"""The smallest effect that a look can detect."""

from __future__ import annotations

from functools import cache

from scipy import special

from pytest_claims.statistics.decisions import check_finite
from pytest_claims.statistics.looks import Look


def smallest_detectable_effect(sd: float, look: Look, power: float = 0.8) -> float:
    """Give the distance from the margin that a one-sided t-test at this look detects with probability `power`.

    Parameters
    ----------
    sd
        Standard deviation over seeds of the tested quantity, 0 or more, in its unit.
    look
        Gives the number of seeds, at least 2, and the level.
    power
        A probability above the look's alpha and below 1.

    Returns
    -------
    float
        The distance, in the unit of `sd`.

    Raises
    ------
    ValueError
        If `sd` is negative or not finite, `power` is out of range, or the look has fewer than 2 seeds.

    Notes
    -----
    Source: the noncentral t distribution, J. Cohen, "Statistical power analysis for the behavioral sciences" (1988).
    The result equals that of ``statsmodels.stats.power.TTestPower``.

    Examples
    --------
    >>> from pytest_claims.statistics import fixed_look
    >>> effect = smallest_detectable_effect(sd=0.01, look=fixed_look(20))
    >>> f"Twenty seeds that scatter by one point show effects of {100 * effect:.1f} points four times in five."
    'Twenty seeds that scatter by one point show effects of 1.1 points four times in five.'
    """
    check_finite(sd=sd)
    if sd < 0:
        raise ValueError(f"sd must be 0 or more; received {sd}")
    if not look.alpha < power < 1:
        raise ValueError(f"power must lie between the look's alpha, {look.alpha}, and 1; received {power}")
    if look.num_seeds < 2:
        raise ValueError(f"a t-test needs at least 2 seeds; this look has {look.num_seeds}")
    return float(sd) * _per_standard_deviation(look.num_seeds, look.alpha, power)


@cache
def _per_standard_deviation(num_seeds: int, alpha: float, power: float) -> float:
    critical = -special.stdtrit(num_seeds - 1, alpha)
    return float(special.nctdtrinc(num_seeds - 1, 1 - power, critical) / num_seeds**0.5)
