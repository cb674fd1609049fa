"""The decision that a rule returns, and the checks of its arguments."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_claims.statistics.looks import Look

# The largest rounding error of a difference of two accuracies or losses.
_ROUNDING = 1e-12

VerdictName = Literal["supported", "refuted", "inconclusive", "compatible", "incompatible"]
"""The last two are for published logs, which cannot support a claim."""


@dataclass(frozen=True)
class Estimate:
    """An estimate from seeds, with its interval.

    Parameters
    ----------
    value
        The mean over seeds, or the share of seeds, in the unit of the values. NaN if no seed has a finite value.
    low, high
        Ends of the two-sided interval, in the same unit. NaN if fewer than two seeds have a finite value.
    confidence_level
        Nominal coverage of the interval, a fraction. The interval that decides has 1 − 2·(alpha of the look).
    pvalue
        One-sided p-value against the margin, on the claim's side. ``None`` if the rule does not use a p-value.
    num_seeds
        Number of seeds in the estimate.

    Examples
    --------
    >>> gain = Estimate(value=0.021, low=0.015, high=0.027, confidence_level=0.9997, pvalue=1e-7, num_seeds=10)
    >>> f"Over {gain.num_seeds} seeds the gain is {gain.value:.1%}, between {gain.low:.1%} and {gain.high:.1%}."
    'Over 10 seeds the gain is 2.1%, between 1.5% and 2.7%.'
    """

    value: float
    low: float
    high: float
    confidence_level: float
    pvalue: float | None
    num_seeds: int


@dataclass(frozen=True)
class Decision:
    """The verdict of a rule, with the estimate behind it.

    Parameters
    ----------
    verdict
        ``"supported"``, ``"refuted"`` or ``"inconclusive"``; for a published log also ``"compatible"`` or
        ``"incompatible"``.
    reason
        One or two words on why the claim is not supported; ``None`` if it is.
    estimate
        The estimated quantity.
    share
        The share of seeds on the claim's side. Only if a run collapsed: then the share decides instead of the mean.

    Examples
    --------
    >>> half = Estimate(0.5, 0.2, 0.8, 0.999, 0.59, 20)
    >>> decision = Decision("inconclusive", "straddles", half)
    >>> f"The claim is {decision.verdict}, because the interval {decision.reason} the margin."
    'The claim is inconclusive, because the interval straddles the margin.'
    """

    verdict: VerdictName
    reason: str | None
    estimate: Estimate
    share: Estimate | None = None


def real_numbers(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Check that an array holds real numbers, and return them as floats; the error shows `name`."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must be real numbers; received dtype {array.dtype}")
    return array.astype(np.float64)


def seed_values(values: ArrayLike, *, at_least: int = 1) -> NDArray[np.float64]:
    """Check values of shape ``(num_seeds,)`` and sort them, so that no result depends on the order of the seeds."""
    array = real_numbers(values, "values")
    if array.ndim != 1:
        raise ValueError(
            f"values must have shape (num_seeds,); received shape {array.shape}: reduce each run to one number first"
        )
    if array.size < at_least:
        raise ValueError(f"the number of seeds must be at least {at_least}; received {array.size}: add seeds")
    return np.sort(array)


def beyond(values: ArrayLike, bound: float, sign: int) -> NDArray[np.bool_]:
    """Tell which values lie above a bound (`sign` +1), or below it (−1). Up to the rounding of floats is on it."""
    array = np.asarray(values, float)
    with np.errstate(invalid="ignore"):
        return np.asarray(sign * (array - bound) > _ROUNDING * max(1.0, abs(bound)))


def check_look(num_seeds: int, look: Look) -> None:
    """Refuse a number of seeds that is not the look's, since the look's alpha belongs to that number."""
    if num_seeds != look.num_seeds:
        raise ValueError(
            f"this look judges exactly {look.num_seeds} seeds; received values of {num_seeds}: "
            f"pass the first {look.num_seeds}, or use fixed_look({num_seeds})"
        )


def check_finite(**numbers: float) -> None:
    """Refuse NaN and infinity where a bound or a margin is expected."""
    for name, number in numbers.items():
        if not math.isfinite(number):
            raise ValueError(f"{name} must be a finite number; received {number}")
