"""The sign-flip permutation test, exact."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_claims.statistics.decisions import seed_values

MAX_SEEDS = 30
"""The largest number of seeds of the exact test: each half of the seeds then has 2^15 sums."""


def sign_flip_pvalue(values: ArrayLike, *, alternative: str) -> float:
    """Give the one-sided p-value of the hypothesis that the values are symmetric about zero.

    There are 2^num_seeds ways to choose the signs. The test counts those whose sum is at least as extreme as the
    observed sum. It matches the sums of the first half with those of the second ("meeting in the middle"): 30 seeds
    then need 2 · 2^15 sums and not 2^30.

    Parameters
    ----------
    values
        Shape ``(num_seeds,)``, 1 to 30 finite numbers: differences minus the margin.
    alternative
        ``"greater"`` or ``"less"``.

    Returns
    -------
    float
        A multiple of 2^−num_seeds, which is also the smallest possible p-value.

    Raises
    ------
    ValueError
        If a value is not finite, there are none or more than 30, or the alternative is unknown.

    Notes
    -----
    Source: R. A. Fisher, "The design of experiments" (1935), section 21; E. Horowitz and S. Sahni, "Computing
    partitions with applications to the knapsack problem", JACM 21 (1974). The result equals that of
    ``scipy.stats.permutation_test`` with ``permutation_type="samples"``, which lists all 2^num_seeds choices.

    Examples
    --------
    >>> pvalue = sign_flip_pvalue([0.2, 0.1, 0.4, 0.3], alternative="greater")
    >>> f"Four gains out of four happen by chance once in {1 / pvalue:.0f} times."
    'Four gains out of four happen by chance once in 16 times.'
    """
    array = seed_values(values)
    if array.size > MAX_SEEDS:
        raise ValueError(f"the exact sign-flip test takes at most {MAX_SEEDS} seeds; received {array.size}")
    if not np.isfinite(array).all():
        raise ValueError("the sign-flip test needs finite values; received NaN or infinity: count such seeds instead")
    towards_claim = array * direction(alternative)
    observed = towards_claim.sum()
    # Sums that differ only by rounding are ties, and ties count.
    tolerance = 1e-12 * np.abs(towards_claim).sum()
    half = array.size // 2
    some, others = _signed_sums(towards_claim[:half]), np.sort(_signed_sums(towards_claim[half:]))
    too_small = np.searchsorted(others, observed - tolerance - some, side="left")
    return float((others.size - too_small).sum() / 2.0**array.size)


def direction(alternative: str) -> int:
    """Give +1 for ``"greater"`` and −1 for ``"less"``."""
    if alternative not in ("greater", "less"):
        raise ValueError(f"alternative must be 'greater' or 'less'; received {alternative!r}")
    return 1 if alternative == "greater" else -1


def _signed_sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of `values` for each choice of their signs, shape ``(2 ** len(values),)``."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    return sums
