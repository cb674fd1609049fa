"""What has changed between two records."""

from __future__ import annotations

import copy

import pytest

from pytest_claims.cli.main import main
from pytest_claims.record.schema import record_text
from pytest_claims.report.changes import changes, differences
from pytest_claims.report.html import render
from tests.helpers.report_sample import claim, part, record


@pytest.fixture
def old():
    return record()


@pytest.fixture
def new(old):
    return copy.deepcopy(old)


def test_a_record_has_not_changed_from_itself(old, new):
    assert changes(old, new) == []
    assert differences(old, new) == []


def test_changed_verdicts_come_first_with_what_stability_had_said(old, new):
    new["claims"][0]["verdict"] = "inconclusive"
    new["claims"].append(claim("Z01", part()))
    first, second = changes(old, new)
    assert (first.claim, first.text) == ("C01", "supported (it would come again with 100%) → inconclusive")
    assert (second.claim, second.text) == ("Z01", "appeared: supported")


def test_a_claim_that_went_is_told(old, new):
    del new["claims"][0]
    assert [(change.claim, change.text) for change in changes(old, new)] == [("C01", "gone: was supported")]


@pytest.mark.parametrize(("shift", "moved"), [(0.003, True), (0.001, False)])
def test_an_effect_moves_if_each_estimate_lies_outside_the_other_interval(old, new, shift, moved):
    for name in ("estimate", "low", "high"):
        new["claims"][0]["parts"][0][name] += shift
    assert [change.kind for change in changes(old, new)] == ["moved"] * moved


def test_what_else_differs_is_named(old, new):
    new["data"][1]["content_hash"] = "ff" * 32
    new["arms"][0]["fingerprint"] = "other"
    new["looks"] = [12]
    assert differences(old, new) == [
        "looks: [10, 20] → [12]",
        "data: MNIST is another (real → real)",
        "arms declared otherwise: mnist_zeros",
    ]


def test_command_prints_the_changes(old, new, tmp_path, capsys):
    new["claims"][0]["verdict"] = "refuted"
    for name, content in (("old", old), ("new", new)):
        (tmp_path / f"{name}.json").write_text(record_text(content), encoding="utf-8")
    assert main(["diff", str(tmp_path / "old.json"), str(tmp_path / "new.json")]) == 0
    assert capsys.readouterr().out.splitlines() == ["C01    supported (it would come again with 100%) → refuted"]


def test_page_has_a_section_with_links_to_what_changed_and_why_it_may_have(old, new):
    new["claims"][0]["verdict"] = "refuted"
    gone = new["claims"].pop()["id"]
    new["looks"] = [12]
    section = section_of(render(new, old))
    assert '<a class="id" href="#C01">C01</a> supported' in section
    assert f'<span class="id">{gone}</span> gone' in section
    assert "Looks: [10, 20] → [12]" in section
    assert 'href="#report-changes"' in render(new, old)


def test_page_says_if_nothing_changed(old, new):
    assert "No verdict has changed" in section_of(render(new, old))
    assert "report-changes" not in render(new)


def section_of(page):
    return page.partition('<section id="report-changes"')[2].partition("</section>")[0]


def test_command_renders_a_record_with_what_has_changed(old, new, tmp_path, capsys):
    new["claims"][0]["verdict"] = "refuted"
    for name, content in (("old", old), ("new", new)):
        (tmp_path / f"{name}.json").write_text(record_text(content), encoding="utf-8")
    assert main(["report", str(tmp_path / "new.json"), "--against", str(tmp_path / "old.json")]) == 0
    assert "→ refuted" in section_of((tmp_path / "new.html").read_text(encoding="utf-8"))


def test_session_compares_with_the_record_it_replaces(catalogue):
    catalogue.claim()
    catalogue.run()
    catalogue.claim(body="judge(high.measured('accuracy'), below=0.55)", expected="refuted", because="It is high.")
    catalogue.run("--claims-against=reports/claims.json")
    page = (catalogue.path / "reports" / "claims.html").read_text(encoding="utf-8")
    assert "→ refuted" in section_of(page)


@pytest.mark.parametrize(("content", "message"), [(None, "No such file"), ('{"schema": 1', "is no complete JSON file")])
def test_a_record_that_cannot_be_read_is_told_before_anything_is_trained(catalogue, content, message):
    catalogue.claim()
    if content is not None:
        (catalogue.path / "old.json").write_text(content)
    result = catalogue.run("--claims-against=old.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*--claims-against takes an older record*{message}*"])
    assert not catalogue.store.exists()
