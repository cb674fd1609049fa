"""The sign-flip permutation test: exact, and the same from either side."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pytest_claims.statistics import sign_flip_pvalue

small_samples = st.lists(st.integers(-6, 6), min_size=1, max_size=9)
quick = settings(max_examples=60, deadline=None, derandomize=True, database=None)


@pytest.mark.parametrize("alternative", ["greater", "less"])
@pytest.mark.parametrize("num_seeds", [2, 5, 8])
def test_pvalue_agrees_with_scipy(num_seeds, alternative):
    values = np.random.default_rng(num_seeds).normal(0.4, 1.0, num_seeds)
    expected = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", alternative=alternative, n_resamples=np.inf
    )
    assert sign_flip_pvalue(values, alternative=alternative) == pytest.approx(expected.pvalue, abs=1e-12)


@quick
@given(small_samples)
def test_pvalue_is_the_share_of_sign_choices_at_least_as_extreme(values):
    sums = [np.dot(signs, values) for signs in itertools.product([1, -1], repeat=len(values))]
    assert sign_flip_pvalue(values, alternative="greater") == np.mean(np.array(sums) >= sum(values))


@quick
@given(small_samples)
def test_negated_values_have_the_pvalue_of_the_other_side(values):
    negated = [-value for value in values]
    assert sign_flip_pvalue(negated, alternative="less") == sign_flip_pvalue(values, alternative="greater")


@quick
@given(st.lists(st.floats(-1, 1, allow_subnormal=False), min_size=2, max_size=12), st.randoms(use_true_random=False))
def test_pvalue_does_not_depend_on_the_order(values, random):
    shuffled = random.sample(values, len(values))
    assert sign_flip_pvalue(shuffled, alternative="greater") == sign_flip_pvalue(values, alternative="greater")


@pytest.mark.parametrize("num_seeds", [1, 2, 29, 30])
def test_unanimous_values_have_the_smallest_pvalue(num_seeds):
    values = np.random.default_rng(1).uniform(0.1, 1, num_seeds)
    assert sign_flip_pvalue(values, alternative="greater") == 2.0**-num_seeds
    assert sign_flip_pvalue(values, alternative="less") == 1.0


def test_thirty_equal_values_give_the_binomial_test():
    # With equal sizes only the number of positive signs counts: binomtest(20, 30, 0.5, alternative="greater").
    values = np.repeat([0.1, -0.1], [20, 10])
    expected = stats.binomtest(20, 30, alternative="greater").pvalue
    assert sign_flip_pvalue(values, alternative="greater") == pytest.approx(expected, rel=1e-12)


def test_thirty_one_values_are_refused():
    with pytest.raises(ValueError, match="at most 30 seeds; received 31"):
        sign_flip_pvalue(np.ones(31), alternative="greater")


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_collapsed_runs_are_refused(wrong):
    with pytest.raises(ValueError, match="received NaN or infinity"):
        sign_flip_pvalue([1.0, wrong], alternative="greater")


def test_no_values_are_refused():
    with pytest.raises(ValueError, match="must be at least 1; received 0"):
        sign_flip_pvalue([], alternative="greater")


def test_two_sided_alternative_is_refused():
    with pytest.raises(ValueError, match="'greater' or 'less'; received 'two-sided'"):
        sign_flip_pvalue([1.0], alternative="two-sided")
