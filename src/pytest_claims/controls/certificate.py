"""The certificate: what was done to trust the machinery behind the verdicts of a record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from pytest_claims.controls.audit_record import certificate as audited
from pytest_claims.controls.calibration import Row
from pytest_claims.controls.checks import Control, on_record
from pytest_claims.support.files import replace_file
from pytest_claims.support.record_types import CertificateRecord, JudgedRecord

KEPT = "controls.json"
"""Name of the file, beside the reports, in which ``pytest -m controls`` leaves what it measured."""


def certificate(record: JudgedRecord, folder: Path) -> CertificateRecord:
    """Give the certificate of a record: controls on its numbers, and what longer checks have left in a folder.

    Parameters
    ----------
    record
        As in ``claims.json``, without its certificate.
    folder
        Where reports are written.
    """
    return {
        "controls": [control.plain() for control in on_record(record)],
        "calibration": _calibration(folder / KEPT),
        "audit": audited(folder, record["arms"]),
    }


def keep(folder: Path, rows: Iterable[Row], planted: Control) -> Path:
    """Keep what took long to measure, for the certificates of reports to come; returns where.

    Parameters
    ----------
    folder
        Where reports are written.
    rows
        The calibration.
    planted
        The control of that name.
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
    """What was measured of these very statistics, or ``None``."""
    if not kept.is_file():
        return None
    content: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    return content if content.get("statistics") == _statistics() else None


def _statistics() -> str:
    """A hash of the source of the statistics: measurements of others say nothing."""
    sources = sorted(
        (path.name, path.read_text(encoding="utf-8"))
        for path in files("pytest_claims.statistics").iterdir()
        if path.name.endswith(".py")
    )
    return hashlib.sha256(repr(sources).encode()).hexdigest()
