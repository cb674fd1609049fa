"""Page's trend test: whether responses follow the order of the doses."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pytest_claims.statistics import slopes
from pytest_claims.statistics.trend import page_trend_pvalue

NAN, INF = np.nan, np.inf
quick = settings(max_examples=40, deadline=None, derandomize=True, database=None)
tables = st.lists(st.permutations([1, 2, 3, 4]), min_size=2, max_size=6)


def pvalue(values, doses=None, alternative="greater"):
    return page_trend_pvalue(
        values, np.arange(np.shape(values)[1]) if doses is None else doses, alternative=alternative
    )


# Statext LLC, "Page's L Trend Test": ratings of tutorial, lecture and seminar by ten students.
RATINGS = [
    [3, 4, 3],
    [2, 2, 4],
    [3, 3, 5],
    [1, 3, 2],
    [2, 3, 2],
    [2, 4, 5],
    [1, 2, 4],
    [3, 4, 4],
    [2, 4, 5],
    [1, 3, 4],
]


def test_ratings_of_teaching_methods_give_the_published_pvalue():
    # In the documentation of scipy.stats.page_trend_test: L = 133.5, p = 0.0018191161948127822, exact.
    assert pvalue(RATINGS) == pytest.approx(0.0018191161948127822, rel=1e-12)


@pytest.mark.parametrize(
    ("num_seeds", "num_doses", "critical", "level"),
    # Page (1963), table 2: the smallest L that is significant at the level.
    [(2, 3, 28, 0.05), (3, 3, 42, 0.01), (4, 3, 56, 0.001), (2, 4, 58, 0.05), (2, 4, 60, 0.01)],
)
def test_critical_values_are_those_of_page(num_seeds, num_doses, critical, level):
    ranks = np.arange(1, num_doses + 1)
    tables = itertools.combinations_with_replacement(itertools.permutations(ranks), num_seeds)
    by_sum = {int((np.array(table) @ ranks).sum()): pvalue(table) for table in tables}
    assert by_sum[critical] <= level < by_sum[critical - 1]


@quick
@given(tables)
def test_pvalue_is_the_share_of_rank_orders_that_follow_the_doses_as_well(table):
    per_seed = np.array([np.dot(order, [1, 2, 3, 4]) for order in itertools.permutations([1, 2, 3, 4])])
    shares = np.bincount(per_seed) / math.factorial(4)
    of_sum = np.array([1.0])
    for _ in table:
        of_sum = np.convolve(of_sum, shares)
    observed = int((np.array(table) @ [1, 2, 3, 4]).sum())
    assert pvalue(table) == pytest.approx(of_sum[observed:].sum(), rel=1e-9)


@quick
@given(tables, st.permutations(range(4)))
def test_doses_may_come_in_any_order(table, order):
    doses = np.array([0.1, 1.0, 3.0, 50.0])
    shuffled = pvalue(np.array(table)[:, order], doses[order])
    assert shuffled == pvalue(table, doses)


@quick
@given(tables)
def test_falling_responses_have_the_pvalue_of_their_negatives_rising(table):
    values = np.array(table)
    assert pvalue(values, alternative="less") == pvalue(-values)
    assert pvalue(values, alternative="less") == pvalue(values[:, ::-1])


@quick
@given(tables, st.randoms(use_true_random=False))
def test_pvalue_does_not_depend_on_the_order_of_seeds(table, random):
    assert pvalue(random.sample(table, len(table))) == pvalue(table)


def test_ranks_alone_count():
    values = np.random.default_rng(5).normal(size=(12, 4)) + 0.3 * np.arange(4)
    assert pvalue(np.exp(3 * values)) == pvalue(values)


def test_ties_make_the_pvalue_larger_than_any_way_to_break_them_upwards():
    tied, broken = [[1, 2, 2], [1, 1, 3], [1, 2, 3]], [[1, 2, 3]] * 3
    assert pvalue(broken) < pvalue(tied) < 1


def test_responses_that_never_differ_are_no_trend():
    assert pvalue(np.ones((10, 3))) > 0.5
    assert pvalue(np.ones((10, 3)), alternative="less") > 0.5


@pytest.mark.parametrize("alternative", ["greater", "less"])
def test_seed_with_nan_counts_as_most_contrary(alternative):
    values = np.random.default_rng(3).normal(size=(8, 4))
    contrary = values.copy()
    contrary[2] = [4, 3, 2, 1] if alternative == "greater" else [1, 2, 3, 4]
    values[2, 0] = NAN
    assert pvalue(values, alternative=alternative) == pvalue(contrary, alternative=alternative)


def test_table_of_nan_alone_supports_nothing():
    assert pvalue(np.full((4, 3), NAN)) == pytest.approx(1.0)


def test_infinite_response_is_ranked_as_it_lies():
    assert pvalue([[1, 2, INF], [-INF, 2, 3], [1, 2, 3]]) == pvalue([[1, 2, 3]] * 3)


def test_thirty_seeds_are_exact_and_beyond_the_normal_distribution_serves():
    values = np.random.default_rng(1).normal(size=(31, 4)) + 0.2 * np.arange(4)
    for some, method in ((values[:30], "exact"), (values, "asymptotic")):
        assert pvalue(some) == pytest.approx(stats.page_trend_test(some, method=method).pvalue, rel=1e-12)


def test_trend_can_hide_a_step_in_the_wrong_direction():
    values = np.tile([0.0, 2.0, 4.0, 2.5], (20, 1)) + 0.01 * np.arange(20)[:, None]
    assert slopes(values, doses=[0, 1, 2, 3]).min() > 0
    assert pvalue(values) < 0.0005


@pytest.mark.parametrize(
    ("values", "doses", "message"),
    [
        (np.ones(3), [1, 2, 3], r"received \(3,\) and \(3,\)"),
        (np.ones((1, 3)), [1, 2, 3], "at least 2 seeds and 3 doses"),
        (np.ones((5, 2)), [1, 2], "at least 2 seeds and 3 doses"),
        (np.ones((5, 4)), [1, 2, 3], r"received \(5, 4\) and \(3,\)"),
        (np.ones((5, 3)), [1, 2, 2], r"all different; received \[1, 2, 2\]"),
        (np.ones((5, 3)), [1, 2, NAN], "doses must be finite"),
        (np.full((5, 3), "a"), [1, 2, 3], "must be real numbers"),
    ],
)
def test_what_cannot_be_tested_is_refused(values, doses, message):
    with pytest.raises(ValueError, match=message):
        page_trend_pvalue(values, doses, alternative="greater")


def test_two_sided_alternative_is_refused():
    with pytest.raises(ValueError, match="'greater' or 'less'; received 'two-sided'"):
        pvalue(np.ones((3, 3)), alternative="two-sided")
