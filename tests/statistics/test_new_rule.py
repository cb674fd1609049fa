"""A new rule is one class and one row of words: it is then judged, recorded, judged again and shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from pytest_claims.controls import on_record
from pytest_claims.record.schema import schema
from pytest_claims.report.html import render
from pytest_claims.report.words.rules import WORDS, RuleWords, side
from pytest_claims.report.words.sentences import sentence
from pytest_claims.statistics import RULES, Decision, Estimate, Rule, fixed_look
from pytest_claims.verdicts.judge import Judge
from pytest_claims.verdicts.quantities import Quantity
from tests.helpers.report_sample import claim, record


@dataclass(frozen=True)
class MedianRule(Rule):
    """The median lies above a bound; for a test, without any level."""

    name = "median"
    keywords: ClassVar = {"median_above": "higher"}

    def decide(self, values, look):
        low, middle, high = np.quantile(values, [0.25, 0.5, 0.75]).tolist()
        estimate = Estimate(middle, low, high, 0.5, None, look.num_seeds)
        return Decision("supported" if low > self.margin else "refuted", None, estimate)

    def holds(self, values):
        return np.asarray(values) > self.margin


@pytest.fixture
def median(monkeypatch):
    monkeypatch.setitem(RULES, MedianRule.name, MedianRule)
    words = RuleWords({"higher": "a median of more than "}, {"higher": "above"}, side)
    monkeypatch.setitem(WORDS, MedianRule.name, words)


def test_rules_words_and_schema_know_the_same_rules_and_alternatives():
    part = schema()["$defs"]["part"]["properties"]
    assert set(RULES) == set(WORDS) == set(part["rule"]["enum"])
    assert {a for words in WORDS.values() for a in words.asked} == set(part["alternative"]["enum"])
    for name, rule in RULES.items():
        assert set(rule.keywords.values()) <= set(WORDS[name].asked) == set(WORDS[name].holds)
        assert WORDS[name].is_of_means == rule.is_of_means


def judged(**asked):
    values = np.linspace(0.5, 0.6, 12)
    quantity = Quantity(values, tuple(range(12)), "loss, last epoch", "a", "nats", "plain", "fast")
    return Judge("fast", fixed_look(12))(quantity, **asked)


@pytest.mark.usefixtures("median")
@pytest.mark.parametrize(("bound", "verdict"), [(0.4, "supported"), (0.7, "refuted")])
def test_a_rule_that_is_registered_is_judged_recorded_and_shown(bound, verdict):
    found = judged(median_above=bound).record()
    parts = found["parts"]
    held = claim("T01", *parts, **{name: found[name] for name in ("look", "stability", "reproduction")})

    assert (found["verdict"], parts[0]["rule"]) == (verdict, "median")
    assert found["stability"]["probability"] > 0.9
    assert "the claim asks for a median of more than " in sentence(held)
    page = render(record(claims=[held]))
    assert "median, higher" in page
    assert "a dot per seed (nats)" in page
    again = next(control for control in on_record(record(claims=[held])) if control.name == "judged again")
    assert (again.num_checked, again.failures) == (1, [])


def test_a_rule_that_is_not_registered_is_refused_with_those_that_are():
    with pytest.raises(ValueError, match="exactly one of above, below, within, about, exactly, usually, reliably; it"):
        judged(median_above=0.4)
