"""Calibration: the rules keep their rates on synthetic families, and planted faults are noticed."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from pytest_claims.controls import calibration
from pytest_claims.controls.calibration import KINDS, Kind, Row, calibrate, check, run, table
from pytest_claims.statistics import ALPHA, equivalence, equivalence_rule, event, looks, superiority, superiority_rule

ROW = Row("superiority", "fast", 0.05, "normal", "supported", 100, 2000, 0.05, "at most")


def calibrated(rule="superiority", tier="full", alpha=0.05, distribution="normal", num_families=1000, seed=1):
    kind = Kind(rule, tier, alpha, distribution)
    return {row.quantity: row for row in calibrate(np.random.default_rng(seed), num_families, [kind])}


def broken(**kind):
    """The quantities whose promise is broken."""
    rows = calibrated(**kind)
    named = {quantity for quantity, row in rows.items() if not row.keeps_promise}
    assert len(check(list(rows.values()))) == len(named)
    return named


# The table and the promises.


@pytest.mark.parametrize(
    ("promise", "nominal", "last_kept", "first_broken"),
    # scipy.stats.binom(2000, 0.05).sf is 1.2e-4 at 137 and 0.9e-4 at 138; binom(2000, 0.8).cdf 1.1e-4 at 1532.
    [("at most", 0.05, 138, 139), ("at least", 0.80, 1532, 1531)],
)
def test_promise_is_broken_by_counts_that_keeping_it_shows_once_in_ten_thousand_times(
    promise, nominal, last_kept, first_broken
):
    row = replace(ROW, nominal=nominal, promise=promise)
    assert replace(row, count=last_kept).keeps_promise
    assert not replace(row, count=first_broken).keeps_promise


def test_what_is_measured_only_is_never_named():
    assert check([replace(ROW, count=500, promise=None), replace(ROW, count=500)]) == [
        "superiority, fast, alpha 0.05, normal: supported in 500 of 2000 families, 25.000%; promised are at most 5.00%"
    ]


def test_rate_has_exact_bounds():
    interval = stats.binomtest(100, 2000).proportion_ci(method="exact")
    assert (ROW.rate.value, ROW.rate.low, ROW.rate.high) == pytest.approx((0.05, interval.low, interval.high))


def test_table_has_a_line_for_every_row_and_fits_a_terminal():
    rows = [replace(ROW, rule=rule, quantity="interval misses", count=2000, alpha=ALPHA) for rule in ("a", "b")]
    rows += [replace(rows[1], quantity="seen at the first", distribution="skewed down", promise=None)]
    lines = table(rows).splitlines()
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if not line.startswith(" ")][1:] == [
        "a, fast tier, alpha 0.05 %",
        "b, fast tier, alpha 0.05 %",
    ]
    assert [line.endswith(" !") for line in lines if line.startswith(" ")] == [True, True, False]


def test_rows_can_be_written_as_json():
    rows = calibrate(np.random.default_rng(0), 20, KINDS[:1])
    assert [Row(**row) for row in json.loads(json.dumps([asdict(row) for row in rows]))] == rows


def test_all_rules_tiers_levels_and_distributions_are_calibrated():
    assert len(set(KINDS)) == len(KINDS) == 2 * 2 * (2 * 4 + 2)
    assert {kind.alpha for kind in KINDS} == {ALPHA, 0.05}


# How families are drawn and judged.


@pytest.mark.parametrize("distribution", ["normal", "skewed up", "skewed down", "collapsing"])
def test_families_have_mean_zero_and_standard_deviation_one_but_for_collapses(distribution):
    values = calibration._DISTRIBUTIONS[distribution](np.random.default_rng(1), (20_000, 10))
    finite = values[np.isfinite(values)]
    assert (finite.mean(), finite.std()) == pytest.approx((0, 1), abs=0.02)
    assert stats.skew(finite) == pytest.approx({"skewed up": 2, "skewed down": -2}.get(distribution, 0), abs=0.2)
    shares = [np.mean(values == infinite) for infinite in (np.inf, -np.inf)]
    assert shares == pytest.approx([0.05, 0.05] if distribution == "collapsing" else [0, 0], abs=0.005)


def test_same_seed_gives_the_same_table_and_another_another():
    some = [Kind("superiority", "fast", 0.05, "collapsing"), Kind("usually", "fast", 0.05, "binary")]
    first, second, other = (calibrate(np.random.default_rng(seed), 200, some) for seed in (1, 1, 2))
    assert first == second != other


def test_each_family_is_judged_look_by_look_on_its_first_seeds_until_it_is_decided(monkeypatch):
    asked = []

    def recorded(values, *, look, **options):
        decision = superiority(values, look=look, **options)
        asked.append((tuple(values), look, decision.verdict))
        return decision

    monkeypatch.setattr(calibration, "superiority", recorded)
    monkeypatch.setattr(calibration, "_ASKED_ANYWAY", 1)
    rows = calibrated(num_families=60)
    schedule = looks("full", 0.05)
    at = {look: {values: verdict for values, when, verdict in asked if when == look} for look in schedule}
    assert len(at[schedule[0]]) == 60
    for earlier, later in pairwise(schedule):
        undecided = {values for values, verdict in at[earlier].items() if verdict == "inconclusive"}
        assert {values[: earlier.num_seeds] for values in at[later]} == undecided
    verdicts = [verdict for _, _, verdict in asked]
    assert verdicts.count("supported") == rows["supported"].count > 0
    assert verdicts.count("refuted") == rows["refuted"].count > 0


@pytest.mark.parametrize("tier", ["fast", "full"])
@pytest.mark.parametrize(
    ("rule", "distribution"),
    [("superiority", "skewed up"), ("superiority", "collapsing"), ("equivalence", "collapsing"), ("usually", "binary")],
)
def test_families_that_no_rule_is_asked_about_would_not_have_been_decided(monkeypatch, rule, distribution, tier):
    kind = {"rule": rule, "tier": tier, "distribution": distribution, "num_families": 50}
    quick = calibrated(**kind)
    monkeypatch.setattr(calibration, "_ASKED_ANYWAY", 1)
    assert calibrated(**kind) == quick


def test_no_families_are_refused():
    with pytest.raises(ValueError, match="num_families must be at least 1; received 0"):
        calibrate(np.random.default_rng(0), 0)


# The rules as they are.


@pytest.mark.parametrize("tier", ["fast", "full"])
@pytest.mark.parametrize("rule", ["superiority", "equivalence"])
def test_rules_on_means_are_wrong_as_often_as_they_say(rule, tier):
    rows = calibrated(rule, tier)
    assert check(list(rows.values())) == []
    assert rows["supported"].rate.high > 0.02


@pytest.mark.parametrize("rule", ["usually", "reliably"])
def test_rules_on_events_are_wrong_no_oftener_than_the_binomial_distribution_says(rule):
    row = calibrated(rule, "full", distribution="binary")["supported"]
    share, counts = {"usually": 1 / 2, "reliably": 2 / 3}[rule], np.arange(31)
    exact = stats.binom.sf(counts[stats.binom.sf(counts - 1, 30, share) < 0.05].min() - 1, 30, share)
    assert stats.binomtest(row.count, row.num_families, exact).pvalue > 1e-3


def test_collapses_that_are_even_on_both_sides_cost_no_more_errors():
    assert broken(distribution="collapsing") == set()


@pytest.mark.parametrize(("distribution", "quantity"), [("skewed up", "refuted"), ("skewed down", "supported")])
def test_exponential_seeds_cost_more_errors_on_the_side_away_from_the_tail_and_nothing_is_promised(
    distribution, quantity
):
    rows = calibrated(alpha=ALPHA, distribution=distribution)
    assert rows[quantity].rate.low > 5 * ALPHA
    assert check(list(rows.values())) == []


@pytest.mark.controls
def test_all_rates_are_as_promised():
    text, named = run(seed=1)
    assert named == []
    assert max(map(len, text.splitlines())) <= 80


# Planted faults: a control counts only after it was seen to fail.


def test_swapped_sign_is_noticed(monkeypatch):
    monkeypatch.setattr(superiority_rule, "direction", lambda alternative: -1 if alternative == "greater" else 1)
    assert broken(alpha=ALPHA, num_families=100) == {"seen at the first", "seen by the last"}


@pytest.mark.parametrize("rule", ["superiority", "equivalence"])
def test_whole_alpha_at_every_look_is_noticed(monkeypatch, rule):
    monkeypatch.setattr(
        calibration, "looks", lambda tier, alpha: tuple(replace(look, alpha=alpha) for look in looks(tier, alpha))
    )
    assert "interval misses" in broken(rule=rule)


@pytest.mark.parametrize(("module", "rule"), [(superiority_rule, "superiority"), (equivalence_rule, "equivalence")])
def test_narrow_interval_is_noticed(monkeypatch, module, rule):
    class Narrow(module.Sample):
        def interval(self, alpha):
            e = super().interval(alpha)
            return replace(e, low=e.value - 0.6 * (e.value - e.low), high=e.value + 0.6 * (e.high - e.value))

    monkeypatch.setattr(module, "Sample", Narrow)
    assert "interval misses" in broken(rule=rule)


def test_wrong_margin_is_noticed(monkeypatch):
    monkeypatch.setattr(calibration, "superiority", lambda v, *, margin, **o: superiority(v, margin=0.5 * margin, **o))
    assert "supported" in broken()


def test_wide_bounds_are_noticed(monkeypatch):
    monkeypatch.setattr(
        calibration, "equivalence", lambda v, *, low, high, look: equivalence(v, low=2 * low, high=2 * high, look=look)
    )
    assert "supported" in broken(rule="equivalence")


@pytest.mark.parametrize("rule", ["superiority", "equivalence"])
def test_taking_what_is_not_refuted_for_shown_is_noticed(monkeypatch, rule):
    honest = getattr(calibration, rule)

    def gullible(values, **options):
        decision = honest(values, **options)
        return replace(decision, verdict="supported") if decision.verdict == "inconclusive" else decision

    monkeypatch.setattr(calibration, rule, gullible)
    assert "supported" in broken(rule=rule, alpha=ALPHA)


def test_share_of_collapsing_runs_against_too_low_a_threshold_is_noticed(monkeypatch):
    monkeypatch.setattr("pytest_claims.statistics.samples.USUALLY", 0.4)
    assert "supported" in broken(distribution="collapsing")


@pytest.mark.parametrize("rule", ["usually", "reliably"])
def test_event_at_too_low_a_threshold_is_noticed(monkeypatch, rule):
    monkeypatch.setattr(
        calibration, "event", lambda v, *, threshold, **options: event(v, threshold=0.8 * threshold, **options)
    )
    assert broken(rule=rule, distribution="binary") == {"supported"}
