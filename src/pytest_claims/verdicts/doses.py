"""Quantities over doses: the slope, and the steps between neighbouring doses."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from pytest_claims.verdicts.quantities import Quantity, check_pairs, either, marks_of


def slope(doses: Sequence[float], quantities: Sequence[Quantity], *, per: str) -> Quantity:
    """Return the least-squares slope of a quantity over doses, for each seed.

    Parameters
    ----------
    doses
        One number per quantity, in a unit that makes the slope readable.
    quantities
        The same plain quantity of one arm per dose, with the same seeds.
    per
        The unit of dose in words, for instance ``"784 channels"``.

    Raises
    ------
    ValueError
        If the numbers of doses and quantities differ or are below three, or the quantities are not paired.

    Examples
    --------
    >>> arms = [Quantity(np.array([v]), (0,), "accuracy", str(v), "accuracy", "plain", "fast") for v in (0.9, 0.8, 0.7)]
    >>> slope([0, 1, 2], arms, per="dose").values.round(3)
    array([-0.1])
    """
    from pytest_claims.statistics import slopes

    if len(doses) != len(quantities) or len(doses) < 3:
        raise ValueError(
            f"slope() takes a dose for each of three or more quantities, not {len(doses)} and {len(quantities)}"
        )
    check_pairs(quantities)
    first = quantities[0]
    values = slopes(np.stack([quantity.values for quantity in quantities], axis=1), np.asarray(doses, float))
    subject = ", ".join(quantity.subject for quantity in quantities)
    return Quantity(
        *(values, first.seeds, f"{first.name}, per {per}", subject, first.unit, "difference", first.tier),
        at_least=either(*_towards(quantities, doses, up=True)),
        at_most=either(*_towards(quantities, doses, up=False)),
        operands=tuple(quantities),
        doses=tuple(float(dose) for dose in doses),
        data=first.data,
        marks=marks_of(*quantities),
        seedless=all(quantity.seedless for quantity in quantities),
    )


def steps(quantities: Sequence[Quantity]) -> list[Quantity]:
    """Return each quantity minus the previous one, for assertions about "each step" of a dose.

    Parameters
    ----------
    quantities
        The same plain quantity of one arm per dose, in the order of the doses, with the same seeds.

    Raises
    ------
    ValueError
        If there are fewer than two quantities, or they are not paired.

    Examples
    --------
    >>> arms = [Quantity(np.array([v]), (0,), "loss", str(v), "nats", "plain", "fast") for v in (0.5, 0.7, 1.0)]
    >>> [step.values.round(3).tolist() for step in steps(arms)]
    [[0.2], [0.3]]
    """
    if len(quantities) < 2:
        raise ValueError(f"steps() takes two or more quantities, not {len(quantities)}")
    return [later - earlier for earlier, later in pairwise(quantities)]


def _towards(quantities: Sequence[Quantity], doses: Sequence[float], *, up: bool) -> list[np.ndarray | None]:
    """The flags of the values that, if they are larger or smaller than seen, make the slope steeper upwards (`up`)."""
    middle = np.mean(doses)
    return [
        quantity.at_least if (dose > middle) == up else quantity.at_most
        for quantity, dose in zip(quantities, doses, strict=True)
        if dose != middle
    ]
