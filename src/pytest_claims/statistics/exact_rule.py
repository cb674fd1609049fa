"""Printed figures: the interval that a rounded number stands for, and numbers that must hold exactly."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_claims.statistics.decisions import Decision, Estimate, check_finite, seed_values
from pytest_claims.statistics.looks import Look
from pytest_claims.statistics.rule import Booleans, Rule


@dataclass(frozen=True)
class ExactRule(Rule):
    """Every seed has the expected number, see `exact`."""

    name = "exact"
    keywords: ClassVar = {"exactly": "exactly"}
    is_statistical = False

    def decide(self, values: ArrayLike, look: Look) -> Decision:
        """See `exact`."""
        return exact(values, expected=self.bounds[0])

    def holds(self, values: ArrayLike) -> Booleans:
        """Tell which values equal the number, up to the rounding of floats."""
        return np.asarray(np.isclose(np.asarray(values, float), self.bounds[0], rtol=1e-9, atol=1e-9))

    def decided_again(self, draws: NDArray[np.float64], look: Look) -> tuple[Booleans, Booleans]:
        """Support if every seed has the number, else refute."""
        agrees = np.asarray(self.holds(draws).all(axis=1))
        return agrees, ~agrees


def rounding_interval(text: str) -> tuple[float, float]:
    """Give the interval that rounds to a printed figure: half a unit of its last digit to either side.

    This interval is the meaning of "about". "About 0.26" holds for all numbers that print as 0.26, and "about 0.260"
    is ten times as strict. Zeros at the end count as printed digits, so "600" goes from 599.5 to 600.5.

    Parameters
    ----------
    text
        A decimal number as printed, such as ``"0.26"``, ``"6"`` or ``"1 %"``; a percentage gives fractions.

    Returns
    -------
    tuple of float
        Low and high, in the unit of the figure.

    Raises
    ------
    ValueError
        If the text is not such a number.

    Notes
    -----
    Source: the exponent of ``decimal.Decimal``.

    Examples
    --------
    >>> low, high = rounding_interval("1 %")
    >>> f"About one percent is anything from {low} to {high}."
    'About one percent is anything from 0.005 to 0.015.'
    """
    expected = 'expected a figure as printed, such as "0.26", "6" or "1 %"'
    if not isinstance(text, str):
        raise ValueError(f"{expected}, as text, because a number does not keep its printed digits; received {text!r}")
    digits = text.strip().removesuffix("%")
    try:
        figure = Decimal(digits)
    except InvalidOperation:
        raise ValueError(f"{expected}; received {text!r}") from None
    exponent = figure.as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError(f"{expected}; received {text!r}")
    half_unit = Decimal(5).scaleb(exponent - 1)
    unit = Decimal("0.01") if text.strip().endswith("%") else Decimal(1)
    return float((figure - half_unit) * unit), float((figure + half_unit) * unit)


def exact(values: ArrayLike, *, expected: float) -> Decision:
    """Decide whether every seed has the expected number, up to the rounding of floats.

    Supported if every value agrees with `expected` within a relative or absolute 1e-9; otherwise refuted,
    ``"differs"``. A NaN differs. The rule estimates nothing, so its decision is never inconclusive: low and high are
    the smallest and the largest value.

    Parameters
    ----------
    values
        Shape ``(num_seeds,)``, at least one, in any unit.
    expected
        Finite, in the same unit.

    Raises
    ------
    ValueError
        If the values are not one real number per seed, there are none, or `expected` is not finite.

    Examples
    --------
    >>> decision = exact([407050, 407050], expected=407050)
    >>> f"That the network has 407050 parameters is {decision.verdict}."
    'That the network has 407050 parameters is supported.'
    """
    array = seed_values(values)
    check_finite(expected=expected)
    agrees = bool(np.isclose(array, expected, rtol=1e-9, atol=1e-9).all())
    with np.errstate(invalid="ignore"):  # the mean of +inf and -inf is NaN, as it should be
        mean = float(array.mean())
    estimate = Estimate(mean, float(array.min()), float(array.max()), 1.0, None, array.size)
    return Decision("supported", None, estimate) if agrees else Decision("refuted", "differs", estimate)
