"""Verdicts: supported, refuted or inconclusive, with the parts behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pytest_claims import statistics
from pytest_claims.support.record_types import ReproductionRecord, StabilityRecord, VerdictRecord
from pytest_claims.support.vocabulary import HOLDS
from pytest_claims.verdicts.parts import Part

if TYPE_CHECKING:
    from pytest_claims.statistics import Decision, Look


class Verdict:
    """Supported, refuted or inconclusive, with the parts behind it; for a published log compatible or incompatible.

    A verdict is true if it is supported or compatible, so that a claim ends in ``assert verdict``. The operator ``&``
    joins verdicts; all their parts are judged and shown.

    Parameters
    ----------
    parts
        The judged parts.
    on_assert
        Called with the verdict when Python evaluates its truth.
    schedule
        All looks of the claim, in order, for the probability that fresh seeds agree; by default the part's look.
    """

    def __init__(
        self, parts: tuple[Part, ...], on_assert: Callable[[Verdict], None], schedule: Sequence[Look] = ()
    ) -> None:
        self.parts = parts
        self._on_assert = on_assert
        self._schedule = schedule or (parts[0].look,)
        self._decisions = [part.decision(len(parts)) for part in parts]
        self.verdict, self.reason = _combined(self._decisions)

    def __and__(self, other: Verdict) -> Verdict:
        """Return the verdict on the parts of both.

        Raises
        ------
        ValueError
            If only one of them judges a published log: its verdicts are of another kind.
        """
        if len({part.rule.is_of_single_runs for part in self.parts + other.parts}) > 1:
            raise ValueError("a published log needs a separate claim: it cannot be joined with other quantities")
        return Verdict(self.parts + other.parts, self._on_assert, self._schedule)

    def __bool__(self) -> bool:
        self._on_assert(self)
        return self.verdict in HOLDS

    def __repr__(self) -> str:
        # In the message of an assertion pytest truncates a representation at 240 characters.
        reason = f" ({self.reason})" if self.reason else ""
        return f"<{self.verdict}{reason}, {len(self.parts)} part{'s' * (len(self.parts) > 1)}: {self._effect()}>"[:239]

    def _effect(self) -> str:
        part = self.parts[0].record(self._decisions[0])
        return f"{part['quantity'][:110]} {part['estimate']} [{part['low']}, {part['high']}]"

    def record(self) -> VerdictRecord:
        """Return the verdict as plain data."""
        look = self.parts[0].look
        # Compatibility is a property of the log and of all runs together, not of a single run.
        is_of_single_runs = self.parts[0].rule.is_of_single_runs
        return {
            "verdict": self.verdict,
            "reason": self.reason,
            "parts": [
                part.record(decision, part.decision_by_mean(len(self.parts)))
                for part, decision in zip(self.parts, self._decisions, strict=True)
            ],
            "num_seeds": max(len(part.quantity.seeds) for part in self.parts),
            "reproduction": self._reproduction() if is_of_single_runs else None,
            "stability": self._stability() if is_of_single_runs else None,
            "look": {
                "num_seeds": look.num_seeds,
                "alpha": look.alpha,
                "typical_alpha": look.typical_alpha,
                "first": look.first,
                "last": look.last,
            },
        }

    def _reproduction(self) -> ReproductionRecord:
        """Count the single runs in which the assertion holds."""
        holds = np.logical_and.reduce([part.rule.holds(part.quantity.values) for part in self.parts])
        share = statistics.share_with_interval(int(holds.sum()), len(holds))
        return {
            "share": float(share.value),
            "low": float(share.low),
            "high": float(share.high),
            "count": int(holds.sum()),
            "num_seeds": len(holds),
        }

    def _stability(self) -> StabilityRecord:
        """Return the probability of the same verdict with fresh seeds, and the seeds that change it if left out."""
        probability = statistics.stability(
            self.verdict,
            [part.rule for part in self.parts],
            [part.quantity.values for part in self.parts],
            self._schedule,
            # A fixed generator, so that every report shows the same number.
            rng=np.random.default_rng(0),
        )
        seeds = self.parts[0].quantity.seeds
        hangs_on = [int(seed) for index, seed in enumerate(seeds) if len(seeds) > 2 and self._changes_without(index)]
        return {"probability": probability, "hangs_on_seeds": hangs_on}

    def _changes_without(self, index: int) -> bool:
        left = [part.decision(len(self.parts), without=index) for part in self.parts]
        return _combined(left)[0] != self.verdict


def _combined(decisions: list[Decision]) -> tuple[str, str | None]:
    """Combine decisions: supported if all parts are, refuted if one is; the same for published logs."""
    for verdict in ("refuted", "incompatible", "inconclusive"):
        for decision in decisions:
            if decision.verdict == verdict:
                return verdict, decision.reason
    return decisions[0].verdict, None
