"""View models: what the page shows, computed once, so that its templates only loop."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pytest_claims.report.changes import Change, changes, differences
from pytest_claims.report.drawings.learning_curves import CLAIMS_WITH_CURVES, Curves, curves, thinned
from pytest_claims.report.drawings.overview import Overview, overview
from pytest_claims.report.drawings.seed_strips import Strip, strip
from pytest_claims.report.words import header
from pytest_claims.report.words.certificate import ControlView, audit, calibration, controls
from pytest_claims.report.words.expectations import VERDICTS, findings, missing, standing
from pytest_claims.report.words.numbers import Claim, Part, confidence, effect_with_interval, margin, pvalue
from pytest_claims.report.words.robustness import (
    detectable_sentence,
    otherwise,
    reproduction,
    reproduction_sentence,
    stability,
    stability_sentence,
)
from pytest_claims.report.words.sentences import capitalized, explanation, part_sentence, reason_in_words
from pytest_claims.support.record_types import ArmRecord, DataRecord, Record
from pytest_claims.support.text import counted, duration

ARM_DIFFERENCES = 6
"""Differences shown between two arms; arms of other data sets differ in nearly everything."""


@dataclass(frozen=True)
class PartView:
    """One quantity under one rule."""

    quantity: str
    rule: str
    verdict: str
    sentence: str
    margin: str
    effect: str
    confidence: str
    pvalue: str
    strip: Strip | None


@dataclass(frozen=True)
class ClaimView:
    """One claim: its row in the table and its card."""

    id: str
    anchor: str
    statement: str
    source: str | None
    section: str
    verdict: str
    reason: str | None
    standing: str
    expected: str
    message: str | None
    because: str | None
    finding: str
    explanation: str
    effects: tuple[str, ...]
    num_seeds: int
    reproduction: str
    reproduction_sentence: str
    stability_sentence: str
    again: str
    detectable: tuple[str, ...]
    otherwise: tuple[str, ...]
    data: str
    comparison: tuple[str, ...]
    command: str
    parts: tuple[PartView, ...]
    curves: tuple[Curves, ...]


@dataclass(frozen=True)
class Count:
    """How many claims came to one verdict."""

    verdict: str
    total: int
    unexpected: int


@dataclass(frozen=True)
class ChangesView:
    """What has changed since an older record.

    Parameters
    ----------
    since
        Which record that is.
    differences
        What else is different, so that claims may come out otherwise.
    claims
        The changes, each with the anchor of its claim; empty where it is gone.
    """

    since: str
    differences: tuple[str, ...]
    claims: tuple[tuple[Change, str], ...]


@dataclass(frozen=True)
class Page:
    """All that the page shows."""

    title: str
    subtitle: str
    warnings: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    scope: str
    error_rate: str
    counts: tuple[Count, ...]
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
    """The view of a record that satisfies the schema, and of what has changed since an older one."""
    claims = record["claims"]
    anchors = {claim["id"]: _anchor(claim["id"], i) for i, claim in enumerate(claims)}
    arms = {arm["name"]: thinned(arm, len(claims)) for arm in record["arms"]}
    kinds = {data["name"]: data["kind"] for data in record["data"]}
    views = {claim["id"]: _claim(claim, anchors[claim["id"]], arms, kinds) for claim in claims}
    if len(claims) > CLAIMS_WITH_CURVES:
        views = {id_: replace(view, parts=tuple(map(_undrawn, view.parts))) for id_, view in views.items()}
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
        error_rate=header.error_rate(record),
        counts=_counts(claims),
        not_run={reason: [views[id] for id in ids] for reason, ids in missing(claims).items()},
        findings=tuple(views[claim["id"]] for claim in findings(claims)),
        changes=_changes(older, record, anchors) if older else None,
        overview=overview(by_section, anchors),
        sections={section: [views[claim["id"]] for claim in held] for section, held in by_section.items()},
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


def _anchor(claim_id: str, position: int) -> str:
    """The claim's id where it can stand in a link as it is."""
    return claim_id if re.fullmatch(r"[A-Za-z][\w-]*", claim_id, re.ASCII) else f"claim-{position}"


