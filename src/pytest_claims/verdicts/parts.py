"""Parts of a claim: one quantity under one rule, and what a record keeps of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_claims import statistics
from pytest_claims.support.scale import Margin, as_read, bounds
from pytest_claims.verdicts.quantities import Quantity

if TYPE_CHECKING:
    from pytest_claims.statistics import Decision, Look


@dataclass(frozen=True, eq=False)
class Part:
    """One quantity under one rule at one look.

    Parameters
    ----------
    quantity
        What is judged.
    rule
        The rule, on the scale of the quantity's values.
    margin
        Its bound, or pair of bounds, as given: in the unit that people read.
    look
        The look at which it is judged.
    published
        Of a published log: its numbers, epoch by epoch, for each metric.
    """

    quantity: Quantity
    rule: statistics.Rule
    margin: Margin
    look: Look
    published: Mapping[str, Sequence[float]] | None = None

    def decision(self, num_parts: int, *, without: int | None = None) -> Decision:
        """The decision, where the claim has `num_parts` parts, each of which may refute it.

        If `without` is the index of a seed, it is left out.
        """
        left = np.arange(len(self.quantity.seeds)) != without
        look = replace(self.look, parts=num_parts, num_seeds=self.look.num_seeds - (without is not None))
        at_least, at_most = (
            np.zeros_like(left) if flags is None else flags & left
            for flags in (self.quantity.at_least, self.quantity.at_most)
        )
        decision = self.rule.decide(self.quantity.values[left], look)
        return statistics.mark_censored(decision, self.rule, at_least, at_most)

    def record(self, decision: Decision) -> dict[str, Any]:
        """The part and its decision as plain Python numbers and strings, in the units of the quantity."""
        estimate = decision.estimate
        value, low, high = (as_read(end, self.quantity.unit) for end in (estimate.value, estimate.low, estimate.high))
        ends = bounds(self.margin)
        curves = {} if self.published is None else {"published": {m: list(v) for m, v in self.published.items()}}
        return {
            **curves,
            "quantity": self.quantity.label,
            "rule": self.rule.name,
            "verdict": decision.verdict,
            "reason": decision.reason,
            "estimate": _plain(value),
            "low": _plain(low),
            "high": _plain(high),
            "confidence_level": _plain(estimate.confidence_level),
            "pvalue": _plain(estimate.pvalue),
            "margin": list(ends) if len(ends) > 1 else ends[0],
            "alternative": self.rule.alternative,
            "unit": self.quantity.unit,
            "difference": self.quantity.kind == "difference",
            "num_seeds": len(self.quantity.seeds),
            "seeds": [int(seed) for seed in self.quantity.seeds],
            "values": [_plain(value) for value in self.quantity.as_read(self.quantity.values)],
            "collapsed": self._share(~np.isfinite(self.quantity.values)),
            "censored": self._share(
                *(flags for flags in (self.quantity.at_least, self.quantity.at_most) if flags is not None)
            ),
            "trend_pvalue": _plain(self._trend_pvalue()),
            "operands": [
                {"quantity": operand.label, "values": [_plain(value) for value in operand.as_read(operand.values)]}
                for operand in self.quantity.operands
            ],
        }

    def _share(self, *flags: Any) -> dict[str, Any] | None:
        """How many seeds are flagged, and the exact 95 % interval of their share; ``None`` if there are none."""
        count = int(np.logical_or.reduce(flags).sum()) if flags else 0
        if not count:
            return None
        share = statistics.share_with_interval(count, len(self.quantity.seeds))
        return {"count": count, "low": float(share.low), "high": float(share.high)}

    def _trend_pvalue(self) -> float | None:
        """Page's trend test beside the slope, which decides."""
        if not self.quantity.doses or not self.rule.is_directed:
            return None
        responses = np.stack([operand.values for operand in self.quantity.operands], axis=1)
        return statistics.page_trend_pvalue(responses, self.quantity.doses, alternative=self.rule.alternative)


def _plain(number: Any) -> float | None:
    """A Python float, which survives being sent between processes; ``None`` for what is not finite."""
    return float(number) if number is not None and np.isfinite(number) else None
