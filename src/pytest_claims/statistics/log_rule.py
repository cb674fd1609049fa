"""The test whether a published training log could be one of our runs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_claims.statistics.decisions import Decision, Estimate, check_look, real_numbers
from pytest_claims.statistics.looks import Look
from pytest_claims.statistics.rule import Booleans, Rule

PUBLISHED_LEVEL = 0.05
"""Probability of calling a run of ours incompatible. The error rate of the claims does not include it."""


@dataclass(frozen=True)
class LogRule(Rule):
    """A published log could be one of our runs, see `compatible`. The margin is the log's deviation."""

    name = "log"
    is_statistical = False
    is_of_single_runs = False
    no_mirror = "a log is ranked"

    def decide(self, values: ArrayLike, look: Look) -> Decision:
        """See `compatible`."""
        return compatible(values, published=self.bounds[0], look=look)

    def holds(self, values: ArrayLike) -> Booleans:
        """Tell which of our runs deviate at least as much as the log."""
        return np.asarray(np.asarray(values, float) >= self.bounds[0])


@dataclass(frozen=True, eq=False)
class Deviations:
    """The distance of each curve from the mean of all other curves, in standard deviations of these.

    Parameters
    ----------
    published
        The largest distance of the published curve over the epochs.
    epoch
        The epoch of that distance, counted from 1.
    factor
        The published number of that epoch, divided by the geometric mean of ours.
    ours
        Shape ``(num_seeds,)``: the largest distance of each of our curves; infinite for a collapsed run.
    """

    published: float
    epoch: int
    factor: float
    ours: NDArray[np.float64]


def deviations(published: ArrayLike, ours: ArrayLike) -> Deviations:
    """Measure the distance of each curve, the published one included, from all other curves.

    In each epoch, the distance of a curve is that of its logarithm from the mean of the other curves' logarithms. It is
    divided by their standard deviation. So an epoch in which the curves scatter little counts as much as any other.
    Where all other curves agree, a curve that agrees with them has the distance 0, and any other an infinite one.

    A run of ours with a value that is not finite has collapsed. It keeps its place with an infinite distance. Means and
    standard deviations leave it out.

    Parameters
    ----------
    published
        Shape ``(num_epochs,)``: one number per epoch, such as losses, all positive and finite, in any unit.
    ours
        Shape ``(num_seeds, num_epochs)``: the same numbers of our runs, in the same unit.

    Raises
    ------
    ValueError
        If the shapes do not fit each other, a number is not positive, or the published curve is not finite.

    Examples
    --------
    >>> ours = [[0.60 + 0.001 * seed, 0.40 - 0.001 * seed, 0.30 + 0.002 * seed] for seed in range(20)]
    >>> farthest = deviations([0.61, 0.39, 0.52], ours)
    >>> f"In epoch {farthest.epoch} the published log is off by a factor of {farthest.factor:.1f}."
    'In epoch 3 the published log is off by a factor of 1.6.'
    """
    curves = _logarithms(np.asarray(published), np.asarray(ours))
    distances = _distances_from_the_others(curves)
    largest, farthest = distances.max(axis=1), int(distances[0].argmax())
    finite = curves[1:, farthest][np.isfinite(curves[1:]).all(axis=1)]
    factor = math.exp(curves[0, farthest] - finite.mean()) if finite.size else math.nan
    return Deviations(float(largest[0]), farthest + 1, factor, largest[1:])


def compatible(values: ArrayLike, *, published: float, look: Look, level: float = PUBLISHED_LEVEL) -> Decision:
    """Decide whether a published curve could be one of ours, by the rank of its deviation among ours.

    The p-value is the share of all curves, the published one included, that deviate at least as much as the published
    one. `deviations` treats all curves alike. So the rank of a published run that was made like ours is uniformly
    random. The test calls such a run incompatible with probability `level` at most, for any distribution of the curves
    and any correlation between the epochs of a run.

    Parameters
    ----------
    values
        Shape ``(num_seeds,)``: the deviation of each of our curves, from `deviations`.
    published
        The deviation of the published curve.
    look
        Only its number of seeds counts.
    level
        Between 0 and 1; a level of 0.05 needs 19 seeds.

    Returns
    -------
    Decision
        ``"compatible"``, ``"incompatible"``, or ``"inconclusive"`` if no curve could be incompatible with so few seeds.
        ``"compatible"`` supports nothing: a curve that differs by less than the scatter of ours is compatible, too. The
        estimate is the published curve's deviation; its interval goes from 0 to the largest compatible deviation.

    Raises
    ------
    ValueError
        If the level is out of range, or there is not one value for each seed of the look.

    Notes
    -----
    Source: V. Vovk, A. Gammerman and G. Shafer, "Algorithmic learning in a random world" (2005), chapter 2: the
    p-value of a transductive conformal predictor.

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
    # The factor absorbs the rounding of floats, so that 1 / 0.05 is twenty curves and not twenty-one.
    num_allowed = math.floor(level * (ours.size + 1) * (1 + 1e-9))
    bound = float(ours[num_allowed - 1]) if num_allowed else math.inf
    estimate = Estimate(published, 0.0, bound, 1 - level, pvalue, ours.size)
    if not num_allowed:
        return Decision("inconclusive", "underpowered", estimate)
    return Decision("incompatible" if num_as_far <= num_allowed else "compatible", None, estimate)


def _logarithms(published: NDArray[np.generic], ours: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return the logarithms of all curves, the published one first, shape ``(num_seeds + 1, num_epochs)``."""
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
    """Return the distance of each curve from all others, per epoch; infinite for a collapsed run.

    Each curve is compared with the others in the same way, so that curves of one kind have ranks at random.
    """
    distances = np.full(curves.shape, np.inf)
    is_kept = np.isfinite(curves).all(axis=1)
    kept, num = curves[is_kept], int(is_kept.sum())
    if num > 1:
        others = np.broadcast_to(kept, (num, *kept.shape))[~np.eye(num, dtype=bool)].reshape(num, num - 1, -1)
        agree = np.ptp(others, axis=1) == 0
        # One other curve has no standard deviation, and agrees with itself.
        spread = np.where(agree, 1.0, others.std(axis=1, ddof=num > 2))
        of_agreeing = np.where(kept == others[:, 0], 0.0, np.inf)
        distances[is_kept] = np.where(agree, of_agreeing, np.abs(kept - others.mean(axis=1)) / spread)
    return distances
