"""Runs: the histories and measurements of an arm's seeds, and the quantities that claims take from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_claims.support.vocabulary import ByTier, Tier, at_tier
from pytest_claims.verdicts.quantities import Mark, Place, Quantity

if TYPE_CHECKING:
    from pytest_claims.store.store import Run


class Runs:
    """The runs of one arm: axis 0 is seeds, axis 1 is epochs.

    Parameters
    ----------
    name
        The arm's name.
    tier
        The tier of the runs.
    seeds
        One seed per run.
    histories
        An array for each metric, shape ``(num_seeds, num_epochs)``: ``loss`` (with penalties), ``cross_entropy``
        (without them), ``accuracy``, and the same on the validation set as ``val_...``.
    measurements
        One number or array per seed, for each name.
    data
        An identifier of the runs' data; empty for runs without data.
    """

    def __init__(
        self,
        name: str,
        tier: Tier,
        seeds: Sequence[int],
        histories: Mapping[str, np.ndarray],
        measurements: Mapping[str, Sequence[Any]],
        data: str = "",
    ) -> None:
        self.name = name
        self.tier = tier
        self.seeds = tuple(seeds)
        self._histories = histories
        self._measurements = measurements
        self._data = data

    def __repr__(self) -> str:
        return f"<Runs of {self.name}, {self.tier}, {len(self.seeds)} seeds>"

    def history(self, metric: str) -> np.ndarray:
        """Return a metric's values, shape ``(num_seeds, num_epochs)``; a loss that diverged is infinite.

        Raises
        ------
        ValueError
            If the arm does not record the metric; the message names the recorded metrics.
        """
        if metric not in self._histories:
            raise ValueError(f"{self.name} records no {metric!r}, only {', '.join(sorted(self._histories))}")
        values = self._histories[metric]
        return values if metric.endswith("accuracy") else np.where(np.isnan(values), np.inf, values)

    @property
    def num_parameters(self) -> Quantity:
        """The number of parameters of the network."""
        return self.measured("num_parameters", label="number of parameters")

    def measured(self, name: str, *, label: str | None = None, unit: str = "") -> Quantity:
        """Return a measurement of the trained network.

        Raises
        ------
        ValueError
            If there is no measurement of that name, or it is not one number per seed.
        """
        if name not in self._measurements:
            known = ", ".join(sorted(self._measurements)) or "none"
            raise ValueError(f"{self.name} has no measurement {name!r}, only {known}")
        try:
            values = np.asarray(self._measurements[name], float)
        except (ValueError, OverflowError) as error:  # other shapes for other seeds, or an integer beyond all floats
            raise ValueError(
                f"measurement {name!r} of {self.name} cannot be read as one number per seed: {error}"
            ) from error
        if values.ndim != 1:
            raise ValueError(f"measurement {name!r} of {self.name} is {values.ndim - 1}-dimensional, not a number")
        marks = (Mark(name),) if name in self._histories else ()
        return replace(self._quantity(values, label or name, unit), marks=marks)

    def first(self, metric: str) -> Quantity:
        """Return the metric after the first epoch."""
        return self._of(metric, self.history(metric)[:, 0], "first epoch", "first")

    def final(self, metric: str) -> Quantity:
        """Return the metric after the last epoch."""
        return self._of(metric, self.history(metric)[:, -1], "last epoch", "last")

    def lowest(self, metric: str, *, from_epoch: int = 1) -> Quantity:
        """Return the lowest value of the metric from an epoch on, counted from 1."""
        values = self.history(metric)
        if not 1 <= from_epoch <= values.shape[1]:
            raise ValueError(f"{self.name} has epochs 1 to {values.shape[1]}, none to look at from {from_epoch} on")
        since = "" if from_epoch == 1 else f" from epoch {from_epoch} on"
        return self._of(metric, values[:, from_epoch - 1 :].min(axis=1), f"lowest{since}", "lowest")

    def highest(self, metric: str) -> Quantity:
        """Return the highest value of the metric over all epochs."""
        return self._of(metric, self.history(metric).max(axis=1), "highest", "highest")

    def mean_of_last(self, metric: str, num_epochs: ByTier[int] | int) -> Quantity:
        """Return the metric's mean over the last epochs, which fluctuates less than a single epoch."""
        values, num_epochs = self.history(metric), at_tier(num_epochs, self.tier)
        if not 1 <= num_epochs <= values.shape[1]:
            raise ValueError(f"{self.name} has {values.shape[1]} epochs, not {num_epochs}")
        means = values[:, -num_epochs:].mean(axis=1)
        return self._of(metric, means, f"mean of the last {num_epochs} epochs", last_epochs=num_epochs)

    def epoch_of_lowest(self, metric: str) -> Quantity:
        """Return the epoch, counted from 1, with the lowest value of the metric, without smoothing.

        It is NaN if the metric is never finite. If it is the last epoch, the run has not turned, and the true epoch may
        be later.
        """
        values = self.history(metric)
        epochs = np.where(np.isfinite(values).any(axis=1), values.argmin(axis=1) + 1.0, np.nan)
        quantity = self._of(metric, epochs, "epoch of the lowest", "lowest", unit="epochs")
        return replace(quantity, at_least=np.asarray(epochs == values.shape[1]))

    def rise_after_minimum(self, metric: str) -> Quantity:
        """Return the metric in the last epoch minus its lowest value."""
        values = self.history(metric)
        with np.errstate(invalid="ignore"):  # all values infinite: the rise is NaN, and the run counts as collapsed
            return self._of(metric, values[:, -1] - values.min(axis=1), "rise after the minimum", "lowest", "last")

    def largest_step(self, metric: str) -> Quantity:
        """Return the largest change of the metric between neighbouring epochs; negative if it falls in every step."""
        values = self.history(metric)
        if values.shape[1] < 2:
            raise ValueError(f"{self.name} has one epoch, and so no step between epochs")
        with np.errstate(invalid="ignore"):
            return self._of(metric, np.diff(values, axis=1).max(axis=1), "largest step between epochs")

    def epochs_until(self, metric: str, *, below: float) -> Quantity:
        """Return the first epoch, counted from 1, with the metric below a value.

        If there is no such epoch, it is the last one, and the true epoch is later.
        """
        reached = self.history(metric) < below
        num_epochs = reached.shape[1]
        epochs = np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, num_epochs)
        quantity = self._of(metric, epochs, f"first epoch below {below:g}", unit="epochs")
        return replace(quantity, at_least=np.asarray(~reached.any(axis=1)))

    def _of(
        self,
        metric: str,
        values: np.ndarray,
        what: str,
        *places: Place,
        unit: str | None = None,
        last_epochs: int | None = None,
    ) -> Quantity:
        """Make a quantity that was taken from a metric's curve at some places."""
        quantity = self._quantity(values, f"{metric}, {what}", self._unit(metric) if unit is None else unit)
        return replace(quantity, marks=(Mark(metric, quantity.name, places, last_epochs),))

    def _unit(self, metric: str) -> str:
        if metric.endswith("accuracy"):
            return "accuracy"
        return "nats" if "cross_entropy" in self._histories else ""

    def _quantity(self, values: np.ndarray, name: str, unit: str) -> Quantity:
        return Quantity(
            *(values, self.seeds, name, self.name, unit, "plain", self.tier), data=self._data, seedless=self._seedless
        )

    @cached_property
    def _seedless(self) -> bool:
        """True if there are several runs, and all of them have the same histories and measurements."""
        columns: list[Any] = [*self._histories.values(), *self._measurements.values()]
        return len(self.seeds) > 1 and all(_are_equal(column) for column in columns)


def _are_equal(values: Sequence[Any]) -> bool:
    """True if all entries of axis 0 are the same; NaN equals NaN, and entries of other shapes differ."""
    first = np.asarray(values[0], float)
    return all(np.array_equal(np.asarray(value, float), first, equal_nan=True) for value in values)


def runs_from(name: str, tier: Tier, stored: Sequence[Run]) -> Runs:
    """Make the runs of an arm from stored runs, in the same order; read-only, because claims share them."""
    metrics = stored[0].history
    histories = {metric: np.array([run.history[metric] for run in stored], float) for metric in metrics}
    for values in histories.values():
        values.setflags(write=False)
    for run in stored:
        if run.measurements.keys() != stored[0].measurements.keys():
            measured = [", ".join(sorted(one.measurements)) or "none" for one in (stored[0], run)]
            raise ValueError(
                f"{name} has the measurements {measured[0]} for seed {stored[0].seed}, and {measured[1]} for seed "
                f"{run.seed}; expected the same names for every seed"
            )
    measurements = {key: [run.measurements[key] for run in stored] for key in stored[0].measurements}
    data = (stored[0].provenance.get("data") or {}).get("content_hash", "")
    return Runs(name, tier, [run.seed for run in stored], histories, measurements, data)
