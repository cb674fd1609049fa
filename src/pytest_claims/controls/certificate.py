"""The certificate: the checks of the machinery behind the verdicts of a record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from pytest_claims.controls.audit_record import audit_summary
from pytest_claims.controls.calibration_rows import Row
from pytest_claims.controls.checks import Control, on_record
from pytest_claims.support.errors import DAMAGED
from pytest_claims.support.files import replace_file
from pytest_claims.support.record_types import CertificateRecord, JudgedRecord, Record

KEPT = "controls.json"
"""Name of the file, in the folder of the reports, to which ``pytest -m controls`` writes its measurements."""

_OF_CALIBRATION = ("calibration", "simulated_families")


def certificate(record: JudgedRecord, folder: Path) -> CertificateRecord:
    """Make the certificate of a record: controls on its numbers, and the results of longer checks in a folder.

    Parameters
    ----------
    record
        The content of ``claims.json`` without its certificate.
    folder
        The folder of the reports.
    """
    return {
        "controls": [control.plain() for control in on_record(record)],
        "calibration": _calibration(folder / KEPT),
        "audit": audit_summary(folder, record["arms"]),
    }


def lacking(record: Record) -> list[str]:
    """What stands against publishing a record: controls that fail, and longer checks that were not run or failed."""
    kept = record["certificate"]
    lacks = [f"the control {control['name']!r} fails" for control in kept["controls"] if control["failures"]]
    if kept["calibration"] is None:
        lacks.append("the rules are not calibrated: run `pytest -m controls`, then judge again")
    elif kept["calibration"]["planted"]["failures"] or not _keeps_promises(kept["calibration"]):
        lacks.append("the calibration fails")
    if not any(arm["curves"] for arm in record["arms"]):
        return lacks  # only trained arms can be audited
    if kept["audit"] is None:
        lacks.append(f'no run was trained again: run `pytest -m "audit and {record["tier"]}"`')
    elif not kept["audit"]["ok"]:
        lacks.append("the audit fails")
    return lacks


def _keeps_promises(calibration: dict[str, Any]) -> bool:
    return all(row["keeps_promise"] for row in calibration["rows"])


def write_controls(folder: Path, rows: Iterable[Row], planted: Control) -> Path:
    """Write the measurements that take long to a file, for the certificates of later reports; return the path.

    Parameters
    ----------
    folder
        The folder of the reports.
    rows
        The rows of the calibration.
    planted
        The control of planted effects.
    """
    content = {
        "statistics": _statistics(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "planted": planted.plain(),
        "rows": [{**asdict(row), "keeps_promise": row.keeps_promise} for row in rows],
    }
    kept = folder / KEPT
    replace_file(kept, json.dumps(content, indent=1, ensure_ascii=False))
    return kept


def _calibration(kept: Path) -> dict[str, Any] | None:
    """Return the measurements of the present statistics, or ``None``."""
    if not kept.is_file():
        return None
    try:
        content: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        return content if content.get("statistics") == _statistics() else None
    except DAMAGED:
        return None


def _statistics() -> str:
    """Hash the source of the statistics and of the calibration: measurements by another version say nothing here."""
    sources = sorted(
        (path.name, path.read_text(encoding="utf-8"))
        for package in ("statistics", "controls")
        for path in files(f"pytest_claims.{package}").iterdir()
        if path.name.endswith(".py") and (package == "statistics" or path.name.startswith(_OF_CALIBRATION))
    )
    return hashlib.sha256(repr(sources).encode()).hexdigest()
