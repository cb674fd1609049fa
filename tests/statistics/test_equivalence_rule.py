"""Equivalence: does the mean lie within its bounds?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pytest_claims.statistics import equivalence, fixed_look, looks

FAST = looks("fast")
NAN, INF = np.nan, np.inf


def sample(mean, sd, num_seeds=20):
    """Values with exactly this mean and standard deviation, from the quantiles of the normal distribution."""
    values = stats.norm.ppf((np.arange(num_seeds) + 0.5) / num_seeds)
    return mean + sd * values / values.std(ddof=1)


def judged(values, low=-1.0, high=1.0, look=FAST[-1]):
    decision = equivalence(values, low=low, high=high, look=look)
    return decision.verdict, decision.reason


@pytest.mark.parametrize(
    ("mean", "sd", "verdict"),
    # At 20 seeds and alpha 0.00035 the interval reaches 0.90 sd to either side.
    [
        (0.0, 1.0, ("supported", None)),
        (0.5, 0.5, ("supported", None)),
        (0.6, 0.5, ("inconclusive", "straddles")),
        (-0.6, 0.5, ("inconclusive", "straddles")),
        (0.0, 2.0, ("inconclusive", "underpowered")),
        (0.5, 0.82, ("inconclusive", "underpowered")),
        (0.5, 0.80, ("inconclusive", "straddles")),
        (1.5, 0.5, ("refuted", "outside")),
        (-1.5, 0.5, ("refuted", "outside")),
    ],
)
def test_verdict_follows_from_where_the_interval_lies(mean, sd, verdict):
    assert judged(sample(mean, sd)) == verdict


def test_pvalue_agrees_with_statsmodels():
    # statsmodels 0.15.0: DescrStatsW(values).ttost_mean(-0.8, 0.5)[0]
    values = np.random.default_rng(9).normal(0.0, 0.5, 20)
    assert equivalence(values, low=-0.8, high=0.5, look=FAST[-1]).estimate.pvalue == pytest.approx(
        0.0018907053649413908, rel=1e-9
    )


def test_first_look_decides_only_if_all_seeds_lie_within_the_bounds():
    look = replace(FAST[0], alpha=0.01)
    inside = np.append(0.01 * np.arange(9), 0.95)
    assert judged(inside, look=look) == ("supported", None)
    assert judged(np.append(inside[:9], 1.05), look=look) == ("inconclusive", "tests disagree")


def test_first_look_refutes_only_if_all_seeds_lie_beyond_one_bound():
    look = replace(FAST[0], alpha=0.01)
    beyond = np.append(2 + 0.01 * np.arange(9), 1.05)
    assert judged(beyond, look=look) == ("refuted", "outside")
    assert judged(-beyond, look=look) == ("refuted", "outside")
    assert judged(np.append(beyond[:9], 0.95), look=look) == ("inconclusive", "tests disagree")


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (0.0, ("supported", None)),
        (1.0, ("refuted", "outside")),
        (-1.0 - 1e-15, ("refuted", "outside")),
        (1.1, ("refuted", "outside")),
        (-1.1, ("refuted", "outside")),
    ],
)
def test_of_identical_values_the_share_decides_and_there_is_no_interval(value, verdict):
    decision = equivalence(np.full(20, value), low=-1.0, high=1.0, look=FAST[-1])
    assert (decision.verdict, decision.reason) == verdict
    assert np.isnan([decision.estimate.low, decision.estimate.high]).all()
    assert decision.share.num_seeds == 20


@pytest.mark.parametrize(
    ("num_collapsed", "verdict"),
    [(2, ("supported", None)), (3, ("inconclusive", "collapsed")), (18, ("refuted", "outside"))],
)
@pytest.mark.parametrize("collapsed", [NAN, INF, -INF])
def test_collapsed_runs_lie_outside_and_leave_the_decision_to_the_share(num_collapsed, verdict, collapsed):
    values = np.append(sample(0.0, 0.1, 20 - num_collapsed), [collapsed] * num_collapsed)
    assert judged(values) == verdict


def test_collapsed_runs_are_not_decided_before_the_last_look():
    assert judged([0.0] * 9 + [NAN], look=FAST[0]) == ("inconclusive", "collapsed")


def test_part_of_a_claim_refutes_at_its_share_of_alpha():
    values = sample(1.95, 1.0)  # from 1.05 to 2.85 at alpha, from 0.89 to 3.01 at alpha / 4
    assert judged(values) == ("refuted", "outside")
    assert judged(values, look=replace(FAST[-1], parts=4))[0] == "inconclusive"


def test_mean_on_a_bound_is_called_equivalent_no_oftener_than_alpha():
    look, rng = fixed_look(12, alpha=0.05), np.random.default_rng(13)
    wrong = sum(judged(rng.normal(1.0, 0.5, 12), look=look)[0] == "supported" for _ in range(200))
    assert wrong > 0
    assert stats.binomtest(wrong, 200, look.alpha, alternative="greater").pvalue > 0.001


values_around = st.builds(
    lambda shift, tenths: [shift + t / 10 for t in tenths],
    st.sampled_from([-2.0, -0.7, 0.0, 0.4, 2.0]),
    st.lists(st.integers(-9, 9), min_size=20, max_size=20),
)


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(values_around)
def test_negated_values_with_bounds_exchanged_have_the_same_verdict(values):
    assert judged(-np.array(values), low=-0.6, high=1.0) == judged(values, low=-1.0, high=0.6)


@pytest.mark.parametrize(
    ("values", "changed", "message"),
    [
        ([], {}, "number of seeds must be at least 2; received 0"),
        ([1.0], {"look": fixed_look(1)}, "number of seeds must be at least 2; received 1"),
        (np.ones((20, 1)), {}, r"received shape \(20, 1\)"),
        (np.ones(10), {}, "exactly 20 seeds; received values of 10"),
        (np.ones(20), {"low": 1.0, "high": -1.0}, "low must be below high; received low=1.0, high=-1.0"),
        (np.ones(20), {"low": 1.0}, "low must be below high"),
        (np.ones(20), {"high": NAN}, "high must be a finite number; received nan"),
    ],
)
def test_what_cannot_be_judged_is_refused(values, changed, message):
    with pytest.raises(ValueError, match=message):
        equivalence(values, **{"low": -1.0, "high": 1.0, "look": FAST[-1], **changed})
