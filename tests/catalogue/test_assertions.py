"""The lecture accounted for: which assertions are tested, which are not, and what cannot be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_claims.catalogue.assertions import account, read_lecture
from pytest_claims.catalogue.published_logs import read_logs
from pytest_claims.support.errors import ClaimsError

ROOT = Path(__file__).parents[2]
LIST = """
[[section]]
number = 1
title = "Numbers"
assertions = ["A01", "A02"]

[[not_testable]]
what = "Numbers are beautiful."
reason = "Taste."
"""


def listed(catalogue, text=LIST):
    catalogue.pytester.makeini("[pytest]\nclaims_lecture = Numbers\nclaims_assertions = lecture.toml")
    (catalogue.path / "lecture.toml").write_text(text, encoding="utf-8")
    catalogue.claim()


def test_record_says_which_claims_test_each_assertion(catalogue):
    listed(catalogue)
    catalogue.run()
    accounted = catalogue.record()["accounted"]
    assert accounted["sections"][0]["assertions"] == [{"id": "A01", "claims": ["A01"]}, {"id": "A02", "claims": []}]
    page = (catalogue.path / "reports" / "claims.html").read_text(encoding="utf-8")
    assert "The lecture accounted for" in page
    assert "Numbers are beautiful. Taste." in page


def test_claims_of_another_tier_or_not_selected_count_as_well(catalogue):
    listed(catalogue)
    catalogue.write(
        test_more="""
@pytest.mark.claim("A02", "Only on all the data.", tiers="full")
def test_full(high, judge):
    assert judge(high.measured("accuracy"), above=0.5)
"""
    )
    catalogue.run_apart("-n", "2", "-m", "fast").assert_outcomes(passed=1)
    assertions = catalogue.record()["accounted"]["sections"][0]["assertions"]
    assert [assertion["claims"] for assertion in assertions] == [["A01"], ["A02"]]


def test_catalogue_without_a_list_is_not_accounted_for(catalogue):
    catalogue.claim()
    catalogue.run()
    assert catalogue.record()["accounted"] is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[section", "is no TOML"),
        ("[[chapter]]\nnumber = 1", r"has tables \[\[chapter\]\]; known are section, not_testable"),
        ("[[section]]\nnumber = 1", r"a \[\[section\]\] has \['number'\]; expected"),
    ],
)
def test_list_that_is_none(tmp_path, text, message):
    path = tmp_path / "lecture.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ClaimsError, match=message):
        read_lecture(path)


def test_every_assertion_of_the_lecture_has_a_claim_and_every_claim_an_assertion():
    ids = {
        found
        for path in (ROOT / "claims").glob("test_*.py")
        for found in re.findall(r'pytest\.mark\.claim\(\s*"([^"]+)"', path.read_text(encoding="utf-8"))
    }
    ids |= {f"P-{name}" for name in read_logs(ROOT / "fixtures" / "published.json")}
    accounted = account(read_lecture(ROOT / "claims" / "lecture.toml"), ids)
    assertions = [assertion for section in accounted["sections"] for assertion in section["assertions"]]
    assert [assertion["id"] for assertion in assertions if not assertion["claims"]] == []
    assert ids - {claim for assertion in assertions for claim in assertion["claims"]} == set()
