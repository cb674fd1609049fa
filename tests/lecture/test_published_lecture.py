"""The published report of the lecture comes out again from its published runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_claims.record.schema import read_record
from pytest_claims.report.html import render
from pytest_claims.report.words.numbers import effect_with_interval

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "reports" / "lecture"


def test_published_record_is_valid_and_its_page_is_its_rendering():
    record = read_record(PUBLISHED / "claims.json")
    assert render(record) == (PUBLISHED / "claims.html").read_text(encoding="utf-8")


def test_findings_tell_every_published_claim_with_its_effect():
    findings = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    record = read_record(PUBLISHED / "claims.json")
    for claim in (claim for claim in record["claims"] if claim["verdict"] != "not run"):
        assert f"[{claim['id']}](../reports/lecture/claims.html#{claim['id']})" in findings
        assert all(effect_with_interval(part) in findings for part in claim["parts"])


def test_every_published_verdict_comes_out_again_without_data_or_training(tmp_path):
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("CLAIMS_", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "full", "claims"]
    runs = f"--claims-runs={PUBLISHED / 'runs.sqlite'}"
    subprocess.run(
        [*command, runs, f"--claims-report={tmp_path}"],
        cwd=ROOT,
        env=environment | {"CLAIMS_OFFLINE": "1"},
        check=False,
    )
    again = {claim["id"]: claim for claim in read_record(tmp_path / "claims.json")["claims"]}
    published = read_record(PUBLISHED / "claims.json")["claims"]
    assert len(published) > 20
    for claim in published:
        assert again[claim["id"]]["verdict"] == claim["verdict"]
        estimates = [part["estimate"] for part in claim["parts"]]
        assert [part["estimate"] for part in again[claim["id"]]["parts"]] == pytest.approx(estimates, rel=1e-9)
