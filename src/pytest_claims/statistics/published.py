"""A published log of training: whether it could be one of our own runs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Compatibility:
    """Whether a published curve is exchangeable with ours.

    Parameters
    ----------
    verdict
        ``"incompatible"`` if the p-value is at most the level, else ``"compatible"``, which supports nothing: a curve
        that differs by less than ours scatter is compatible as well.
    pvalue
        A multiple of 1 / (num_seeds + 1).
    score
        The largest distance of the published curve from the mean of ours, over the epochs, in natural logarithms.
    epoch_of_largest_deviation
        Where that is, counted from 1.
    num_seeds
        How many curves of ours it was compared with.
    level
        Probability of calling one of our own runs incompatible.

    Examples
    --------
    >>> result = Compatibility("incompatible", 0.05, 0.4, 3, 19, 0.05)
    >>> f"The log is {result.verdict}: in epoch {result.epoch_of_largest_deviation} it is off by a factor of 1.5."
    'The log is incompatible: in epoch 3 it is off by a factor of 1.5.'
    """

    verdict: Literal["compatible", "incompatible"]
    pvalue: float
    score: float
    epoch_of_largest_deviation: int
    num_seeds: int
    level: float


def exchangeable(published: ArrayLike, ours: ArrayLike, *, level: float = 0.05, is_log: bool = False) -> Compatibility:
    """Decide whether a published curve could be one more run of ours, by its conformal rank.

    Each of the ``num_seeds + 1`` curves, the published one among them, is given a score: its largest distance, over the
    epochs and in logarithms, from the mean of all the others. The p-value is the share of curves whose score is at
    least the published one's. All curves are treated alike, so if the published run was made as ours were, its rank is
    as good as drawn by lot, and it is called incompatible with probability `level` at most, whatever the distribution
    of the curves and however the epochs of a run hang together.

    A collapsed run of ours, with a value that is not finite, is kept: it has the score infinity, and no part in the
    means. With fewer than ``1 / level − 1`` seeds no curve could be incompatible, so they are refused.

    Parameters
    ----------
    published
        Shape ``(num_epochs,)``: one number per epoch, such as losses, all positive and finite, in any unit.
    ours
        Shape ``(num_seeds, num_epochs)``: the same, of our runs, in the same unit.
    level
        Between 0 and 1; at 0.05 there must be 19 seeds.
    is_log
        Whether the numbers are logarithms already, and may then be negative.

    Raises
    ------
    ValueError
        If the shapes do not fit each other, a number is not positive (unless `is_log`), the published curve is not
        finite, the level is out of range, or there are too few seeds for it.

    Notes
    -----
    Source: V. Vovk, A. Gammerman and G. Shafer, "Algorithmic learning in a random world" (2005), chapter 2, where it
    is the p-value of a transductive conformal predictor.

    Examples
    --------
    >>> ours = [[0.60 + 0.001 * seed, 0.40 - 0.001 * seed, 0.30 + 0.002 * seed] for seed in range(20)]
    >>> result = exchangeable([0.61, 0.39, 0.52], ours)
    >>> epoch, factor = result.epoch_of_largest_deviation, math.exp(result.score)
    >>> f"The log is {result.verdict}: in epoch {epoch} it is off by a factor of {factor:.1f}."
    'The log is incompatible: in epoch 3 it is off by a factor of 1.6.'
    """
    curves = _logarithms(np.asarray(published), np.asarray(ours), is_log)
    num_curves = len(curves)
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1; received {level}")
    # One part in 10^9 is the rounding of floats: 1 / 0.05 is to be twenty curves and not twenty-one.
    if level * num_curves < 1 - 1e-9:
        needed = math.ceil(1 / level - 1e-9) - 1
        raise ValueError(
            f"at a level of {level} no log can be incompatible with fewer than {needed} seeds; "
            f"received {num_curves - 1}: add seeds"
        )
    distances = _distances_from_the_others(curves)
    scores = distances.max(axis=1)
    # Scores that differ by rounding alone are ties, and ties count.
    pvalue = float(np.mean(scores >= scores[0] * (1 - 1e-12)))
    return Compatibility(
        verdict="incompatible" if pvalue <= level * (1 + 1e-9) else "compatible",
        pvalue=pvalue,
        score=float(scores[0]),
        epoch_of_largest_deviation=int(distances[0].argmax()) + 1,
        num_seeds=num_curves - 1,
        level=level,
    )


def _logarithms(published: NDArray[np.generic], ours: NDArray[np.generic], is_log: bool) -> NDArray[np.float64]:
    """All curves, the published one first, as logarithms, shape ``(num_seeds + 1, num_epochs)``."""
    if published.dtype.kind not in "biuf" or ours.dtype.kind not in "biuf":
        raise ValueError(f"curves must be real numbers; received dtypes {published.dtype} and {ours.dtype}")
    if published.ndim != 1 or published.size == 0 or ours.ndim != 2 or ours.shape[1:] != published.shape:
        raise ValueError(
            "the published curve must have shape (num_epochs,) and ours (num_seeds, num_epochs); "
            f"received {published.shape} and {ours.shape}"
        )
    curves = np.vstack([published, ours]).astype(np.float64)
    if not np.isfinite(curves[0]).all():
        raise ValueError("the published curve must be finite; received NaN or infinity")
    if is_log:
        return curves
    if (curves <= 0).any():
        raise ValueError(
            f"curves must be positive to be compared by ratios; received {np.nanmin(curves)}: "
            "set is_log=True if they are logarithms already"
        )
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
