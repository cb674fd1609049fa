"""Changes between two records of the same claims."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_claims.report.words.expectations import verdict_or_error
from pytest_claims.report.words.numbers import Claim, Part, effect_with_interval
from pytest_claims.report.words.rules import words_of
from pytest_claims.support.record_types import Record


@dataclass(frozen=True)
class Change:
    """The change of one claim.

    Parameters
    ----------
    claim
        The claim's id.
    kind
        ``"verdict"``, ``"moved"``, ``"appeared"`` or ``"gone"``.
    text
        The change in one line.
    """

    claim: str
    kind: str
    text: str


def changes(old: Record, new: Record) -> list[Change]:
    """Find claims that are new or gone, and claims whose verdict has changed or whose effect has moved.

    An effect has moved if the new estimate lies outside the old interval and the old estimate outside the new interval.

    Parameters
    ----------
    old, new
        Records, as in ``claims.json``.
    """
    before, after = ({claim["id"]: claim for claim in record["claims"]} for record in (old, new))
    changed = [change for id_, claim in after.items() if id_ in before for change in _between(before[id_], claim)]
    changed += [Change(id_, "appeared", f"appeared: {after[id_]['verdict']}") for id_ in after if id_ not in before]
    changed += [Change(id_, "gone", f"gone: was {before[id_]['verdict']}") for id_ in before if id_ not in after]
    return sorted(changed, key=lambda change: ["verdict", "moved", "appeared", "gone"].index(change.kind))


def differences(old: Record, new: Record) -> list[str]:
    """Other differences between two records that may change verdicts, one line each."""
    lines = [f"{name}: {old[name]} → {new[name]}" for name in ("tier", "first_seed", "looks") if old[name] != new[name]]
    versions = [record["environment"] for record in (old, new)]
    lines += [
        f"{name.replace('_', '-')}: {versions[0].get(name, 'none')} → {versions[1].get(name, 'none')}"
        for name in sorted(versions[0].keys() | versions[1].keys())
        if versions[0].get(name) != versions[1].get(name)
    ]
    if old["engine"] != new["engine"]:
        lines.append(f"engine: {old['engine']['name']} → {new['engine']['name']}")
    data = [{used["name"]: (used["kind"], used["content_hash"]) for used in record["data"]} for record in (old, new)]
    lines += [
        f"data: {name} is another ({data[0][name][0]} → {data[1][name][0]})"
        for name in data[0].keys() & data[1].keys()
        if data[0][name] != data[1][name]
    ]
    fingerprints = [{arm["name"]: arm["fingerprint"] for arm in record["arms"]} for record in (old, new)]
    changed = sorted(
        name
        for name in fingerprints[0].keys() & fingerprints[1].keys()
        if fingerprints[0][name] != fingerprints[1][name]
    )
    return lines + ([f"arms declared otherwise: {', '.join(changed)}"] if changed else [])


def text(old: Record, new: Record) -> str:
    """The changes and the other differences as plain text."""
    lines = [f"{change.claim:<6} {change.text}" for change in changes(old, new)] or ["no claim has changed"]
    return "\n".join([*lines, *(f"also: {line}" for line in differences(old, new))])


def _between(before: Claim, after: Claim) -> list[Change]:
    if verdict_or_error(before) != verdict_or_error(after):
        stability = before["stability"]
        again = f" (it would come again with {stability['probability']:.0%})" if stability else ""
        return [Change(after["id"], "verdict", f"{verdict_or_error(before)}{again} → {verdict_or_error(after)}")]
    pairs = [
        (was, now)
        for was, now in zip(before["parts"], after["parts"], strict=False)
        # For a published log the estimate is the log's deviation, and the interval that of our runs.
        if was["quantity"] == now["quantity"] and was["unit"] == now["unit"] and words_of(was).brackets_estimate
    ]
    return [
        Change(after["id"], "moved", f"{effect_with_interval(was)} → {effect_with_interval(now)}")
        for was, now in pairs
        if _outside(now["estimate"], was) and _outside(was["estimate"], now)
    ]


def _outside(estimate: float | None, part: Part) -> bool:
    low, high = part["low"], part["high"]
    if estimate is None or low is None or high is None:
        return False
    return not low <= estimate <= high
