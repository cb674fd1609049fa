"""The table of claims as Markdown, for a README or a pull request."""

from __future__ import annotations

from pytest_claims.report.words.expectations import changes_in_words, counts_in_words, standing, verdict_or_error
from pytest_claims.report.words.header import incompatible_by_chance
from pytest_claims.report.words.numbers import effect_with_interval
from pytest_claims.support.record_types import ClaimRecord, Record
from pytest_claims.support.vocabulary import HOLDS


def markdown(record: Record) -> str:
    """A table with a row for each claim, then the counts. Verdicts that contradict the lecture are bold.

    Parameters
    ----------
    record
        The record, as in ``claims.json``.
    """
    rows = [_row(claim) for claim in record["claims"]]
    head = ["| claim | statement | verdict | effect [interval] | seeds |", "|---|---|---|---|---|"]
    sentences = [
        f"{counts_in_words(record['claims'])}.",
        changes_in_words(record["changed_verdicts"]),
        incompatible_by_chance(record["claims"]),
    ]
    return "\n".join([*head, *rows, "", " ".join(filter(None, sentences))])


def _row(claim: ClaimRecord) -> str:
    word = verdict_or_error(claim)
    verdict = word if word in HOLDS else f"**{word}**"
    if standing(claim) in ("unexpected", "changed"):
        verdict += f" ({standing(claim)})"
    effects = "<br>".join(effect_with_interval(part) for part in claim["parts"])
    cells = (claim["id"], claim["statement"], verdict, effects, str(claim["num_seeds"]))
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
