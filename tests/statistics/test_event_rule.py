"""Events and shares: the exact binomial test, and the counts that it asks for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pytest_claims.statistics import RELIABLY, USUALLY, Look, event, fixed_look, looks, share_with_interval, shares

LAST = {20: looks("fast")[-1], 30: looks("full")[-1]}


def outcomes(count, num):
    return np.arange(num) < count


@pytest.mark.parametrize(
    ("num", "threshold", "refuted_up_to", "supported_from"),
    [(20, USUALLY, 2, 18), (30, USUALLY, 5, 25), (20, RELIABLY, 5, 20), (30, RELIABLY, 10, 29)],
)
def test_event_is_decided_at_the_stated_counts(num, threshold, refuted_up_to, supported_from):
    verdicts = [event(outcomes(k, num), threshold=threshold, look=LAST[num]).verdict for k in range(num + 1)]
    assert verdicts == (
        ["refuted"] * (refuted_up_to + 1)
        + ["inconclusive"] * (supported_from - refuted_up_to - 1)
        + ["supported"] * (num + 1 - supported_from)
    )


@pytest.mark.parametrize("look", [*looks("fast")[:-1], *looks("full")[:-1]])
@pytest.mark.parametrize("count", [0, 10])
def test_event_is_not_due_before_the_last_look(look, count):
    decision = event(outcomes(count, look.num_seeds), threshold=USUALLY, look=look)
    assert (decision.verdict, decision.reason) == ("inconclusive", "not yet due")


def test_event_spends_the_whole_alpha_at_the_last_look():
    # Four in ten are too many to refute "usually" at any small level, one in ten at 0.015 but not at 0.01.
    # scipy.stats.binomtest(1, 10, 0.5, alternative="less").pvalue is 0.0107.
    look = Look(10, alpha=0.001, first=False, last=True)
    assert event(outcomes(1, 10), threshold=USUALLY, look=look, alpha=0.015).verdict == "refuted"
    assert event(outcomes(1, 10), threshold=USUALLY, look=look, alpha=0.010).verdict == "inconclusive"
    assert event(outcomes(4, 10), threshold=USUALLY, look=look, alpha=0.015).verdict == "inconclusive"


@pytest.mark.parametrize(
    ("count", "threshold", "reason"),
    [(2, USUALLY, "reversed"), (2, RELIABLY, "reversed"), (5, RELIABLY, "missed"), (12, USUALLY, "straddles")],
)
def test_event_says_why_it_is_not_supported(count, threshold, reason):
    assert event(outcomes(count, 20), threshold=threshold, look=LAST[20]).reason == reason


def test_event_of_too_few_seeds_to_support_it_is_underpowered():
    decision = event(outcomes(5, 5), threshold=USUALLY, look=fixed_look(5))
    assert (decision.verdict, decision.reason) == ("inconclusive", "underpowered")


def test_part_of_an_event_claim_refutes_at_its_share_of_alpha():
    # scipy.stats.binomtest(2, 20, 0.5, alternative="less").pvalue is 0.0002, more than a third of 0.0005.
    alone, one_of_three = (Look(20, 0.00035, first=False, last=True, parts=parts) for parts in (1, 3))
    assert event(outcomes(2, 20), threshold=USUALLY, look=alone).verdict == "refuted"
    assert event(outcomes(2, 20), threshold=USUALLY, look=one_of_three).verdict == "inconclusive"
    assert event(outcomes(18, 20), threshold=USUALLY, look=one_of_three).verdict == "supported"


def test_event_reports_the_share_with_its_deciding_interval():
    estimate = event(outcomes(18, 20), threshold=USUALLY, look=LAST[20]).estimate
    expected = stats.binomtest(18, 20).proportion_ci(0.999, method="exact")
    assert (estimate.value, estimate.confidence_level, estimate.num_seeds) == (0.9, 0.999, 20)
    assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high))
    assert estimate.pvalue == pytest.approx(211 / 2**20)  # 1 + 20 + 190 of the 2^20 outcomes


def test_event_does_not_depend_on_the_order_of_seeds():
    happened = outcomes(7, 20)
    assert event(happened, threshold=USUALLY, look=LAST[20]) == event(happened[::-1], threshold=USUALLY, look=LAST[20])


@pytest.mark.parametrize(
    "wrong", [np.array([], dtype=bool), np.ones((20, 2), dtype=bool), np.ones(20), np.array(["yes"] * 20)]
)
def test_event_refuses_what_are_not_outcomes(wrong):
    with pytest.raises(ValueError, match="outcomes must be booleans"):
        event(wrong, threshold=USUALLY, look=LAST[20])


def test_event_refuses_another_number_of_seeds_than_the_look_has():
    with pytest.raises(ValueError, match="exactly 20 seeds; received values of 19"):
        event(outcomes(9, 19), threshold=USUALLY, look=LAST[20])


@pytest.mark.parametrize("threshold", [0.0, 1.0, float("nan")])
def test_event_refuses_a_threshold_that_nothing_can_pass_or_miss(threshold):
    with pytest.raises(ValueError, match="threshold must be a share between 0 and 1"):
        event(outcomes(9, 20), threshold=threshold, look=LAST[20])


def test_event_refuses_a_level_that_is_none():
    with pytest.raises(ValueError, match=r"alpha must lie between 0 and 0\.5; received 0\.9"):
        event(outcomes(9, 20), threshold=USUALLY, look=LAST[20], alpha=0.9)


@pytest.mark.parametrize(
    ("count", "num", "low", "high"),
    # Clopper and Pearson's limits are quantiles of beta distributions: scipy.stats.beta.ppf(0.025, 9, 2) for 9 of 10.
    [(9, 10, 0.5550, 0.9975), (0, 10, 0.0, 0.3085), (10, 10, 0.6915, 1.0), (1, 20, 0.0013, 0.2487)],
)
def test_share_has_the_clopper_pearson_interval(count, num, low, high):
    share = share_with_interval(count, num)
    assert (share.low, share.value, share.high) == pytest.approx((low, count / num, high), abs=5e-5)


@pytest.mark.parametrize(("count", "num"), [(3, 2), (-1, 4), (0, 0)])
def test_share_refuses_counts_that_do_not_fit(count, num):
    with pytest.raises(ValueError, match=f"received {count} of {num}"):
        share_with_interval(count, num)


def test_share_refuses_a_confidence_in_percent():
    with pytest.raises(ValueError, match="confidence_level must lie between 0 and 1; received 95"):
        share_with_interval(1, 2, 95)


@pytest.mark.parametrize("num", [1, 2, 10, 20, 30])
def test_intervals_and_p_values_are_those_of_scipy(num):
    for count in range(num + 1):
        for confidence_level in (0.95, 0.999):
            share = share_with_interval(count, num, confidence_level)
            expected = stats.binomtest(count, num).proportion_ci(confidence_level, method="exact")
            assert (share.low, share.high) == pytest.approx((expected.low, expected.high), rel=1e-9, abs=1e-12)
        for threshold in (0.5, 2 / 3):
            more, less = (
                stats.binomtest(count, num, threshold, alternative=side).pvalue for side in ("greater", "less")
            )
            assert shares.tested_share(count, num, threshold, 0.01).pvalue == pytest.approx(more, rel=1e-9)
            for factor in (0.999, 1.001):
                assert shares.is_more(count, num, threshold, more * factor) == (factor > 1)
                assert shares.is_less(count, num, threshold, less * factor) == (factor > 1)
