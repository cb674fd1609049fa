"""The card of a claim: its row in the table, parts, figures and explanations, computed once for the templates."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pytest_claims.report.drawings.learning_curves import Curves, curves
from pytest_claims.report.drawings.seed_strips import Strip, strip
from pytest_claims.report.words.expectations import standing, verdict_or_error
from pytest_claims.report.words.explanations import note_sentence
from pytest_claims.report.words.numbers import Claim, Part, confidence, effect_with_interval, margin, pvalue
from pytest_claims.report.words.robustness import (
    detectable_sentence,
    otherwise,
    reproduction,
    reproduction_sentence,
    stability,
    stability_sentence,
)
from pytest_claims.report.words.sentences import (
    capitalized,
    change_sentence,
    explanation,
    part_sentence,
    reason_in_words,
)
from pytest_claims.support.record_types import ArmRecord

ARM_DIFFERENCES = 6
"""Most differences shown between two arms. Arms of different data sets differ in nearly everything."""


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
    change: str
    explanation: str
    effects: tuple[str, ...]
    num_seeds: int
    reproduction: str
    reproduction_sentence: str
    stability_sentence: str
    again: str
    detectable: tuple[str, ...]
    otherwise: tuple[str, ...]
    notes: tuple[str, ...]
    data: str
    comparison: tuple[str, ...]
    command: str
    parts: tuple[PartView, ...]
    curves: tuple[Curves, ...]


def anchor_of(claim_id: str, position: int) -> str:
    """The claim's id if it is a valid link target, else ``claim-POSITION``."""
    return claim_id if re.fullmatch(r"[A-Za-z][\w-]*", claim_id, re.ASCII) else f"claim-{position}"


def _first_sentence(text: str) -> str:
    """The first sentence of an explanation, which the table of findings shows.

    Examples
    --------
    >>> _first_sentence("It holds by 0.3 nats. Why, nobody knows.")
    'It holds by 0.3 nats.'
    """
    return re.split(r"(?<=[.!?])\s+(?=[A-Z])", text, maxsplit=1)[0]


def claim_view(claim: Claim, anchor: str, arms: Mapping[str, ArmRecord], kinds: Mapping[str, str]) -> ClaimView:
    """The card of a claim; `anchor` is its link target, `kinds` has the kind of each data set."""
    return ClaimView(
        id=claim["id"],
        anchor=anchor,
        statement=claim["statement"],
        source=claim["source"],
        section=claim["section"],
        verdict=verdict_or_error(claim),
        reason=reason_in_words(claim["reason"]) if claim["reason"] else None,
        standing=standing(claim),
        expected=claim["expected"],
        message=claim["message"],
        because=claim["because"],
        finding=_first_sentence(claim["because"] or ""),
        change=change_sentence(claim),
        explanation=capitalized(explanation(claim)),
        effects=tuple(effect_with_interval(part) for part in claim["parts"]),
        num_seeds=claim["num_seeds"],
        reproduction=reproduction(claim),
        reproduction_sentence=reproduction_sentence(claim),
        stability_sentence=stability_sentence(claim),
        again=stability(claim),
        otherwise=tuple(filter(None, map(otherwise, claim["parts"]))),
        detectable=tuple(filter(None, map(detectable_sentence, claim["parts"]))),
        notes=tuple(map(note_sentence, claim["notes"])),
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


def without_figure(part: PartView) -> PartView:
    """A part without its figure, for a page with very many claims."""
    return replace(part, strip=None)


def _command(test: str) -> str:
    """The command that runs this claim again. It uses double quotes if possible, since every shell supports them."""
    return f"pytest {shlex.quote(test)}" if re.search(r'["$`\\!]', test) else f'pytest "{test}"'


def _comparison(names: Sequence[str], arms: Mapping[str, ArmRecord]) -> tuple[str, ...]:
    """The differences of each arm from the first arm."""
    from pytest_claims.fingerprint.fingerprint import differences

    declared = [(name, arms[name]["declaration"]) for name in names if name in arms]
    lines = []
    for name, declaration in declared[1:]:
        first, base = declared[0]
        differing = [f"{line:.160}" for line in differences(base, declaration)]
        more = [f"and {len(differing) - ARM_DIFFERENCES} more"] if len(differing) > ARM_DIFFERENCES else []
        lines.append(f"{first} → {name}: {'; '.join(differing[:ARM_DIFFERENCES] + more) or 'no difference declared'}")
    gone = [f"{name}: not in this record" for name in names if name not in arms]
    return (*(lines or (name for name, _ in declared)), *gone)
