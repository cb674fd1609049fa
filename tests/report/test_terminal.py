"""The table at the end of a run: it fits, says all without colour, and hides nothing that did not run."""

from __future__ import annotations

import pytest

from pytest_claims.report.terminal import table
from tests.helpers.report_sample import claim, exact, part, record


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width):
    assert max(map(len, table(record(), width=width).splitlines())) <= width


def test_every_claim_has_a_row_with_its_verdict_effect_and_seeds():
    rows = {line.split()[0]: line for line in table(record()).splitlines() if line[:1].isupper()}

    assert [row for row in rows if row[0] in "CNPR"] == [held["id"] for held in record()["claims"]]
    assert rows["C01"].split()[1:6] == ["supported", "+0.93", "[+0.71,", "+1.15]", "points"]
    assert "10" in rows["C01"].split()
    assert rows["C01"].endswith("…")


def test_what_is_unexpected_is_marked_and_explained():
    lines = table(record()).splitlines()

    assert any(line.startswith("C03") and "inconclusive !" in line for line in lines)
    assert "  N03: expected supported, got refuted" in lines
    assert not any(line.startswith("C06") and "!" in line for line in lines)


def test_counts_stand_below():
    text = " ".join(table(record()).split())

    counts = "4 supported, 3 refuted, 3 inconclusive, 1 compatible, 1 incompatible, 1 not run, 1 error"
    assert f"14 claims: {counts}; 3 unexpected" in text


def test_what_did_not_run_is_listed_by_reason():
    held = [claim("C05", message="no data"), claim("C06", message="no data"), claim("C07", message="broken")]
    lines = table(record(claims=held)).splitlines()

    assert "not run, no data: C05, C06" in lines
    assert "not run, broken: C07" in lines


def test_a_session_that_went_as_expected_says_so():
    text = table(record(claims=[claim("C01", part()), claim("C06", part(verdict="refuted"))]))

    assert text.endswith("2 claims: 1 supported, 1 refuted; all as expected")
    assert "!" not in text


def test_a_verdict_that_is_not_bound_to_its_expectation_is_counted():
    other = claim("C01", part(verdict="inconclusive"), expected="supported")

    assert table(record(claims=[other])).endswith("1 claim: 1 inconclusive; 1 not compared")


def test_colour_comes_only_when_told():
    assert "\x1b" not in table(record())
    assert "\x1b[31mrefuted" in table(record(), color=True)


def test_brackets_and_markup_in_a_statement_are_shown():
    assert "[bold]x" in table(record(claims=[claim("[red]1", exact(), statement="[bold]x[/bold] :smile:")]), width=120)
    assert "[red]1" in table(record(claims=[claim("[red]1", exact())]))


def test_no_claims_no_table():
    assert table(record(claims=[])) == "0 claims"
