"""Stability: the probability that fresh seeds come to the same verdict."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pytest_claims.statistics import (
    EquivalenceRule,
    EventRule,
    ExactRule,
    Look,
    SuperiorityRule,
    fixed_look,
    looks,
    stability,
)

ABOVE = SuperiorityRule("greater", 0.0, 0.0)
WITHIN = EquivalenceRule("within", (-1.0, 1.0))


def rng():
    return np.random.default_rng(11)


def normal(mean, sd, num_seeds=20):
    """Numbers that have just this mean and standard deviation."""
    quantiles = stats.norm.ppf((np.arange(num_seeds) + 0.5) / num_seeds)
    return mean + sd * quantiles / quantiles.std(ddof=1)


def test_same_generator_gives_the_same_probability():
    one, other = (stability("supported", [ABOVE], [normal(0.5, 1)], looks("fast"), rng=rng()) for _ in range(2))
    assert one == other


@pytest.mark.parametrize(
    ("verdict", "rule", "mean", "sd"),
    [
        ("supported", ABOVE, 3.0, 1.0),
        ("refuted", ABOVE, -3.0, 1.0),
        ("supported", WITHIN, 0.0, 0.2),
        ("refuted", WITHIN, 3.0, 0.2),
        ("inconclusive", WITHIN, 0.0, 3.0),
    ],
)
def test_a_clear_verdict_is_stable(verdict, rule, mean, sd):
    assert stability(verdict, [rule], [normal(mean, sd)], looks("fast"), rng=rng()) > 0.98


def test_a_verdict_on_the_edge_comes_again_every_other_time():
    look = fixed_look(20)
    critical = stats.t.isf(look.alpha, 19) / 20**0.5
    assert stability("supported", [ABOVE], [normal(critical, 1)], [look], rng=rng()) == pytest.approx(0.5, abs=0.05)


def test_probability_is_that_of_the_t_predictive_distribution():
    """The mean of as many fresh seeds differs from this one by a t distribution with twice its variance."""
    look = Look(20, alpha=0.4, first=False, last=True)
    # At so high a level support is a mean that exceeds zero by a small multiple of its standard error.
    expected = stats.t.sf((stats.t.isf(0.4, 19) / 20**0.5 - 0.3) / (2 / 20) ** 0.5, 19)
    found = stability("supported", [ABOVE], [normal(0.3, 1)], [look], rng=rng(), num_repetitions=20_000)
    assert found == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(("count", "low", "high"), [(20, 0.8, 1.0), (18, 0.5, 0.75), (10, 0.0, 0.05)])
def test_an_event_is_as_stable_as_its_share_is_known(count, low, high):
    happened = (np.arange(20) < count).astype(float)
    assert low <= stability("supported", [EventRule("usually", 1 / 2)], [happened], looks("fast"), rng=rng()) <= high


def test_collapsed_runs_are_counted():
    values = normal(3.0, 1.0)
    values[:2] = np.nan
    assert 0.3 < stability("supported", [ABOVE], [values], looks("fast"), rng=rng()) < 0.9


def test_arithmetic_is_certain():
    rule = ExactRule("exactly", 7.0)
    assert stability("supported", [rule], [np.full(10, 7.0)], looks("fast"), rng=rng()) == 1.0


def test_all_parts_must_come_again():
    certain, doubtful = normal(3.0, 1.0), normal(stats.t.isf(0.0005, 19) / 20**0.5, 1.0)
    both = stability("supported", [ABOVE, ABOVE], [certain, doubtful], [fixed_look(20)], rng=rng())
    assert both == pytest.approx(0.5, abs=0.06)


def test_parts_that_go_together_are_drawn_together():
    """Two parts that are the same number are as stable as one of them, not as their product."""
    values = normal(stats.t.isf(0.0005, 19) / 20**0.5, 1.0)
    twice = stability("supported", [ABOVE, ABOVE], [values, values], [fixed_look(20)], rng=rng())
    assert twice == pytest.approx(stability("supported", [ABOVE], [values], [fixed_look(20)], rng=rng()), abs=0.01)


def test_imagined_repetitions_agree_with_the_real_rules():
    """On normal numbers the sign-flip test, which the shortcut leaves out, changes next to nothing."""
    values, schedule, generator = normal(0.9, 1.0), looks("fast"), rng()
    again = []
    for _ in range(300):
        scale = (19 / generator.chisquare(19)) ** 0.5
        fresh = generator.normal(0.9 + scale * generator.normal() / 20**0.5, scale, 20)
        decisions = [ABOVE.decide(fresh[: look.num_seeds], look).verdict for look in schedule]
        again.append(next((verdict for verdict in decisions if verdict != "inconclusive"), "inconclusive"))
    share = again.count("supported") / len(again)
    assert stability("supported", [ABOVE], [values], schedule, rng=rng()) == pytest.approx(share, abs=0.09)


def test_other_numbers_of_rules_and_arrays_are_refused():
    with pytest.raises(ValueError, match="one array per rule"):
        stability("supported", [ABOVE], [], looks("fast"), rng=rng())


@pytest.mark.parametrize("num_parts", [2, 4, 6])
def test_an_exact_part_stays_exact_beside_others_that_scatter(num_parts):
    rng = np.random.default_rng(5)
    shared = rng.normal(size=10)
    parts = [1 + 0.01 * (shared + 0.1 * rng.normal(size=10)) for _ in range(num_parts - 1)]
    rules = [SuperiorityRule("greater", margin=0.0, null=0.0)] * (num_parts - 1) + [ExactRule("exactly", 7.0)]

    found = stability("supported", rules, [*parts, np.full(10, 7.0)], looks("fast"), rng=np.random.default_rng(1))

    assert found == 1.0
