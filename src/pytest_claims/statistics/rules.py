"""Rules: what is asked of the numbers of all seeds, apart from the numbers themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_claims.statistics.decisions import Decision
from pytest_claims.statistics.equivalence_rule import equivalence
from pytest_claims.statistics.event_rule import RELIABLY, USUALLY, event
from pytest_claims.statistics.exact_rule import exact
from pytest_claims.statistics.log_rule import compatible
from pytest_claims.statistics.looks import Look
from pytest_claims.statistics.superiority_rule import superiority

RuleName = Literal["superiority", "equivalence", "event", "exact", "log"]
Margin = float | tuple[float, float]


@dataclass(frozen=True)
class Rule:
    """A rule with its margin: it decides on an array of one number per seed, at a look.

    Parameters
    ----------
    name
        ``"superiority"``, ``"equivalence"``, ``"event"``, ``"exact"``, or ``"log"`` for a published one.
    alternative
        The claim's side: ``"greater"``, ``"less"``, ``"within"``, ``"usually"``, ``"reliably"``, ``"exactly"`` or
        ``"as far"``.
    margin
        The bound, or the pair of bounds, in the unit of the values: the natural logarithm for a ratio, a share of runs
        for an event, the deviation of a published log.
    null
        Where there is no effect; ``None`` where that has no meaning, as for a plain quantity.

    Examples
    --------
    >>> from pytest_claims.statistics import fixed_look
    >>> rule = Rule("superiority", "greater", margin=0.002, null=0.0)
    >>> gains = [0.021, 0.019, 0.024, 0.020, 0.022, 0.018, 0.023, 0.021, 0.020, 0.022]
    >>> f"That the gain exceeds 0.2 points is {rule.decide(gains, fixed_look(10)).verdict}."
    'That the gain exceeds 0.2 points is supported.'
    """

    name: RuleName
    alternative: str
    margin: Margin
    null: float | None = None

    def decide(self, values: ArrayLike, look: Look) -> Decision:
        """Decide on values of shape ``(num_seeds,)``.

        Raises
        ------
        ValueError
            If the values are not as many real numbers as the look has seeds.
        """
        if isinstance(self.margin, tuple):
            low, high = self.margin
            return equivalence(values, low=low, high=high, look=look)
        if self.name == "exact":
            return exact(values, expected=self.margin)
        if self.name == "log":
            return compatible(values, published=self.margin, look=look)
        if self.name == "event":
            return event(np.asarray(values) == 1, threshold=self.margin, look=look)
        return superiority(values, margin=self.margin, alternative=self.alternative, look=look, null=self.null)

    def holds(self, values: ArrayLike) -> NDArray[np.bool_]:
        """Say in which single runs (or pairs) the assertion holds: shape ``(num_seeds,)``."""
        array = np.asarray(values, float)
        if isinstance(self.margin, tuple):
            low, high = self.margin
            return np.asarray((array >= low) & (array <= high))
        if self.name == "event":
            return np.asarray(array == 1)
        if self.name == "exact":
            return np.asarray(np.isclose(array, self.margin, rtol=1e-9, atol=1e-9))
        if self.name == "log":
            return np.asarray(array >= self.margin)
        return np.asarray(array > self.margin if self.alternative == "greater" else array < self.margin)

    def mirrored(self) -> Rule | None:
        """Give the rule under which the negated values must come to the same verdict.

        ``None`` for an event and for a log, whose numbers have no negative.
        """
        if self.name in ("event", "log"):
            return None
        if isinstance(self.margin, tuple):
            low, high = self.margin
            return replace(self, margin=(-high, -low))
        exchanged = {"greater": "less", "less": "greater"}
        return replace(
            self,
            alternative=exchanged.get(self.alternative, self.alternative),
            margin=-self.margin,
            null=None if self.null is None else -self.null,
        )


def event_rule(alternative: str) -> Rule:
    """Give the rule for what happens ``"usually"`` or ``"reliably"``."""
    return Rule("event", alternative, USUALLY if alternative == "usually" else RELIABLY)


def heed_censoring(decision: Decision, rule: Rule, at_least: NDArray[np.bool_], at_most: NDArray[np.bool_]) -> Decision:
    """Take a decision back, as ``"censored"``, where what was not seen could have come out otherwise.

    A run that has not turned by its last epoch has a turning point somewhere after it. Such a seed may stand against a
    decision that it would only strengthen, never for one.

    Parameters
    ----------
    decision
        What the rule decided on the values as they are.
    rule
        The rule.
    at_least, at_most
        Shape ``(num_seeds,)``: where the true value may be larger, or smaller, than the one seen.

    Returns
    -------
    Decision
        The same, or inconclusive with the same estimate.

    Examples
    --------
    >>> from pytest_claims.statistics import fixed_look
    >>> delays = np.array([9.0, 10.0, 8.0, 9.0, 11.0, 9.0, 10.0, 12.0, 9.0, 10.0])
    >>> rule, never = Rule("superiority", "greater", margin=0.5, null=0.0), np.zeros(10, bool)
    >>> decision = rule.decide(delays, fixed_look(10))
    >>> later = heed_censoring(decision, rule, at_least=delays > 10, at_most=never)
    >>> f"Runs that turn even later than could be seen do not stand in the way: {later.verdict}."
    'Runs that turn even later than could be seen do not stand in the way: supported.'
    """
    if decision.verdict == "inconclusive" or rule.name not in ("superiority", "equivalence"):
        return decision
    if rule.name == "equivalence":
        low, high = rule.margin if isinstance(rule.margin, tuple) else (rule.margin, rule.margin)
        is_above = decision.verdict == "refuted" and decision.estimate.value > high
        is_below = decision.verdict == "refuted" and decision.estimate.value < low
    else:
        is_above = (rule.alternative == "greater") == (decision.verdict == "supported")
        is_below = not is_above
    doubtful = (at_most.any() and not is_below) or (at_least.any() and not is_above)
    return replace(decision, verdict="inconclusive", reason="censored") if doubtful else decision
