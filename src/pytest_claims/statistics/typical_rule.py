"""The rule for the typical run: the median over seeds, judged by the signs of its seeds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_claims.statistics.decisions import Decision, Estimate, beyond, check_finite, check_look, seed_values
from pytest_claims.statistics.equivalence_rule import EquivalenceRule
from pytest_claims.statistics.looks import Look
from pytest_claims.statistics.rule import Booleans, MeanRule, Rule, Side
from pytest_claims.statistics.shares import USUALLY, is_less, is_more
from pytest_claims.statistics.sign_flip import direction
from pytest_claims.statistics.superiority_rule import SuperiorityRule, why_refuted


@dataclass(frozen=True)
class TypicalRule(Rule):
    """The median over seeds lies beyond a margin, or between two bounds, see `decide`.

    A run that can get stuck, and a number that is an epoch or a count, have no useful mean: a few runs of another kind
    move it, and its t-test errs many times as often as it says. The typical run keeps its promise whatever the shape.

    Examples
    --------
    >>> from pytest_claims.statistics import looks
    >>> delays = [6, 5, 7, 6, 9, 5, 6, 8, 6, 7, 19, 6, 5, 8, 7, 6, 6, 14, 5, 6]
    >>> rule = TypicalRule("greater", margin=0.5, null=0.0)
    >>> f"That the typical run turns later is {rule.decide(delays, looks('fast')[-1]).verdict}."
    'That the typical run turns later is supported.'
    """

    name = "typical"
    is_of_typical_runs: ClassVar[bool] = True

    @property
    def is_directed(self) -> bool:  # type: ignore[override]
        """True if there is one bound."""
        return self.alternative in SuperiorityRule.keywords.values()

    @property
    def region(self) -> tuple[float, float]:
        """The ends of the interval in which the claim expects the median; an end without a bound is infinite."""
        return self.of_mean.region

    @property
    def of_mean(self) -> MeanRule:
        """The rule on the mean with the same margin."""
        kind = SuperiorityRule if self.is_directed else EquivalenceRule
        return kind(self.alternative, self.margin, self.null, self.witness)

    def decide(self, values: ArrayLike, look: Look) -> Decision:
        """Decide whether the typical run lies within the rule's region, by exact sign tests.

        Supported if more than half of all runs lie beyond each bound, on the claim's side. Refuted if less than half do
        for one bound, with the reasons of `superiority` or `equivalence`. A value on a bound is not beyond it. An
        infinite value lies on its side, NaN on no side. Inconclusive otherwise: ``"not yet due"`` (the look spends
        nothing on typical runs), ``"underpowered"`` (so few seeds could not show it), ``"straddles"``.

        Parameters
        ----------
        values
            Shape ``(num_seeds,)``: one number per seed, in any unit.
        look
            Gives the number of seeds and the level, its `typical_alpha`.

        Returns
        -------
        Decision
            The estimate is the median, with the interval of order statistics at 1 − 2·alpha or more.

        Raises
        ------
        ValueError
            If the values are not real numbers, one for each seed of the look, or a bound is not finite.

        Notes
        -----
        Source: the sign test and its interval, J. D. Gibbons and S. Chakraborti, "Nonparametric statistical inference"
        (5th edition, 2010), sections 5.2 and 5.4.
        """
        array = seed_values(values)
        check_look(array.size, look)
        check_finite(**{f"bound {number}": bound for number, bound in enumerate(self.bounds)})
        estimate = self.interval(array, look.typical_alpha)
        if not look.typical_alpha:
            return Decision("inconclusive", "not yet due", estimate)
        counts = self._counts(array)
        refuting = self.refuting_level(look)
        if all(is_more(count, array.size, USUALLY, look.typical_alpha) for count in counts):
            return Decision("supported", None, estimate)
        if any(is_less(count, array.size, USUALLY, refuting) for count in counts):
            return Decision("refuted", self._reason(self.interval(array, refuting)), estimate)
        can = is_more(array.size, array.size, USUALLY, look.typical_alpha)
        return Decision("inconclusive", "straddles" if can else "underpowered", estimate)

    def holds(self, values: ArrayLike) -> Booleans:
        """Tell which values lie within the region."""
        return self.of_mean.holds(values)

    def side_claimed(self, decision: Decision) -> Side:
        """Return the side of the bounds that a decision asserts, as the rule on the mean does."""
        side: Side = self.of_mean.side_claimed(decision)  # type: ignore[assignment]
        return side

    def interval(self, values: NDArray[np.float64], alpha: float) -> Estimate:
        """Give the median with the interval of order statistics at 1 − 2·alpha or more."""
        ordered, num = np.sort(values[~np.isnan(values)]), values.size
        if not ordered.size:
            return Estimate(math.nan, math.nan, math.nan, 1 - 2 * alpha, None, num)
        counted = _least_that_shows_more(num, alpha)
        shown = counted <= ordered.size
        low, high = (ordered[-counted], ordered[counted - 1]) if shown else (-math.inf, math.inf)
        with np.errstate(invalid="ignore"):  # between two infinities
            median = float(np.median(ordered))
        return Estimate(median, float(low), float(high), 1 - 2 * alpha, None, num)

    def outcomes(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """Tell where each value lies: 0 within the region, −1 below it, 1 above it."""
        low, high = self.region
        below = ~beyond(values, low, 1) if math.isfinite(low) else np.zeros(values.shape, bool)
        above = ~beyond(values, high, -1) if math.isfinite(high) else np.zeros(values.shape, bool)
        return np.where(below, -1, np.where(above, 1, 0))

    def decided_from_outcomes(self, outcomes: NDArray[Any], look: Look) -> tuple[Booleans, Booleans]:
        """Decide on outcomes of shape ``(num, num_seeds)``, as `decide` does on values: twice shape ``(num,)``."""
        counts = range(look.num_seeds + 1)
        alpha = look.typical_alpha
        more = np.array([is_more(count, look.num_seeds, USUALLY, alpha) for count in counts])
        less = np.array([is_less(count, look.num_seeds, USUALLY, self.refuting_level(look)) for count in counts])
        within = [(outcomes != side).sum(axis=1) for side in self._sides]
        return (
            np.logical_and.reduce([more[count] for count in within]),
            np.logical_or.reduce([less[count] for count in within]),
        )

    def is_counted(self, values: NDArray[np.float64]) -> bool:
        """Return True: seeds are always counted."""
        return True

    def refuting_level(self, look: Look) -> float:
        """Return the level at which one part refutes its claim."""
        return look.typical_alpha / look.parts

    def _reason(self, interval: Estimate) -> str:
        """Name the reason why an interval of the median refutes the claim."""
        if not self.is_directed:
            return "outside"
        return why_refuted(interval, self.bounds[0], direction(self.alternative), self.null)

    @property
    def _sides(self) -> list[int]:
        """The outcomes beyond the bounds that exist."""
        low, high = self.region
        return [side for side, end in ((-1, low), (1, high)) if math.isfinite(end)]

    def _counts(self, values: NDArray[np.float64]) -> list[int]:
        """Count the values beyond each bound, on the claim's side."""
        low, high = self.region
        return [int(beyond(values, end, sign).sum()) for end, sign in ((low, 1), (high, -1)) if math.isfinite(end)]


@cache
def _least_that_shows_more(num: int, alpha: float) -> int:
    """Return the least number of seeds that shows a share above one half; one more than all if none does."""
    return next((count for count in range(num + 1) if is_more(count, num, USUALLY, alpha)), num + 1)
