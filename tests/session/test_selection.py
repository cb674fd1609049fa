"""Which claims run, and what a selection writes."""

from __future__ import annotations

import pytest

TWO_CLAIMS = """
@pytest.mark.claim("A01", "High is high.")
def test_high(high, judge):
    assert judge(high.measured("accuracy"), above=0.55)

@pytest.mark.claim("A02", "High is twice as high in both tiers' words.", tiers={tiers!r})
def test_twice(high, judge):
    assert judge(high.measured("twice"), above=1.1)
"""


@pytest.fixture
def two(catalogue):
    catalogue.write(test_numbers=TWO_CLAIMS.format(tiers=("fast", "full")))
    return catalogue


def num_passed(result: pytest.RunResult) -> int:
    return result.parseoutcomes().get("passed", 0)


def test_plain_run_takes_the_fast_tier_and_never_the_full_one(two):
    result = two.run()
    assert num_passed(result) == 2
    assert {claim["tier"] for claim in two.record()["claims"]} == {"fast"}


def test_full_tier_runs_when_the_mark_expression_asks_for_it(two):
    assert num_passed(two.run("-m", "full")) == 2
    assert {claim["tier"] for claim in two.record()["claims"]} == {"full"}


def test_full_tier_runs_when_a_node_id_asks_for_it(two):
    assert num_passed(two.run("test_numbers.py::test_high[full]")) == 1
    assert num_passed(two.run("test_numbers.py::test_high")) == 1
    assert two.record("partial")["tier"] == "fast"


def test_both_tiers_run_together_and_write_a_report_each(two):
    assert num_passed(two.run("-m", "fast or full")) == 4
    assert two.record("claims-fast")["tier"] == "fast"
    assert two.record("claims-full")["tier"] == "full"


def test_a_claim_can_be_of_one_tier_only(catalogue):
    catalogue.write(test_numbers=TWO_CLAIMS.format(tiers="full"))
    assert num_passed(catalogue.run("-m", "fast")) == 1
    assert num_passed(catalogue.run("-m", "full")) == 2


def test_claims_are_found_by_their_id(two):
    result = two.run("-k", "A02")
    assert num_passed(result) == 1
    assert [claim["id"] for claim in two.record("partial")["claims"]] == ["A02"]


def test_a_selection_never_replaces_a_whole_report(two):
    two.run("-m", "fast")
    before = two.record()
    two.run("-k", "A01")
    two.run("test_numbers.py")
    assert two.record() == before
    assert two.record("partial")["partial"]


def test_a_run_stopped_early_never_replaces_a_whole_report(catalogue):
    catalogue.write(
        test_numbers=TWO_CLAIMS.format(tiers="fast").replace("above=0.55", "below=0.55"),
    )
    catalogue.run("-x")
    assert not (catalogue.path / "reports" / "claims.json").exists()
    assert len(catalogue.record("partial")["claims"]) == 1


def test_tests_that_are_no_claims_are_left_alone(catalogue):
    catalogue.pytester.makepyfile(test_plain="def test_plain(): assert True")
    result = catalogue.run()
    assert num_passed(result) == 1
    result.stdout.no_fnmatch_line("*claims:*")
    assert not (catalogue.path / "reports").exists()
    assert not catalogue.store.exists()


def test_a_node_id_that_only_sounds_like_a_tier_does_not_ask_for_it(catalogue):
    catalogue.write(test_numbers=TWO_CLAIMS.format(tiers=("fast", "full")).replace("test_high", "test_fully_high"))
    assert num_passed(catalogue.run("test_numbers.py::test_fully_high")) == 1


def test_other_seeds_and_narrower_marks_never_replace_a_whole_report(two):
    two.run()
    before = two.record()
    two.run("--claims-first-seed", "900")
    two.run("-m", "fast and not slow")
    assert two.record() == before


def test_a_tier_that_could_not_run_replaces_nothing(catalogue):
    catalogue.write(
        test_numbers=TWO_CLAIMS.format(tiers="fast").replace("    assert", "    pytest.skip('later')\n    assert")
    )
    catalogue.run()
    assert not (catalogue.path / "reports" / "claims.json").exists()
