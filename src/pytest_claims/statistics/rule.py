"""The protocol of all rules. A rule decides on the values of all seeds; it does not hold these values."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from pytest_claims.statistics.decisions import Decision, Estimate
from pytest_claims.statistics.looks import Look
from pytest_claims.statistics.samples import Sample
from pytest_claims.statistics.shares import is_less, is_more
from pytest_claims.support.scale import Margin, bounds, each_bound

Booleans = NDArray[np.bool_]
Side = Literal["above", "below", "between"]

_OPPOSITE = {"greater": "less", "less": "greater"}


@dataclass(frozen=True)
class Rule(ABC):
    """A rule with its margin. It decides at a look on an array with one number per seed.

    A new rule needs a module with its subclass, a line in `pytest_claims.statistics.rules.RULES`, and a row in
    `pytest_claims.report.words.rules.WORDS`.

    Parameters
    ----------
    alternative
        The claim's side of the margin, one of the values of `keywords`.
    margin
        The bound, or the pair of bounds, in the unit of the values: the natural logarithm for a ratio.
    null
        The value that means "no effect"; ``None`` if there is no such value, as for a plain quantity.
    witness
        True for an existence statement ("can", "may"): the numbers are of one witness, and its failure refutes nothing.
    """

    alternative: str
    margin: Margin
    null: float | None = None
    witness: bool = False

    name: ClassVar[str]
    """The name of the rule in a record."""
    keywords: ClassVar[Mapping[str, str]] = {}
    """The keywords of `judge` that select the rule, each with its alternative."""
    num_bounds: ClassVar[int] = 1
    """Number of bounds of the margin."""
    is_of_events: ClassVar[bool] = False
    """True if the rule counts the runs in which an event happens."""
    is_of_means: ClassVar[bool] = False
    """True if the rule judges a mean over seeds, see `MeanRule`."""
    is_of_typical_runs: ClassVar[bool] = False
    """True if the rule judges the typical run, see `TypicalRule`."""
    is_statistical: ClassVar[bool] = True
    """True if claims under the rule share the report's error rate."""
    is_of_single_runs: ClassVar[bool] = True
    """True if the assertion holds or fails in each single run, so that fresh seeds can be drawn for it."""
    is_directed: ClassVar[bool] = False
    """True if the alternatives are ``"greater"`` and ``"less"``."""
    no_mirror: ClassVar[str] = ""
    """The reason why the rule has no meaning for negated values; empty if it has one."""

    @classmethod
    def margin_asked(cls, keyword: str, given: Any) -> Any:
        """Return the margin, on the scale that people read, from the value of a keyword of `judge`."""
        return given

    @abstractmethod
    def decide(self, values: ArrayLike, look: Look) -> Decision:
        """Decide on values of shape ``(num_seeds,)``.

        Raises
        ------
        ValueError
            If the values are not one real number for each seed of the look.
        """

    @abstractmethod
    def holds(self, values: ArrayLike) -> Booleans:
        """Tell in which single runs (or pairs) the assertion holds: shape ``(num_seeds,)``."""

    def mirrored(self) -> Rule | None:
        """Give the rule under which the negated values must get the same verdict; ``None`` if there is none."""
        if self.no_mirror:
            return None
        alternative = _OPPOSITE.get(self.alternative, self.alternative)
        return replace(self._times(-1.0), alternative=alternative)

    def in_percent(self) -> Rule | None:
        """Give the rule for a hundred times the values; ``None`` if the values are events."""
        return None if self.is_of_events else self._times(100.0)

    def side_claimed(self, decision: Decision) -> Side | None:
        """Return the side of the margin that a decision asserts; ``None`` if censored runs cannot change it."""
        return None

    def is_counted(self, values: NDArray[np.float64]) -> bool:
        """Tell if the share of seeds on the claim's side decides."""
        return not bool(np.isfinite(values).all())

    def outcomes(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """Give what is counted of seeds whose share decides: 0 where the assertion holds, −1 or 1 where it does not."""
        return np.where(self.holds(values), 0, -1)

    def decided_from_outcomes(self, outcomes: NDArray[Any], look: Look) -> tuple[Booleans, Booleans]:
        """Decide on outcomes of shape ``(num, num_seeds)``; twice shape ``(num,)``. Only the last look decides."""
        threshold, alpha = self.share_asked(look)
        counts = range(look.num_seeds + 1)
        more = np.array([look.last and is_more(count, look.num_seeds, threshold, alpha) for count in counts])
        less = np.array(
            [look.last and is_less(count, look.num_seeds, threshold, alpha / look.parts) for count in counts]
        )
        holding = (outcomes == 0).sum(axis=1)
        return more[holding], less[holding]

    def share_asked(self, look: Look) -> tuple[float, float]:
        """Return the share of seeds to exceed, and the one-sided level, for seeds that are counted."""
        return 0.5, look.alpha

    def interval(self, values: NDArray[np.float64], alpha: float) -> Estimate:
        """Give the estimate that the rule judges, with its interval at 1 − 2·alpha."""
        return Sample.of(np.sort(values)).interval(alpha)

    def refuting_level(self, look: Look) -> float:
        """Return the level at which one part refutes its claim."""
        return look.refuting_alpha

    def decided_again(self, draws: NDArray[np.float64], look: Look) -> tuple[Booleans, Booleans]:
        """Tell which simulated repetitions support and which refute: ``(num, num_seeds)`` gives twice ``(num,)``."""
        verdicts = [self.decide(draw, look).verdict for draw in draws]
        return np.array([v == "supported" for v in verdicts]), np.array([v == "refuted" for v in verdicts])

    @property
    def bounds(self) -> tuple[float, ...]:
        """The bounds of the margin, one or two."""
        return bounds(self.margin)

    def _times(self, factor: float) -> Self:
        null = None if self.null is None else factor * self.null
        return replace(self, margin=each_bound(lambda bound: factor * bound, self.margin), null=null)


@dataclass(frozen=True)
class MeanRule(Rule):
    """A rule on the mean over seeds. It supports a claim if the interval of the mean lies within a region."""

    is_of_means: ClassVar[bool] = True

    @property
    @abstractmethod
    def region(self) -> tuple[float, float]:
        """The ends of the interval in which the claim expects the mean; an end without a bound is infinite."""

    def is_counted(self, values: NDArray[np.float64]) -> bool:
        """Tell if the share of seeds on the claim's side decides, since the mean says too little."""
        return Sample.of(np.sort(values)).is_counted

    def decided_again(self, draws: NDArray[np.float64], look: Look) -> tuple[Booleans, Booleans]:
        """Decide by the t interval and, if the look asks for it, by unanimity; leave out the sign-flip test."""
        low, high = self.region
        means, errors = draws.mean(axis=1), draws.std(axis=1, ddof=1) / look.num_seeds**0.5
        support, refute = (-special.stdtrit(look.num_seeds - 1, alpha) for alpha in (look.alpha, look.refuting_alpha))
        within = (means - support * errors > low) & (means + support * errors < high)
        above, below = means - refute * errors > high, means + refute * errors < low
        if look.asks_unanimity(look.alpha):
            within &= ((draws > low) & (draws < high)).all(axis=1)
        if look.asks_unanimity(look.refuting_alpha):
            above, below = above & (draws > high).all(axis=1), below & (draws < low).all(axis=1)
        return within, above | below


def mark_censored(decision: Decision, rule: Rule, at_least: Booleans, at_most: Booleans) -> Decision:
    """Make a decision inconclusive, ``"censored"``, if the unseen values of censored seeds could change it.

    A run that has not turned by its last epoch has its turning point somewhere after that epoch. A censored seed may
    count against a decision, never in its favour.

    Parameters
    ----------
    decision
        The rule's decision on the recorded values.
    rule
        The rule.
    at_least, at_most
        Shape ``(num_seeds,)``: True if the true value may be larger, or smaller, than the recorded one.

    Returns
    -------
    Decision
        The given decision, or an inconclusive one with the same estimate.

    Examples
    --------
    >>> from pytest_claims.statistics import SuperiorityRule, fixed_look
    >>> delays = np.array([9.0, 10.0, 8.0, 9.0, 11.0, 9.0, 10.0, 12.0, 9.0, 10.0])
    >>> rule, never = SuperiorityRule("greater", margin=0.5, null=0.0), np.zeros(10, bool)
    >>> decision = rule.decide(delays, fixed_look(10))
    >>> later = mark_censored(decision, rule, at_least=delays > 10, at_most=never)
    >>> f"Runs that turn even later than could be seen do not stand in the way: {later.verdict}."
    'Runs that turn even later than could be seen do not stand in the way: supported.'
    """
    side = None if decision.verdict == "inconclusive" else rule.side_claimed(decision)
    if side is None:
        return decision
    doubtful = (at_most.any() and side != "below") or (at_least.any() and side != "above")
    return replace(decision, verdict="inconclusive", reason="censored") if doubtful else decision
