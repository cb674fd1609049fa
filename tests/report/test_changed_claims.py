"""Claims that were changed after a verdict was known: the report and the findings show both verdicts."""

from __future__ import annotations

import pytest

from pytest_claims.report.findings import findings
from pytest_claims.report.html import render
from tests.helpers.report_sample import claim, part, record

WHY = "A mean says too little of runs that get stuck."


def changed(before="refuted", **others):
    return claim("T01", part(), revised=WHY, before=before, first_seed=300, **others)


def test_the_card_tells_what_was_changed_and_the_verdict_before():
    page = render(record(claims=[changed()]))
    assert (
        f"Changed after a verdict was known, and judged on new seeds: {WHY} Before, on other seeds, the verdict was"
        in page
    )
    assert "Changed after" not in render(record(claims=[claim("T01")]))


@pytest.mark.parametrize(("before", "cell"), [("refuted", "refuted → **supported**"), ("supported", "supported")])
def test_findings_have_the_verdicts_before_and_now(before, cell):
    assert f"| T01 | {cell} | {WHY} |" in findings([record(claims=[changed(before)])], "claims.html")


def test_the_head_tells_from_which_seeds_on_claims_were_judged():
    page = render(record(claims=[claim("T00"), changed(), claim("T02")]))
    assert "from seed 0 on, 1 claim from seed 300 on" in page
