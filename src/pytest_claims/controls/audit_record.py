"""The record of an audit, in the folder of the reports, and the summary of it for certificates."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pytest_claims.support.errors import DAMAGED
from pytest_claims.support.files import replace_files

AUDIT_SCHEMA_VERSION = 1

OF_AUDIT = ("created", "audit_seed", "tier", "ok", "error_rate", "engine", "environment", "not_audited")
OF_ARM = ("name", "seed", "sections", "fingerprint", "data", "ok", "num_seeds", "failures")
"""The fields of the audit, and of each arm, that a certificate takes."""

AuditRecord = dict[str, Any]


def write_audit(folder: Path, record: AuditRecord, *, whole: bool) -> Path:
    """Write the record of an audit into the folder of the reports; return the path.

    ``audit-fast.json`` and ``audit-full.json`` hold the last whole audit of each tier. ``audit.json`` holds the last
    whole audit of either tier, ``audit-partial.json`` the last audit of a selection. An audit is whole if it has
    audited every arm that it drew from the whole catalogue.
    """
    text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False)
    names = ("audit", f"audit-{record['tier']}") if whole else ("audit-partial",)
    replace_files({folder / f"{name}.json": text for name in names})
    return folder / f"{names[-1]}.json"


def audit_summary(folder: Path, arms: Iterable[Mapping[str, Any]]) -> AuditRecord | None:
    """Summarize the last whole audit in the folder of the reports; ``None`` if it audited runs of any other arm.

    The arms are those of ``claims.json``, all of one tier, each with name, tier and fingerprint.
    """
    declared = {(arm["name"], arm["tier"]): arm["fingerprint"] for arm in arms}
    for tier in sorted({tier for _, tier in declared}):
        file = folder / f"audit-{tier}.json"
        if file.is_file():
            with suppress(*DAMAGED):  # it is as if there were none
                record: AuditRecord = json.loads(file.read_text(encoding="utf-8"))
                same = [declared.get((arm["name"], tier)) == arm["fingerprint"] for arm in record["arms"]]
                if record["schema"] == AUDIT_SCHEMA_VERSION and all(same):
                    audited = [_fields(arm, OF_ARM) | {"num_compared": len(arm["compared"])} for arm in record["arms"]]
                    return _fields(record, OF_AUDIT) | {"arms": audited}
    return None


def _fields(record: AuditRecord, names: Iterable[str]) -> AuditRecord:
    return {name: record[name] for name in names}
