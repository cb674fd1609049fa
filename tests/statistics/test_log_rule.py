"""A published log: compatible with our runs, or not."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pytest_claims.statistics import compatible, deviations, fixed_look

quick = settings(max_examples=40, deadline=None, derandomize=True, database=None)
seeds = st.integers(0, 10_000)


def curves(seed, num_curves=20, num_epochs=6):
    """Losses that fall over the epochs, each run with a luck of its own: the epochs of a run hang together."""
    rng = np.random.default_rng(seed)
    luck = rng.normal(0, 0.05, (num_curves, 1))
    wandering = rng.normal(0, 0.03, (num_curves, num_epochs)).cumsum(axis=1)
    return np.exp(luck + wandering) / np.arange(1, num_epochs + 1)


def uneven_curves(seed, num_curves=20, spreads=(0.05, 0.2, 1.5)):
    """Losses that scatter by a factor of their own in each of some epochs, four epochs to each factor."""
    rng = np.random.default_rng(seed)
    return np.exp(rng.normal(0, np.repeat(spreads, 4), (num_curves, 4 * len(spreads))))


def judged(all_curves, **options):
    return exchangeable(all_curves[0], all_curves[1:], **options)


def exchangeable(published, ours, **options):
    found = deviations(published, ours)
    decision = compatible(found.ours, published=found.published, look=fixed_look(len(ours)), **options)
    estimate = decision.estimate
    assert (decision.verdict == "incompatible") == (estimate.value > estimate.high)
    return SimpleNamespace(
        verdict=decision.verdict, pvalue=estimate.pvalue, score=found.published, epoch=found.epoch,
        num_seeds=estimate.num_seeds, reason=decision.reason,
    )  # fmt: skip


def test_log_among_ours_is_compatible():
    some = curves(1)
    middle = np.exp(np.log(some[1:]).mean(axis=0))
    result = exchangeable(middle, some[1:])
    assert (result.verdict, result.pvalue) == ("compatible", 1.0)
    assert result.score == pytest.approx(0.0, abs=1e-12)


def test_log_beyond_all_of_ours_is_incompatible_and_says_where():
    some = curves(2)
    some[0, 3] *= 2.5
    result = judged(some)
    assert (result.verdict, result.pvalue) == ("incompatible", 1 / 20)
    assert (result.epoch, result.num_seeds) == (4, 19)


@pytest.mark.parametrize("factor", [2.0, 0.5])
def test_score_is_the_distance_in_standard_deviations_of_ours_and_the_factor_is_told(factor):
    logs = np.log([0.8, 0.4]) + 0.1 * np.array([[1, 1], [-1, 1], [1, -1], [-1, -1]] * 5)
    found = deviations([0.8, 0.4 * factor], np.exp(logs))
    assert found.published == pytest.approx(math.log(2) / logs[:, 0].std(ddof=1))
    assert (found.epoch, found.factor) == (2, pytest.approx(factor))


def test_pvalue_is_the_share_of_curves_that_stick_out_as_far_from_the_others():
    # The definition, written out: each curve against the mean and the standard deviation of all the others.
    some = uneven_curves(3, num_curves=25)
    logs = np.log(some)
    scores = []
    for i, log in enumerate(logs):
        others = np.delete(logs, i, axis=0)
        scores.append((np.abs(log - others.mean(axis=0)) / others.std(axis=0, ddof=1)).max())
    result = judged(some)
    assert result.pvalue == np.mean(np.array(scores) >= scores[0])
    assert result.score == pytest.approx(scores[0])


@pytest.mark.parametrize("factor", [3.0, 1 / 3])
def test_factor_of_three_in_a_calm_epoch_is_found_beside_epochs_that_scatter_by_more(factor):
    for seed in range(50):
        some = uneven_curves(seed)
        some[0, 2] *= factor
        assert (judged(some).verdict, judged(some).epoch) == ("incompatible", 3)


def test_epoch_in_which_all_curves_agree_does_not_count():
    some = curves(5)
    same = np.column_stack([some, np.full(20, 0.1)])
    assert (judged(same).pvalue, judged(same).score) == (judged(some).pvalue, judged(some).score)


def test_log_that_alone_differs_in_an_epoch_lies_infinitely_far_off():
    some = np.column_stack([curves(5), np.full(20, 0.1)])
    some[0, 6] = 0.1001
    assert (judged(some).verdict, judged(some).score, judged(some).epoch) == ("incompatible", math.inf, 7)
    some[3, 6] = 0.1001
    assert judged(some).score < math.inf


def test_curves_all_alike_are_ties_and_compatible():
    assert judged(np.full((20, 3), 0.1)).pvalue == 1.0


def test_tie_for_the_largest_score_is_compatible():
    some = np.full((21, 2), 0.5)
    some[0, 0], some[1, 0] = 1.0, 0.25
    assert judged(some).pvalue == pytest.approx(2 / 21)


def test_collapsed_run_of_ours_sticks_out_farther_than_any_log():
    some = curves(4, num_curves=40)
    some[0] *= 3
    assert judged(some).pvalue == 1 / 40
    some[5, 2], some[7, 0] = np.nan, np.inf
    result = judged(some)
    assert (result.pvalue, result.verdict) == (3 / 40, "compatible")
    assert result.score == pytest.approx(judged(np.delete(some, [5, 7], axis=0)).score)


@pytest.mark.parametrize("num_finite", [0, 1])
def test_log_against_collapsed_runs_is_compatible(num_finite):
    ours = np.full((19, 2), np.nan)
    ours[:num_finite] = 0.3
    result = exchangeable([0.5, 0.4], ours)
    assert (result.verdict, result.pvalue, result.score) == ("compatible", 1.0, math.inf)


@quick
@given(seeds, st.randoms(use_true_random=False))
def test_order_of_seeds_does_not_matter(seed, random):
    some = curves(seed)
    order = [0, *random.sample(range(1, 20), 19)]
    there, here = judged(some[order]), judged(some)
    assert (there.verdict, there.pvalue) == (here.verdict, here.pvalue)
    assert there.score == pytest.approx(here.score)


@quick
@given(seeds, st.lists(st.floats(1e-3, 1e3), min_size=6, max_size=6), st.floats(0.2, 5))
def test_unit_and_base_of_the_logarithm_do_not_matter(seed, units, power):
    some = curves(seed)
    there, here = judged((some * units) ** power), judged(some)
    assert (there.verdict, there.pvalue) == (here.verdict, here.pvalue)
    assert there.score == pytest.approx(here.score)


@quick
@given(seeds)
def test_inverse_of_the_losses_gives_the_same(seed):
    some = curves(seed)
    there, here = judged(1 / some), judged(some)
    assert (there.pvalue, there.epoch) == (here.pvalue, here.epoch)


@quick
@given(seeds, st.integers(19, 60))
def test_ranks_of_all_curves_in_turn_are_one_to_their_number(seed, num_seeds):
    # What makes the p-value exact: with each curve in the place of the published one, every rank occurs once.
    some = curves(seed, num_curves=num_seeds + 1)
    pvalues = [exchangeable(one, np.delete(some, i, axis=0)).pvalue for i, one in enumerate(some)]
    assert sorted(pvalues) == pytest.approx(np.arange(1, num_seeds + 2) / (num_seeds + 1))


@pytest.mark.parametrize("of_curves", [curves, uneven_curves])
@pytest.mark.parametrize(("num_seeds", "size"), [(19, 1 / 20), (30, 1 / 31), (39, 2 / 40)])
def test_own_run_is_called_incompatible_as_often_as_the_level_allows(num_seeds, size, of_curves):
    num = 1000
    rejected = sum(judged(of_curves([num_seeds, i], num_seeds + 1)).verdict == "incompatible" for i in range(num))
    assert size <= 0.05
    assert stats.binomtest(rejected, num, size).pvalue > 1e-3


@pytest.mark.parametrize(("level", "needed"), [(0.05, 19), (0.1, 9), (0.01, 99), (0.03, 33)])
def test_too_few_seeds_for_any_log_to_be_incompatible_leave_it_undecided(level, needed):
    few = curves(0, num_curves=needed)
    few[0] *= 10
    assert (judged(few, level=level).verdict, judged(few, level=level).reason) == ("inconclusive", "underpowered")
    some = curves(0, num_curves=needed + 1)
    some[0] *= 10
    assert judged(some, level=level).verdict == "incompatible"


@pytest.mark.parametrize(
    ("published", "ours", "options", "message"),
    [
        (np.ones(3), np.ones((20, 4)), {}, r"received \(3,\) and \(20, 4\)"),
        (np.ones(3), np.ones(3), {}, r"received \(3,\) and \(3,\)"),
        (np.ones(0), np.ones((20, 0)), {}, r"received \(0,\) and \(20, 0\)"),
        (np.ones((1, 3)), np.ones((20, 3)), {}, r"\(num_epochs,\) and ours \(num_seeds, num_epochs\)"),
        ([1.0, np.nan], np.ones((20, 2)), {}, "published curve must be finite"),
        ([1.0, 0.0], np.ones((20, 2)), {}, r"must be positive .* received 0.0"),
        (["a", "b"], np.ones((20, 2)), {}, "must be real numbers"),
        (np.ones(2), np.ones((20, 2)), {"level": 1.0}, "level must lie between 0 and 1; received 1.0"),
        (np.ones(2), np.ones((20, 2)), {"level": 0.0}, "level must lie between 0 and 1; received 0.0"),
    ],
)
def test_what_cannot_be_compared_is_refused(published, ours, options, message):
    with pytest.raises(ValueError, match=message):
        exchangeable(published, ours, **options)
