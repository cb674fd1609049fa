"""Verdicts, and the judge that comes to them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_claims import statistics
from pytest_claims.arms import ByTier, Tier, at_tier
from pytest_claims.quantities import Quantity

if TYPE_CHECKING:
    from pytest_claims.statistics import Decision, Look

Margin = ByTier[float] | float
Bounds = ByTier[tuple[float, float]] | tuple[float, float]


@dataclass(frozen=True, eq=False)
class Part:
    """One quantity under one rule at one look.

    Parameters
    ----------
    quantity
        What is judged.
    rule, alternative
        The rule's name, and the claim's side of the margin.
    margin
        The bound, or the pair of bounds, in the quantity's unit.
    decide
        Comes to a decision at a look.
    look
        The look at which it is judged.
    """

    quantity: Quantity
    rule: str
    alternative: str
    margin: float | tuple[float, float]
    decide: Callable[[Look], Decision]
    look: Look

    def decision(self, num_parts: int) -> Decision:
        """The decision, where the claim has `num_parts` parts, each of which may refute it."""
        return self.decide(replace(self.look, parts=num_parts))

    def holds(self) -> Any:
        """In which single runs (or pairs) the assertion holds: bool, shape ``(num_seeds,)``."""
        # A ratio's values are logarithms.
        values = np.exp(self.quantity.values) if self.quantity.kind == "ratio" else self.quantity.values
        if isinstance(self.margin, tuple):
            low, high = self.margin
            return (values >= low) & (values <= high)
        if self.alternative == "less":
            return values < self.margin
        if self.alternative == "greater":
            return values > self.margin
        return values == 1 if self.rule == "event" else np.isclose(values, self.margin, rtol=1e-9, atol=1e-9)

    def record(self, decision: Decision) -> dict[str, Any]:
        """The part and its decision as plain Python numbers and strings, in the units of the quantity."""
        estimate = decision.estimate
        back = np.exp if self.quantity.kind == "ratio" else np.asarray
        return {
            "quantity": self.quantity.label,
            "rule": self.rule,
            "verdict": decision.verdict,
            "reason": decision.reason,
            "estimate": _plain(back(estimate.value)),
            "low": _plain(back(estimate.low)),
            "high": _plain(back(estimate.high)),
            "confidence_level": _plain(estimate.confidence_level),
            "pvalue": _plain(estimate.pvalue),
            "margin": [float(bound) for bound in self.margin] if isinstance(self.margin, tuple) else float(self.margin),
            "alternative": self.alternative,
            "unit": self.quantity.unit,
            "difference": self.quantity.kind == "difference",
            "num_seeds": len(self.quantity.seeds),
            "seeds": [int(seed) for seed in self.quantity.seeds],
            "values": [_plain(value) for value in back(self.quantity.values)],
        }


class Verdict:
    """Supported, refuted or inconclusive, with the parts that say so.

    A verdict is true if it is supported, so that a claim ends in ``assert verdict``; ``&`` joins the parts of an
    assertion, all of which are judged and shown.

    Parameters
    ----------
    parts
        What was judged.
    on_assert
        Called with the verdict when its truth is asked for.
    """

    def __init__(self, parts: tuple[Part, ...], on_assert: Callable[[Verdict], None]) -> None:
        self.parts = parts
        self._on_assert = on_assert
        self._decisions = [part.decision(len(parts)) for part in parts]
        self.verdict, self.reason = _combined(self._decisions)

    def __and__(self, other: Verdict) -> Verdict:
        """The verdict on both."""
        return Verdict(self.parts + other.parts, self._on_assert)

    def __bool__(self) -> bool:
        self._on_assert(self)
        return self.verdict == "supported"

    def __repr__(self) -> str:
        # pytest truncates what an assertion shows at 240 characters.
        reason = f" ({self.reason})" if self.reason else ""
        return f"<{self.verdict}{reason}, {len(self.parts)} part{'s' * (len(self.parts) > 1)}: {self._effect()}>"[:239]

    def _effect(self) -> str:
        part = self.parts[0].record(self._decisions[0])
        return f"{part['quantity'][:110]} {part['estimate']} [{part['low']}, {part['high']}]"

    def record(self) -> dict[str, Any]:
        """The verdict as plain data."""
        holds = np.logical_and.reduce([part.holds() for part in self.parts])
        share = statistics.share_with_interval(int(holds.sum()), len(holds))
        return {
            "verdict": self.verdict,
            "reason": self.reason,
            "parts": [part.record(decision) for part, decision in zip(self.parts, self._decisions, strict=True)],
            "num_seeds": max(len(part.quantity.seeds) for part in self.parts),
            "reproduction": {
                "share": float(share.value),
                "low": float(share.low),
                "high": float(share.high),
                "count": int(holds.sum()),
                "num_seeds": len(holds),
            },
        }


def _combined(decisions: list[Decision]) -> tuple[str, str | None]:
    """Supported if every part is, refuted if one is."""
    for verdict in ("refuted", "inconclusive"):
        for decision in decisions:
            if decision.verdict == verdict:
                return verdict, decision.reason
    return "supported", None


class Judge:
    """Judges quantities for one claim, at one look.

    Parameters
    ----------
    tier
        Chooses among margins given by tier.
    look
        How many seeds there are, and the level spent on them.
    """

    def __init__(self, tier: Tier, look: Look) -> None:
        self.tier = tier
        self.look = look
        self.asserted: Verdict | None = None
        self.asserted_line: int | None = None
        self._judged: list[Part] = []

    def __call__(  # noqa: PLR0913
        self,
        quantity: Quantity,
        *,
        above: Margin | None = None,
        below: Margin | None = None,
        within: Bounds | None = None,
        about: str | None = None,
        exactly: float | None = None,
        usually: bool = False,
        reliably: bool = False,
    ) -> Verdict:
        """Judge a quantity by one rule.

        Parameters
        ----------
        quantity
            One number per seed.
        above, below
            Superiority: its mean lies beyond the margin. For a ratio the geometric mean.
        within
            Equivalence: its mean lies between two bounds.
        about
            Equivalence within the rounding interval of a printed figure: ``"0.26"`` is 0.255 to 0.265.
        exactly
            Arithmetic: every seed has this value.
        usually, reliably
            An event happens in more than half, or in more than two thirds, of the runs.

        Raises
        ------
        ValueError
            If not exactly one rule is given, or the margin is of another unit than the quantity.
        """
        rules = {
            "above": above,
            "below": below,
            "within": within,
            "about": about,
            "exactly": exactly,
            "usually": usually or None,
            "reliably": reliably or None,
        }
        given = [name for name, value in rules.items() if value is not None]
        if not isinstance(quantity, Quantity):
            raise ValueError(f"judge() takes a quantity of runs, not {type(quantity).__name__}")
        if len(given) != 1:
            raise ValueError(f"judge() takes exactly one of {', '.join(rules)}; it got {', '.join(given) or 'none'}")
        part = self._part(quantity, given[0], rules[given[0]])
        self._judged.append(part)
        return Verdict((part,), self._note)

    @property
    def dropped(self) -> list[str]:
        """What was judged and is no part of the verdict that was asserted."""
        asserted = () if self.asserted is None else self.asserted.parts
        return [part.quantity.label for part in self._judged if part not in asserted]

    def _note(self, verdict: Verdict) -> None:
        self.asserted = verdict
        self.asserted_line = sys._getframe(2).f_lineno  # of the claim, behind Verdict.__bool__

    def _part(self, quantity: Quantity, rule: str, bound: Any) -> Part:
        if (rule in ("usually", "reliably")) != (quantity.kind == "event"):
            raise ValueError(f"'{quantity.label}': events are judged by usually or reliably, and only events")
        if rule in ("above", "below"):
            return self._superiority(quantity, at_tier(bound, self.tier), "greater" if rule == "above" else "less")
        if rule in ("within", "about"):
            bounds = statistics.rounding_interval(bound) if rule == "about" else at_tier(bound, self.tier)
            if not isinstance(bounds, tuple) or len(bounds) != 2:
                raise ValueError(f"'{quantity.label}': within= takes a pair of bounds, not {bounds!r}")
            return self._equivalence(quantity, bounds)
        if rule == "exactly":
            values, bound = quantity.values, at_tier(bound, self.tier)
            expected = _on_scale(quantity, bound)
            return Part(
                quantity, "exact", "exactly", bound, lambda look: statistics.exact(values, expected=expected), self.look
            )
        threshold = 0.5 if rule == "usually" else 2 / 3
        outcomes = quantity.values == 1
        return Part(
            quantity,
            "event",
            rule,
            threshold,
            lambda look: statistics.event(outcomes, threshold=threshold, look=look),
            self.look,
        )

    def _superiority(self, quantity: Quantity, margin: float, alternative: Any) -> Part:
        on_scale = _on_scale(quantity, margin)
        null = 0.0 if quantity.kind in ("difference", "ratio") else None
        values = quantity.values
        return Part(
            quantity,
            "superiority",
            alternative,
            margin,
            lambda look: statistics.superiority(values, margin=on_scale, alternative=alternative, look=look, null=null),
            self.look,
        )

    def _equivalence(self, quantity: Quantity, bounds: tuple[float, float]) -> Part:
        low, high = (_on_scale(quantity, bound) for bound in bounds)
        values = quantity.values
        return Part(
            quantity,
            "equivalence",
            "within",
            bounds,
            lambda look: statistics.equivalence(values, low=low, high=high, look=look),
            self.look,
        )


def _on_scale(quantity: Quantity, margin: float) -> float:
    """The margin on the scale of the quantity's values."""
    if quantity.unit == "accuracy" and abs(margin) > 1:
        raise ValueError(f"'{quantity.label}' is a fraction: its margin is {margin / 100:g} rather than {margin:g}")
    if quantity.kind == "ratio":
        if margin <= 0:
            raise ValueError(f"'{quantity.label}' is a ratio: its margin is positive, not {margin:g}")
        return float(np.log(margin))
    return float(margin)


def _plain(number: Any) -> float | None:
    """A Python float, which survives being sent between processes; ``None`` for what is not finite."""
    return float(number) if number is not None and np.isfinite(number) else None
