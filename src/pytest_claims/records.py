"""The record of a run of the suite: what ``claims.json`` holds."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_claims.catalogue.assertions import account, read_lecture
from pytest_claims.engines.provenance import environment
from pytest_claims.options import Options
from pytest_claims.report import SCHEMA_VERSION
from pytest_claims.support.vocabulary import TIERS

if TYPE_CHECKING:
    from pytest_claims.plan import DataSets, Key, Plan
    from pytest_claims.session import ClaimsSession
    from pytest_claims.store.store import Store
    from pytest_claims.training import Trainer


def context(plan: Plan, data: DataSets, trainer: Trainer, wanted: Mapping[Key, tuple[int, ...]]) -> dict[str, Any]:
    """What one process knows of the plan, as plain data: arms with their seeds, data, and how many runs it trained."""
    arms = [
        {
            "name": planned.name,
            "tier": planned.tier,
            "fingerprint": planned.fingerprint,
            "declaration": planned.declaration,
            "num_seeds": len(wanted[planned.key]),
        }
        for planned in plan.arms.values()
        if planned.key in wanted and planned.key not in trainer.failures
    ]
    return {
        "arms": arms,
        "data": data.record(),
        "engine": {"name": plan.engine, "semantics": plan.semantics},
        "num_trained": trainer.num_trained,
        "complete": not trainer.failures,
    }


def merged(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """What two processes know; they have planned the same."""
    if not ours:
        return theirs
    return {
        **ours,
        "num_trained": ours["num_trained"] + theirs["num_trained"],
        "complete": ours["complete"] and theirs["complete"],
    }


def build(session: ClaimsSession, tier: str, store: Store) -> dict[str, Any]:
    """The record of one tier, to the schema in ``report/schema.json``."""
    from pytest_claims.controls import certificate
    from pytest_claims.report.standing import is_statistical
    from pytest_claims.statistics import ALPHA, family_error_rate, looks

    options = session.options
    claims = [record for record in session.outcomes.records if record["tier"] == tier]
    order = session.context["order"]
    judged = [record for record in claims if is_statistical(record)]
    arms = [_arm(arm, options, store) for arm in session.context["arms"] if arm["tier"] == tier]
    fixed = [options.num_seeds] if options.num_seeds else None
    record = {
        "schema": SCHEMA_VERSION,
        "tier": tier,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "partial": session.partial,
        "duration_seconds": round(time.time() - session.started, 1),
        "num_trained": session.context["num_trained"],
        "lecture": session.config.getini("claims_lecture"),
        "engine": session.context["engine"],
        "first_seed": options.first_seed,
        "looks": fixed or [look.num_seeds for look in looks(tier)],
        "alpha": ALPHA,
        "family_error_rate": family_error_rate(len(judged)),
        "environment": environment(),
        "data": session.context["data"],
        "arms": arms,
        "accounted": account(_lecture(session), session.context["known"]),
        "claims": sorted(claims, key=lambda record: order.index(record["test"])),
    }
    return {**record, "certificate": certificate(record, options.report)}


def _lecture(session: ClaimsSession) -> dict[str, Any] | None:
    listed = session.config.getini("claims_assertions")
    return read_lecture(session.config.rootpath / listed) if listed else None


def _arm(arm: dict[str, Any], options: Options, store: Store) -> dict[str, Any]:
    from pytest_claims.verdicts.runs import curves

    seeds = range(options.first_seed, options.first_seed + arm["num_seeds"])
    runs = store.runs(arm["fingerprint"], seeds)
    return {
        **arm,
        "num_parameters": runs[0].measurements.get("num_parameters"),
        "seconds_per_run": round(sum(run.seconds for run in runs) / len(runs), 3),
        "curves": curves(runs),
    }


def write_reports(session: ClaimsSession) -> None:
    """Write JSON and HTML for each tier that ran; a selection never replaces a whole report."""
    from pytest_claims.report.html import render
    from pytest_claims.store.store import Store

    folder = session.options.report
    with Store.open(session.options.store, read_only=session.options.published) as store:
        for tier in TIERS:
            judged = [record for record in session.outcomes.records if record["tier"] == tier]
            if all(record["outcome"] == "skipped" for record in judged):
                continue
            record = build(session, tier, store)
            texts = {
                ".json": json.dumps(record, ensure_ascii=False, allow_nan=False),
                ".html": render(record, session.older),
            }
            whole = not session.partial and session.options.default_protocol
            kind = "claims" if whole else "partial"
            folder.mkdir(parents=True, exist_ok=True)
            for name in (f"{kind}-{tier}", kind):
                for suffix, text in texts.items():
                    replace_file(folder / f"{name}{suffix}", text)
            session.outcomes.written.append((record, _shown(folder / f"{kind}.html")))


def replace_file(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_name(path.name + ".new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
