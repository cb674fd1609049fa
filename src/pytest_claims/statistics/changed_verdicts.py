"""The number of verdicts that fresh seeds are likely to change."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

LIKELY = 0.95
"""Probability that no more verdicts change than `most_likely_changed`."""


def most_likely_changed(stabilities: Iterable[float], *, level: float = LIKELY) -> int:
    """Give the largest number of verdicts that are likely to change on fresh seeds.

    The number of changed verdicts has a Poisson-binomial distribution: each verdict changes with a probability of its
    own, independently of the others. The function gives its quantile, exactly, by convolution.

    Parameters
    ----------
    stabilities
        For each verdict the probability that fresh seeds give it again.
    level
        The probability with which no more verdicts change.

    Returns
    -------
    int
        The smallest number that is exceeded with a probability of at most ``1 - level``.

    Notes
    -----
    Source: Y. Hong, "On computing the distribution function for the Poisson binomial distribution", Computational
    Statistics & Data Analysis 59 (2013). Claims that share runs change together more often than independent ones, so
    that a larger number is somewhat more probable than the distribution has it.

    Examples
    --------
    >>> most_likely_changed([0.99, 0.99]), most_likely_changed([0.6]), most_likely_changed([0.9] * 100)
    (0, 1, 15)
    """
    probabilities = np.ones(1)
    for stability in stabilities:
        probabilities = np.convolve(probabilities, [stability, 1 - stability])
    # Rounding errors of the sum must not ask for one more verdict where the level is met exactly.
    return int(np.searchsorted(np.cumsum(probabilities), level - 1e-12))
