"""Parts of a claim: one quantity under one rule, and its fields in a record."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_claims import statistics
from pytest_claims.support.record_types import MarkRecord, NoteRecord, OperandRecord, PartRecord, ShareRecord
from pytest_claims.support.scale import Margin, as_read, bounds
from pytest_claims.verdicts.quantities import Mark, Quantity

if TYPE_CHECKING:
    from pytest_claims.statistics import Decision, Estimate, Look


@dataclass(frozen=True, eq=False)
class Part:
    """One quantity under one rule at one look.

    Parameters
    ----------
    quantity
        The judged quantity.
    rule
        The rule, on the scale of the quantity's values.
    margin
        The bound, or the pair of bounds, on the scale that people read.
    look
        The look at which the part is judged.
    published
        For a published log, its numbers, one per epoch, for each metric; ``None`` where none is printed.
    """

    quantity: Quantity
    rule: statistics.Rule
    margin: Margin
    look: Look
    published: Mapping[str, Sequence[float | None]] | None = None

    def decision(self, num_parts: int, *, without: int | None = None) -> Decision:
        """Decide on the part of a claim with `num_parts` parts, each of which may refute the claim.

        If `without` is the index of a seed, the decision leaves this seed out.
        """
        look = replace(self.look, parts=num_parts, num_seeds=self.look.num_seeds - (without is not None))
        left = np.arange(len(self.quantity.seeds)) != without
        return self._numbers.taken(left).decided(self.rule, look)

    def decision_by_mean(self, num_parts: int) -> Decision | None:
        """Decide by the mean what the typical run decides; ``None`` for other rules, and if the mean is not judged."""
        if not isinstance(self.rule, statistics.TypicalRule):
            return None
        decision = self._numbers.decided(self.rule.of_mean, replace(self.look, parts=num_parts))
        return None if decision.share else decision

    @property
    def _numbers(self) -> statistics.Numbers:
        quantity, none = self.quantity, np.zeros(len(self.quantity.seeds), bool)
        at_least, at_most = (none if flags is None else flags for flags in (quantity.at_least, quantity.at_most))
        return statistics.Numbers(quantity.values, at_least, at_most, quantity.plain)

    def record(self, decision: Decision, by_mean: Decision | None = None) -> PartRecord:
        """Return the part and its decision as Python numbers and strings, in the unit of the quantity.

        `by_mean` is the decision of `decision_by_mean`.
        """
        quantity, estimate, ends = self.quantity, decision.estimate, bounds(self.margin)
        value, low, high = self._as_read(estimate)
        at_least, at_most = _flags(quantity.at_least), _flags(quantity.at_most)
        censored = [flags for flags in (at_least, at_most) if flags is not None]
        recorded: PartRecord = {
            "quantity": quantity.label,
            "marks": [_mark(mark, quantity.name) for mark in quantity.marks],
            "rule": self.rule.name,
            "verdict": decision.verdict,
            "reason": decision.reason,
            "estimate": value,
            "low": low,
            "high": high,
            "confidence_level": _finite(estimate.confidence_level),
            "pvalue": _finite(estimate.pvalue),
            "margin": list(ends) if len(ends) > 1 else ends[0],
            "alternative": self.rule.alternative,
            "unit": quantity.unit,
            "difference": quantity.kind == "difference",
            "num_seeds": len(quantity.seeds),
            "seeds": [int(seed) for seed in quantity.seeds],
            "values": quantity.as_read(quantity.values).tolist(),
            "at_least": at_least,
            "at_most": at_most,
            "collapsed": _share(~np.isfinite(quantity.values)),
            "censored": _share(np.logical_or.reduce(censored)) if censored else None,
            "trend_pvalue": _finite(self._trend_pvalue()),
            "operands": [_operand(operand) for operand in quantity.operands],
            "smallest_detectable_effect": None,
        }
        if quantity.plain is not None:
            recorded["plain"] = quantity.plain.tolist()
        if by_mean is not None:
            mean, mean_low, mean_high = self._as_read(by_mean.estimate)
            recorded["mean"] = {"estimate": mean, "low": mean_low, "high": mean_high, "verdict": by_mean.verdict}
        if self.rule.witness:
            recorded["witness"] = True
        if self.published is not None:
            recorded["published"] = {metric: list(line) for metric, line in self.published.items()}
        return recorded

    def _as_read(self, estimate: Estimate) -> tuple[float | None, ...]:
        """Return value, low and high in the unit that people read; the interval ends where the quantity ends."""
        least, most = self.quantity.limits
        ends = max(estimate.low, least), min(estimate.high, most)
        if not math.isfinite(estimate.low) and not math.isfinite(estimate.high):
            ends = math.nan, math.nan  # too few seeds for an interval
        return tuple(_finite(as_read(number, self.quantity.unit)) for number in (estimate.value, *ends))

    def _trend_pvalue(self) -> float | None:
        """Return the p-value of Page's trend test. It is only reported; the slope decides."""
        if not self.quantity.doses or not self.rule.is_directed:
            return None
        responses = np.stack([operand.values for operand in self.quantity.operands], axis=1)
        return statistics.page_trend_pvalue(responses, self.quantity.doses, alternative=self.rule.alternative)


def note(quantity: Quantity) -> NoteRecord:
    """Return the record of a quantity that is not judged, in the unit of the quantity."""
    return NoteRecord(
        quantity=quantity.label,
        unit=quantity.unit,
        difference=quantity.kind == "difference",
        seeds=[int(seed) for seed in quantity.seeds],
        values=quantity.as_read(quantity.values).tolist(),
    )


def _operand(quantity: Quantity) -> OperandRecord:
    return OperandRecord(
        quantity=quantity.label,
        unit=quantity.unit,
        difference=quantity.kind == "difference",
        values=quantity.as_read(quantity.values).tolist(),
    )


def _share(flags: np.ndarray) -> ShareRecord | None:
    """Return the number of flagged seeds, and the exact 95 % interval of their share; ``None`` if it is 0."""
    if not flags.any():
        return None
    share = statistics.share_with_interval(int(flags.sum()), len(flags))
    return {"count": int(flags.sum()), "low": float(share.low), "high": float(share.high)}


def _flags(flags: np.ndarray | None) -> list[bool] | None:
    """Return one flag per seed; ``None`` if no flag is set."""
    return np.asarray(flags).tolist() if flags is not None and flags.any() else None


def _mark(mark: Mark, name: str) -> MarkRecord:
    """Record a mark of the quantity with this name."""
    if mark.taken not in name:
        return {"metric": mark.metric, "places": [], "last_epochs": None}
    return {"metric": mark.metric, "places": list(mark.places), "last_epochs": mark.last_epochs}


def _finite(number: float | None) -> float | None:
    """Return a Python float, which processes can send to each other; ``None`` for NaN and infinity."""
    return float(number) if number is not None and np.isfinite(number) else None
