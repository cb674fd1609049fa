"""Quantities: one number per seed, computed from runs. A verdict depends on nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from pytest_claims.support.scale import as_read
from pytest_claims.support.vocabulary import Tier

Kind = Literal["plain", "difference", "ratio", "event", "deviation"]
Place = Literal["first", "last", "lowest", "highest"]


@dataclass(frozen=True)
class Mark:
    """The points of a metric's curve that a quantity uses, for figures.

    Parameters
    ----------
    metric
        The metric.
    taken
        The quantity's first name. If the quantity gets another name, figures show the metric, but not the points.
    places
        Points of the curve.
    last_epochs
        Number of epochs at the end of the curve, if the quantity uses these.
    """

    metric: str
    taken: str = ""
    places: tuple[Place, ...] = ()
    last_epochs: int | None = None


@dataclass(frozen=True, eq=False)
class Quantity:
    """One number per seed.

    Parameters
    ----------
    values
        Shape ``(num_seeds,)``. Natural logarithms for a ratio, 0 or 1 for an event. A run that
        diverged keeps its place with an infinite loss; a pair of runs that both diverged is NaN.
    seeds
        The seed of each value. Quantities of two arms are paired by seed.
    name
        The number that was taken from the runs, for instance ``"val_accuracy, last epoch"``.
    subject
        The arm or arms, for instance ``"mnist_zeros − mnist_noise"``.
    unit
        ``"accuracy"`` (a fraction), ``"nats"``, ``"epochs"``, ``"ratio"``, ``"share"``, ``"deviations"`` (standard
        deviations) or ``""``.
    kind
        A difference means "no effect" at 0 and a ratio at 1; an event is counted; a deviation is a run's distance from
        all other runs; a plain quantity is none of these.
    tier
        The tier of the runs.
    at_least, at_most
        Shape ``(num_seeds,)``: True if the true value may be larger, or smaller, because the run ended too early.
        ``None`` if there is no such seed.
    operands
        The quantities from which a difference, a ratio or a slope was computed; empty for other quantities.
    doses
        For a slope, one number per operand.
    data
        An identifier of the runs' data, such as a hash; empty for runs without data.
    marks
        The points of learning curves that the quantity uses.
    factor
        The factor by which a plain quantity was multiplied.
    plain
        Shape ``(num_seeds,)``: for a difference ``A − c·B`` of multiples, ``A − B``. ``None`` for other quantities.
    seedless
        True if all runs are the same in everything that they tell, so that the seed changed nothing.
    """

    values: np.ndarray
    seeds: tuple[int, ...]
    name: str
    subject: str
    unit: str
    kind: Kind
    tier: Tier
    at_least: np.ndarray | None = None
    at_most: np.ndarray | None = None
    operands: tuple[Quantity, ...] = ()
    doses: tuple[float, ...] = ()
    data: str = ""
    marks: tuple[Mark, ...] = ()
    factor: float = 1.0
    plain: np.ndarray | None = None
    seedless: bool = False

    @property
    def limits(self) -> tuple[float, float]:
        """The least and the largest number that the quantity can be; infinite where there is no end."""
        if self.kind == "event":
            return 0.0, 1.0
        if self.unit not in ("accuracy", "share") or self.doses:
            return -np.inf, np.inf
        if self.kind == "difference" and len(self.operands) == 2:
            (low, high), (other_low, other_high) = (operand.limits for operand in self.operands)
            return low - other_high, high - other_low
        return min(self.factor, 0.0), max(self.factor, 0.0)

    @property
    def label(self) -> str:
        """The name and the subject in one line."""
        return f"{self.name}: {self.subject}"

    def as_read(self, values: ArrayLike) -> np.ndarray:
        """Convert values of this quantity to the scale that people read, in one list: logarithms become ratios."""
        return np.array([as_read(value, self.unit) for value in np.ravel(values).tolist()])

    def __sub__(self, other: Quantity) -> Quantity:
        """Return this quantity minus `other`, seed by seed."""
        difference = self._paired(other, "−", np.subtract, "difference", self.unit)
        if self.factor == other.factor:
            return difference
        with np.errstate(all="ignore"):
            plain = self.values / self.factor - other.values / other.factor
        return replace(difference, plain=plain)

    def __rmul__(self, factor: float) -> Quantity:
        """Return a multiple of a plain quantity: ``0.5 * rise``; the factor is not 0."""
        if self.kind != "plain" or factor == 0:
            raise ValueError(f"'{self.label}' is no plain quantity, or its factor is 0: so it has no multiple")
        bounds = (self.at_least, self.at_most) if factor >= 0 else (self.at_most, self.at_least)
        return replace(
            self,
            values=factor * self.values,
            subject=f"{factor:g} × {self.subject}",
            at_least=bounds[0],
            at_most=bounds[1],
            factor=factor * self.factor,
        )

    def between(self, low: float, high: float) -> Quantity:
        """Return the event that the quantity lies between `low` and `high`, both included.

        Examples
        --------
        >>> values = np.array([0.11, 0.25])
        >>> accuracy = Quantity(values, (0, 1), "accuracy, last epoch", "a", "accuracy", "plain", "fast")
        >>> accuracy.between(0.2, 0.4).values
        array([0., 1.])
        """
        if not low < high:
            raise ValueError(f"between({low}, {high}): the lower bound comes first and is below the upper one")
        inside = (self.values >= low) & (self.values <= high)
        return replace(
            self, values=inside.astype(float), name=f"{self.name}, from {low:g} to {high:g}", unit="share", kind="event"
        )

    def _paired(
        self,
        other: Quantity,
        sign: str,
        combine: Callable[[np.ndarray, np.ndarray], np.ndarray],
        kind: Kind,
        unit: str,
    ) -> Quantity:
        check_pairs([self, other])
        if "event" in (self.kind, other.kind) or "ratio" in (self.kind, other.kind):
            raise ValueError(f"'{self.label}' and '{other.label}' cannot be combined: take plain quantities")
        if self.unit != other.unit:
            raise ValueError(f"'{self.label}' is in {self.unit!r} and '{other.label}' in {other.unit!r}")
        with np.errstate(all="ignore"):  # diverged runs give infinities or NaN, which are outcomes, not errors
            values = combine(self.values, other.values)
        name, subject = _joined(self, other, sign)
        return Quantity(
            *(values, self.seeds, name, subject, unit, kind, self.tier),
            at_least=either(self.at_least, other.at_most),
            at_most=either(self.at_most, other.at_least),
            operands=(self, other),
            data=self.data or other.data,
            marks=marks_of(self, other),
            seedless=self.seedless and other.seedless,
        )


def ratio(numerator: Quantity, denominator: Quantity) -> Quantity:
    """Return the ratio of two quantities, seed by seed, on the log scale.

    Parameters
    ----------
    numerator, denominator
        Plain quantities with the same seeds and unit, and positive values.

    Returns
    -------
    Quantity
        The values are natural logarithms; `judge` takes margins, and gives estimates, as ratios.

    Raises
    ------
    ValueError
        If seeds, tiers or units differ, or a value is negative.

    Examples
    --------
    >>> a = Quantity(np.array([0.2, 0.3]), (0, 1), "rise", "a", "nats", "plain", "fast")
    >>> b = Quantity(np.array([0.4, 0.6]), (0, 1), "rise", "b", "nats", "plain", "fast")
    >>> np.exp(ratio(a, b).values)
    array([0.5, 0.5])
    """
    for quantity in (numerator, denominator):
        if (quantity.values < 0).any():
            raise ValueError(f"'{quantity.label}' has negative values, so a ratio of it has no meaning")
    return numerator._paired(denominator, "/", lambda a, b: np.log(a) - np.log(b), "ratio", "ratio")


def marks_of(*quantities: Quantity) -> tuple[Mark, ...]:
    """The marks of quantities, each once."""
    return tuple(dict.fromkeys(mark for quantity in quantities for mark in quantity.marks))


def either(*flags_of_quantities: np.ndarray | None) -> np.ndarray | None:
    """Seeds that some quantity flags; `None` if no quantity has flags."""
    given = [flags for flags in flags_of_quantities if flags is not None]
    return np.logical_or.reduce(given) if given else None


def check_pairs(quantities: Sequence[Quantity]) -> None:
    """Refuse what cannot be compared seed by seed."""
    for quantity in quantities:
        if not isinstance(quantity, Quantity):
            raise ValueError(
                f"a quantity is compared with another quantity, not with {quantity!r}: judge has the margin"
            )
    first, *others = quantities
    for other in others:
        if other.tier != first.tier:
            raise ValueError(f"'{first.label}' is of the {first.tier} tier, '{other.label}' of the {other.tier} tier")
        if first.data and other.data and other.data != first.data:
            raise ValueError(
                f"'{first.label}' and '{other.label}' are of different data, and cannot be compared by seed"
            )
        if other.seeds != first.seeds:
            raise ValueError(
                f"'{first.label}' and '{other.label}' are not paired: seeds {first.seeds} and {other.seeds}"
            )


def _joined(a: Quantity, b: Quantity, sign: str) -> tuple[str, str]:
    if a.name == b.name:
        return a.name, f"{a.subject} {sign} {b.subject}"
    if a.subject == b.subject:
        return f"{a.name} {sign} {b.name}", a.subject
    return f"{a.name} {sign} {b.name}", f"{a.subject} {sign} {b.subject}"
