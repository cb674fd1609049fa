"""The controls that take a minute: ``pytest -m controls``. What they measure goes into the certificates of reports."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pytest_claims.controls import certificate, on_record, planted, write_controls
from pytest_claims.controls.calibration import calibrate
from pytest_claims.controls.calibration_rows import Row, check
from pytest_claims.record.schema import SCHEMA_VERSION, read_record

ROOT = Path(__file__).parents[2]
REPORTS = ROOT / "reports"


def content(path: Path):
    return json.loads(path.read_text(encoding="utf-8"))


def records():
    """What this checkout has judged last in each tier; else what is published."""
    own = [path for tier in ("fast", "full") if (path := REPORTS / f"claims-{tier}.json").is_file()]
    return [path for path in own if content(path)["schema"] == SCHEMA_VERSION] or [REPORTS / "lecture" / "claims.json"]


@pytest.mark.controls
@pytest.mark.parametrize("path", records(), ids=lambda path: path.stem)
def test_controls_are_green_over_the_whole_catalogue(path):
    record = read_record(path)
    found = [*on_record(record), planted(record, np.random.default_rng(1))]
    for control in found:
        print(control.name, control.num_checked, "checked", control.figures)
    assert {control.name: control.failures for control in found if control.failures} == {}


@pytest.mark.controls
def test_rules_keep_what_they_promise_and_the_certificate_says_so():
    rows = calibrate(np.random.default_rng(1))
    record = read_record(records()[0])
    write_controls(REPORTS, rows, planted(record, np.random.default_rng(1)))
    assert check(rows) == []


ROW = Row("superiority", "fast", 0.05, "normal", "supported", 0.052, 2000, 0.05, "at most")


def test_certificate_holds_the_calibration_of_these_statistics(tmp_path):
    record = read_record(REPORTS / "lecture" / "claims.json")
    assert certificate(record, tmp_path)["calibration"] is None
    kept = write_controls(tmp_path, [ROW], on_record(record)[0])
    [row] = certificate(record, tmp_path)["calibration"]["rows"]
    assert (row["rate"], row["keeps_promise"]) == (0.052, True)
    kept.write_text(json.dumps(content(kept) | {"statistics": "others"}), encoding="utf-8")
    assert certificate(record, tmp_path)["calibration"] is None
