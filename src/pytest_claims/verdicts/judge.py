"""The judge, which applies rules to quantities and returns verdicts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_claims import statistics
from pytest_claims.support.scale import RATIO, as_read, bounds
from pytest_claims.support.vocabulary import ByTier, Tier, at_tier
from pytest_claims.verdicts.log_deviations import log_deviations
from pytest_claims.verdicts.parts import Part, note
from pytest_claims.verdicts.quantities import Quantity
from pytest_claims.verdicts.verdict import Verdict

if TYPE_CHECKING:
    from pytest_claims.catalogue.published_logs import PublishedLog
    from pytest_claims.statistics import Look
    from pytest_claims.support.record_types import NoteRecord
    from pytest_claims.verdicts.runs import Runs

Margin = ByTier[float] | float
Bounds = ByTier[tuple[float, float]] | tuple[float, float]


class Judge:
    """Judges quantities for one claim, at one look.

    Parameters
    ----------
    tier
        Selects the margin if the margins differ by tier.
    look
        Gives the number of seeds and the level.
    schedule
        All looks of the claim, in order; by default only `look`.
    """

    def __init__(self, tier: Tier, look: Look, schedule: Sequence[Look] = ()) -> None:
        self.tier = tier
        self.look = look
        self.schedule = tuple(schedule) or (look,)
        self.asserted: Verdict | None = None
        self.asserted_line: int | None = None
        self.notes: list[NoteRecord] = []
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
        typical: bool = False,
        witness: bool = False,
        holding: Quantity | None = None,
        **others: Any,
    ) -> Verdict:
        """Judge a quantity by one rule.

        Parameters
        ----------
        quantity
            One number per seed.
        above, below
            Superiority: the mean lies beyond the margin. For a ratio it is the geometric mean.
        within
            Equivalence: the mean lies between two bounds.
        about
            Equivalence within the rounding interval of a printed figure: ``"0.26"`` is 0.255 to 0.265.
        exactly
            Arithmetic: every seed has this value.
        usually, reliably
            An event happens in more than half, or in more than two thirds, of the runs.
        typical
            With `above`, `below`, `within` or `about`: the median over seeds instead of the mean. For runs that can get
            stuck, and for epochs and counts.
        witness
            The claim says that something can happen, and the quantity is of one case. Its failure refutes nothing.
        holding
            With `within`: a second quantity whose values must lie within the bounds at every seed. For example, if an
            accuracy is claimed to stay at chance, the bounds must include a constant predictor's accuracy.
        others
            Keywords of further rules in `pytest_claims.statistics.RULES`.

        Raises
        ------
        ValueError
            If not exactly one rule is given, the margin does not fit the quantity's unit, or the bounds leave out a
            value of `holding`.
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
        _check_quantity("judge()", quantity)
        if len(given) != 1 or given[0] not in known:
            raise ValueError(f"judge() takes exactly one of {', '.join(known)}; it got {', '.join(given) or 'none'}")
        kind = known[given[0]]
        if typical and not kind.is_of_means:
            raise ValueError(f"'{quantity.label}': typical=True goes with above=, below=, within= or about=")
        part = self._part(quantity, kind, given[0], asked[given[0]], typical=typical, witness=witness)
        if holding is not None:
            _check_holding(part, holding)
        self._judged.append(part)
        return Verdict((part,), self._note, self.schedule)

    def each(self, quantities: Sequence[Quantity], **rule: Any) -> Verdict:
        """Judge several quantities by the same rule, and give one verdict on all of them.

        Parameters
        ----------
        quantities
            The quantities, for instance the `steps` of a dose if the lecture says that each step has an effect.
        rule
            As for a single quantity.

        Raises
        ------
        ValueError
            As for a single quantity, or if there is no quantity.
        """
        if not quantities:
            raise ValueError("judge.each() takes one quantity or more; it got none")
        return reduce(and_, [self(quantity, **rule) for quantity in quantities])

    def published(self, runs: Runs, log: PublishedLog) -> Verdict:
        """Judge whether a published log could be one of these runs.

        The rule judges all metrics of the log together. It uses the largest deviation, over metrics and epochs, from
        the mean of the other runs, in logarithms and in standard deviations of the other runs.

        Parameters
        ----------
        runs
            Our runs. If they are longer than the log, only their first epochs count.
        log
            The published log.

        Raises
        ------
        ValueError
            If our runs lack one of the log's metrics, or the last of its epochs.
        """
        quantity, deviation = log_deviations(log, runs)
        rule, margin = statistics.LogRule("as far", deviation), as_read(deviation, quantity.unit)
        part = Part(quantity, rule, margin, self.look, log.lines())
        self._judged.append(part)
        return Verdict((part,), self._note, self.schedule)

    def note(self, quantity: Quantity) -> None:
        """Record a quantity beside the verdict without judging it, such as a mechanism that an explanation names.

        Call it before ``assert verdict``, because a verdict that does not hold ends the claim there.

        Parameters
        ----------
        quantity
            One number per seed. The report shows its median, its smallest and its largest value.

        Raises
        ------
        ValueError
            If it is no quantity of runs.
        """
        _check_quantity("judge.note()", quantity)
        self.notes.append(note(quantity))

    @property
    def dropped(self) -> list[str]:
        """Labels of the quantities that were judged, but are not in the verdict that was asserted."""
        asserted = () if self.asserted is None else self.asserted.parts
        return [part.quantity.label for part in self._judged if part not in asserted]

    def _note(self, verdict: Verdict) -> None:
        self.asserted = verdict
        # The claim's line that called Verdict.__bool__. If an assertion fails on this line, the verdict made it fail.
        # If the claim evaluates the truth on an earlier line, its failure is not taken for the verdict's.
        self.asserted_line = sys._getframe(2).f_lineno

    def _part(
        self,
        quantity: Quantity,
        kind: type[statistics.Rule],
        keyword: str,
        given: Any,
        *,
        typical: bool,
        witness: bool,
    ) -> Part:
        """Make the part that a keyword of `judge` selects, with its margin on the scale that people read."""
        if kind.is_of_events != (quantity.kind == "event"):
            raise ValueError(f"'{quantity.label}': events are judged by usually or reliably, and only events")
        margin = kind.margin_asked(keyword, at_tier(given, self.tier))
        if kind.num_bounds == 2 and not (isinstance(margin, tuple) and len(margin) == 2):
            raise ValueError(f"'{quantity.label}': {keyword}= takes a pair of bounds, not {margin!r}")
        for bound in bounds(margin):
            _check_bound(quantity, bound)
        if keyword == "within":
            _check_ends(quantity, *bounds(margin))
        is_difference = quantity.kind == "difference" and quantity.plain is None
        rule = statistics.rule_as_read(
            statistics.TypicalRule.name if typical else kind.name,
            kind.keywords[keyword],
            margin,
            unit=quantity.unit,
            difference=is_difference,
            witness=witness,
        )
        # A score may reach the end of its scale at every seed, and every run may collapse.
        ends = [0.0, 1.0, np.inf, np.nan]
        at_an_end = np.isclose(np.abs(quantity.values[0]), ends, equal_nan=True).any()
        if quantity.seedless and rule.is_statistical and not at_an_end:
            [number] = quantity.as_read(quantity.values[:1])
            raise ValueError(
                f"'{quantity.label}' is {number:g} at all {len(quantity.seeds)} seeds, and all else in its runs is the "
                "same, too: they do not depend on the seed. Draw from the seed that the function receives, or claim "
                "the number with exactly=."
            )
        return Part(quantity, rule, margin, self.look)


