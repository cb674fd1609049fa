"""A verdict and its expectation decide how pytest shows a claim."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

SUPPORTED = "judge(high.measured('accuracy'), above=0.55)"
REFUTED = "judge(high.measured('accuracy'), below=0.55)"
UNDECIDED = "judge(vague.measured('accuracy'), above=0.5)"


def outcome(result: pytest.RunResult) -> dict[str, int]:
    return {key: value for key, value in result.parseoutcomes().items() if key != "deselected"}


def test_supported_claim_passes(catalogue):
    catalogue.claim(body=SUPPORTED)
    result = catalogue.run("-v")
    assert outcome(result) == {"passed": 1}
    result.stdout.fnmatch_lines("*test_high?fast?*SUPPORTED*")


@pytest.mark.parametrize(("body", "verdict"), [(REFUTED, "refuted"), (UNDECIDED, "inconclusive")])
def test_expected_verdict_is_an_expected_failure_under_its_own_word(catalogue, body, verdict):
    catalogue.claim(body=body, expected=verdict, because="Numbers are as they are.")
    result = catalogue.run("-v")
    assert outcome(result) == {"xfailed": 1}
    assert result.ret == 0
    result.stdout.fnmatch_lines(f"*{verdict.upper()} (as expected)*")


@pytest.mark.parametrize(
    ("body", "expected", "message"),
    [
        (REFUTED, "supported", "expected supported, got refuted"),
        (SUPPORTED, "refuted", "expected refuted, got supported"),
        (UNDECIDED, "refuted", "expected refuted, got inconclusive"),
        (REFUTED, "inconclusive", "expected inconclusive, got refuted"),
    ],
)
def test_any_other_verdict_than_the_expected_fails_and_says_so(catalogue, body, expected, message):
    catalogue.claim(body=body, expected=expected, because="Numbers are as they are.")
    result = catalogue.run()
    assert outcome(result) == {"failed": 1}
    result.stdout.fnmatch_lines(f"*A01: {message}*")
    assert catalogue.record()["claims"][0]["message"] == message


def test_expectation_may_differ_by_tier(catalogue):
    catalogue.claim(body=REFUTED, expected={"fast": "refuted", "full": "inconclusive"}, because="By tier.")
    assert outcome(catalogue.run("-m", "fast")) == {"xfailed": 1}
    assert outcome(catalogue.run("-m", "full")) == {"failed": 1}


def test_another_exception_stays_a_failure_where_a_refutation_is_expected(catalogue):
    catalogue.write(
        test_numbers="""
@pytest.mark.claim("A01", "High is low.", expected="refuted", because="It is not.")
def test_bug(high, judge):
    verdict = judge(high.measured("accuracy"), below=0.55)
    raise KeyError("a bug")
"""
    )
    result = catalogue.run()
    assert outcome(result) == {"failed": 1}
    result.stdout.fnmatch_lines("*KeyError: 'a bug'*")


def test_another_assertion_stays_a_failure(catalogue):
    catalogue.write(
        test_numbers="""
@pytest.mark.claim("A01", "High is high.")
def test_bug(high, judge):
    assert judge(high.measured("accuracy"), above=0.55)
    assert 1 == 2
"""
    )
    assert outcome(catalogue.run()) == {"failed": 1}


def test_claim_that_asserts_no_verdict_fails(catalogue):
    catalogue.write(
        test_numbers="""
@pytest.mark.claim("A01", "High is high.")
def test_nothing(high, judge):
    judge(high.measured("accuracy"), above=0.55)
"""
    )
    result = catalogue.run()
    assert outcome(result) == {"failed": 1}
    result.stdout.fnmatch_lines("*asserted no verdict*")


def test_joined_parts_are_all_judged_and_recorded(catalogue):
    catalogue.claim(
        body=f"({SUPPORTED}) & judge(low.measured('accuracy'), above=0.55)", expected="refuted", because="Low is low."
    )
    assert outcome(catalogue.run()) == {"xfailed": 1}
    claim = catalogue.record()["claims"][0]
    assert [part["verdict"] for part in claim["parts"]] == ["supported", "refuted"]
    assert claim["reproduction"]["count"] == 0


def test_expectations_do_not_bind_on_other_seeds(catalogue):
    catalogue.claim(body=UNDECIDED)
    assert outcome(catalogue.run()) == {"failed": 1}
    assert outcome(catalogue.run("--claims-seeds", "5")) == {"xfailed": 1}
    assert outcome(catalogue.run("--claims-first-seed", "900")) == {"xfailed": 1}


def test_a_claim_in_a_class_goes_through_its_looks(catalogue):
    catalogue.write(
        test_numbers="""
