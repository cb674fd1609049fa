"""The view model of the page. It is computed once, so that the templates only loop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pytest_claims.report.card import ClaimView, anchor_of, claim_view, without_figure
from pytest_claims.report.changes import Change, changes, differences
from pytest_claims.report.drawings.learning_curves import CLAIMS_WITH_CURVES, thinned
from pytest_claims.report.drawings.overview import Overview, overview
from pytest_claims.report.words import header
from pytest_claims.report.words.certificate import ControlView, audit, calibration, controls
from pytest_claims.report.words.expectations import (
    ERROR,
    VERDICTS,
    changes_in_words,
    findings,
    missing,
    standing,
    verdict_or_error,
)
from pytest_claims.report.words.numbers import Claim
from pytest_claims.report.words.sentences import capitalized
from pytest_claims.support.record_types import ArmRecord, DataRecord, Record
from pytest_claims.support.text import counted, duration


@dataclass(frozen=True)
class Count:
    """Number of claims with one verdict."""

    verdict: str
    total: int
    unexpected: int


@dataclass(frozen=True)
class ChangesView:
    """The changes since an older record.

    Parameters
    ----------
    since
        Description of the older record.
    differences
        Other differences that may change verdicts.
    claims
        The changes, each with the anchor of its claim, which is empty if the claim is gone.
    """

    since: str
    differences: tuple[str, ...]
    claims: tuple[tuple[Change, str], ...]


@dataclass(frozen=True)
class Page:
    """The content of the page."""

    title: str
    subtitle: str
    warnings: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    scope: str
    error_rate: str
    counts: tuple[Count, ...]
    changed: str
    not_run: Mapping[str, Sequence[ClaimView]]
    findings: tuple[ClaimView, ...]
    changes: ChangesView | None
    overview: Overview
    sections: Mapping[str, Sequence[ClaimView]]
    accounted: Mapping[str, Any] | None
    controls: tuple[ControlView, ...]
    calibration: tuple[str, ...]
    audit: str
    data: Sequence[DataRecord]
    arms: Sequence[Mapping[str, Any]]
    environment: tuple[tuple[str, str], ...]
    version: str
    created: str


def page(record: Record, older: Record | None = None) -> Page:
    """The content of the page for a valid record, with the changes since an older one if given."""
    claims = record["claims"]
    anchors = {claim["id"]: anchor_of(claim["id"], i) for i, claim in enumerate(claims)}
    arms = {arm["name"]: thinned(arm, len(claims)) for arm in record["arms"]}
    kinds = {data["name"]: data["kind"] for data in record["data"]}
    views = {claim["id"]: claim_view(claim, anchors[claim["id"]], arms, kinds) for claim in claims}
    if len(claims) > CLAIMS_WITH_CURVES:
        views = {id_: replace(view, parts=tuple(map(without_figure, view.parts))) for id_, view in views.items()}
    by_section: dict[str, list[Claim]] = {}
    for claim in claims:
        by_section.setdefault(claim["section"], []).append(claim)
    environment = record["environment"]
    return Page(
        title=record["lecture"] or "Claims",
        subtitle=f"{counted(len(claims), 'claim')} put to the test, {record['tier']} tier",
        warnings=header.warnings(record),
        facts=header.facts(record),
        scope=header.scope(record),
        error_rate=f"{header.error_rate(record)} {header.incompatible_by_chance(claims)}".rstrip(),
        counts=_counts(claims),
        changed=changes_in_words(record["changed_verdicts"]),
        not_run={reason: [views[id] for id in ids] for reason, ids in missing(claims).items()},
        findings=tuple(views[claim["id"]] for claim in findings(claims)),
        changes=_changes(older, record, anchors) if older else None,
        overview=overview(by_section, anchors),
        sections={section: [views[claim["id"]] for claim in inside] for section, inside in by_section.items()},
        accounted=record["accounted"],
        controls=controls(record),
        calibration=calibration(record),
        audit=audit(record),
        data=record["data"],
        arms=[_arm(arm) for arm in record["arms"]],
        environment=tuple(sorted(environment.items())),
        version=environment["pytest_claims"],
        created=header.moment(record["created"]),
    )


def _changes(older: Record, record: Record, anchors: Mapping[str, str]) -> ChangesView:
    return ChangesView(
        since=f"{header.moment(older['created'])}, {older['tier']} tier, {counted(len(older['claims']), 'claim')}",
        differences=tuple(map(capitalized, differences(older, record))),
        claims=tuple((change, anchors.get(change.claim, "")) for change in changes(older, record)),
    )


def _counts(claims: Sequence[Claim]) -> tuple[Count, ...]:
    totals = Counter(map(verdict_or_error, claims))
    unexpected = Counter(verdict_or_error(claim) for claim in claims if standing(claim) == "unexpected")
    # A record without published logs or errors does not list these words with a count of 0.
    shown = [verdict for verdict in VERDICTS if totals[verdict] or not verdict.endswith(("compatible", ERROR))]
    return tuple(Count(verdict, totals[verdict], unexpected[verdict]) for verdict in shown)


def _arm(arm: ArmRecord) -> dict[str, Any]:
    seconds, parameters = arm["seconds_per_run"], arm["num_parameters"]
    return {
        "name": arm["name"],
        "num_seeds": len(arm["seeds"]),
        "num_parameters": "—" if parameters is None else f"{parameters:,}",
        "time": "—" if seconds is None else duration(seconds),
        "fingerprint": arm["fingerprint"],
    }
