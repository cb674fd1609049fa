"""Levels, looks and power: what is spent when, and which effects can be seen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from pytest_claims.statistics import ALPHA, Look, equivalence, family_error_rate, fixed_look, looks
from pytest_claims.statistics import smallest_detectable_effect as detectable


@pytest.mark.parametrize("tier", ["fast", "full"])
def test_looks_of_a_tier_spend_alpha_exactly(tier):
    assert sum(look.alpha for look in looks(tier)) == pytest.approx(ALPHA, rel=1e-12)


@pytest.mark.parametrize(
    ("tier", "spent"),
    [("fast", {10: 0.00015, 20: 0.00035}), ("full", {10: 0.0001, 20: 0.00015, 30: 0.00025})],
)
def test_each_look_has_its_seeds_and_its_level(tier, spent):
    assert {look.num_seeds: look.alpha for look in looks(tier)} == pytest.approx(spent)


@pytest.mark.parametrize("tier", ["fast", "full"])
def test_one_look_is_first_and_one_is_last(tier):
    schedule = looks(tier)
    assert [look.first for look in schedule] == [True] + [False] * (len(schedule) - 1)
    assert [look.last for look in schedule] == [False] * (len(schedule) - 1) + [True]


def test_fixed_look_spends_everything_at_once():
    assert fixed_look(7) == Look(num_seeds=7, alpha=ALPHA, first=True, last=True, typical_alpha=ALPHA)


@pytest.mark.parametrize(("num_seeds", "asked"), [(10, True), (11, False), (30, False)])
def test_fixed_look_asks_for_unanimity_only_where_signs_could_not_reach_the_level(num_seeds, asked):
    look = fixed_look(num_seeds)
    assert look.asks_unanimity(look.alpha) is asked


def test_first_of_several_looks_asks_for_unanimity_at_any_level():
    first, second = looks("fast", alpha=0.4)
    assert first.asks_unanimity(first.alpha)
    assert not second.asks_unanimity(second.alpha)


def test_unknown_tier_is_refused():
    with pytest.raises(ValueError, match=r"unknown tier 'quick'; expected one of 'fast', 'full'"):
        looks("quick")


@pytest.mark.parametrize("num_seeds", [0, -3])
def test_look_without_seeds_is_refused(num_seeds):
    with pytest.raises(ValueError, match=f"at least one seed; received num_seeds={num_seeds}"):
        fixed_look(num_seeds)


@pytest.mark.parametrize("alpha", [0.0, 0.5, -0.1, math.nan])
def test_alpha_that_is_no_level_is_refused(alpha):
    with pytest.raises(ValueError, match=r"alpha must lie between 0 and 0\.5"):
        fixed_look(10, alpha)


def test_claim_without_parts_is_refused():
    with pytest.raises(ValueError, match="at least one part"):
        Look(10, ALPHA, first=True, last=True, parts=0)


@pytest.mark.parametrize(("num_claims", "rate"), [(0, 0.0), (1, 0.0005), (24, 0.0119), (100, 0.0488)])
def test_family_error_rate_grows_with_the_claims(num_claims, rate):
    assert family_error_rate(num_claims) == pytest.approx(rate, abs=5e-5)


def test_negative_number_of_claims_is_refused():
    with pytest.raises(ValueError, match="0 or more; received -1"):
        family_error_rate(-1)


@pytest.mark.parametrize(("tier", "effects"), [("fast", [2.2, 1.1]), ("full", [2.3, 1.2, 0.88])])
def test_smallest_detectable_effects_of_the_tiers(tier, effects):
    assert [detectable(1.0, look) for look in looks(tier)] == pytest.approx(effects, abs=0.04)


def test_smallest_detectable_effect_agrees_with_statsmodels():
    # statsmodels 0.15.0: TTestPower().solve_power(nobs=20, alpha=0.00035, power=0.8, alternative="larger")
    assert detectable(1.0, looks("fast")[-1]) == pytest.approx(1.115675723990479, rel=1e-5)


def test_smallest_detectable_effect_is_seen_with_the_stated_power():
    look, rng = fixed_look(12, alpha=0.05), np.random.default_rng(20)
    samples = rng.normal(detectable(3.0, look), 3.0, size=(4000, 12))
    seen = stats.ttest_1samp(samples, 0.0, axis=1, alternative="greater").pvalue < look.alpha
    assert stats.binomtest(int(seen.sum()), 4000, 0.8).pvalue > 0.001


def test_smallest_detectable_effect_has_the_unit_of_the_deviation():
    look = looks("fast")[0]
    assert detectable(0.02, look) == pytest.approx(0.02 * detectable(1.0, look))


@pytest.mark.parametrize(
    ("sd", "power", "look", "message"),
    [
        (-1.0, 0.8, fixed_look(10), "sd must be 0 or more"),
        (math.nan, 0.8, fixed_look(10), "sd must be a finite number"),
        (1.0, 1.0, fixed_look(10), "power must lie between"),
        (1.0, 0.0001, fixed_look(10), "power must lie between"),
        (1.0, 0.8, fixed_look(1), "at least 2 seeds"),
    ],
)
def test_power_of_what_cannot_be_is_refused(sd, power, look, message):
    with pytest.raises(ValueError, match=message):
        detectable(sd, look, power)


@pytest.mark.parametrize(("look", "sd"), list(zip(looks("full"), [0.11, 0.23, 0.31], strict=True)))
def test_equivalence_within_three_tenths_of_a_point_is_in_reach_at_the_stated_scatter(look, sd):
    rng = np.random.default_rng(5)
    verdicts = [
        equivalence(rng.normal(0, sd, look.num_seeds), low=-0.3, high=0.3, look=look).verdict for _ in range(60)
    ]
    assert stats.binomtest(verdicts.count("supported"), 60, 0.8).pvalue > 0.001
