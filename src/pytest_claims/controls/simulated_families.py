"""Simulated families of seeds with a known truth, and what the rules decide on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from pytest_claims.controls.calibration_shapes import SHAPES
from pytest_claims.statistics.decisions import Decision
from pytest_claims.statistics.equivalence_rule import EquivalenceRule
from pytest_claims.statistics.event_rule import event
from pytest_claims.statistics.looks import ALPHA, Look, fixed_look, looks
from pytest_claims.statistics.power import smallest_detectable_effect
from pytest_claims.statistics.rule import Rule
from pytest_claims.statistics.shares import RELIABLY, USUALLY
from pytest_claims.statistics.superiority_rule import SuperiorityRule
from pytest_claims.statistics.typical_rule import TypicalRule

TIERS = ("fast", "full")

THRESHOLDS = {"usually": USUALLY, "reliably": RELIABLY}
"""The rules on events, each with the share of runs that a claim must exceed."""

POWER = 0.8
"""The probability with which a t-test finds a detectable effect."""

# A rule takes milliseconds, so most families with p-values far from a decision are skipped. A p-value is near if it is
# below so many times the level; more for counts, which are coarse: one more event may multiply a p-value.
_NEAR_MEAN, _NEAR_COUNT, _ONE_OF_SO_MANY = 4.0, 10.0, 500
# Both one-sided tests of an equivalence must succeed, so each may fail once in ten times.
_POWER_OF_EACH = 0.9
_MARGIN = 1.0  # standard deviations

Array = NDArray[Any]


class Kind(NamedTuple):
    """A rule with its looks and its level, and the seeds that it judges.

    Parameters
    ----------
    rule
        ``"superiority"``, ``"equivalence"``, ``"typical"`` or ``"typical, within"``; or a name in `THRESHOLDS`.
    schedule
        ``"fast"``, ``"full"``, or a fixed number such as ``"12 seeds"``.
    shape
        The name of a shape in `SHAPES`; or ``"two values"``, which stands for all shapes: a rule that counts knows no
        more of a seed than its side of the margin.
    parts, correlation
        The number of parts of the claim, and the correlation of any two of them over the seeds.
    alpha
        The claim's one-sided level.
    """

    rule: str
    schedule: str
    shape: str
    parts: int = 1
    correlation: float = 0.0
    alpha: float = ALPHA

    @property
    def seeds(self) -> str:
        """The seeds in words."""
        return self.shape if self.parts == 1 else f"{self.parts} parts, r = {self.correlation:g}"

    @property
    def counts(self) -> bool:
        """True if the rule counts the seeds beyond a margin."""
        return self.rule.startswith(TypicalRule.name) or self.rule in THRESHOLDS

    @property
    def is_between(self) -> bool:
        """True if the rule has two bounds."""
        return self.rule in (EquivalenceRule.name, "typical, within")

    @property
    def looks(self) -> tuple[Look, ...]:
        """The looks, in order."""
        if self.schedule in TIERS:
            return tuple(replace(look, parts=self.parts) for look in looks(self.schedule, self.alpha))
        return (fixed_look(int(self.schedule.split()[0]), self.alpha),)


@dataclass(frozen=True)
class Question:
    """A rule, and the mean or median about which it is asked, in the unit of the seeds."""

    rule: Rule
    truth: float

    @classmethod
    def of(cls, kind: Kind, look: Look, *, is_detectable: bool = False) -> Question:
        """Put the truth on the margin, or on the upper of two bounds; or where the look should just detect it."""
        bound = smallest_detectable_effect(1.0, look, _POWER_OF_EACH)
        if kind.is_between:
            between = TypicalRule if kind.counts else EquivalenceRule
            return cls(between("within", (-bound, bound)), 0.0 if is_detectable else bound)
        effect = smallest_detectable_effect(1.0, look, POWER) if is_detectable else 0.0
        return cls((TypicalRule if kind.counts else SuperiorityRule)("greater", _MARGIN, 0.0), _MARGIN + effect)

    def near(self, values: Array, look: Look) -> Array:
        """Tell which families, whose seeds are the last axis of `values`, come near a decision at a look."""
        if self.rule.is_of_typical_runs:
            return self._counts_near(values, look.num_seeds, look.typical_alpha)
        finite = np.where(np.isfinite(values), values, 0.0)
        critical = stats.t.isf(min(_NEAR_MEAN * look.alpha, 0.25), look.num_seeds - 1)
        half_width = critical * finite.std(axis=-1, ddof=1) / look.num_seeds**0.5
        points = np.array([*self.rule.bounds, self.truth])
        outside = np.abs(finite.mean(axis=-1)[..., None] - points) > half_width[..., None]
        by_mean = np.isfinite(values).all(axis=-1) & (outside[..., :-1].all(axis=-1) | outside[..., -1])
        return np.asarray(by_mean | (look.last & self._counts_near(values, look.num_seeds, look.alpha)))

    def _counts_near(self, values: Array, num_seeds: int, level: float) -> Array:
        counts, binomial = np.arange(num_seeds + 1), stats.binom(num_seeds, USUALLY)
        tails = np.minimum(binomial.sf(counts - 1), binomial.cdf(counts))
        near: Array = (tails < _NEAR_COUNT * level)[self.rule.holds(values).sum(axis=-1)]
        return near


class Answers(NamedTuple):
    """How often each family is supported, is refuted, and has an interval that misses the truth: 0 or 1.

    Shape ``(num_families,)``. A family that was drawn for those far from a decision counts for all of them.
    """

    supported: Array
    refuted: Array
    misses: Array


def draw_families(rng: np.random.Generator, kind: Kind, num: int, num_seeds: int, truth: float) -> Array:
    """Draw seeds of shape ``(num, num_parts, num_seeds)``, whose mean, or median if the rule counts, is the truth.

    Parts of one seed correlate, since they are taken from the same runs.
    """
    shape, size = SHAPES[kind.shape], (num, kind.parts, num_seeds)
    values = shape.draw(rng, size)
    if kind.correlation:
        shared = shape.draw(rng, (num, 1, num_seeds))
        values = kind.correlation**0.5 * shared + (1 - kind.correlation) ** 0.5 * values
    return values + (truth - (shape.median if kind.counts else shape.mean))


def judge_families(question: Question, values: Array, schedule: tuple[Look, ...]) -> Answers:
    """Judge families of shape ``(num, num_parts, num_seeds)`` at one look after the other, while they are undecided.

    A family is supported if all its parts are, and refuted if one is. Of the families that are far from a decision the
    rule judges one in five hundred. The others count as undecided, and their intervals as right.
    """
    answers = Answers(*(np.zeros(len(values), dtype=int) for _ in Answers._fields))
    for look in schedule:
        undecided = np.flatnonzero((answers.supported == 0) & (answers.refuted == 0))
        seen = values[undecided, :, : look.num_seeds]
        asked = question.near(seen, look)
        weights = np.where(asked.any(axis=1), 1, _ONE_OF_SO_MANY)
        asked[::_ONE_OF_SO_MANY] = True
        supported, refuted, misses = np.zeros((3, *asked.shape), dtype=bool)
        for family, part in np.argwhere(asked):
            decision = question.rule.decide(seen[family, part], look)
            supported[family, part] = decision.verdict == "supported"
            refuted[family, part] = decision.verdict == "refuted"
            misses[family, part] = not decision.estimate.low <= question.truth <= decision.estimate.high
        answers.refuted[undecided] = weights * refuted.any(axis=1)
        answers.supported[undecided] = weights * (supported.all(axis=1) & ~refuted.any(axis=1))
        answers.misses[undecided] = weights * misses.any(axis=1)
    return answers


def exact_rates(kind: Kind, share: float, num_looks: int | None = None) -> tuple[float, float]:
    """Compute the probabilities that a rule that counts supports, and that it refutes.

    Parameters
    ----------
    kind
        The rule and its schedule, with one bound and one part.
    share
        The share of runs beyond the margin, a probability.
    num_looks
        Number of looks; by default all.
    """
    rates, undecided, seen = {"supported": 0.0, "refuted": 0.0}, np.ones(1), 0
    for look in kind.looks[:num_looks]:
        fresh = look.num_seeds - seen
        undecided = np.convolve(undecided, stats.binom.pmf(np.arange(fresh + 1), fresh, share))
        seen = look.num_seeds
        for count in range(seen + 1):
            verdict = _decide_count(kind, count, look).verdict
            if verdict in rates:
                rates[verdict] += float(undecided[count])
                undecided[count] = 0.0
    return rates["supported"], rates["refuted"]


def _decide_count(kind: Kind, count: int, look: Look) -> Decision:
    beyond = np.arange(look.num_seeds) < count
    if kind.rule in THRESHOLDS:
        return event(beyond, threshold=THRESHOLDS[kind.rule], look=look, alpha=kind.alpha)
    return TypicalRule("greater", _MARGIN, 0.0).decide(_MARGIN + np.where(beyond, 1.0, -1.0), look)
