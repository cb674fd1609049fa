"""A published log of training: whether it could be one of our own runs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_claims.statistics.decisions import Decision, Estimate, check_look, real_numbers
from pytest_claims.statistics.looks import Look
from pytest_claims.statistics.rule import Booleans, Rule

PUBLISHED_LEVEL = 0.05
"""Probability of calling a run of our own incompatible. It is no part of the error rate of the claims."""


@dataclass(frozen=True)
class LogRule(Rule):
    """A published log could be one of our runs, see `compatible`. Its margin is the log's own deviation."""

    name = "log"
    is_statistical = False
    is_of_single_runs = False
    no_mirror = "a log is ranked"

    def decide(self, values: ArrayLike, look: Look) -> Decision:
        """See `compatible`."""
        return compatible(values, published=self.bounds[0], look=look)

    def holds(self, values: ArrayLike) -> Booleans:
        """A run of ours lies as far off."""
        return np.asarray(np.asarray(values, float) >= self.bounds[0])


@dataclass(frozen=True, eq=False)
class Deviations:
    """How far each curve lies from the mean of all the others, in natural logarithms.

    Parameters
    ----------
    published
        The published curve's largest distance over the epochs.
    epoch
        Where that is, counted from 1.
    ours
        Shape ``(num_seeds,)``: the largest distance of each of ours; infinite for a collapsed one.
    """

    published: float
    epoch: int
    ours: NDArray[np.float64]


def deviations(published: ArrayLike, ours: ArrayLike) -> Deviations:
    """Measure how far each curve, the published one among them, lies from the mean of all the others.

    A collapsed run of ours, with a value that is not finite, is kept: it lies infinitely far off, and has no part in
    the means.

    Parameters
    ----------
    published
        Shape ``(num_epochs,)``: one number per epoch, such as losses, all positive and finite, in any unit.
    ours
        Shape ``(num_seeds, num_epochs)``: the same, of our runs, in the same unit.

    Raises
    ------
    ValueError
        If the shapes do not fit each other, a number is not positive, or the published curve is not finite.

    Examples
    --------
    >>> ours = [[0.60 + 0.001 * seed, 0.40 - 0.001 * seed, 0.30 + 0.002 * seed] for seed in range(20)]
    >>> found = deviations([0.61, 0.39, 0.52], ours)
    >>> f"In epoch {found.epoch} the published log is off by a factor of {math.exp(found.published):.1f}."
    'In epoch 3 the published log is off by a factor of 1.6.'
    """
    distances = _distances_from_the_others(_logarithms(np.asarray(published), np.asarray(ours)))
    largest = distances.max(axis=1)
    return Deviations(float(largest[0]), int(distances[0].argmax()) + 1, largest[1:])


def compatible(values: ArrayLike, *, published: float, look: Look, level: float = PUBLISHED_LEVEL) -> Decision:
    """Decide whether a published curve could be one more of ours, by the rank of its deviation among ours.

    The p-value is the share of all curves, the published one among them, that deviate at least as much as it does. All
    curves are treated alike, so if the published run was made as ours were, its rank is as good as drawn by lot, and
    it is called incompatible with probability `level` at most, whatever the distribution of the curves and however the
    epochs of a run hang together.

    Parameters
    ----------
    values
        Shape ``(num_seeds,)``: the deviation of each of ours, as `deviations` gives it.
    published
        That of the published curve.
    look
        Only its number of seeds counts.
    level
        Between 0 and 1; at 0.05 it takes 19 seeds.

    Returns
    -------
    Decision
        ``"compatible"``, which supports nothing: a curve that differs by less than ours scatter is compatible as well;
        ``"incompatible"``; or ``"inconclusive"`` with so few seeds that no curve could be incompatible. The estimate
        is the published curve's deviation, its interval reaches from nothing to the largest one that is compatible.

    Raises
    ------
    ValueError
        If the level is out of range, or the values are not as many as the look has seeds.

    Notes
    -----
    Source: V. Vovk, A. Gammerman and G. Shafer, "Algorithmic learning in a random world" (2005), chapter 2, where it
    is the p-value of a transductive conformal predictor.

    Examples
    --------
    >>> from pytest_claims.statistics import fixed_look
    >>> decision = compatible([0.01 * seed for seed in range(20)], published=0.5, look=fixed_look(20))
    >>> f"No run of ours deviates as much (p = {decision.estimate.pvalue:.3f}): the log is {decision.verdict}."
    'No run of ours deviates as much (p = 0.048): the log is incompatible.'
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1; received {level}")
    ours = np.sort(np.asarray(values, float))[::-1]
    check_look(ours.size, look)
    # Deviations that differ by rounding alone are ties, and ties count.
    num_as_far = 1 + int((ours >= published * (1 - 1e-12)).sum())
    pvalue = num_as_far / (ours.size + 1)
    # One part in 10^9 is the rounding of floats: 1 / 0.05 is to be twenty curves and not twenty-one.
    num_allowed = math.floor(level * (ours.size + 1) * (1 + 1e-9))
    bound = float(ours[num_allowed - 1]) if num_allowed else math.inf
    estimate = Estimate(published, 0.0, bound, 1 - level, pvalue, ours.size)
    if not num_allowed:
        return Decision("inconclusive", "underpowered", estimate)
    return Decision("incompatible" if num_as_far <= num_allowed else "compatible", None, estimate)


def _logarithms(published: NDArray[np.generic], ours: NDArray[np.generic]) -> NDArray[np.float64]:
    """All curves, the published one first, as logarithms, shape ``(num_seeds + 1, num_epochs)``."""
    published, ours = real_numbers(published, "curves"), real_numbers(ours, "curves")
    if published.ndim != 1 or published.size == 0 or ours.ndim != 2 or ours.shape[1:] != published.shape:
        raise ValueError(
            "the published curve must have shape (num_epochs,) and ours (num_seeds, num_epochs); "
            f"received {published.shape} and {ours.shape}"
        )
    curves = np.vstack([published, ours])
    if not np.isfinite(curves[0]).all():
        raise ValueError("the published curve must be finite; received NaN or infinity")
    if (curves <= 0).any():
        raise ValueError(f"curves must be positive to be compared by ratios; received {np.nanmin(curves)}")
    return np.log(curves)


def _distances_from_the_others(curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance of each curve from the mean of all the others, epoch by epoch; infinite for a collapsed one."""
    kept = np.isfinite(curves).all(axis=1)
    distances = np.full(curves.shape, np.inf)
    num_others = int(kept.sum()) - 1
    if num_others > 0:
        # A curve lies n / (n − 1) times as far from the mean of the others as from the mean of all n.
        distances[kept] = np.abs(curves[kept] - curves[kept].mean(axis=0)) * ((num_others + 1) / num_others)
    return distances
