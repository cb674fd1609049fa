"""The typical run: exact signs about the median, whatever the shape of the numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from pytest_claims.statistics import EquivalenceRule, SuperiorityRule, TypicalRule, fixed_look, looks, stability

FAST, FULL = looks("fast"), looks("full")
LATER = TypicalRule("greater", 0.5, 0.0)
SIX = TypicalRule("within", (5.5, 6.5))
NAN, INF = math.nan, math.inf


def judged(values, rule=LATER, look=FAST[-1]):
    decision = rule.decide(np.array(values, float), look)
    return decision.verdict, decision.reason


@pytest.mark.parametrize(
    ("look", "least", "most"), [(FAST[-1], 18, 2), (FULL[1], 19, 1), (FULL[2], 25, 5), (fixed_look(11), 11, 0)]
)
def test_so_many_runs_beyond_the_margin_support_and_so_few_refute(look, least, most):
    def verdict(count):
        return judged([1.0] * count + [0.0] * (look.num_seeds - count), look=look)[0]

    assert [verdict(least), verdict(least - 1)] == ["supported", "inconclusive"]
    assert [verdict(most), verdict(most + 1)] == ["refuted", "inconclusive"]


@pytest.mark.parametrize("look", [FAST[0], FULL[0]])
def test_ten_runs_decide_nothing(look):
    assert judged([1.0] * 10, look=look) == ("inconclusive", "not yet due")
    assert judged([1.0] * 10, look=fixed_look(10)) == ("inconclusive", "underpowered")


@pytest.mark.parametrize("schedule", [FAST, FULL])
def test_levels_of_the_looks_add_up_and_are_kept(schedule):
    assert sum(look.typical_alpha for look in schedule) == pytest.approx(0.0005)
    for look in schedule:
        counts = range(look.num_seeds + 1)
        wins = [
            count
            for count in counts
            if judged([1] * count + [0] * (look.num_seeds - count), look=look)[0] == "supported"
        ]
        assert stats.binom.pmf(wins, look.num_seeds, 0.5).sum() <= look.typical_alpha


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([6] * 12 + [5.9, 6.1] * 4, ("supported", None)),
        ([6] * 10 + [5] * 5 + [7] * 5, ("inconclusive", "straddles")),
        ([5] * 18 + [6] * 2, ("refuted", "outside")),
        ([7] * 18 + [6] * 2, ("refuted", "outside")),
        ([5] * 9 + [7] * 11, ("inconclusive", "straddles")),
    ],
)
def test_between_two_bounds_lies_the_median_and_not_most_runs(values, verdict):
    assert judged(values, SIX) == verdict


@pytest.mark.parametrize(
    ("values", "reason"),
    [([-1.0] * 20, "reversed"), ([0.3] * 20, "smaller"), ([-0.1, 0.1] * 10, "negligible"), ([-9, 0.4] * 10, "missed")],
)
def test_a_refutation_has_the_reasons_of_a_mean(values, reason):
    assert judged(values) == ("refuted", reason)


def test_a_few_runs_of_another_kind_do_not_move_it():
    typical = np.random.default_rng(0).normal(1.0, 0.1, 20)
    stuck = np.where(np.arange(20) < 2, -40.0, typical)
    assert judged(stuck) == judged(typical) == ("supported", None)
    assert SuperiorityRule("greater", 0.5, 0.0).decide(stuck, FAST[-1]).verdict == "inconclusive"


def test_a_value_on_the_margin_is_not_beyond_it():
    assert judged([0.5] * 20) == ("refuted", "smaller")
    assert judged([0.9 - 0.6] * 20, TypicalRule("greater", 0.3, 0.0)) == ("refuted", "smaller")


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([INF] * 2 + [1.0] * 18, ("supported", None)),
        ([NAN] * 2 + [1.0] * 18, ("supported", None)),
        ([NAN] * 3 + [1.0] * 17, ("inconclusive", "straddles")),
        ([NAN] * 20, ("refuted", "missed")),
    ],
)
def test_a_collapsed_run_lies_on_its_side_or_on_none(values, verdict):
    assert judged(values) == verdict


@pytest.mark.parametrize("look", [FAST[-1], FULL[1], FULL[2], fixed_look(12)])
def test_the_interval_lies_beyond_the_margin_where_the_signs_decide(look):
    rng = np.random.default_rng(look.num_seeds)
    for shift in np.linspace(-1.5, 1.5, 60):
        values = rng.normal(shift, 1, look.num_seeds)
        decision = TypicalRule("greater", 0.0, 0.0).decide(values, look)
        estimate = decision.estimate
        found = "supported" if estimate.low > 0 else "refuted" if estimate.high < 0 else "inconclusive"
        assert (decision.verdict, estimate.value) == (found, np.median(values))


def test_the_interval_covers_the_median_as_often_as_it_says():
    rng = np.random.default_rng(7)
    values = rng.lognormal(0, 1, (4000, 20))
    found = [LATER.interval(each, 0.025) for each in values]
    missed = sum(not each.low <= 1.0 <= each.high for each in found)
    assert missed <= stats.binom.isf(1e-4, 4000, 0.05)


@pytest.mark.parametrize("rule", [LATER, TypicalRule("less", 0.5, 0.0), SIX])
def test_simulated_repetitions_are_decided_as_real_ones(rule):
    rng = np.random.default_rng(2)
    middle = 6.0 if rule is SIX else 0.5
    families = rng.normal(middle + rng.normal(0, 0.8, (200, 1)), 0.3, (200, 20))
    supported, refuted = rule.decided_from_outcomes(rule.outcomes(families), FAST[-1])
    verdicts = [judged(values, rule)[0] for values in families]
    assert [(v == "supported", v == "refuted") for v in verdicts] == list(zip(supported, refuted, strict=True))
    assert {"supported", "refuted", "inconclusive"} == set(verdicts)


def test_stability_of_what_all_runs_show_is_high_and_of_a_close_call_is_not():
    def stable(values, rule=LATER):
        verdict = judged(values, rule)[0]
        return stability(verdict, [rule], [np.array(values, float)], FAST, rng=np.random.default_rng(0))

    assert stable([1.0] * 20) > 0.9
    assert 0.4 < stable([1.0] * 18 + [0.0] * 2) < 0.7
    assert stable([6.0] * 20, SIX) > 0.9


@pytest.mark.parametrize(("rule", "mean"), [(LATER, SuperiorityRule), (SIX, EquivalenceRule)])
def test_it_knows_the_rule_on_the_mean_with_its_margin(rule, mean):
    assert rule.of_mean == mean(rule.alternative, rule.margin, rule.null)
