"""Writes the reports of a session."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_claims.record.build import RecordInputs, build
from pytest_claims.record.schema import record_text
from pytest_claims.session.given import Given
from pytest_claims.session.options import Options
from pytest_claims.session.workers import Published
from pytest_claims.support.errors import DAMAGED, told
from pytest_claims.support.files import replace_files
from pytest_claims.support.record_types import ClaimRecord, PlannedArmRecord, Record
from pytest_claims.support.text import file_of
from pytest_claims.support.vocabulary import TIERS, Tier

if TYPE_CHECKING:
    from pytest_claims.catalogue.claims import Claim
    from pytest_claims.planning.plan import Key, Plan


def arms_of(
    plan: Plan, claims: Iterable[Claim], wanted: Mapping[Key, tuple[int, ...]], failures: Container[Key]
) -> list[PlannedArmRecord]:
    """The record's data on each arm of these claims that could be trained, under the arm's name in reports."""
    keys = {
        (name, claim.tier): plan.keys_of(claim)[argument]
        for claim in claims
        for argument, name in plan.names_of(claim).items()
    }
    return [
        {
            "name": name,
            "tier": tier,
            "fingerprint": key,
            "declaration": plan.arms[key].declaration,
            "seeds": list(wanted[key]),
        }
        for (name, tier), key in keys.items()
        if key not in failures
    ]


def written(kind: str, write: Callable[[], Path]) -> str:
    """Write a file into the directory of the reports; returns a line with its path, or with the reason for none."""
    try:
        return f"{kind}: {write()}"
    except Exception as error:  # whatever fails here, the table of verdicts is still to come
        return f"the {kind} could not be written ({told(error)}): name another directory with --claims-report=DIR"


@dataclass(frozen=True)
class Reports:
    """The reports of a session: JSON and HTML for each tier that ran.

    Parameters
    ----------
    config, options
        Those of the session.
    published
        The record's data on the plan, merged from all processes.
    started
        Start of the session, in seconds since 1970.
    partial
        True if only a selection of the claims has run. A partial report never replaces a complete one.
    given
        The files that were read before training.
    """

    config: pytest.Config
    options: Options
    published: Published
    started: float
    partial: bool
    given: Given

    def write(self, claims: Sequence[ClaimRecord]) -> list[tuple[Record, str]]:
        """Write the reports; returns each tier's record and a line about its page."""
        from pytest_claims.store.store import Store

        lines = []
        with Store.open(self.options.store, read_only=self.options.published) as store:
            for tier in TIERS:
                judged = [claim for claim in claims if claim["tier"] == tier]
                if all(claim["outcome"] == "skipped" for claim in judged):
                    continue
                partial = self.partial or self._lacks_claims(tier)
                record = build(self._inputs(tier, judged, partial=partial), store)
                lines.append((record, written("report", functools.partial(self._write_one, record))))
        return lines

    def _lacks_claims(self, tier: Tier) -> bool:
        """True if the whole report that is there has claims of test files that this session has not collected."""
        try:
            content = json.loads((self.options.report / f"claims-{tier}.json").read_text(encoding="utf-8"))
            tests = [str(claim["test"]) for claim in content["claims"] if claim["id"] not in self.published.known]
        except DAMAGED:  # no report, or none that can be read
            return False
        files = {file_of(test) for test in tests} - set(self.published.files)
        return any((self.config.rootpath / file).is_file() for file in files)

    def _inputs(self, tier: Tier, claims: Sequence[ClaimRecord], *, partial: bool) -> RecordInputs:
        published = self.published
        return RecordInputs(
            tier=tier,
            claims=sorted(claims, key=lambda claim: published.order.index(claim["test"])),
            arms=[arm for arm in published.arms if arm["tier"] == tier],
            data=published.data,
            engine=published.engine,
            num_trained=published.num_trained,
            known=published.known,
            lecture=self.config.getini("claims_lecture"),
            assertions=self.given.assertions,
            partial=partial,
            duration_seconds=round(time.time() - self.started, 1),
            first_seed=self.options.first_seed or 0,
            num_seeds=self.options.num_seeds,
            folder=self.options.report,
        )

    def _write_one(self, record: Record) -> Path:
        from pytest_claims.report.html import render

        tier, texts = record["tier"], {".json": record_text(record), ".html": render(record, self.given.older)}
        kind = "claims" if not record["partial"] and self.options.default_protocol else "partial"
        folder = self.options.report
        names = (f"{kind}-{tier}", kind)
        replace_files({folder / f"{name}{suffix}": text for name in names for suffix, text in texts.items()})
        page = folder / f"{kind}.html"
        return page.relative_to(Path.cwd()) if page.is_relative_to(Path.cwd()) else page
