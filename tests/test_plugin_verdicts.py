"""A verdict and its expectation decide how pytest shows a claim."""

from __future__ import annotations

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


def test_one_of_two_expected_verdicts_is_enough(catalogue):
    catalogue.claim(body=REFUTED, expected=("inconclusive", "refuted"), because="Either may come out.")
    assert outcome(catalogue.run()) == {"xfailed": 1}


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
