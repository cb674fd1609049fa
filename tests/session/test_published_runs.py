"""Published runs are judged again without data, without training."""

from __future__ import annotations

import json

import pytest

from pytest_claims.cli.main import main
from pytest_claims.controls.certificate import lacking


def publish(catalogue):
    """Judge a claim, publish its runs, and take away the store."""
    catalogue.claim(body="judge(high.measured('accuracy'), above=0.55)")
    catalogue.run("--claims-seeds=15")
    catalogue.run()
    record, output = catalogue.path / "reports" / "claims.json", catalogue.path / "published.sqlite"
    assert main(["publish", str(record), str(output), f"--store={catalogue.store}", "--unchecked"]) == 0
    catalogue.store.unlink()
    return output


def test_published_runs_come_to_the_same_verdict_and_nothing_is_trained(catalogue, capsys):
    output = publish(catalogue)
    assert "wrote 10 runs to" in capsys.readouterr().out
    before = catalogue.record()["claims"]
    result = catalogue.run(f"--claims-runs={output}")
    result.stdout.fnmatch_lines(["claims: published runs, judged as they are", "claims: *no run missing*"])
    result.assert_outcomes(passed=1)
    assert catalogue.record()["claims"] == before
    assert catalogue.record()["num_trained"] == 0
    assert not catalogue.store.exists()


def test_published_file_is_one_file_and_stays_as_it_is(catalogue):
    output = publish(catalogue)
    before = output.read_bytes()
    catalogue.run(f"--claims-runs={output}")
    assert output.read_bytes() == before
    assert [path.name for path in catalogue.path.glob("published*")] == ["published.sqlite"]


def test_workers_judge_published_runs_too(catalogue):
    output = publish(catalogue)
    catalogue.run_apart("-n", "2", f"--claims-runs={output}").assert_outcomes(passed=1)


def test_an_arm_that_is_declared_otherwise_today_is_not_judged_on_its_published_runs(catalogue):
    output = publish(catalogue)
    conftest = catalogue.path / "conftest.py"
    conftest.write_text(conftest.read_text().replace("mean=0.6, sd=0.01", "mean=0.6, sd=0.02"))
    result = catalogue.run_apart(f"--claims-runs={output}", "-rs")
    result.stdout.fnmatch_lines("*high ?fast? is declared otherwise today than when its published runs were made*")
    result.assert_outcomes(skipped=1)


def test_an_arm_that_was_given_another_name_is_judged_on_its_published_runs(catalogue):
    output = publish(catalogue)
    conftest = catalogue.path / "conftest.py"
    conftest.write_text(conftest.read_text().replace("high = arm(", "tall = arm("))
    claims = catalogue.path / "test_numbers.py"
    claims.write_text(
        claims.read_text().replace("high, judge", "tall, judge").replace("high.measured", "tall.measured")
    )
    catalogue.run_apart(f"--claims-runs={output}").assert_outcomes(passed=1)


def test_claim_whose_arm_was_not_published_is_skipped_with_the_reason(catalogue):
    output = publish(catalogue)
    catalogue.claim(body="judge(low.measured('accuracy'), below=0.55)")
    result = catalogue.run_apart(f"--claims-runs={output}", "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines("*the published runs hold none of low ?fast?*")


def test_claim_that_needs_more_seeds_than_were_published_says_so(catalogue):
    output = publish(catalogue)
    catalogue.claim(body="judge(high.measured('accuracy'), above=0.599)")
    result = catalogue.run_apart(f"--claims-runs={output}", "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines("*not all of the runs of a look that it needs are there*")


def test_file_that_is_not_there(catalogue):
    catalogue.claim()
    result = catalogue.run("--claims-runs=none.sqlite")
    assert result.ret == 4
    result.stderr.fnmatch_lines("*there is no file *none.sqlite: give a file that pytest-claims publish has written")


def test_store_and_published_runs_exclude_each_other(catalogue):
    catalogue.claim()
    result = catalogue.run("--claims-runs=a.sqlite", "--claims-store=b.sqlite")
    assert result.ret == 4
    result.stderr.fnmatch_lines("*leave out --claims-store*")


def test_file_that_is_there_is_not_written_over(catalogue, capsys):
    output = publish(catalogue)
    record = catalogue.path / "reports" / "claims.json"
    assert main(["publish", str(record), str(output), f"--store={output}", "--unchecked"]) == 2
    assert "exists already" in capsys.readouterr().err
    assert json.loads(record.read_text())["claims"]


def checked(record):
    """A record whose certificate has all that it can have."""
    passed = {"planted": {"failures": []}, "rows": [{"keeps_promise": True}]}
    record["certificate"].update(calibration=passed, audit={"ok": True})
    record["arms"][0]["curves"] = {"loss": {}}
    return record


@pytest.mark.parametrize(
    ("changes", "lacks"),
    [
        ({}, []),
        ({"calibration": None}, ["the rules are not calibrated: run `pytest -m controls`, then judge again"]),
        ({"calibration": {"planted": {"failures": []}, "rows": [{"keeps_promise": False}]}}, ["the calibration fails"]),
        ({"calibration": {"planted": {"failures": ["weak"]}, "rows": []}}, ["the calibration fails"]),
        ({"audit": None}, ['no run was trained again: run `pytest -m "audit and fast"`']),
        ({"audit": {"ok": False}}, ["the audit fails"]),
        ({"controls": [{"name": "mirror", "failures": ["A01"]}]}, ["the control 'mirror' fails"]),
    ],
)
def test_record_is_published_only_with_a_whole_certificate(catalogue, changes, lacks):
    catalogue.claim()
    catalogue.run()
    record = checked(catalogue.record())
    record["certificate"].update(changes)

    assert lacking(record) == lacks


def test_measurements_need_no_audit_and_the_way_out_is_told(catalogue, capsys):
    catalogue.claim()
    catalogue.run()
    record = catalogue.path / "reports" / "claims.json"
    output = catalogue.path / "published.sqlite"

    assert main(["publish", str(record), str(output), f"--store={catalogue.store}"]) == 2
    told = capsys.readouterr().err
    assert "is not published: the rules are not calibrated: run `pytest -m controls`, then judge again. Or" in told
    assert "trained again" not in told
    assert not output.exists()
