"""Controls on recorded numbers: green on what the suite records, and seen to fail on planted faults."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from pytest_claims.controls import on_record, planted
from pytest_claims.statistics import RULES, Decision, EquivalenceRule, Look, SuperiorityRule

CLAIMS = """
from pytest_claims import ratio

@pytest.mark.claim("A01", "High is above low.")
def test_difference(high, low, judge):
    assert judge(high.measured("accuracy") - low.measured("accuracy"), above=0.05)

@pytest.mark.claim("A02", "High is a fifth higher than low, and no more.")
def test_ratio(high, low, judge):
    higher = ratio(high.measured("accuracy"), low.measured("accuracy"))
    assert judge(higher, above=1.1) & judge(higher, within=(1.15, 1.25))

@pytest.mark.claim("A03", "High is above a half.")
def test_plain(high, judge):
    assert judge(high.measured("accuracy"), above=0.55)

@pytest.mark.claim("A04", "Low is usually about a half.")
def test_event(low, judge):
    assert judge(low.measured("accuracy").between(0.4, 0.6), usually=True)

@pytest.mark.claim("A05", "Wide is above a half.", expected="inconclusive", because="It scatters.")
def test_undecided(wide, judge):
    assert judge(wide.measured("accuracy"), above=0.511)
"""


@pytest.fixture
def record(catalogue):
    catalogue.write(test_numbers=CLAIMS)
    catalogue.run().assert_outcomes(passed=4, xfailed=1)
    return catalogue.record()


def control(record, name):
    return next(control for control in on_record(record) if control.name == name)


def test_every_control_is_green_on_what_a_session_records_and_stands_in_its_certificate(record):
    assert [control.failures for control in on_record(record)] == [[]] * 5
    assert record["certificate"]["controls"] == json.loads(json.dumps([c.plain() for c in on_record(record)]))


def test_a_claim_for_which_a_control_makes_no_sense_says_why(record):
    assert control(record, "mirror").exempt == {"A04": "an event is counted, and has no negative"}
    swapped = control(record, "swapped arms")
    assert swapped.num_checked == 2
    assert set(swapped.exempt) == {"A03", "A04", "A05"}


def test_a_verdict_that_is_not_that_of_its_numbers_is_found(record):
    record["claims"][0]["parts"][0]["verdict"] = "refuted"
    [failure] = control(record, "judged again").failures
    assert failure.startswith("A01, accuracy: high − low: recorded as refuted, its numbers give supported")


def plant(monkeypatch, fault, *kinds):
    """Let rules decide as `fault` has it, which gets their own way to decide, the rule, values and look."""
    for kind in kinds or RULES.values():
        own = kind.decide
        monkeypatch.setattr(
            kind, "decide", lambda rule, values, look, own=own: fault(partial(own, rule), rule, values, look)
        )


ODD_CLAIMS = """
from dataclasses import replace
import numpy as np
from pytest_claims import ratio

def changed(runs, **changes):
    return replace(runs.measured("accuracy"), **changes)

def first(runs, number):
    return np.where(np.arange(len(runs.seeds)) < number, True, False)

@pytest.mark.claim("B01", "High is above low, where one run collapsed.", tiers="fast")
def test_collapsed(high, low, judge):
    values = np.where(first(high, 1), np.inf, high.measured("accuracy").values)
    assert judge(changed(high, values=values) - low.measured("accuracy"), above=0.01)

@pytest.mark.claim("B02", "High is lower, where one run fell to nothing.", expected="refuted", because="It is higher.")
def test_ratio_of_nothing(high, low, judge):
    values = np.where(first(low, 1), 0.0, low.measured("accuracy").values)
    assert judge(ratio(high.measured("accuracy"), changed(low, values=values)), below=1.0)

@pytest.mark.claim("B03", "High is above low, and may be higher still.")
def test_censored_upwards(high, low, judge):
    assert judge(changed(high, at_least=first(high, 3)) - low.measured("accuracy"), above=0.01)

@pytest.mark.claim("B04", "High is above low, and may be lower.", expected="inconclusive", because="It is censored.")
def test_censored_downwards(high, low, judge):
    assert judge(changed(high, at_most=first(high, 3)) - low.measured("accuracy"), above=0.01)
