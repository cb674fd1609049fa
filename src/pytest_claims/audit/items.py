"""Audited runs as tests, and what is written about them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_claims.audit.comparison import compare
from pytest_claims.audit.drawing import Drawn, draw
from pytest_claims.audit.hooks import PROPERTY
from pytest_claims.audit.retraining import ENGINE, AuditError, retrain
from pytest_claims.audit.sampling import Population, population
from pytest_claims.catalogue.arms import Arm
from pytest_claims.controls.audit_record import SCHEMA_VERSION, keep
from pytest_claims.engines.base import Job, semantics_of
from pytest_claims.engines.processors import divide_processors
from pytest_claims.engines.provenance import environment
from pytest_claims.session import selection
from pytest_claims.session.terminal import Output
from pytest_claims.session.workers import same_number_in_all_workers, worker_of
from pytest_claims.support.vocabulary import Tier

if TYPE_CHECKING:
    from pytest_claims.session.session import ClaimsSession

ERROR_RATE = 0.01
"""Nominal probability that an audit reports a difference where there is none, shared among all its comparisons."""


def audit_items(session: ClaimsSession, tiers: Iterable[Tier]) -> list[pytest.Item]:
    """Draw runs of the selected claims in each tier, and make a test of each.

    Raises
    ------
    ClaimsError
        There is nothing to audit.
    """
    config, items = session.config, list[pytest.Item]()
    dry_run = selection.runs_no_test(config)
    for tier in tiers:
        parents = [claim.item.session for claim in session.claims.values() if claim.tier == tier]
        if parents:
            audit = _audit(session, tier, offline=dry_run)
            Output(config).say(*_plan_lines(audit))
            items += [AuditItem.of(parents[0], audit, drawn) for drawn in audit.drawn]
    worker = worker_of(config)
    if items and worker and not dry_run:
        divide_processors(worker.index, worker.count)
    return items


@dataclass(frozen=True)
class Audit:
    """An audit of one tier: what it draws from, the integer that fixes the draw, and what was drawn."""

    tier: Tier
    seed: int
    population: Population
    drawn: list[Drawn]

    def head(self) -> dict[str, Any]:
        """What its record says of the whole, as plain data."""
        return {
            "schema": SCHEMA_VERSION,
            "tier": self.tier,
            "audit_seed": self.seed,
            "error_rate": ERROR_RATE,
            "engine": {"name": ENGINE, "semantics": semantics_of(ENGINE)},
            "audited_engine": self.population.engine,
            "data": self.population.data,
            "not_audited": self.population.not_audited,
            "num_drawn": len(self.drawn),
        }

    def of(self, drawn: Drawn) -> dict[str, Any]:
        """What its record says of a drawn run before it is trained again."""
        planned = self.population.arms[drawn.arm]
        assert isinstance(planned.source, Arm)
        assert planned.located is not None
        found = planned.located
        data = {"name": planned.source.data.dataset.name, "kind": found.kind, "content_hash": found.content_hash}
        return {
            "name": drawn.arm,
            "seed": drawn.seed,
            "sections": list(drawn.sections),
            "fingerprint": planned.fingerprint,
            "data": data,
            "num_seeds": len(self.population.runs[drawn.arm]),
        }


def _audit(session: ClaimsSession, tier: Tier, *, offline: bool) -> Audit:
    found = population(session, tier, offline=offline)
    seed = session.options.audit_seed
    if seed is None:  # the workers of a session draw the same
        seed = same_number_in_all_workers(session.config)
    seed = secrets.randbits(32) if seed is None else seed
    return Audit(tier, seed, found, draw(found.seeds(), seed))


def _plan_lines(audit: Audit) -> list[str]:
    drawn = ", ".join(f"{one.arm} seed {one.seed} ({', '.join(one.sections)})" for one in audit.drawn)
    lines = [f"audit of the {audit.tier} tier by keras.Model.fit, drawn with --claims-audit-seed={audit.seed}: {drawn}"]
    lines += [f"not audited: {section}, since {reason}" for section, reason in audit.population.not_audited.items()]
    return lines


class AuditFailure(Exception):
    """An audited run is none of the stored ones' kind."""


