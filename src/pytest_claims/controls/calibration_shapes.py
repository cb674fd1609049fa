"""The shapes of simulated seeds: how one number per seed scatters, and which rules are declared for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

Array = NDArray[Any]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]


@dataclass(frozen=True)
class Shape:
    """A distribution of one number per seed, in standard deviations of a run that is neither stuck nor rare.

    Parameters
    ----------
    draw
        Draws an array of numbers of a given shape.
    mean
        The mean of the finite numbers.
    median
        Half of the numbers lie above it. Of counts, none lies on it.
    suits_means
        True if rules on means are declared for it. Then no run is stuck, and the numbers lie evenly about their mean.
    median_is_common
        True if most numbers are the median itself. Then less than half of them lie beyond it.
    collapses
        True if some numbers are infinite.
    """

    draw: Draw
    mean: float = 0.0
    median: float = 0.0
    suits_means: bool = False
    median_is_common: bool = False
    collapses: bool = False


def _normal(rng: np.random.Generator, size: tuple[int, ...]) -> Array:
    return rng.normal(size=size)


def _collapsing(rng: np.random.Generator, size: tuple[int, ...]) -> Array:
    collapses: Array = rng.choice([0, np.inf, -np.inf], size, p=[0.9, 0.05, 0.05])
    return rng.normal(size=size) + collapses


def _other_runs(share: float, distance: float) -> Shape:
    """Give normal numbers of which a share lies farther up, by a distance in standard deviations."""

    def below(number: float) -> float:
        return float((1 - share) * stats.norm.cdf(number) + share * stats.norm.cdf(number - distance))

    def draw(rng: np.random.Generator, size: tuple[int, ...]) -> Array:
        higher: Array = distance * (rng.random(size) < share)
        return rng.normal(size=size) + higher

    return Shape(draw, share * distance, optimize.brentq(lambda number: below(number) - 0.5, 0, distance))


def _rare(share: float) -> Shape:
    """Give the number 0, and rarely 1."""
    return Shape(lambda rng, size: (rng.random(size) < share).astype(float), share, 0.0, median_is_common=True)


_SIGMA, _RATE = 0.6, math.log(2)  # with this rate half of the counts are 0

SHAPES = {
    "normal": Shape(_normal, suits_means=True),
    "heavy tails": Shape(lambda rng, size: rng.standard_t(3, size) / 3**0.5, suits_means=True),
    "collapsing": Shape(_collapsing, suits_means=True, collapses=True),
    "coin": Shape(lambda rng, size: rng.integers(0, 2, size).astype(float), 0.5, 0.5, suits_means=True),
    "exponential": Shape(lambda rng, size: rng.exponential(size=size), 1.0, math.log(2)),
    "log-normal": Shape(lambda rng, size: np.exp(_SIGMA * rng.normal(size=size)), math.exp(_SIGMA**2 / 2), 1.0),
    "two modes": _other_runs(0.3, 6.0),
    **{f"stuck {share:.0%}".replace("%", " %"): _other_runs(share, 10.0) for share in (0.05, 0.10, 0.20)},
    "counts": Shape(lambda rng, size: rng.poisson(_RATE, size).astype(float), _RATE, 0.5),
    **{f"rare {share:.0%}".replace("%", " %"): _rare(share) for share in (0.03, 0.05, 0.10, 0.20)},
}
"""All shapes by name.

- ``"heavy tails"``: Student's t with 3 degrees of freedom.
- ``"collapsing"``: one in ten runs is infinite, to either side.
- ``"coin"``: 0 or 1.
- ``"log-normal"``: its sigma is 0.6.
- ``"two modes"``: 30 % of the runs lie 6 standard deviations higher.
- ``"stuck"``: so many runs lie 10 standard deviations higher.
- ``"counts"``: Poisson numbers with a mean of 0.7, like epochs.
- ``"rare"``: 0, but for a rare 1.
"""
