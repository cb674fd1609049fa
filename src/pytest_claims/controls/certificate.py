"""The certificate: what was done to trust the machinery behind the verdicts of a record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytest_claims.controls.judged import Record
from pytest_claims.controls.on_record import on_record


def certificate(record: Record, folder: Path) -> dict[str, Any]:
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
        "calibration": None,
        "audit": None,
    }
