"""The command line: what needs no test run."""

from __future__ import annotations

import json

import pytest

from pytest_claims.cli.main import main
from pytest_claims.record.schema import record_text
from tests.helpers.report_sample import record


def test_report_renders_a_record_again(catalogue, capsys):
    catalogue.claim()
    catalogue.run()
    page = catalogue.path / "reports" / "claims.html"
    before = page.read_text(encoding="utf-8")
    page.unlink()
    assert main(["report", str(page.with_suffix(".json"))]) == 0
    assert page.read_text(encoding="utf-8") == before
    assert "wrote" in capsys.readouterr().out


def test_summary_prints_the_table_as_markdown(catalogue, capsys):
    catalogue.claim(body="judge(high.measured('accuracy'), below=0.55)", expected="refuted", because="High | is high.")
    catalogue.run()
    capsys.readouterr()
    assert main(["summary", str(catalogue.path / "reports" / "claims.json")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith("| A01 | High is high. | **refuted** | ")
    assert lines[-1] == "1 claim: 1 refuted; all as expected."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"schema": 1, "cla', "is no complete JSON file"),
        ('{"schema": 99}', "the record has schema 99, and this version of pytest-claims reads 4"),
    ],
)
def test_report_refuses_what_is_no_record(tmp_path, capsys, content, message):
    (tmp_path / "claims.json").write_text(content)
    assert main(["report", str(tmp_path / "claims.json")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "claims.html").exists()


def test_report_of_a_file_that_is_not_there(tmp_path, capsys):
    assert main(["report", str(tmp_path / "none.json")]) == 2
    assert "none.json" in capsys.readouterr().err


def test_pilot_keeps_the_seconds_that_runs_took(catalogue, capsys):
    catalogue.claim()
    catalogue.run()
    output = catalogue.path / "pilot.json"
    assert main(["pilot", "--store", str(catalogue.store), "--output", str(output)]) == 0
    assert set(json.loads(output.read_text())["seconds_per_run"]) == {"high"}
    assert main(["pilot", "--store", str(catalogue.path / "none.sqlite")]) == 2
    assert "run pytest -m fast first" in capsys.readouterr().err


def test_pilot_file_tells_the_plan_of_a_new_store_what_runs_cost(catalogue):
    catalogue.claim()
    (catalogue.path / "fixtures").mkdir()
    (catalogue.path / "fixtures" / "pilot.json").write_text('{"seconds_per_run": {"high": {"fast": 3.0}}}')
    result = catalogue.run("--collect-only")
    result.stdout.fnmatch_lines("claims: *10 of 10 runs*, about 30 s; 20 at most, about 1 min 0 s")


def test_figures_are_drawn_for_slides(tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: pip install -e '.[figures]'")
    file, output = tmp_path / "claims.json", tmp_path / "figures"
    file.write_text(record_text(record()), encoding="utf-8")
    assert main(["slides", str(file), "C01", "--output", str(output)]) == 0
    assert sorted(path.name for path in output.iterdir()) == ["C01-val_accuracy.pdf", "C01-val_accuracy.svg"]
    assert "wrote 2 files" in capsys.readouterr().out
    assert main(["slides", str(file), "Z99", "--output", str(output)]) == 2
    assert "the record has no claim Z99" in capsys.readouterr().err
