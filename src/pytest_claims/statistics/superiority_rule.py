"""The rule for "A exceeds B by a margin"."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_claims.statistics.decisions import Decision, Estimate, beyond, check_finite, check_look, seed_values
from pytest_claims.statistics.looks import Look
from pytest_claims.statistics.rule import Booleans, MeanRule, Rule, Side
from pytest_claims.statistics.samples import Sample, decide_by_share
from pytest_claims.statistics.sign_flip import MAX_SEEDS, direction, sign_flip_pvalue


@dataclass(frozen=True)
class SuperiorityRule(MeanRule):
    """The mean over seeds lies beyond a margin, see `superiority`.

    Examples
    --------
    >>> from pytest_claims.statistics import fixed_look
    >>> rule = SuperiorityRule("greater", margin=0.002, null=0.0)
    >>> gains = [0.021, 0.019, 0.024, 0.020, 0.022, 0.018, 0.023, 0.021, 0.020, 0.022]
    >>> f"That the gain exceeds 0.2 points is {rule.decide(gains, fixed_look(10)).verdict}."
    'That the gain exceeds 0.2 points is supported.'
    """

    name = "superiority"
    keywords: ClassVar = {"above": "greater", "below": "less"}
    is_directed = True

    def decide(self, values: ArrayLike, look: Look) -> Decision:
        """See `superiority`."""
        [margin] = self.bounds
        return superiority(values, margin=margin, alternative=self.alternative, look=look, null=self.null)

    def holds(self, values: ArrayLike) -> Booleans:
        """Tell which values lie beyond the margin."""
        return beyond(values, self.bounds[0], direction(self.alternative))

    def side_claimed(self, decision: Decision) -> Side:
        """Return the claim's side of the margin, or the opposite side if the claim is refuted."""
        return "above" if (self.alternative == "greater") == (decision.verdict == "supported") else "below"

    @property
    def region(self) -> tuple[float, float]:
        """The half-line beyond the margin."""
        [margin] = self.bounds
        return (margin, math.inf) if self.alternative == "greater" else (-math.inf, margin)


def superiority(
    values: ArrayLike, *, margin: float, alternative: str, look: Look, null: float | None = 0.0
) -> Decision:
    """Decide whether the mean over seeds lies beyond a margin, by the one-sample t-test.

    Supported if the look's interval lies on the claim's side of the margin. Refuted if it lies on the other side.
    The reason is then ``"reversed"`` (the interval lies beyond `null`, on the side opposite to the claim's),
    ``"smaller"`` (on the claim's side of `null`, but short of the margin), ``"negligible"`` (on neither side of `null`
    farther away than the margin), or ``"missed"`` (none of these is shown, or there is no `null`).
    Inconclusive otherwise: ``"underpowered"`` (the smallest detectable effect exceeds the margin's distance from
    `null`), ``"straddles"``, ``"tests disagree"``, ``"collapsed"``.

    A sign-flip permutation test has a veto: if it does not reach the look's alpha, too, the verdict is inconclusive,
    ``"tests disagree"``. In two cases unanimity takes its place, and all seeds must lie on one side of the margin: at
    the first of several looks, and if so few seeds cannot reach alpha in the test (2^−num_seeds exceeds alpha). With
    more than 30 seeds, which only a fixed number gives, the t-test decides alone.

    A seed that is NaN or infinite is a collapsed run. With any collapsed run the share of seeds on the claim's side of
    the margin decides, at the last look. More than half supports the claim, less than half refutes it: ``"reversed"``
    if more than half lie beyond `null` on the opposite side, else ``"missed"``. An infinity lies on its side, NaN on
    no side. The mean of the finite seeds is only reported.

    If most seeds have the same value, the share decides as well; else the claim is inconclusive, ``"ties"``. What never
    varied may still vary: n equal values exclude only deviations commoner than 1 − alpha^(1/n).

    Parameters
    ----------
    values
        Shape ``(num_seeds,)``, at least 2: one number per seed, such as a paired difference, in any unit.
    margin
        Finite, in the same unit.
    alternative
        The claim's side of the margin, ``"greater"`` or ``"less"``.
    look
        Gives the number of seeds and the level.
    null
        The value that means "no effect": 0 for differences and logarithms of ratios; ``None`` for a plain quantity.

    Returns
    -------
    Decision
        The estimate is the mean, with the t interval at 1 − 2·alpha.

    Raises
    ------
    ValueError
        If the values are not real numbers, one for each seed of the look and at least 2; if the margin or null is not
        finite; or if the alternative is unknown.

    Notes
    -----
    Source: ``scipy.stats.ttest_1samp``; `sign_flip_pvalue`; `event`.

    Examples
    --------
    >>> from pytest_claims.statistics import fixed_look
    >>> gains = [0.021, 0.019, 0.024, 0.020, 0.022, 0.018, 0.023, 0.021, 0.020, 0.022]
    >>> decision = superiority(gains, margin=0.002, alternative="greater", look=fixed_look(10))
    >>> f"A gain of more than 0.2 points is {decision.verdict}: it is {100 * decision.estimate.value:.1f} points."
    'A gain of more than 0.2 points is supported: it is 2.1 points.'
    """
    array = seed_values(values, at_least=2)
    check_look(array.size, look)
    check_finite(margin=margin, null=0.0 if null is None else null)
    sign = direction(alternative)
    sample = Sample.of(array)
    if sample.is_counted:
        opposite = np.zeros(array.size, dtype=bool) if null is None else beyond(array, null, -sign)
        claimed = beyond(array, margin, sign)
        return decide_by_share(array, look, claimed=claimed, opposite=opposite, refuted="missed")
    estimate = sample.interval(look.alpha)
    refuting = estimate if look.refuting_alpha == look.alpha else sample.interval(look.refuting_alpha)
    estimate = replace(estimate, pvalue=sample.pvalue(margin, alternative))
    if _is_beyond(estimate, margin, sign):
        decision, distances, level = Decision("supported", None, estimate), sign * (array - margin), look.alpha
    elif _is_beyond(refuting, margin, -sign):
        reason = why_refuted(refuting, margin, sign, null)
        decision, distances, level = Decision("refuted", reason, estimate), sign * (margin - array), look.refuting_alpha
    else:
        blind = null is not None and sample.cannot_see(abs(margin - null), look)
        return Decision("inconclusive", "underpowered" if blind else "straddles", estimate)
    return decision if _signs_agree(distances, look, level) else Decision("inconclusive", "tests disagree", estimate)


