"""Dose and response: whether more of one thing gives more of another."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def slopes(values: ArrayLike, doses: ArrayLike) -> NDArray[np.float64]:
    """Give the least-squares slope over doses, seed by seed.

    A slope speaks about the trend as a whole, not about each step: 0, 2, 4, 2.5 rises by it too.

    Parameters
    ----------
    values
        Shape ``(num_seeds, num_doses)``: the response, in any unit. A seed with a value that is not finite has the
        slope NaN, so that a collapsed run stays an outcome.
    doses
        Shape ``(num_doses,)``, finite, at least two different ones, in any order.

    Returns
    -------
    numpy.ndarray
        Shape ``(num_seeds,)``, unit of the values per unit of the doses.

    Raises
    ------
    ValueError
        If the shapes do not fit each other, or the doses do not differ or are not finite.

    Notes
    -----
    Source: ``numpy.polyfit``; to test the slopes of all seeds by one t-test is the summary-measures approach of J. N.
    S. Matthews et al., "Analysis of serial measurements in medical research", BMJ 300 (1990).

    Examples
    --------
    >>> rates = slopes([[0.10, 0.12, 0.14], [0.11, 0.12, 0.13]], doses=[0, 1, 2])
    >>> f"Each unit of dose adds {rates[0]:.2f} with one seed and {rates[1]:.2f} with the other."
    'Each unit of dose adds 0.02 with one seed and 0.01 with the other.'
    """
    responses, levels = np.asarray(values), np.asarray(doses)
    if responses.dtype.kind not in "biuf" or levels.dtype.kind not in "biuf":
        raise ValueError(f"values and doses must be real numbers; received {responses.dtype} and {levels.dtype}")
    if responses.ndim != 2 or levels.shape != responses.shape[1:] or responses.shape[0] == 0:
        raise ValueError(
            "values must have shape (num_seeds, num_doses) and doses (num_doses,), with at least one seed; "
            f"received {responses.shape} and {levels.shape}"
        )
    if not np.isfinite(levels).all() or np.unique(levels).size < 2:
        raise ValueError(f"doses must be finite and at least two of them different; received {levels.tolist()}")
    finite = np.isfinite(responses).all(axis=1)
    result = np.full(len(responses), np.nan)
    if finite.any():
        result[finite] = np.polyfit(levels.astype(float), responses[finite].T.astype(float), deg=1)[0]
    return result