def _check_quantity(taker: str, quantity: object) -> None:
    if not isinstance(quantity, Quantity):
        raise ValueError(f"{taker} takes a quantity of runs, not {type(quantity).__name__}")


def _check_holding(part: Part, included: Quantity) -> None:
    if part.rule.num_bounds != 2 or included.unit != part.quantity.unit:
        raise ValueError(f"holding= goes with within=, and takes a quantity in {part.quantity.unit!r}")
    if not part.rule.holds(included.values).all():
        low, high = included.values.min(), included.values.max()
        raise ValueError(
            f"'{part.quantity.label}': the bounds {part.margin} leave out '{included.label}', which is {low:g} to "
            f"{high:g}: widen them"
        )


def _check_ends(quantity: Quantity, low: float, high: float) -> None:
    """Refuse bounds that no fraction can cross. Near them an interval around a mean reaches across all the same."""
    if quantity.unit not in ("accuracy", "share") or quantity.kind == "difference":
        return
    if low <= 0 or high >= 1:
        only = f"above={low:g}" if low > 0 else f"below={high:g}" if high < 1 else "a bound that it can cross"
        raise ValueError(
            f"'{quantity.label}' is a fraction, so it always lies between 0 and 1. Instead of within=({low:g}, "
            f"{high:g}) write {only}"
        )


def _check_bound(quantity: Quantity, bound: float) -> None:
    """Refuse a bound that does not fit the quantity's unit."""
    if quantity.unit == "accuracy" and abs(bound) > 1:
        raise ValueError(f"'{quantity.label}' is a fraction: its margin is {bound / 100:g} rather than {bound:g}")
    if quantity.unit == RATIO and bound <= 0:
        raise ValueError(f"'{quantity.label}' is a ratio: its margin is positive, not {bound:g}")
