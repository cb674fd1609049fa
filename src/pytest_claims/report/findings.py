"""The findings as Markdown: claims that hold, in full, in part or not, and disagreements between tiers or data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from pytest_claims.catalogue.assertions import assertion_of
from pytest_claims.report.words.expectations import counts_in_words
from pytest_claims.report.words.header import incompatible_by_chance
from pytest_claims.report.words.numbers import MISSING, Claim, effect_with_interval
from pytest_claims.report.words.sentences import capitalized, explanation
from pytest_claims.support.record_types import Record
from pytest_claims.support.text import counted

_LOGS = "Published logs"
_CHAPTERS = {
    "What does not hold": "refuted",
    "What holds only in part": "in part",
    "What could not be decided": "inconclusive",
    "What holds": "supported",
    _LOGS: "published",
}


def findings(records: Sequence[Record], page: str, engines: Sequence[Record] = ()) -> str:
    """Write the findings of records as Markdown.

    Parameters
    ----------
    records
        Records, of several tiers or data. Each claim appears as in the first record that judged it.
    page
        Address of the report's page. Claims link to its cards.
    engines
        Records of the same claims and seeds by several engines, for a table of their verdicts.
    """
    judged = _first_of_each(records)
    chapters: dict[str, list[str]] = {title: [] for title in _CHAPTERS}
    for record, claim in judged.values():
        title = next(title for title, kind in _CHAPTERS.items() if kind == _kind(claim, judged))
        chapters[title].append(_entry(claim, record, page, records[0]))
    lines = ["# Findings", "", *_introduction(records), ""]
    for title, entries in chapters.items():
        if entries:
            by_chance = incompatible_by_chance([claim for _, claim in judged.values()])
            introduction = [by_chance, ""] if title == _LOGS else []
            lines += [f"## {title}", "", *introduction, *entries, ""]
    tables = (_changed(records), _disagreements(records), _engines(engines), _beside_stand_ins(records))
    return "\n".join([*lines, *(line for table in tables for line in [*table, ""])]).rstrip() + "\n"


def name_of(record: Record) -> str:
    """The name of a record: its tier, and ``stand-ins`` if it has any."""
    stand_in = any(data["kind"] == "stand-in" for data in record["data"])
    return f"{record['tier']}, stand-ins" if stand_in else record["tier"]


def _first_of_each(records: Sequence[Record]) -> dict[str, tuple[Record, Claim]]:
    """Each claim with the first record that judged it, by the claim's id."""
    judged: dict[str, tuple[Record, Claim]] = {}
    for record in records:
        for claim in record["claims"]:
            if claim["verdict"] != "not run":
                judged.setdefault(claim["id"], (record, claim))
    return judged


def _kind(claim: Claim, judged: Mapping[str, tuple[Record, Claim]]) -> str:
    """The chapter of a claim: *in part* if some of its parts or another reading hold."""
    verdict: str = claim["verdict"]
    if verdict in ("compatible", "incompatible"):
        return "published"
    if verdict == "supported":
        return verdict
    assertion = assertion_of(claim["id"])
    readings = [reading["verdict"] for id_, (_, reading) in judged.items() if assertion_of(id_) == assertion]
    some_hold = any(part["verdict"] == "supported" for part in claim["parts"]) or "supported" in readings
    return "in part" if some_hold else verdict


def _introduction(records: Iterable[Record]) -> list[str]:
    return [
        f"- {name_of(record)} ({', '.join(data['name'] for data in record['data'])}, up to "
        f"{max(record['looks'])} seeds): {counts_in_words(record['claims'])}"
        for record in records
    ]


def _entry(claim: Claim, record: Record, page: str, first: Record) -> str:
    """One claim: statement, verdict and effects, and an explanation if the claim does not hold."""
    link = f"[{claim['id']}]({page}#{claim['id']})" if record is first else f"{claim['id']} ({name_of(record)})"
    effects = "; ".join(effect_with_interval(part) for part in claim["parts"]) or MISSING
    head = f"**{link}** {claim['statement']} *{claim['verdict'].capitalize()}*: {effects}"
    if claim["verdict"] in ("supported", "compatible"):
        return f"- {head}, {counted(claim['num_seeds'], 'seed')}."
    return f"- {head}. {capitalized(explanation(claim))} {claim['because'] or ''}".rstrip()


