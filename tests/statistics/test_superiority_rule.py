"""Superiority: does the mean lie beyond the margin?"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pytest_claims.statistics import Look, fixed_look, looks, sign_flip_pvalue, superiority

FAST, FULL = looks("fast"), looks("full")
NAN, INF = np.nan, np.inf


def sample(mean, sd, num_seeds):
    """Values with exactly this mean and standard deviation, from the quantiles of the normal distribution."""
    values = stats.norm.ppf((np.arange(num_seeds) + 0.5) / num_seeds)
    return mean + sd * values / values.std(ddof=1)


def judged(values, margin=1.0, alternative="greater", look=None, null=0.0):
    decision = superiority(values, margin=margin, alternative=alternative, look=look or FAST[-1], null=null)
    return decision.verdict, decision.reason


@pytest.mark.parametrize(
    ("mean", "sd", "verdict"),
    # At 20 seeds and alpha 0.00035 the interval reaches stats.t.isf(0.00035, 19) / sqrt(20) = 0.90 sd to either side.
    [
        (2.0, 1.0, ("supported", None)),
        (1.8, 1.0, ("inconclusive", "underpowered")),
        (1.5, 0.8, ("inconclusive", "straddles")),
        (-1.0, 1.0, ("refuted", "reversed")),
        (-3.0, 1.0, ("refuted", "reversed")),
        (0.5, 0.5, ("refuted", "smaller")),
        (0.0, 1.0, ("refuted", "negligible")),
        (-0.5, 1.0, ("refuted", "missed")),
    ],
)
def test_verdict_follows_from_where_the_interval_lies(mean, sd, verdict):
    assert judged(sample(mean, sd, 20)) == verdict


def test_plain_quantity_below_its_bound_misses_it():
    assert judged(sample(0.80, 0.01, 20), margin=0.9, null=None) == ("refuted", "missed")


def test_plain_quantity_around_its_bound_straddles_however_it_scatters():
    assert judged(sample(0.90, 5.0, 20), margin=0.9, null=None) == ("inconclusive", "straddles")


def test_interval_and_pvalue_agree_with_scipy():
    values = np.random.default_rng(7).normal(0.3, 1.0, 20)
    estimate = superiority(values, margin=0.1, alternative="less", look=FAST[-1], null=0.0).estimate
    expected = stats.ttest_1samp(values, 0.1, alternative="less")
    # The one-sided limit at 1 - alpha is the upper end of the two-sided interval at 1 - 2 alpha.
    assert estimate.high == pytest.approx(expected.confidence_interval(1 - 0.00035).high)
    assert estimate.low == pytest.approx(2 * values.mean() - estimate.high)
    assert estimate.pvalue == pytest.approx(expected.pvalue)
    assert (estimate.confidence_level, estimate.num_seeds) == (pytest.approx(0.9993), 20)


def test_student_sleep_data_give_the_published_interval():
    # R: with(sleep, t.test(extra[group == 2], extra[group == 1], paired = TRUE)), 95 % from 0.7001 to 2.4599.
    gains = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4]
    decision = superiority(gains, margin=0.0, alternative="greater", look=fixed_look(10, alpha=0.025), null=0.0)
    assert (decision.estimate.low, decision.estimate.high) == pytest.approx((0.7001142, 2.4598858))
    assert decision.estimate.pvalue == pytest.approx(0.00283289 / 2, rel=1e-5)
    assert decision.verdict == "supported"


# Where the t-test is sure and the signs are not: large against the scatter, yet one value on the other side.
ONE_BEHIND = np.append(np.full(9, 2.0) + 0.01 * np.arange(9), 0.95)


def test_first_look_decides_only_if_all_seeds_lie_on_one_side():
    ahead = np.append(ONE_BEHIND[:9], 1.05)
    decided, undecided = (
        superiority(values, margin=1.0, alternative="greater", look=replace(FAST[0], alpha=0.01), null=0.0)
        for values in (ahead, ONE_BEHIND)
    )
    assert decided.verdict == "supported"
    assert undecided.estimate.low > 1
    assert (undecided.verdict, undecided.reason) == ("inconclusive", "tests disagree")


def test_refutation_too_needs_all_seeds_at_the_first_look():
    look = replace(FAST[0], alpha=0.01)
    assert judged(2 - ONE_BEHIND, look=look) == ("inconclusive", "tests disagree")
    assert judged(1.9 - ONE_BEHIND, look=look)[0] == "refuted"


def test_sign_flip_test_has_a_veto_from_the_second_look_on():
    # Two of the 2^12 choices of signs give as large a sum: the observed one, and the one that turns the small loss.
    values = np.append(2 + 0.1 * np.arange(11), -0.1)
    second = Look(12, alpha=0.0003, first=False, last=True)
    lenient = replace(second, alpha=0.0005)
    assert stats.ttest_1samp(values, 0, alternative="greater").pvalue < second.alpha
    assert second.alpha < sign_flip_pvalue(values, alternative="greater") == 2 / 2**12 < lenient.alpha
    assert judged(values, margin=0.0, look=second) == ("inconclusive", "tests disagree")
    assert judged(values, margin=0.0, look=lenient) == ("supported", None)
    assert judged(-values, margin=0.0, look=second) == ("inconclusive", "tests disagree")


def test_few_fixed_seeds_can_decide_although_their_signs_cannot_reach_alpha():
    assert fixed_look(4).alpha < 2.0**-4
    assert judged(1 + np.array([1.0, 1.01, 0.99, 1.0]), look=fixed_look(4)) == ("supported", None)


def test_more_than_thirty_fixed_seeds_are_decided_by_the_t_test_alone():
    assert judged(sample(2.0, 0.5, 40), look=fixed_look(40)) == ("supported", None)


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (1.5, ("supported", None)),
        (1.0, ("refuted", "missed")),
        (0.5, ("refuted", "missed")),
        (-0.5, ("refuted", "reversed")),
    ],
)
def test_of_identical_values_the_share_decides_and_there_is_no_interval(value, verdict):
    decision = superiority(np.full(20, value), margin=1.0, alternative="greater", look=FAST[-1], null=0.0)
    assert (decision.verdict, decision.reason) == verdict
    assert np.isnan([decision.estimate.low, decision.estimate.high]).all()
    assert (decision.estimate.value, decision.estimate.pvalue, decision.share.num_seeds) == (value, None, 20)


@pytest.mark.parametrize("values", [np.full(10, 2.0), np.array([0.3, 0.1 + 0.2] * 5), np.array([2.0] * 6 + [3.0] * 4)])
def test_where_most_values_are_the_same_an_early_look_decides_nothing(values):
    assert judged(values, margin=0.1, look=FAST[0]) == ("inconclusive", "ties")


def test_values_on_the_margin_but_for_rounding_do_not_lie_beyond_it():
    assert 0.9 - 0.6 > 0.3
    assert judged(np.full(20, 0.9 - 0.6), margin=0.3) == ("refuted", "missed")


@pytest.mark.parametrize(("rare", "num_wrong"), [(0.03, 0), (0.05, 0), (0.1, 0), (0.2, 0)])
def test_a_number_that_is_rarely_another_is_not_taken_for_a_constant(rare, num_wrong):
    """The mean lies on the margin, and nearly all runs lie below it: what is shown is the typical run, not the mean."""
    rng = np.random.default_rng(3)
    families = (rng.random((300, 10)) < rare).astype(float)
    verdicts = [judged(values, margin=rare, alternative="less", look=FAST[0])[0] for values in families]
    assert sum(verdict != "inconclusive" for verdict in verdicts) == num_wrong


def with_collapsed(won, lost, both=0, finite=0):
    """Twenty pairs: in `won` the other arm collapsed, in `lost` the claimed one, in `both` both did."""
    rest = 20 - won - lost - both - finite
    return np.array([INF] * won + [-INF] * lost + [NAN] * both + [0.5] * finite + [2.0 + 0.01 * i for i in range(rest)])


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        (with_collapsed(won=1, lost=2), ("supported", None)),
        (with_collapsed(won=0, lost=3), ("inconclusive", "collapsed")),
        (with_collapsed(won=0, lost=0, both=2), ("supported", None)),
        (with_collapsed(won=0, lost=0, both=3), ("inconclusive", "collapsed")),
        (with_collapsed(won=2, lost=18), ("refuted", "reversed")),
        (with_collapsed(won=2, lost=0, both=18), ("refuted", "missed")),
        (with_collapsed(won=2, lost=1, finite=17), ("refuted", "missed")),
        (with_collapsed(won=3, lost=17), ("inconclusive", "collapsed")),
    ],
)
def test_collapsed_runs_leave_the_decision_to_the_share_of_pairs(values, verdict):
    assert judged(values) == verdict


@pytest.mark.parametrize("look", [FAST[0], FULL[0], FULL[1]])
def test_collapsed_runs_are_not_decided_before_the_last_look(look):
    assert judged([INF] * look.num_seeds, look=look) == ("inconclusive", "collapsed")


@pytest.mark.parametrize(("collapsed", "verdict"), [(5, "supported"), (6, "inconclusive")])
def test_thirty_pairs_of_which_some_collapsed_need_twenty_five(collapsed, verdict):
    values = np.append(sample(5.0, 0.5, 30 - collapsed), [NAN] * collapsed)
    assert judged(values, look=FULL[-1])[0] == verdict


def test_collapsed_runs_are_left_out_of_the_mean_that_is_reported():
    decision = superiority(
        [*sample(2.0, 0.1, 18), INF, NAN], margin=1.0, alternative="greater", look=FAST[-1], null=0.0
    )
    assert decision.estimate.value == pytest.approx(2.0)
    assert (decision.estimate.num_seeds, decision.estimate.pvalue) == (18, None)
    assert (decision.share.value, decision.share.num_seeds) == (0.95, 20)


@pytest.mark.parametrize(("num_finite", "mean"), [(0, NAN), (1, 2.0)])
def test_mean_without_scatter_has_no_interval(num_finite, mean):
    decision = superiority(
        [2.0] * num_finite + [-INF] * (20 - num_finite), margin=1.0, alternative="greater", look=FAST[-1], null=0.0
    )
    assert decision.estimate.value == pytest.approx(mean, nan_ok=True)
    assert np.isnan([decision.estimate.low, decision.estimate.high]).all()


def test_part_of_a_claim_refutes_at_its_share_of_alpha():
    values = sample(0.0, 1.0, 20)  # an interval from -0.90 to 0.90 at alpha, -1.06 to 1.06 at alpha / 4
    assert judged(values, margin=1.0)[0] == "refuted"
    assert judged(values, margin=1.0, look=replace(FAST[-1], parts=4)) == ("inconclusive", "underpowered")
    assert judged(values, margin=-1.0, look=replace(FAST[-1], parts=4)) == ("supported", None)


def test_part_of_a_claim_with_collapsed_runs_refutes_at_its_share_of_alpha():
    values = with_collapsed(won=2, lost=18)  # scipy.stats.binomtest(2, 20, alternative="less").pvalue is 0.0002
    assert judged(values)[0] == "refuted"
    assert judged(values, look=replace(FAST[-1], parts=4)) == ("inconclusive", "collapsed")


quick = settings(max_examples=40, deadline=None, derandomize=True, database=None)
samples = st.lists(
    st.integers(-30, 50).map(lambda tenths: tenths / 10) | st.sampled_from([NAN, INF, -INF]), min_size=20, max_size=20
)
narrow = st.lists(st.integers(-4, 4).map(lambda tenths: tenths / 10), min_size=20, max_size=20)
anything = st.one_of(
    samples, st.builds(lambda shift, values: [shift + v for v in values], st.sampled_from([-2, 0, 0.5, 2]), narrow)
)
small_alpha = st.sampled_from([0.00035, 0.01, 0.1]).map(lambda alpha: replace(FAST[-1], alpha=alpha))


@quick
@given(anything, small_alpha, st.sampled_from([0.0, None]))
def test_negated_values_with_sides_exchanged_have_the_same_verdict(values, look, null):
    mirrored = judged(-np.array(values), margin=-1.0, alternative="less", look=look, null=null)
    assert mirrored == judged(values, margin=1.0, look=look, null=null)


@quick
@given(anything, small_alpha, st.randoms(use_true_random=False))
def test_verdict_and_estimate_do_not_depend_on_the_order_of_seeds(values, look, random):
    first, second = (
        superiority(v, margin=1.0, alternative="greater", look=look, null=0.0)
        for v in (values, random.sample(values, len(values)))
    )
    assert repr(first) == repr(second)  # repr, since NaN does not equal itself


@quick
@given(anything, small_alpha)
def test_supported_claim_has_its_opposite_refuted(values, look):
    if judged(values, look=look)[0] == "supported" and np.isfinite(values).all():
        assert judged(values, alternative="less", look=look, null=None)[0] == "refuted"


def test_wrong_verdicts_of_all_looks_together_stay_within_alpha():
    rng, alpha, verdicts = np.random.default_rng(11), 0.05, Counter()
    schedule = looks("full", alpha)
    for _ in range(200):
        values = rng.normal(1.0, 1.0, 30)  # the mean lies on the margin: either decision is wrong
        decisions = (judged(values[: look.num_seeds], look=look)[0] for look in schedule)
        verdicts[next((v for v in decisions if v != "inconclusive"), "inconclusive")] += 1
    for verdict in ("supported", "refuted"):
        assert stats.binomtest(verdicts[verdict], 200, alpha, alternative="greater").pvalue > 0.001
        assert verdicts[verdict] > 0


@pytest.mark.parametrize("effect", [1.0, -1.0])
def test_effects_of_the_smallest_detectable_size_are_seen_at_the_stated_power(effect):
    rng, seen = np.random.default_rng(12), 0
    for _ in range(100):  # 1.1157 standard deviations beyond the margin: 80 % power at the last fast look
        values = rng.normal(effect * (1 + 1.1157), 1.0, 20)
        seen += judged(values, margin=effect, alternative="greater" if effect > 0 else "less")[0] == "supported"
    assert stats.binomtest(seen, 100, 0.8).pvalue > 0.001


@pytest.mark.parametrize(
    ("values", "changed", "message"),
    [
        ([], {}, "number of seeds must be at least 2; received 0"),
        ([1.0], {"look": fixed_look(1)}, "number of seeds must be at least 2; received 1"),
        (np.ones((20, 2)), {}, r"shape \(num_seeds,\); received shape \(20, 2\)"),
        (["high"] * 20, {}, "values must be real numbers"),
        (np.ones(20) * 1j, {}, "values must be real numbers"),
        (np.ones(19), {}, "exactly 20 seeds; received values of 19"),
        (np.ones(20), {"margin": NAN}, "margin must be a finite number; received nan"),
        (np.ones(20), {"null": INF}, "null must be a finite number; received inf"),
        (np.ones(20), {"alternative": "two-sided"}, "alternative must be 'greater' or 'less'; received 'two-sided'"),
    ],
)
def test_what_cannot_be_judged_is_refused(values, changed, message):
    arguments = {"margin": 1.0, "alternative": "greater", "look": FAST[-1], "null": 0.0}
    with pytest.raises(ValueError, match=message):
        superiority(values, **{**arguments, **changed})
