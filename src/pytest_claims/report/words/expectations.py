"""Compares the claims of a record with their expected verdicts, and orders them for a reader."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from pytest_claims.report.words.numbers import Claim, Part
from pytest_claims.support.record_types import ChangedVerdictsRecord
from pytest_claims.support.text import counted
from pytest_claims.support.vocabulary import VERDICTS as JUDGED

Standing = Literal["as expected", "changed", "unexpected", "not run", "not compared"]

ERROR = "error"
"""The word for a claim that has no verdict because its code, or the code of an arm that it needs, failed."""

VERDICTS = (*JUDGED, "not run", ERROR)


def standing(claim: Claim) -> Standing:
    """The standing of a claim's verdict against the expected one.

    *Unexpected* is a test that failed for any reason. *Changed* is a verdict other than the expected one that the
    recorded stability allows. *Not compared* is a verdict that differs from the expected one in a session to which the
    expectation does not apply.
    """
    if claim["outcome"] in ("failed", "error"):
        return "unexpected"
    if claim["verdict"] == "not run":
        return "not run"
    if claim["verdict"] == claim["expected"]:
        return "as expected"
    return "changed" if claim["message"] else "not compared"


def verdict_or_error(claim: Claim) -> str:
    """The verdict of a claim; ``"error"`` if its test failed and so came to no verdict."""
    return ERROR if claim["verdict"] == "not run" and standing(claim) == "unexpected" else claim["verdict"]


def deciding_part(claim: Claim) -> Part | None:
    """The part that a claim's verdict rests on: the first with the same verdict."""
    parts: Sequence[Part] = claim["parts"]
    return next((part for part in parts if part["verdict"] == claim["verdict"]), parts[0] if parts else None)


def findings(claims: Iterable[Claim]) -> list[Claim]:
    """The claims to show first: unexpected and changed claims, then refuted, inconclusive and incompatible ones."""

    def rank(claim: Claim) -> int:
        if standing(claim) in ("unexpected", "changed"):
            return ["unexpected", "changed"].index(standing(claim))
        return {"refuted": 2, "inconclusive": 3, "incompatible": 4}.get(claim["verdict"], 5)

    return sorted((claim for claim in claims if rank(claim) < 5), key=rank)


def missing(claims: Iterable[Claim]) -> dict[str, list[str]]:
    """Ids of the claims that were not run, by reason."""
    by_reason: dict[str, list[str]] = {}
    for claim in claims:
        if standing(claim) == "not run":
            by_reason.setdefault(claim["message"] or claim["reason"] or "no reason recorded", []).append(claim["id"])
    return by_reason


def changes_in_words(changed: ChangedVerdictsRecord) -> str:
    """One sentence on the verdicts that changed; empty without any recorded stability.

    Examples
    --------
    >>> changes_in_words({"claims": ["C02", "R07"], "num_compared": 162, "foretold": 8.34, "limit": 13})
    '2 of 162 verdicts changed (C02, R07); recorded stability foretells 8.3, and at most 13 (95 %).'
    """
    if not changed["num_compared"]:
        return ""
    ids = f" ({', '.join(changed['claims'])})" if changed["claims"] else ""
    found = f"{len(changed['claims'])} of {counted(changed['num_compared'], 'verdict')} changed{ids}"
    if changed["foretold"] is None:
        return f"{found}; stability is recorded for other numbers of seeds."
    return f"{found}; recorded stability foretells {changed['foretold']:.1f}, and at most {changed['limit']} (95 %)."


def counts_in_words(claims: Sequence[Claim]) -> str:
    """One line with the number of claims per verdict.

    Examples
    --------
    >>> counts_in_words([{"verdict": "supported", "outcome": "passed", "expected": "supported"}])
    '1 claim: 1 supported; all as expected'
    """
    verdicts = Counter(map(verdict_or_error, claims))
    standings = Counter(standing(claim) for claim in claims)
    counts = ", ".join(f"{verdicts[name]} {name}" for name in VERDICTS if verdicts[name])
    deviations = [f"{standings[name]} {name}" for name in ("unexpected", "changed", "not compared") if standings[name]]
    end = ", ".join(deviations) if deviations else "all as expected"
    return f"{counted(len(claims), 'claim')}: {counts}; {end}" if claims else "0 claims"
