"""The record of an audit, beside the reports, and what certificates take from it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

SCHEMA_VERSION = 1

Record = dict[str, Any]


def keep(folder: Path, record: Record, *, whole: bool) -> Path:
    """Write the record of an audit, whole or not at all; returns where.

    ``audit-fast.json`` or ``audit-full.json`` is the last whole audit of its tier, ``audit.json`` the last of any, and
    ``audit-partial.json`` one of a selection.

    Parameters
    ----------
    folder
        Where reports are written.
    record
        As `pytest_claims.audit.items.write` builds it.
    whole
        Whether every arm that was drawn over the whole catalogue was audited.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False)
    for name in ("audit.json", f"audit-{record['tier']}.json") if whole else ("audit-partial.json",):
        written = folder / name
        temporary = written.with_name(f"{name}.new")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(written)
    return written


def certificate(folder: Path, arms: Iterable[Mapping[str, Any]]) -> Record | None:
    """Give the summary of the last whole audit, if all runs that it trained again are of the given arms.

    Parameters
    ----------
    folder
        Where reports are written.
    arms
        As in ``claims.json``: each with its name, its tier and its fingerprint; all of one tier.

    Returns
    -------
    dict or None
        ``created``, ``audit_seed``, ``tier``, ``ok``, ``error_rate``, ``engine``, ``environment``, ``not_audited`` (by
        section, why), and ``arms``: of each ``name``, ``seed``, ``sections``, ``fingerprint``, ``data``, ``ok``,
        ``num_seeds``, ``num_compared``, and ``failures``, a line for each comparison that failed.
    """
    declared = {(arm["name"], arm["tier"]): arm["fingerprint"] for arm in arms}
    for tier in sorted({tier for _, tier in declared}):
        kept = folder / f"audit-{tier}.json"
        if kept.is_file():
            record: Record = json.loads(kept.read_text(encoding="utf-8"))
            same = [declared.get((arm["name"], tier)) == arm["fingerprint"] for arm in record["arms"]]
            if record["schema"] == SCHEMA_VERSION and all(same):
                return _summary(record)
    return None


def _summary(record: Record) -> Record:
    names = ("created", "audit_seed", "tier", "ok", "error_rate", "engine", "environment", "not_audited")
    of_arm = ("name", "seed", "sections", "fingerprint", "data", "ok", "num_seeds", "failures")
    arms = [{**{name: arm[name] for name in of_arm}, "num_compared": len(arm["compared"])} for arm in record["arms"]]
    return {**{name: record[name] for name in names}, "arms": arms}
