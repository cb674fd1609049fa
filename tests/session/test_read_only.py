"""A checkout that can only be read: the verdicts are shown, and collecting writes nothing."""

from __future__ import annotations

import sys

import pytest

from pytest_claims.audit import items

REFUTED = "judge(high.measured('accuracy'), below=0.55)"


@pytest.mark.parametrize(("body", "status"), [("judge(high.measured('accuracy'), above=0.55)", 0), (REFUTED, 1)])
def test_verdicts_are_shown_where_no_report_can_be_written(catalogue, body, status):
    catalogue.claim(body=body)
    (catalogue.path / "notes.txt").write_text("a file, so that no directory can be made in it")
    result = catalogue.run("--claims-report=notes.txt/reports")
    assert result.ret == status
    result.stdout.fnmatch_lines(["*claims, fast tier*", "1 claim: 1 *", "the report could not be written (*): *"])
    assert [line.count("--claims-report=DIR") for line in result.outlines if "could not be written" in line] == [1]
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("report: *")


def test_verdicts_are_shown_where_the_page_cannot_be_made(catalogue, monkeypatch):
    catalogue.claim()
    monkeypatch.setitem(sys.modules, "jinja2", None)  # as where the package is damaged, or the path was cleared
    monkeypatch.delitem(sys.modules, "pytest_claims.report.html", raising=False)
    result = catalogue.run()
    assert result.ret == 0
    result.stdout.fnmatch_lines(["1 claim: 1 supported*", "the report could not be written (*jinja2*): *"])


def test_a_report_that_can_be_written_in_part_alone_is_not_written(catalogue):
    catalogue.claim()
    (catalogue.path / "reports" / "claims.html").mkdir(parents=True)
    result = catalogue.run()
    assert result.ret == 0
    result.stdout.fnmatch_lines("the report could not be written (*claims.html*): *")
    assert [path.name for path in (catalogue.path / "reports").iterdir()] == ["claims.html"]


def test_an_audit_that_cannot_be_written_is_a_line_as_well(tmp_path):
    (tmp_path / "notes.txt").write_text("notes")
    run = {"head": {"tier": "fast", "num_drawn": 1}, "arm": {"name": "high", "ok": True}}
    [(record, line)] = items.write([run], tmp_path / "notes.txt", partial=False)
    assert record["ok"]
    assert line.startswith("the record could not be written (")


def test_collecting_writes_nothing(catalogue):
    catalogue.claim()
    before = {path.name for path in catalogue.path.iterdir()}
    result = catalogue.run("--collect-only")
    result.stdout.fnmatch_lines("claims: 1 claims, 1 arms*10 of 10 runs missing*")
    assert {path.name for path in catalogue.path.iterdir()} - before <= {"__pycache__"}


def test_collecting_needs_no_place_for_a_store(catalogue):
    catalogue.claim()
    (catalogue.path / "notes.txt").write_text("notes")
    result = catalogue.run("--collect-only", "--claims-store=notes.txt/runs.sqlite")
    assert result.ret == 0
    result.stdout.fnmatch_lines("claims: 1 claims, 1 arms*10 of 10 runs missing*")


def test_collecting_reads_the_runs_of_a_store_and_leaves_it_as_it_is(catalogue):
    catalogue.claim()
    catalogue.run()
    before = {path.name: path.stat().st_mtime_ns for path in catalogue.store.parent.iterdir()}
    result = catalogue.run("--collect-only")
    result.stdout.fnmatch_lines("claims: 1 claims, 1 arms*no run missing*")
    assert {path.name: path.stat().st_mtime_ns for path in catalogue.store.parent.iterdir()} == before


def test_a_store_that_does_not_exist_has_no_runs(tmp_path):
    from pytest_claims.store.no_runs import NoRuns

    with NoRuns(tmp_path / "runs.sqlite") as store:
        assert not store.writable
        assert store.runs("4f1c", []) == []
        with pytest.raises(ValueError, match="no runs of fingerprint 4f1c"):
            store.runs("4f1c", [1])
    assert not list(tmp_path.iterdir())
