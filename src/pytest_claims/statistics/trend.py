"""Trends over doses: Page's test of rising or falling responses, and least-squares slopes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from pytest_claims.statistics.decisions import real_numbers
from pytest_claims.statistics.sign_flip import MAX_SEEDS, direction
from pytest_claims.support.text import counted

# The exact distribution takes at most a second for 8 doses; for more, Page himself advises the normal distribution.
_MAX_DOSES = 8


def page_trend_pvalue(values: ArrayLike, doses: ArrayLike, *, alternative: str) -> float:
    """Give the one-sided p-value of the hypothesis that the responses do not depend on the order of the doses.

    The test ranks the responses of each seed and measures how well the ranks of all seeds follow the order of the
    doses. The distances between doses or responses do not count. Ties share their mean rank, which can make the
    p-value larger, never smaller. As with `slopes`, a step in the wrong direction can hide in a trend.

    A collapsed run keeps its place. An infinite response ranks above or below all finite ones. A NaN has no rank, so
    its seed counts as the seed most contrary to the alternative: its ranks are the reverse of the doses' ranks.

    Parameters
    ----------
    values
        Shape ``(num_seeds, num_doses)``, at least 2 seeds and 3 doses: the response, in any unit.
    doses
        Shape ``(num_doses,)``, finite, all different, in any order and unit.
    alternative
        ``"greater"``: a larger dose gives a larger response; ``"less"``: a smaller one.

    Returns
    -------
    float
        Exact, except for ties, up to 30 seeds and 8 doses; from the normal distribution beyond.

    Raises
    ------
    ValueError
        If the shapes do not fit each other, or there are too few seeds or doses; if the doses are not finite or not all
        different; or if the alternative is unknown.

    Notes
    -----
    Source: E. B. Page, "Ordered hypotheses for multiple treatments: a significance test for linear ranks", JASA 58
    (1963); ``scipy.stats.page_trend_test``.

    Examples
    --------
    >>> losses = [[0.30, 0.28, 0.25], [0.31, 0.27, 0.26], [0.29, 0.28, 0.24], [0.33, 0.29, 0.27]]
    >>> pvalue = page_trend_pvalue(losses, doses=[1, 2, 4], alternative="less")
    >>> f"Four seeds in perfect order happen by chance once in {1 / pvalue:.0f} times."
    'Four seeds in perfect order happen by chance once in 1296 times.'
    """
    responses, levels = _dose_response(values, doses, min_seeds=2, min_doses=3)
    if np.unique(levels).size < levels.size:
        raise ValueError(f"doses must be all different; received {np.asarray(doses).tolist()}: pool equal ones first")
    num_seeds, num_doses = responses.shape
    predicted = stats.rankdata(direction(alternative) * levels).astype(int)
    unranked = np.isnan(responses).any(axis=1)
    ranks = np.tile(num_doses + 1.0 - predicted, (num_seeds, 1))
    if not unranked.all():
        ranks[~unranked] = stats.rankdata(responses[~unranked], axis=1)
    method = "exact" if num_seeds <= MAX_SEEDS and num_doses <= _MAX_DOSES else "asymptotic"
    result = stats.page_trend_test(ranks, ranked=True, predicted_ranks=predicted, method=method)
    return min(float(result.pvalue), 1.0)


def slopes(values: ArrayLike, doses: ArrayLike) -> NDArray[np.float64]:
    """Give the least-squares slope over doses for each seed.

    A slope describes the whole trend, not each step: 0, 2, 4, 2.5 has a positive slope, too.

    Parameters
    ----------
    values
        Shape ``(num_seeds, num_doses)``: the response, in any unit. A seed with a value that is not finite gets the
        slope NaN, so that a collapsed run stays an outcome.
    doses
        Shape ``(num_doses,)``, finite, at least two different ones, in any order.

    Returns
    -------
    numpy.ndarray
        Shape ``(num_seeds,)``, in the unit of the values per unit of the doses.

    Raises
    ------
    ValueError
        If the shapes do not fit each other, or the doses are all equal or not finite.

    Notes
    -----
    Source: ``numpy.polyfit``. One t-test on the slopes of all seeds is the summary-measures approach of J. N. S.
    Matthews et al., "Analysis of serial measurements in medical research", BMJ 300 (1990).

    Examples
    --------
    >>> rates = slopes([[0.10, 0.12, 0.14], [0.11, 0.12, 0.13]], doses=[0, 1, 2])
    >>> f"Each unit of dose adds {rates[0]:.2f} with one seed and {rates[1]:.2f} with the other."
    'Each unit of dose adds 0.02 with one seed and 0.01 with the other.'
    """
    responses, levels = _dose_response(values, doses, min_seeds=1, min_doses=2)
    finite = np.isfinite(responses).all(axis=1)
    result = np.full(len(responses), np.nan)
    if finite.any():
        result[finite] = np.polyfit(levels, responses[finite].T, deg=1)[0]
    return result


def _dose_response(
    values: ArrayLike, doses: ArrayLike, *, min_seeds: int, min_doses: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Check responses of shape ``(num_seeds, num_doses)`` and their doses; at least two doses must differ."""
    responses, levels = real_numbers(values, "values"), real_numbers(doses, "doses")
    fits = responses.ndim == 2 and levels.shape == responses.shape[1:]
    if not fits or responses.shape[0] < min_seeds or levels.size < min_doses:
        raise ValueError(
            f"values must have shape (num_seeds, num_doses) and doses (num_doses,), with at least "
            f"{counted(min_seeds, 'seed')} and {counted(min_doses, 'dose')}; "
            f"received {responses.shape} and {levels.shape}"
        )
    if not np.isfinite(levels).all() or np.unique(levels).size < 2:
        raise ValueError(
            f"doses must be finite and at least two of them different; received {np.asarray(doses).tolist()}"
        )
    return responses, levels