def told_without_factors(decision: Decision, rule: Rule, plain: ArrayLike, look: Look) -> Decision:
    """Give a refuted claim about a difference ``A − c·B`` the reason that ``A − B`` has.

    The value 0 of ``A − c·B`` does not mean "no effect", but that of ``A − B`` does. The reason becomes ``"reversed"``
    if ``A − B`` lies beyond 0 on the side opposite to the claim's, ``"smaller"`` if on the claim's, else ``"missed"``.

    Parameters
    ----------
    decision, rule, look
        The decision on ``A − c·B``, with the rule and the look by which it was made.
    plain
        Shape ``(num_seeds,)``: ``A − B``.
    """
    array = seed_values(plain)
    if decision.verdict != "refuted" or not rule.is_directed or not np.isfinite(array).all():
        return decision
    interval, sign = rule.interval(array, rule.refuting_level(look)), direction(rule.alternative)
    if _is_beyond(interval, 0.0, -sign):
        return replace(decision, reason="reversed")
    return replace(decision, reason="smaller" if _is_beyond(interval, 0.0, sign) else "missed")


def _is_beyond(interval: Estimate, bound: float, sign: int) -> bool:
    """Tell if the whole interval lies above the bound (`sign` +1), or below it (−1)."""
    return sign * ((interval.low if sign > 0 else interval.high) - bound) > 0


def why_refuted(interval: Estimate, margin: float, sign: int, null: float | None) -> str:
    """Name the reason why an interval on the wrong side of the margin refutes the claim."""
    if null is None:
        return "missed"
    if _is_beyond(interval, null, -sign):
        return "reversed"
    if _is_beyond(interval, null, sign):
        return "smaller"
    reach = max(interval.high - null, null - interval.low)
    return "negligible" if reach <= abs(margin - null) else "missed"


def _signs_agree(distances: NDArray[np.float64], look: Look, level: float) -> bool:
    """Tell if the signs of the distances beyond the margin confirm, at this level, the result of the t-test."""
    if look.asks_unanimity(level):
        return bool((distances > 0).all())
    return distances.size > MAX_SEEDS or sign_flip_pvalue(distances, alternative="greater") <= level