class AuditItem(pytest.Item):
    """A run that is trained again, as a test."""

    audit: Audit
    drawn: Drawn

    @classmethod
    def of(cls, parent: pytest.Session, audit: Audit, drawn: Drawn) -> AuditItem:
        """Make the test ``audit::ARM[TIER]``."""
        name = f"{drawn.arm}[{audit.tier}]"
        item: AuditItem = cls.from_parent(parent, name=name, nodeid=f"audit::{name}")
        item.audit, item.drawn = audit, drawn
        item.add_marker(selection.AUDIT)
        item.add_marker(audit.tier)
        return item

    def runtest(self) -> None:
        """Train the run again and compare it."""
        found = self._compared()
        self.user_properties.append((PROPERTY, {"head": self.audit.head(), "arm": found}))
        if not found["ok"]:
            raise AuditFailure("\n".join(_told(found)))

    def _compared(self) -> dict[str, Any]:
        audit, drawn = self.audit, self.drawn
        planned, stored = audit.population.arms[drawn.arm], audit.population.runs[drawn.arm]
        assert isinstance(planned.source, Arm)
        assert planned.located is not None
        found = audit.of(drawn)
        try:
            job = Job(planned.source, audit.tier, (drawn.seed,), planned.located.arrays)
            audited = retrain(job, self.config.rootpath)
            error_rate = ERROR_RATE / len(audit.drawn)
            compared = compare(stored, audited.result, stochastic=audited.stochastic, error_rate=error_rate)
        except (AuditError, ValueError) as error:
            return {**found, "ok": False, "failures": [str(error)], "compared": []}
        return {
            **found,
            "ok": all(one.ok for one in compared),
            "stochastic": audited.stochastic,
            "seconds": round(audited.result.seconds, 3),
            "device": audited.device,
            "failures": [str(one) for one in compared if not one.ok],
            "compared": [one.plain() for one in compared],
        }

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show what differs, without a traceback."""
        if excinfo.errisinstance(AuditFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where it stands: in no file."""
        return self.config.rootpath, None, self.nodeid


def _told(found: dict[str, Any]) -> list[str]:
    run = f"{found['name']}, seed {found['seed']}"
    if not found["compared"]:
        return [f"{run}: {failure}" for failure in found["failures"]]
    return [
        f"{run}: keras.Model.fit on TensorFlow gives another run than the {found['num_seeds']} that are stored.",
        *(f"  {failure}" for failure in found["failures"]),
        "If the stored runs are from other code or another machine, train them again with --claims-fresh.",
        "If not, one of the engines is wrong, and so may be verdicts.",
    ]


def write(carried: Sequence[dict[str, Any]], folder: Path, *, partial: bool) -> list[tuple[dict[str, Any], Path]]:
    """Write the record of each tier that was audited; returns the records, and where they are."""
    written = []
    for tier in sorted({one["head"]["tier"] for one in carried}):
        head = next(one["head"] for one in carried if one["head"]["tier"] == tier)
        arms = [one["arm"] for one in carried if one["head"]["tier"] == tier]
        record = {
            **head,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "environment": environment(),
            "ok": all(arm["ok"] for arm in arms),
            "arms": sorted(arms, key=lambda arm: str(arm["name"])),
        }
        whole = not partial and len(arms) == head["num_drawn"]
        written.append((record, keep(folder, record, whole=whole)))
    return written


def _short(compared: dict[str, Any]) -> str:
    return f"{float(compared['audited']):.6g}, stored {float(compared['stored']):.6g}"


def summary_lines(record: dict[str, Any]) -> list[str]:
    """What an audit has found, a line for each run."""
    lines = []
    for arm in record["arms"]:
        num, num_ok = len(arm["compared"]), sum(one["ok"] for one in arm["compared"])
        found = "could not be trained again"
        if num:
            first = arm["compared"][0]
            found = f"{num_ok} of {num} figures as expected; {first['quantity']}: {_short(first)}"
        lines.append(f"{arm['name']}, seed {arm['seed']} ({', '.join(arm['sections'])}): {found}")
    return lines