def _changed(records: Sequence[Record]) -> list[str]:
    """A table of the claims that were changed after a verdict was known: each verdict before and now."""
    rows: dict[str, list[str]] = {}
    reasons: dict[str, str] = {}
    for index, record in enumerate(records):
        for claim in record["claims"]:
            if "before" in claim:
                reasons[claim["id"]] = claim.get("revised", "")
                now = claim["verdict"]
                row = rows.setdefault(claim["id"], [MISSING] * len(records))
                row[index] = now if now == claim["before"] else f"{claim['before']} → **{now}**"
    if not rows:
        return []
    names = [name_of(record) for record in records]
    return [
        "## Changed claims",
        "",
        "The verdict before the change, on other seeds → the verdict now, on seeds that nobody had looked at; one word "
        "if both are the same.",
        "",
        f"| claim | {' | '.join(names)} | what was changed, and why |",
        f"|---|{'---|' * len(names)}---|",
        *(f"| {id_} | {' | '.join(row)} | {reasons[id_]} |" for id_, row in rows.items()),
    ]


def _disagreements(records: Sequence[Record]) -> list[str]:
    """A table of the claims with different verdicts in the records that judged them."""
    verdicts: dict[str, list[str]] = {}
    for index, record in enumerate(records):
        for claim in record["claims"]:
            verdicts.setdefault(claim["id"], [MISSING] * len(records))[index] = claim["verdict"]
    differing = {id_: row for id_, row in verdicts.items() if len({*row} - {MISSING, "not run"}) > 1}
    if not differing:
        return []
    names = [name_of(record) for record in records]
    return [
        "## Where tiers and data disagree",
        "",
        f"| claim | {' | '.join(names)} |",
        f"|---|{'---|' * len(names)}",
        *(f"| {id_} | {' | '.join(row)} |" for id_, row in differing.items()),
    ]


def _engines(records: Sequence[Record]) -> list[str]:
    """A table of verdicts and effects by engine, for the claims that all records judged."""
    if not records:
        return []
    if len({json.dumps([record[name] for name in ("tier", "first_seed", "looks", "data")]) for record in records}) > 1:
        raise ValueError("records of several engines must be of the same tier, seeds, looks and data")
    names = [record["engine"]["name"] for record in records]
    judged = [{claim["id"]: claim for claim in record["claims"] if claim["verdict"] != "not run"} for record in records]
    shared = [id_ for id_ in judged[0] if all(id_ in claims for claims in judged)]
    differing = [id_ for id_ in shared if len({claims[id_]["verdict"] for claims in judged}) > 1]
    return [
        "## Engines side by side",
        "",
        f"{counted(len(shared), 'claim')} in the {records[0]['tier']} tier on the same seeds, up to "
        f"{max(records[0]['looks'])} of them, by `--claims-engine` {' and '.join(names)}. Verdicts differ in "
        f"{len(differing)} of them{': ' + ', '.join(differing) if differing else ''}.",
        "",
        f"| claim | {' | '.join(names)} | effect, {' | effect, '.join(names)} |",
        f"|---|{'---|' * (2 * len(names))}",
        *(
            f"| {id_} | {' | '.join(claims[id_]['verdict'] for claims in judged)} | "
            f"{' | '.join('; '.join(map(effect_with_interval, claims[id_]['parts'])) for claims in judged)} |"
            for id_ in shared
        ),
    ]


def _beside_stand_ins(records: Sequence[Record]) -> list[str]:
    """A table of arms on real data and on stand-ins in the same tier; empty without records of both."""
    pairs = [
        (real, stand_in)
        for real in records
        for stand_in in records
        if stand_in["tier"] == real["tier"] and name_of(stand_in) != real["tier"] == name_of(real)
    ]
    if not pairs:
        return []
    real, stand_in = ({arm["name"]: arm["curves"] for arm in record["arms"]} for record in pairs[0])
    shared = [name for name in real if name in stand_in and "val_cross_entropy" in real[name]]
    return [
        "## Stand-ins beside real data",
        "",
        "Means over seeds in the fast tier, real → stand-in: the highest validation accuracy, the epoch of the lowest "
        "validation cross-entropy, and how far that has risen by the last epoch.",
        "",
        "| arm | highest accuracy | turns in epoch | rise, nats |",
        "|---|---|---|---|",
        *(f"| {name} | {' | '.join(map(' → '.join, _pairs(real[name], stand_in[name])))} |" for name in shared),
    ]


def _pairs(*curves: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Three numbers for the curves of each arm, grouped by number."""
    return zip(*map(_figures, curves), strict=True)


def _figures(curves: Mapping[str, Any]) -> tuple[str, str, str]:
    losses = [run for run in curves["val_cross_entropy"]["runs"] if None not in run]
    accuracies = [run for run in curves.get("val_accuracy", {"runs": []})["runs"] if None not in run]
    highest = f"{fmean(map(max, accuracies)) * 100:.1f} %" if accuracies else MISSING
    if not losses:
        return highest, MISSING, MISSING
    turn = fmean(run.index(min(run)) + 1 for run in losses)
    rise = fmean(run[-1] - min(run) for run in losses)
    return highest, f"{turn:.1f}", f"{rise:.3f}"
