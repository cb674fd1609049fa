"""Verdicts, and the judge that comes to them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any

from pytest_claims import statistics
from pytest_claims.support.scale import RATIO, as_read, bounds
from pytest_claims.support.vocabulary import ByTier, Tier, at_tier
from pytest_claims.verdicts.log_deviations import log_deviations
from pytest_claims.verdicts.parts import Part
from pytest_claims.verdicts.quantities import Quantity
from pytest_claims.verdicts.verdict import Verdict

if TYPE_CHECKING:
    from pytest_claims.catalogue.published_logs import PublishedLog
    from pytest_claims.statistics import Look
    from pytest_claims.verdicts.runs import Runs

Margin = ByTier[float] | float
Bounds = ByTier[tuple[float, float]] | tuple[float, float]


class Judge:
    """Judges quantities for one claim, at one look.

    Parameters
    ----------
    tier
        Chooses among margins given by tier.
    look
        How many seeds there are, and the level spent on them.
    schedule
        All looks of the claim, in order; `look` alone if not given.
    """

    def __init__(self, tier: Tier, look: Look, schedule: Sequence[Look] = ()) -> None:
        self.tier = tier
        self.look = look
        self.schedule = tuple(schedule) or (look,)
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
        holding: Quantity | None = None,
        **others: Any,
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
        holding
            With `within`: what must itself lie within the bounds at every seed. Bounds of an accuracy that is said to
            stay at chance hold what a constant predictor scores, or they would ask for less than nothing.
        others
            Keywords of rules that were added to `pytest_claims.statistics.RULES`.

        Raises
        ------
        ValueError
            If not exactly one rule is given, the margin is of another unit than the quantity, or the bounds leave out
            what they must hold.
        """
        asked = {
            "above": above,
            "below": below,
            "within": within,
            "about": about,
            "exactly": exactly,
            "usually": usually or None,
            "reliably": reliably or None,
            **others,
        }
        given, known = [name for name, value in asked.items() if value is not None], statistics.rules_by_keyword()
        if not isinstance(quantity, Quantity):
            raise ValueError(f"judge() takes a quantity of runs, not {type(quantity).__name__}")
        if len(given) != 1 or given[0] not in known:
            raise ValueError(f"judge() takes exactly one of {', '.join(known)}; it got {', '.join(given) or 'none'}")
        part = self._part(quantity, known[given[0]], given[0], asked[given[0]])
        if holding is not None:
            _check_holding(part, holding)
        self._judged.append(part)
        return Verdict((part,), self._note, self.schedule)

    def each(self, quantities: Sequence[Quantity], **rule: Any) -> Verdict:
        """Judge several quantities by the same rule: the verdict on all of them.

        Parameters
        ----------
        quantities
            For instance the `steps` of a dose, where the lecture says that each of them has an effect.
        rule
            As for a single quantity.

        Raises
        ------
        ValueError
            As for a single quantity, or if there is none.
        """
        if not quantities:
            raise ValueError("judge.each() takes one quantity or more; it got none")
        return reduce(and_, [self(quantity, **rule) for quantity in quantities])

    def published(self, runs: Runs, log: PublishedLog) -> Verdict:
        """Judge whether a published log could be one more of these runs.

        All its metrics are judged together: what counts is the largest deviation from the mean of the other runs, in
        logarithms, over metrics and epochs.

        Parameters
        ----------
        runs
            Ours; of longer ones the first epochs are taken.
        log
            What was published.

        Raises
        ------
        ValueError
            If our runs do not record one of its metrics, or have fewer epochs than it.
        """
        quantity, deviation = log_deviations(log, runs)
        rule, margin = statistics.LogRule("as far", deviation), as_read(deviation, quantity.unit)
        part = Part(quantity, rule, margin, self.look, log.metrics)
        self._judged.append(part)
        return Verdict((part,), self._note, self.schedule)

    @property
    def dropped(self) -> list[str]:
        """What was judged and is no part of the verdict that was asserted."""
        asserted = () if self.asserted is None else self.asserted.parts
        return [part.quantity.label for part in self._judged if part not in asserted]

    def _note(self, verdict: Verdict) -> None:
        self.asserted = verdict
        # The line of the claim that asks for the truth, behind Verdict.__bool__: an assertion that fails there is the
        # verdict's. A truth asked for on a line before the assertion is taken for another failure.
        self.asserted_line = sys._getframe(2).f_lineno

    def _part(self, quantity: Quantity, kind: type[statistics.Rule], keyword: str, given: Any) -> Part:
        """The part that a keyword of `judge` asks for, with its margin as people read it."""
        if kind.is_of_events != (quantity.kind == "event"):
            raise ValueError(f"'{quantity.label}': events are judged by usually or reliably, and only events")
        margin = kind.margin_asked(keyword, at_tier(given, self.tier))
        if kind.num_bounds == 2 and not (isinstance(margin, tuple) and len(margin) == 2):
            raise ValueError(f"'{quantity.label}': {keyword}= takes a pair of bounds, not {margin!r}")
        for bound in bounds(margin):
            _check_bound(quantity, bound)
        is_difference = quantity.kind == "difference"
        rule = statistics.rule_as_read(
            kind.name, kind.keywords[keyword], margin, unit=quantity.unit, difference=is_difference
        )
        return Part(quantity, rule, margin, self.look)


def _check_holding(part: Part, held: Quantity) -> None:
    if part.rule.num_bounds != 2 or held.unit != part.quantity.unit:
        raise ValueError(f"holding= goes with within=, and takes a quantity in {part.quantity.unit!r}")
    if not part.rule.holds(held.values).all():
        low, high = held.values.min(), held.values.max()
        raise ValueError(
            f"'{part.quantity.label}': the bounds {part.margin} leave out '{held.label}', which is {low:g} to "
            f"{high:g}: widen them"
        )


def _check_bound(quantity: Quantity, bound: float) -> None:
    """Refuse a bound that is of another unit than the quantity."""
    if quantity.unit == "accuracy" and abs(bound) > 1:
        raise ValueError(f"'{quantity.label}' is a fraction: its margin is {bound / 100:g} rather than {bound:g}")
    if quantity.unit == RATIO and bound <= 0:
        raise ValueError(f"'{quantity.label}' is a ratio: its margin is positive, not {bound:g}")
