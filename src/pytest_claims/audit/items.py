"""Tests that audit one run each, and the audit's record."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_claims.audit import PROPERTY
from pytest_claims.audit.comparison import compare
from pytest_claims.audit.population import Sample, draw, population
from pytest_claims.audit.retraining import ENGINE, AuditError, retrain
from pytest_claims.catalogue.arms import Arm, Arrays, dataset_of
from pytest_claims.controls.audit_record import AUDIT_SCHEMA_VERSION, AuditRecord, write_audit
from pytest_claims.engines.base import NO_ARRAYS, Job, semantics_of
from pytest_claims.engines.processors import divide_processors
from pytest_claims.engines.provenance import environment
from pytest_claims.session import selection
from pytest_claims.session.reports import written
from pytest_claims.session.terminal import Output
from pytest_claims.session.workers import same_number_in_all_workers, worker_of
from pytest_claims.support.vocabulary import Tier

if TYPE_CHECKING:
    from pytest_claims.planning.plan import Planned
    from pytest_claims.session.session import ClaimsSession
    from pytest_claims.store.store import Run

ERROR_RATE = 0.01
"""Nominal probability that an audit wrongly reports a difference, divided among all its comparisons."""


def audit_items(session: ClaimsSession, tiers: Iterable[Tier]) -> list[pytest.Item]:
    """Draw runs of the selected claims in each tier, and make a test for each run.

    Raises
    ------
    ClaimsError
        If there is nothing to audit.
    """
    claimed = {claim.tier: claim.item.session for claim in session.claims.values()}
    items = [item for tier in tiers if tier in claimed for item in _items(session, tier, claimed[tier])]
    worker = worker_of(session.config)
    if items and worker and not selection.runs_no_test(session.config):
        divide_processors(worker.index, worker.count)
    return items


def _items(session: ClaimsSession, tier: Tier, parent: pytest.Session) -> list[pytest.Item]:
    audited = population(session, tier, offline=selection.runs_no_test(session.config))
    # All workers of a session draw the same runs.
    seeds = session.options.audit_seed, same_number_in_all_workers(session.config), secrets.randbits(32)
    seed = next(seed for seed in seeds if seed is not None)
    stored = {name: [run.seed for run in runs] for name, runs in audited.runs.items()}
    samples = draw(audited.sections, stored, seed)
    Output(session.config).say(
        f"audit of the {tier} tier by keras.Model.fit, drawn with --claims-audit-seed={seed}: "
        + ", ".join(f"{sample.arm} seed {sample.seed} ({', '.join(sample.sections)})" for sample in samples),
        *(f"not audited: {section}, since {reason}" for section, reason in audited.not_audited.items()),
    )
    head = {
        "schema": AUDIT_SCHEMA_VERSION,
        "tier": tier,
        "audit_seed": seed,
        "error_rate": ERROR_RATE,
        "engine": {"name": ENGINE, "semantics": semantics_of(ENGINE)},
        "audited_engine": audited.engine,
        "data": audited.data,
        "not_audited": audited.not_audited,
        "num_drawn": len(samples),
    }
    items = list[pytest.Item]()
    for sample in samples:
        name, planned, runs = f"{sample.arm}[{tier}]", audited.arms[sample.arm], audited.runs[sample.arm]
        named = {"name": name, "nodeid": f"audit::{name}"}
        items.append(AuditItem.from_parent(parent, head=head, sample=sample, planned=planned, stored=runs, **named))
    return items


class AuditItem(pytest.Item):
    """The test ``audit::ARM[TIER]``, which trains one run again."""

    def __init__(self, *, head: AuditRecord, sample: Sample, planned: Planned, stored: list[Run], **named: Any) -> None:
        super().__init__(**named)
        self.head, self.sample, self.planned, self.stored = head, sample, planned, stored
        self.add_marker(selection.AUDIT)
        self.add_marker(planned.tier)

    def runtest(self) -> None:
        """Train the run again and compare it."""
        dataset, located = dataset_of(self.planned.source), self.planned.located
        record = {
            "name": self.sample.arm,
            "seed": self.sample.seed,
            "sections": list(self.sample.sections),
            "fingerprint": self.planned.fingerprint,
            "data": None,
            "num_seeds": len(self.stored),
            **self._compared(located.arrays if located else NO_ARRAYS),
        }
        if dataset and located:
            record["data"] = {"name": dataset.name, "kind": located.kind, "content_hash": located.content_hash}
        self.user_properties.append((PROPERTY, {"head": self.head, "arm": record}))
        if not record["ok"]:
            pytest.fail("\n".join(_failure_lines(record)), pytrace=False)

    def _compared(self, arrays: Arrays) -> AuditRecord:
        assert isinstance(self.planned.source, Arm)
        job = Job(self.planned.source, self.planned.tier, (self.sample.seed,), dict(arrays))
        try:
            again = retrain(job, self.config.rootpath)
            error_rate = ERROR_RATE / self.head["num_drawn"]
            compared = compare(self.stored, again.result, stochastic=again.stochastic, error_rate=error_rate)
        except (AuditError, ValueError) as error:
            return {"ok": False, "failures": [str(error)], "compared": []}
        return {
            "ok": all(quantity.ok for quantity in compared),
            "stochastic": again.stochastic,
            "seconds": round(again.result.seconds, 3),
            "device": again.device,
            "failures": [str(quantity) for quantity in compared if not quantity.ok],
            "compared": [quantity.plain() for quantity in compared],
        }

    def reportinfo(self) -> tuple[Path, None, str]:
        """Name the test by its id, since no file holds it."""
        return self.config.rootpath, None, self.nodeid


def _failure_lines(record: AuditRecord) -> list[str]:
    run = f"{record['name']}, seed {record['seed']}"
    if not record["compared"]:
        return [f"{run}: {failure}" for failure in record["failures"]]
    return [
        f"{run}: the run by keras.Model.fit on TensorFlow differs from the {record['num_seeds']} stored runs.",
        *(f"  {failure}" for failure in record["failures"]),
        "If the stored runs are from other code or another machine, train them again with --claims-fresh.",
        "If not, one of the engines is wrong, and verdicts may be wrong.",
    ]


def write(runs: Sequence[AuditRecord], folder: Path, *, partial: bool) -> list[tuple[AuditRecord, str]]:
    """Write the record of each audited tier; returns each record and a line about its file."""
    lines = []
    for tier, head in sorted({run["head"]["tier"]: run["head"] for run in runs}.items()):
        arms = [run["arm"] for run in runs if run["head"]["tier"] == tier]
        record = {
            **head,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "environment": environment(),
            "ok": all(arm["ok"] for arm in arms),
            "arms": sorted(arms, key=lambda arm: str(arm["name"])),
        }
        whole = not partial and len(arms) == head["num_drawn"]
        lines.append((record, written("record", functools.partial(write_audit, folder, record, whole=whole))))
    return lines


def summary_line(arm: AuditRecord) -> str:
    """Describe the outcome of one audited run in a line."""
    outcome = "could not be trained again"
    if compared := arm["compared"]:
        num_ok, first = sum(quantity["ok"] for quantity in compared), compared[0]
        values = f"{float(first['audited']):.6g}, stored {float(first['stored']):.6g}"
        outcome = f"{num_ok} of {len(compared)} figures as expected; {first['quantity']}: {values}"
    return f"{arm['name']}, seed {arm['seed']} ({', '.join(arm['sections'])}): {outcome}"