class TestNumbers:
    @pytest.mark.claim("A01", "Vague is high.", expected="inconclusive", because="It is spread too widely.")
    def test_vague(self, vague, judge):
        assert judge(vague.measured("accuracy"), above=0.5)
"""
    )
    assert outcome(catalogue.run()) == {"xfailed": 1}
    assert catalogue.record()["claims"][0]["num_seeds"] == 20


@pytest.mark.parametrize("ending", ["assert a and b", "assert a\n    assert b"])
def test_parts_that_are_judged_and_not_joined_fail_the_claim(catalogue, ending):
    catalogue.write(
        test_numbers=f"""
@pytest.mark.claim("A01", "High is high and low is low.")
def test_parts(high, low, judge):
    a = judge(high.measured("accuracy"), above=0.55)
    b = judge(low.measured("accuracy"), below=0.55)
    {ending}
"""
    )
    result = catalogue.run()
    assert outcome(result) == {"failed": 1}
    result.stdout.fnmatch_lines("*judged and not asserted: accuracy: high. Join the parts of a claim with &*")


def test_an_assertion_after_a_refused_verdict_is_not_taken_for_the_verdict(catalogue):
    catalogue.write(
        test_numbers="""
@pytest.mark.claim("A01", "High is low.", expected="refuted", because="It is not.")
def test_bug(high, judge):
    verdict = judge(high.measured("accuracy"), below=0.55)
    if not verdict:
        assert 1 == 2
"""
    )
    assert outcome(catalogue.run()) == {"failed": 1}


def test_a_claim_that_skips_itself_is_not_run_and_disturbs_no_other(catalogue):
    catalogue.write(
        test_numbers="""
@pytest.mark.claim("A01", "High is high.")
def test_high(high, judge):
    assert judge(high.measured("accuracy"), above=0.55)

@pytest.mark.claim("A02", "Low is low.")
def test_low(low, judge):
    pytest.skip("not today")
"""
    )
    assert outcome(catalogue.run()) == {"passed": 1, "skipped": 1}
    assert [claim["verdict"] for claim in catalogue.record()["claims"]] == ["supported", "not run"]


def test_a_claim_that_crashes_is_told_apart_from_one_that_is_skipped(catalogue):
    catalogue.write(
        test_numbers="""
@pytest.mark.claim("A01", "High is high.")
def test_high(high, judge):
    raise KeyError("a bug")

@pytest.mark.claim("A02", "Low is low.")
def test_low(low, judge):
    pytest.skip("not today")
"""
    )
    result = catalogue.run("-m", "fast")
    result.stdout.fnmatch_lines(
        [
            "A01 * error ! *",
            "A02 * not run *",
            "2 claims: 1 not run, 1 error; 1 unexpected",
            "  A01: KeyError: 'a bug'",
            "not run, not today: A02",
        ]
    )
    claims = catalogue.record()["claims"]
    assert [(claim["verdict"], claim["reason"]) for claim in claims] == [("not run", "error"), ("not run", "not run")]
    page = (catalogue.path / "reports" / "claims.html").read_text(encoding="utf-8")
    assert page.count('data-verdict="error unexpected"') == page.count('data-verdict="not-run"') == 1


def test_a_seed_that_fails_later_leaves_what_was_decided_before(catalogue):
    catalogue.write(
        test_numbers="""
import numpy as np
from pytest_claims import Measurement, arm

def fragile(arrays, tier, seed):
    if seed >= 10:
        raise ValueError("no more")
    return {"clear": 1.0 + seed / 100, "vague": np.random.default_rng(seed).normal()}

fragile_arm = arm(Measurement(fragile))

@pytest.mark.claim("A01", "Clear is clear.")
def test_clear(fragile_arm, judge):
    assert judge(fragile_arm.measured("clear"), above=0.5)

@pytest.mark.claim("A02", "Vague is vague.")
def test_vague(fragile_arm, judge):
    assert judge(fragile_arm.measured("vague"), above=0.0)
"""
    )
    assert outcome(catalogue.run()) == {"passed": 1, "errors": 1}


@pytest.mark.parametrize("workers", [[], ["-n", "1"]])
def test_junit_xml_carries_the_verdict(catalogue, workers):
    catalogue.claim(body=REFUTED, expected="refuted", because="High is high.")
    catalogue.run("-m", "fast", "--junitxml=junit.xml", *workers)
    case = ElementTree.parse(catalogue.path / "junit.xml").find(".//testcase")
    assert case is not None
    properties = {found.get("name"): found.get("value") for found in case.iter("property")}
    assert properties == {"claim_id": "A01", "verdict": "refuted"}