"""


@pytest.fixture
def odd(catalogue):
    catalogue.write(test_numbers=ODD_CLAIMS)
    catalogue.run().assert_outcomes(passed=2, xfailed=2)
    return catalogue.record()


def test_collapsed_and_censored_claims_are_judged_again_and_come_out_the_same(odd):
    parts = {claim["id"]: claim["parts"][0] for claim in odd["claims"]}
    assert parts["B01"]["values"][0] == parts["B02"]["values"][0] == np.inf
    assert parts["B03"]["at_least"][:4] == parts["B04"]["at_most"][:4] == [True, True, True, False]
    assert parts["B04"]["reason"] == "censored"
    again = control(odd, "judged again")
    assert (again.num_checked, again.failures, again.exempt) == (4, [], {})
    assert [control.failures for control in on_record(odd)] == [[]] * 5


@pytest.mark.parametrize(
    ("claim", "field", "value"), [(0, "values", [-np.inf] * 20), (2, "at_most", [True] * 20), (3, "at_most", None)]
)
def test_a_collapse_to_the_other_side_and_other_flags_are_found(odd, claim, field, value):
    odd["claims"][claim]["parts"][0][field] = value and value[: odd["claims"][claim]["num_seeds"]]
    [failure] = control(odd, "judged again").failures
    assert failure.startswith(odd["claims"][claim]["id"])


def test_a_rule_that_prefers_one_side_is_found_by_the_mirror(record, monkeypatch):
    own = SuperiorityRule.decide

    def generous(decide, rule, values, look):
        wider = replace(rule, margin=rule.margin - 0.1) if rule.alternative == "greater" else rule
        return own(wider, values, look)

    plant(monkeypatch, generous, SuperiorityRule)
    # A05 lies just at its margin: given away by a tenth it is supported, and its mirror image is not.
    assert [failure[:3] for failure in control(record, "mirror").failures][-1] == "A05"


def test_a_rule_that_looks_at_size_alone_is_found_by_exchanging_the_arms(record, monkeypatch):
    plant(monkeypatch, lambda decide, rule, values, look: decide(np.abs(values), look))
    assert len(control(record, "swapped arms").failures) == 2


def test_a_part_that_is_just_supported_may_have_its_arms_exchanged(record):
    """A part of two refutes with half of alpha: exchanged, it would be undecided by that."""
    claim = record["claims"][0]
    [part] = claim["parts"]
    noise = np.array(part["values"]) - np.mean(part["values"])
    rule = SuperiorityRule("greater", 0.0, 0.0)
    look = Look(**claim["look"], parts=2)
    shifts = np.linspace(0.0, 0.1, 2001)
    just = next(shift for shift in shifts if rule.decide(noise + shift, look).verdict == "supported")
    assert rule.decide(-(noise + just), look).verdict == "inconclusive"
    part.update(values=(noise + just).tolist(), margin=0.0, verdict="supported")
    claim["parts"] = [part, dict(part)]

    assert control(record, "swapped arms").failures == []


def test_a_rule_that_depends_on_the_order_of_seeds_is_found(record, monkeypatch):
    def by_the_first(decide, rule, values, look):
        decision = decide(values, look)
        return decision if values[0] < values[-1] else replace(decision, verdict="inconclusive", reason="straddles")

    plant(monkeypatch, by_the_first)
    assert control(record, "order and unit").failures


def test_a_margin_in_another_unit_is_found(record, monkeypatch):
    own = SuperiorityRule.decide
    plant(monkeypatch, lambda _, rule, values, look: own(replace(rule, margin=5.0), values, look), SuperiorityRule)
    assert any("in percent" in failure for failure in control(record, "order and unit").failures)


def test_a_rule_that_supports_chance_is_found_by_a_a(record, monkeypatch):
    def by_the_mean(decide, rule, values, look) -> Decision:
        side = values.mean() > 0 if rule.alternative == "greater" else values.mean() < 0
        return replace(decide(values, look), verdict="supported" if side else "refuted")

    plant(monkeypatch, by_the_mean, SuperiorityRule)
    found = control(record, "A/A")
    assert found.figures["supported"] > found.figures["at most"]
    assert found.failures


def test_a_planted_effect_is_found_with_the_power_stated(record):
    found = planted(record, np.random.default_rng(1))
    assert found.failures == []
    assert found.num_checked == 5
    assert found.figures["power"] == pytest.approx(0.8, abs=0.1)


def test_a_blunt_rule_is_found_by_planting_an_effect(record, monkeypatch):
    plant(
        monkeypatch,
        lambda decide, rule, values, look: decide(values, replace(look, alpha=look.alpha / 1000)),
        SuperiorityRule,
        EquivalenceRule,
    )
    assert planted(record, np.random.default_rng(1)).failures


def test_what_is_planted_is_the_same_for_the_same_generator(record):
    one, other = (planted(record, np.random.default_rng(3)).figures for _ in range(2))
    assert one == other