def _first_sentence(text: str) -> str:
    """The first sentence of an explanation: what is read at a glance.

    Examples
    --------
    >>> _first_sentence("It holds by 0.3 nats. Why, nobody knows.")
    'It holds by 0.3 nats.'
    """
    return re.split(r"(?<=[.!?])\s+(?=[A-Z])", text, maxsplit=1)[0]


def _counts(claims: Sequence[Claim]) -> tuple[Count, ...]:
    totals = Counter(claim["verdict"] for claim in claims)
    unexpected = Counter(claim["verdict"] for claim in claims if standing(claim) == "unexpected")
    # A record without published logs need not say that none is compatible.
    shown = [verdict for verdict in VERDICTS if totals[verdict] or not verdict.endswith("compatible")]
    return tuple(Count(verdict, totals[verdict], unexpected[verdict]) for verdict in shown)


def _claim(claim: Claim, anchor: str, arms: Mapping[str, ArmRecord], kinds: Mapping[str, str]) -> ClaimView:
    return ClaimView(
        id=claim["id"],
        anchor=anchor,
        statement=claim["statement"],
        source=claim["source"],
        section=claim["section"],
        verdict=claim["verdict"],
        reason=reason_in_words(claim["reason"]) if claim["reason"] else None,
        standing=standing(claim),
        expected=" or ".join(claim["expected"]),
        message=claim["message"],
        because=claim["because"],
        finding=_first_sentence(claim["because"] or ""),
        explanation=capitalized(explanation(claim)),
        effects=tuple(effect_with_interval(part) for part in claim["parts"]),
        num_seeds=claim["num_seeds"],
        reproduction=reproduction(claim),
        reproduction_sentence=reproduction_sentence(claim),
        stability_sentence=stability_sentence(claim),
        again=stability(claim),
        otherwise=tuple(filter(None, map(otherwise, claim["parts"]))),
        detectable=tuple(filter(None, map(detectable_sentence, claim["parts"]))),
        data=", ".join(f"{name} ({kinds.get(name, 'not found')})" for name in claim["data"]) or "none",
        comparison=_comparison(claim["arms"], arms),
        command=_command(claim["test"]),
        parts=tuple(map(_part, claim["parts"])),
        curves=tuple(curves(claim, arms)),
    )


def _part(part: Part) -> PartView:
    return PartView(
        quantity=part["quantity"],
        rule=f"{part['rule']}, {part['alternative']}",
        verdict=part["verdict"],
        sentence=part_sentence(part),
        margin=margin(part),
        effect=effect_with_interval(part),
        confidence=confidence(part),
        pvalue=pvalue(part["pvalue"]),
        strip=strip(part),
    )


def _undrawn(part: PartView) -> PartView:
    return replace(part, strip=None)


def _command(test: str) -> str:
    """Run this one claim again; double quotes are understood by every shell."""
    return f"pytest {shlex.quote(test)}" if re.search(r'["$`\\!]', test) else f'pytest "{test}"'


def _comparison(names: Sequence[str], arms: Mapping[str, ArmRecord]) -> tuple[str, ...]:
    """In what each arm differs from the first one."""
    from pytest_claims.fingerprint.fingerprint import differences

    declared = [(name, arms[name]["declaration"]) for name in names if name in arms]
    lines = []
    for name, declaration in declared[1:]:
        first, base = declared[0]
        found = [f"{line:.160}" for line in differences(base, declaration)]
        more = [f"and {len(found) - ARM_DIFFERENCES} more"] if len(found) > ARM_DIFFERENCES else []
        lines.append(f"{first} → {name}: {'; '.join(found[:ARM_DIFFERENCES] + more) or 'no difference declared'}")
    gone = [f"{name}: not in this record" for name in names if name not in arms]
    return (*(lines or (name for name, _ in declared)), *gone)


def _arm(arm: ArmRecord) -> dict[str, Any]:
    seconds, parameters = arm["seconds_per_run"], arm["num_parameters"]
    return {
        "name": arm["name"],
        "num_seeds": arm["num_seeds"],
        "num_parameters": "—" if parameters is None else f"{parameters:,}",
        "time": "—" if seconds is None else duration(seconds),
        "fingerprint": arm["fingerprint"],
    }
