"""The rule for "A exceeds B by a margin"."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_claims.statistics.decisions import Decision, Estimate, check_finite, check_look, seed_values
from pytest_claims.statistics.looks import Look
from pytest_claims.statistics.rule import Booleans, MeanRule, Side
from pytest_claims.statistics.samples import Sample, decide_by_share, is_close
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
        """Beyond the margin."""
        array, [margin] = np.asarray(values, float), self.bounds
        return np.asarray(array > margin if self.alternative == "greater" else array < margin)

    def side_claimed(self, decision: Decision) -> Side:
        """The side that the claim asks for, or, where it is refuted, the other."""
        return "above" if (self.alternative == "greater") == (decision.verdict == "supported") else "below"

    @property
    def region(self) -> tuple[float, float]:
        """All beyond the margin."""
        [margin] = self.bounds
        return (margin, math.inf) if self.alternative == "greater" else (-math.inf, margin)


def superiority(
    values: ArrayLike, *, margin: float, alternative: str, look: Look, null: float | None = 0.0
) -> Decision:
    """Decide whether the mean over seeds lies beyond a margin, by the one-sample t-test.

    Supported if the look's interval lies on the claim's side of the margin. Refuted if it lies on the other side, with
    the reason ``"reversed"`` (the interval lies beyond `null`, on the side opposite to the claim's), ``"smaller"``
    (the right side of `null`, but short of the margin), ``"negligible"`` (not farther from `null` than the margin
    is, to either side), or ``"missed"`` (it lies on the wrong side of the margin, and none of these is shown; always
    so without a `null`).
    Inconclusive otherwise: ``"underpowered"`` (the smallest detectable effect exceeds the margin's distance from
    `null`), ``"straddles"``, ``"tests disagree"``, ``"collapsed"``.

    A sign-flip permutation test stands beside it, with a veto: where it does not reach the look's alpha too, the
    verdict is inconclusive, ``"tests disagree"``. At the first of several looks, and wherever so few seeds cannot
    reach alpha in it (2^−num_seeds exceeds alpha), all seeds must lie on one side of the margin instead, or the tests
    disagree. Beyond 30 seeds, which only a fixed number gives, the t-test decides alone.

    Seeds that are NaN or infinite are collapsed runs. With any of them the share of seeds on the claim's side of the
    margin decides, at the last look: more than half is supported, less than half refuted (``"reversed"`` if more than
    half lie beyond `null` on the opposite side, else ``"missed"``). An infinity lies on its side, NaN on no side. The
    mean of the finite seeds is only reported.

    If all values are identical they are exact: low and high equal the value, and it decides by itself; on the margin
    it straddles.

    Parameters
    ----------
    values
        Shape ``(num_seeds,)``, at least 2: one number per seed, paired differences for instance, in any unit.
    margin
        Finite, in the same unit.
    alternative
        The claim's side of the margin, ``"greater"`` or ``"less"``.
    look
        Gives the number of seeds and the level.
    null
        Where there is no effect: 0 for differences and logarithms of ratios; ``None`` for a plain quantity.

    Returns
    -------
    Decision
        Its estimate is the mean, with the t interval at 1 − 2·alpha.

    Raises
    ------
    ValueError
        If the values are not real numbers, one per seed, as many as the look has and at least 2; the margin or null is
        not finite; or the alternative is unknown.

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
    if not np.isfinite(array).all():
        opposite = np.zeros(array.size, dtype=bool) if null is None else sign * (array - null) < 0
        claimed = sign * (array - margin) > 0
        return decide_by_share(array, look, claimed=claimed, opposite=opposite, refuted="missed")
    sample = Sample.of(array)
    estimate = sample.interval(look.alpha)
    refuting = estimate if look.refuting_alpha == look.alpha else sample.interval(look.refuting_alpha)
    if not sample.is_identical:
        estimate = replace(estimate, pvalue=sample.pvalue(margin, alternative))
    if _is_beyond(estimate, margin, sign):
        decision, beyond, level = Decision("supported", None, estimate), sign * (array - margin), look.alpha
    elif _is_beyond(refuting, margin, -sign):
        reason = _why_refuted(refuting, margin, sign, null)
        decision, beyond, level = Decision("refuted", reason, estimate), sign * (margin - array), look.refuting_alpha
    else:
        blind = null is not None and sample.cannot_see(abs(margin - null), look)
        return Decision("inconclusive", "underpowered" if blind else "straddles", estimate)
    return decision if _signs_agree(beyond, look, level) else Decision("inconclusive", "tests disagree", estimate)


def _is_beyond(interval: Estimate, bound: float, sign: int) -> bool:
    """Whether the whole interval lies above the bound (`sign` +1), or below it (−1)."""
    end = interval.low if sign > 0 else interval.high
    is_exact = interval.low == interval.high
    return sign * (end - bound) > 0 and not (is_exact and is_close(end, bound))


def _why_refuted(interval: Estimate, margin: float, sign: int, null: float | None) -> str:
    """Name what an interval on the wrong side of the margin shows beyond that."""
    if null is None:
        return "missed"
    if _is_beyond(interval, null, -sign):
        return "reversed"
    if _is_beyond(interval, null, sign):
        return "smaller"
    reach = max(interval.high - null, null - interval.low)
    return "negligible" if reach <= abs(margin - null) else "missed"


def _signs_agree(beyond: NDArray[np.float64], look: Look, level: float) -> bool:
    """Whether the signs of the distances beyond the margin bear out, at this level, what the t-test found."""
    if look.asks_unanimity(level):
        return bool((beyond > 0).all())
    return beyond.size > MAX_SEEDS or sign_flip_pvalue(beyond, alternative="greater") <= level
