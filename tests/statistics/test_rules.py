"""Rules as objects: the same question for other numbers, mirrored, and heedful of what was not seen."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_claims.statistics import (
    EquivalenceRule,
    EventRule,
    ExactRule,
    SuperiorityRule,
    equivalence,
    event,
    exact,
    fixed_look,
    superiority,
)
from pytest_claims.statistics.rule import mark_censored

LOOK = fixed_look(12)
NOISE = np.random.default_rng(5).normal(0, 0.1, 12)
NOWHERE = np.zeros(12, bool)
LATER = SuperiorityRule("greater", 0.5, 0.0)
SOONER = SuperiorityRule("less", -0.5, 0.0)
AT_FOUR = EquivalenceRule("within", (3.5, 4.5))


@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        (LATER, 1 + NOISE, superiority(1 + NOISE, margin=0.5, alternative="greater", look=LOOK)),
        (AT_FOUR, 4 + NOISE, equivalence(4 + NOISE, low=3.5, high=4.5, look=LOOK)),
        (ExactRule("exactly", 3.0), np.full(12, 3.0), exact(np.full(12, 3.0), expected=3.0)),
        (EventRule("reliably", 2 / 3), np.ones(12), event(np.ones(12, bool), threshold=2 / 3, look=LOOK)),
    ],
)
def test_a_rule_decides_as_the_function_of_its_name(rule, values, expected):
    assert rule.decide(values, LOOK) == expected


@pytest.mark.parametrize("rule", [LATER, SOONER, AT_FOUR, ExactRule("exactly", 3.0)])
@pytest.mark.parametrize("mean", [-4.0, -0.5, 0.0, 1.0, 3.0, 4.0])
def test_a_mirrored_rule_says_of_negated_numbers_what_the_rule_says_of_them(rule, mean):
    given, mirrored = rule.decide(mean + NOISE, LOOK), rule.mirrored().decide(-mean - NOISE, LOOK)
    assert (given.verdict, given.reason) == (mirrored.verdict, mirrored.reason)
    assert rule.mirrored().mirrored() == rule


def test_an_event_has_no_mirror_image():
    assert EventRule("usually", 1 / 2).mirrored() is None


@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        (LATER, [0.4, 0.5, 0.6], [False, False, True]),
        (SOONER, [-0.4, -0.5, -0.6], [False, False, True]),
        (AT_FOUR, [3.4, 3.5, 4.5, 4.6], [False, True, True, False]),
        (EventRule("usually", 1 / 2), [0, 1], [False, True]),
        (ExactRule("exactly", 3.0), [3.0, 3.1], [True, False]),
        (LATER, [np.nan, np.inf], [False, True]),
    ],
)
def test_in_which_single_runs_an_assertion_holds(rule, values, expected):
    assert rule.holds(values).tolist() == expected


@pytest.mark.parametrize(
    ("rule", "mean", "flag", "verdict"),
    [
        # The later arm never turned: the true delay is longer still.
        (LATER, 1.0, "at_least", "supported"),
        # The earlier arm never turned: the true delay may be none.
        (LATER, 1.0, "at_most", "inconclusive"),
        (LATER, 0.0, "at_least", "inconclusive"),
        (LATER, 0.0, "at_most", "refuted"),
        (SOONER, -1.0, "at_most", "supported"),
        (SOONER, -1.0, "at_least", "inconclusive"),
        (AT_FOUR, 4.0, "at_least", "inconclusive"),
        (AT_FOUR, 4.0, "at_most", "inconclusive"),
        (AT_FOUR, 6.0, "at_least", "refuted"),
        (AT_FOUR, 2.0, "at_least", "inconclusive"),
    ],
)
def test_what_was_not_seen_stands_against_a_decision_but_never_for_one(rule, mean, flag, verdict):
    seen = {"at_least": NOWHERE, "at_most": NOWHERE} | {flag: np.arange(12) == 3}
    decision = mark_censored(rule.decide(mean + NOISE, LOOK), rule, **seen)
    assert decision.verdict == verdict
    assert (decision.reason == "censored") == (verdict == "inconclusive")


def test_an_undecided_claim_keeps_its_own_reason():
    decision = LATER.decide(0.5 + NOISE, LOOK)
    assert mark_censored(decision, LATER, ~NOWHERE, ~NOWHERE) == decision
