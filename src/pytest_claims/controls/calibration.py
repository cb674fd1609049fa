"""Calibration: the error rates and the power of the rules, on simulated seeds with a known truth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby, product
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from pytest_claims.statistics.decisions import Decision, Estimate
from pytest_claims.statistics.equivalence_rule import EquivalenceRule, equivalence
from pytest_claims.statistics.event_rule import event
from pytest_claims.statistics.looks import ALPHA, Look, looks
from pytest_claims.statistics.power import smallest_detectable_effect
from pytest_claims.statistics.shares import RELIABLY, USUALLY, share_with_interval
from pytest_claims.statistics.superiority_rule import SuperiorityRule, superiority

# The check of a row wrongly names a rule that keeps its promise once in ten thousand rows.
_SURPRISE = 1e-4
# A rule takes milliseconds, so most families with p-values far from a decision are skipped. A p-value is near if it is
# below so many times the level; more for counts, which are coarse: one more event may multiply a p-value.
_NEAR_MEAN, _NEAR_COUNT, _ASKED_ANYWAY = 4.0, 10.0, 200
# The t-test detects the smallest detectable effect four times in five. The veto of the signs costs a few points.
_POWER, POWER_KEPT = 0.80, 0.75
_MARGIN = 1.0  # standard deviations

Array = NDArray[Any]
Promise = Literal["at most", "at least"] | None

# Differences with mean 0 and standard deviation 1, except for collapsed ones.
_DISTRIBUTIONS: dict[str, Callable[[np.random.Generator, tuple[int, int]], Array]] = {
    "normal": lambda rng, size: rng.normal(size=size),
    "skewed up": lambda rng, size: rng.exponential(size=size) - 1,
    "skewed down": lambda rng, size: 1 - rng.exponential(size=size),
    "collapsing": lambda rng, size: rng.normal(size=size) + rng.choice([0, np.inf, -np.inf], size, p=[0.9, 0.05, 0.05]),
}
_ON_MEANS = (SuperiorityRule.name, EquivalenceRule.name)
_THRESHOLDS = {"usually": USUALLY, "reliably": RELIABLY}


class Kind(NamedTuple):
    """A rule with its looks and level, and the distribution of the simulated seeds; as in `Row`."""

    rule: str
    tier: str
    alpha: float
    distribution: str


KINDS = tuple(
    Kind(rule, tier, alpha, distribution)
    for alpha, tier in product((ALPHA, 0.05), ("fast", "full"))
    for rule, distribution in [*product(_ON_MEANS, _DISTRIBUTIONS), *product(_THRESHOLDS, ["binary"])]
)
"""All calibrated kinds: at the level of claims, and at a level where two thousand families show enough errors."""


@dataclass(frozen=True)
class Row:
    """A rate measured over simulated families of seeds, with its nominal value.

    Parameters
    ----------
    rule, tier, alpha
        The name of a rule on means, or ``"usually"`` or ``"reliably"``; ``"fast"`` or ``"full"``; and the claim's
        one-sided level, a probability.
    distribution
        Distribution of the seeds: ``"normal"``; ``"skewed up"`` or ``"skewed down"``, exponential with the long tail to
        that side; ``"collapsing"``, normal, but one in ten is infinite, to either side; ``"binary"``.
    quantity
        With the truth on the margin: ``"supported"``, ``"refuted"``, ``"interval misses"`` the truth. With an effect
        that a t-test should detect four times in five: ``"seen at the first"`` look, ``"seen by the last"``.
    count, num_families
        Number of families in which it happened, and number of all families.
    nominal, promise
        The nominal rate, a fraction. The promise is a rate ``"at most"`` or ``"at least"`` nominal; ``None`` if the
        rate is only measured.

    Examples
    --------
    >>> row = Row("superiority", "fast", 0.05, "normal", "supported", 104, 2000, 0.05, "at most")
    >>> f"What is not true is {row.quantity} in {row.rate.value:.1%} of families; {row.promise} 5 % are promised."
    'What is not true is supported in 5.2% of families; at most 5 % are promised.'
    """

    rule: str
    tier: str
    alpha: float
    distribution: str
    quantity: str
    count: int
    num_families: int
    nominal: float
    promise: Promise

    @property
    def rate(self) -> Estimate:
        """The share of the families, with exact (Clopper–Pearson) 95 % bounds."""
        return share_with_interval(self.count, self.num_families)

    @property
    def keeps_promise(self) -> bool:
        """True unless a promised rate would give such an extreme count less than once in ten thousand times."""
        binomial = stats.binom(self.num_families, self.nominal)
        if self.promise == "at most":
            return bool(binomial.sf(self.count - 1) >= _SURPRISE)
        return self.promise is None or bool(binomial.cdf(self.count) >= _SURPRISE)


def calibrate(rng: np.random.Generator, num_families: int = 2000, kinds: Iterable[Kind] = KINDS) -> list[Row]:
    """Measure the rules over simulated families with a known truth, at the looks and levels of both tiers.

    A family is a block of seeds, as for a claim. The rule judges the first seeds of the block at the first look, and at
    the next looks only while it is undecided. A family that is far from a decision, by t-test or count at a multiple
    of the look's alpha, counts as undecided; as a check, the rule judges every 200th of these.

    Parameters
    ----------
    rng
        Source of all randomness.
    num_families
        Number of families per row, at least 1. Rows on power use an eighth of it, since the rule must judge nearly all
        of their families at every look.
    kinds
        The kinds to calibrate.

    Raises
    ------
    ValueError
        If the number of families is not positive.

    Notes
    -----
    Source: T. P. Morris et al., "Using simulation studies to evaluate statistical methods", Stat. Med. 38 (2019).

    Examples
    --------
    >>> rows = calibrate(np.random.default_rng(1), num_families=100, kinds=KINDS[:1])
    >>> f"{len(check(rows))} of {len(rows)} rates are not as promised."
    '0 of 5 rates are not as promised.'
    """
    if num_families < 1:
        raise ValueError(f"num_families must be at least 1; received {num_families}")
    rows: list[Row] = []
    for kind in kinds:
        rates = _rates_of_events if kind.rule in _THRESHOLDS else _rates_of_means
        rows += rates(rng, num_families, kind)
    return rows


def check(rows: list[Row]) -> list[str]:
    """Name the rows whose rate breaks its promise, one line each.

    Examples
    --------
    >>> check([Row("equivalence", "full", 0.05, "normal", "supported", 150, 2000, 0.05, "at most")])
    ['equivalence, full, alpha 0.05, normal: supported in 150 of 2000 families, 7.500%; promised are at most 5.00%']
    """
    return [
        f"{row.rule}, {row.tier}, alpha {row.alpha:g}, {row.distribution}: {row.quantity} in {row.count} of "
        f"{row.num_families} families, {row.rate.value:.3%}; promised are {row.promise} {row.nominal:.2%}"
        for row in rows
        if not row.keeps_promise
    ]


def table(rows: list[Row]) -> str:
    """Write a table of the rates in percent, with exact 95 % bounds, in 80 columns; ``!`` marks a broken promise.

    Examples
    --------
    >>> print(table([Row("superiority", "fast", 0.05, "normal", "supported", 150, 2000, 0.05, "at most")]))
    Rates in per cent of families, and their exact 95 % bounds
    superiority, fast tier, alpha 5 %
      normal       supported            at most 5   7.500 (6.384 to 8.743) !
    """
    lines = ["Rates in per cent of families, and their exact 95 % bounds"]
    for (rule, tier, alpha), group in groupby(rows, key=lambda row: (row.rule, row.tier, row.alpha)):
        lines.append(f"{rule}, {tier} tier, alpha {100 * alpha:g} %")
        for row in group:
            nominal = f"{row.promise or 'nominal'} {100 * row.nominal:g}"
            value, low, high = 100 * row.rate.value, 100 * row.rate.low, 100 * row.rate.high
            rate = f"{value:8.3f} ({low:.3f} to {high:.3f}){'' if row.keeps_promise else ' !'}"
            lines.append(f"  {row.distribution:13}{row.quantity:18}{nominal:>12}{rate}")
    return "\n".join(lines)


def run(seed: int, num_families: int = 2000) -> tuple[str, list[str]]:
    """Calibrate with a seed; return the table, and the lines of `check` on rows that break their promise."""
    rows = calibrate(np.random.default_rng(seed), num_families)
    return table(rows), check(rows)


class _Question(NamedTuple):
    """A rule, the truth, and the test which families come near a decision at a look."""

    judge: Callable[[Array, Look], Decision]
    truth: float
    near: Callable[[Array, Look], Array]


class _Answers(NamedTuple):
    """The outcomes of all families: booleans of shape ``(num_families,)``."""

    supported: Array
    refuted: Array
    misses: Array


def _rates_of_means(rng: np.random.Generator, num_families: int, kind: Kind) -> Iterator[Row]:
    """Measure errors with the mean on the margin, or on the upper of two bounds; and measure power."""
    schedule, draw = looks(kind.tier, kind.alpha), _DISTRIBUTIONS[kind.distribution]
    normal, collapsing = kind.distribution == "normal", kind.distribution == "collapsing"
    at_most: Promise = "at most" if normal or collapsing else None
    question = _question(kind.rule, schedule[0], is_detectable=False)
    answers = _ask(question, question.truth + draw(rng, (num_families, schedule[-1].num_seeds)), schedule)
    yield _row(kind, "supported", answers.supported, kind.alpha, at_most)
    # Fewer than half of the collapsing runs lie within the bounds, so a refutation is right. No mean decides.
    if not (collapsing and kind.rule == EquivalenceRule.name):
        yield _row(kind, "refuted", answers.refuted, kind.alpha, at_most)
    if not collapsing:
        yield _row(kind, "interval misses", answers.misses, 2 * kind.alpha, at_most)
    if kind.alpha == ALPHA:
        for quantity, taken in (("seen at the first", schedule[:1]), ("seen by the last", schedule)):
            question = _question(kind.rule, taken[-1], is_detectable=True)
            eighth = -(-num_families // 8), taken[-1].num_seeds
            seen = _ask(question, question.truth + draw(rng, eighth), taken).supported
            yield _row(kind, quantity, seen, POWER_KEPT if normal else _POWER, "at least" if normal else None)


def _rates_of_events(rng: np.random.Generator, num_families: int, kind: Kind) -> Iterator[Row]:
    """Measure errors if the event happens in exactly the share of runs that the claim must exceed."""
    schedule, share = looks(kind.tier, kind.alpha), _THRESHOLDS[kind.rule]

    @cache
    def judge(count: int, look: Look) -> Decision:
        return event(np.arange(look.num_seeds) < count, threshold=share, look=look, alpha=kind.alpha)

    question = _Question(
        lambda outcomes, look: judge(int(outcomes.sum()), look), share, lambda seen, _: seen[:, 0] >= 0
    )
    answers = _ask(question, rng.random((num_families, schedule[-1].num_seeds)) < share, schedule)
    yield _row(kind, "supported", answers.supported, kind.alpha, "at most")
    yield _row(kind, "refuted", answers.refuted, kind.alpha, "at most")


def _row(kind: Kind, quantity: str, happened: Array, nominal: float, promise: Promise) -> Row:
    return Row(*kind, quantity, int(happened.sum()), happened.size, nominal, promise)


def _question(rule: str, look: Look, *, is_detectable: bool) -> _Question:
    """Set the truth to the smallest effect that the look should detect, or to no effect beyond the margin."""
    # Equivalence must succeed against both bounds, so against one bound it may miss half as often.
    bound = smallest_detectable_effect(1.0, look, (1 + _POWER) / 2)
    if rule == SuperiorityRule.name:
        truth = _MARGIN + (smallest_detectable_effect(1.0, look, _POWER) if is_detectable else 0.0)
        return _Question(
            lambda values, look: superiority(values, margin=_MARGIN, alternative="greater", look=look),
            truth,
            lambda values, look: _means_near(values, look, (_MARGIN, truth), claimed=values > _MARGIN),
        )
    truth = 0.0 if is_detectable else bound
    return _Question(
        lambda values, look: equivalence(values, low=-bound, high=bound, look=look),
        truth,
        lambda values, look: _means_near(values, look, (-bound, bound, truth), claimed=np.abs(values) < bound),
    )


def _ask(question: _Question, values: Array, schedule: tuple[Look, ...]) -> _Answers:
    """Judge each family at one look after the other, while it is undecided."""
    answers = _Answers(*(np.zeros(len(values), dtype=bool) for _ in _Answers._fields))
    for look in schedule:
        undecided = np.flatnonzero(~answers.supported & ~answers.refuted)
        answers.misses[undecided] = False  # an undecided look shows no interval
        near = question.near(values[undecided, : look.num_seeds], look)
        near[::_ASKED_ANYWAY] = True
        for family in undecided[near]:
            decision = question.judge(values[family, : look.num_seeds], look)
            answers.supported[family] = decision.verdict == "supported"
            answers.refuted[family] = decision.verdict == "refuted"
            answers.misses[family] = not decision.estimate.low <= question.truth <= decision.estimate.high
    return answers


def _means_near(values: Array, look: Look, points: tuple[float, ...], claimed: Array) -> Array:
    """Tell which intervals nearly exclude the truth, which is the last point, or all bounds before it."""
    collapsed = np.asarray(~np.isfinite(values).all(axis=1))
    finite = np.where(collapsed[:, None], 0.0, values)
    half_width = stats.t.isf(min(_NEAR_MEAN * look.alpha, 0.25), look.num_seeds - 1) * stats.sem(finite, axis=1)
    outside = np.abs(finite.mean(axis=1)[:, None] - np.array(points)) > half_width[:, None]
    binomial, counts = stats.binom(look.num_seeds, USUALLY), claimed.sum(axis=1)
    tails = np.minimum(binomial.sf(counts - 1), binomial.cdf(counts))
    by_count: Array = look.last & (tails <= _NEAR_COUNT * look.alpha)
    return np.where(collapsed, by_count, outside[:, :-1].all(axis=1) | outside[:, -1])
