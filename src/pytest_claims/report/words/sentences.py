"""Verdicts in words.

A sentence states the relation between interval and margin as computed from the numbers, not as implied by the verdict.
So it cannot contradict the numbers beside it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from pytest_claims.report.words.expectations import VERDICTS
from pytest_claims.report.words.numbers import (
    Claim,
    Part,
    effect,
    interval,
    interval_name,
    margin,
    pvalue,
    quantity_value,
    unit_of,
)
from pytest_claims.report.words.rules import relation, verdict_of_numbers, words_of
from pytest_claims.support.record_types import ShareRecord
from pytest_claims.support.scale import as_tested, bounds
from pytest_claims.support.text import counted

REASONS = {
    "reversed": "the opposite is shown",
    "negligible": "any effect is smaller than the margin, in either direction",
    "smaller": "the effect has the asserted sign but falls short of the margin",
    "missed": "the margin is not reached, and nothing more is shown",
    "outside": "the value is another one",
    "differs": "the number is another one",
    "underpowered": "so few seeds, scattering so much, may well miss what the claim asks for",
    "straddles": "neither side of the margin is shown",
    "tests disagree": "the t-test and the sign-flip test, or the signs of the seeds, disagree",
    "censored": "too many runs ended before it happened",
    "collapsed": "some runs collapsed, so that their mean does not decide",
    "ties": "most runs have the same number, so that their mean does not decide",
    "no witness": "it did not happen here, and may happen elsewhere",
    "not yet due": "too few runs for a share or a typical run, which later looks judge",
    "not run": "nothing was run",
    "error": "the claim's code, or an arm that it needs, failed",
}


def asked(part: Part) -> str:
    """The values that a part asks for, in words: the side of its margin on which it holds."""
    return words_of(part).asked[part["alternative"]] + margin(part)


def num_collapsed(part: Part) -> int:
    """The number of seeds without a finite number, or without a logarithm if the rule tests logarithms."""
    if not words_of(part).is_of_means:
        return 0
    return sum(not math.isfinite(as_tested(value, part["unit"])) for value in part["values"])


def num_happened(part: Part) -> int:
    """The number of runs in which the event of a part happened."""
    return round(float(part["estimate"] or 0) * int(part["num_seeds"]))


def result(part: Part) -> str:
    """The result of a part in words: its estimate, its interval, and the interval's relation to the margin."""
    seeds = counted(part["num_seeds"], "seed")
    where = relation(part)
    if where in ("equal", "unequal"):
        values = f"the value over {seeds} is {effect(part)}"
        if part["low"] != part["high"]:
            ends = (quantity_value(part[end], part) for end in ("low", "high"))
            values = f"the values over {seeds} reach from {' to '.join(ends)}"
        return f"{values}, {'just that' if where == 'equal' else 'which is not that'}"
    if where == "unknown":
        return f"over {seeds} there is no estimate with an interval"
    lies = {
        "above": "lies wholly above that",
        "below": "lies wholly below that",
        "within": "lies wholly within that range",
        "outside": "lies wholly outside that range",
        "straddles": "reaches across that",
    }[where]
    subject = words_of(part).subject.format(
        seeds=seeds, effect=effect(part), happened=num_happened(part), num_seeds=part["num_seeds"]
    )
    return f"{subject}, and the {interval_name(part)} {interval(part)}{unit_of(part).suffix} {lies}"


def _reservation(part: Part) -> str:
    """The addition to a sentence if the interval did not decide, or if it implies another verdict."""
    if (mean := part.get("mean")) and mean["verdict"] != part["verdict"]:
        return f"; by the mean over runs, {quantity_value(mean['estimate'], part)}, it would be {mean['verdict']}"
    if num_collapsed(part):
        share = _share_of_runs(part["collapsed"], part, "collapsed")
        return f"; {share}, so that the share of runs on the claim’s side decides"
    if part["censored"]:
        return f"; {_share_of_runs(part['censored'], part, 'ended before it happened')}"
    if part["verdict"] == verdict_of_numbers(part):
        return ""
    if part["verdict"] == "inconclusive":
        return "; this alone would decide, but the rule asks for more"
    return f"; from the interval alone it would be {verdict_of_numbers(part)}"


def _share_of_runs(share: ShareRecord | None, part: Part, what: str) -> str:
    """A number of runs, with the exact 95 % interval of their share if the record has one."""
    if share is None:
        return f"{num_collapsed(part)} of {part['num_seeds']} runs {what}"
    interval = f"between {share['low'] * 100:.0f} and {share['high'] * 100:.0f} % do"
    return f"{share['count']} of {part['num_seeds']} runs {what} ({interval})"


def part_explanation(part: Part) -> str:
    """The asked values, the result and the reason, without the verdict."""
    reason = f" ({reason_in_words(part['reason'])})" if part["reason"] else ""
    text = words_of(part).explanation.format(
        asked=asked(part),
        result=result(part),
        reservation=_reservation(part),
        effect=effect(part),
        as_far=_as_far(part),
        pvalue=pvalue(part["pvalue"]),
    )
    return f"{text}{reason}."


def _as_far(part: Part) -> str:
    """The number of our runs at least as far off as the margin. A number that is not finite counts as farther off."""
    farthest = bounds(part["margin"])[-1] * (1 - 1e-12)
    num_as_far = sum(not value < farthest for value in part["values"])
    return f"{num_as_far or 'none'} of our {part['num_seeds']} runs lie{'s' * (num_as_far == 1)}"


def part_sentence(part: Part) -> str:
    """One sentence on a part: its verdict, the asked values, the result and the reason."""
    return f"{part['verdict'].capitalize()}: {part_explanation(part)}"


def reason_in_words(reason: str) -> str:
    """A reason with its explanation; an unknown reason stays as it is."""
    explanation = REASONS.get(reason)
    return f"{reason}: {explanation}" if explanation else reason


def explanation(claim: Claim) -> str:
    """One sentence that explains a claim's verdict, without the verdict itself."""
    parts = claim["parts"]
    if claim["verdict"] == "not run":
        return f"{(claim['message'] or claim['reason'] or 'no reason was recorded').rstrip('.')}."
    if len(parts) == 1 and parts[0]["verdict"] == claim["verdict"]:
        return part_explanation(parts[0])
    return f"{_tally(parts)}."


def sentence(claim: Claim) -> str:
    """The verdict on a claim in words, from the numbers of its parts.

    Examples
    --------
    >>> part = {"rule": "superiority", "verdict": "supported", "reason": None,
    ...     "estimate": 0.021, "low": 0.015, "high": 0.027, "confidence_level": 0.9997, "pvalue": 1e-7, "margin": 0.002,
    ...     "alternative": "greater", "unit": "accuracy", "difference": True, "num_seeds": 10, "values": [],
    ...     "censored": None}
    >>> print(sentence({"verdict": "supported", "reason": None, "message": None, "parts": [part]}))
    Supported: the claim asks for more than +0.20 points; the estimate over 10 seeds is +2.10 points, and the
    99.97 % interval [+1.50, +2.70] points lies wholly above that.
    """
    return f"{claim['verdict'].capitalize()}: {explanation(claim)}"


def change_sentence(claim: Claim) -> str:
    """What was changed in a claim after its verdict was known, and the verdict before; empty if nothing was."""
    if "revised" not in claim:
        return ""
    before = f" Before, on other seeds, the verdict was {claim['before']}." if "before" in claim else ""
    return f"Changed after a verdict was known, and judged on new seeds: {claim['revised']}{before}"


def _tally(parts: Sequence[Part]) -> str:
    """Count the verdicts of several parts in words."""
    counts = Counter(part["verdict"] for part in parts)
    if counts["supported"] == len(parts):
        return f"each of its {len(parts)} parts is supported"
    verdicts = ", ".join(f"{counts[name]} {name}" for name in VERDICTS if counts[name])
    return f"of {counted(len(parts), 'part')}, {verdicts}"


def capitalized(text: str) -> str:
    """The text with its first letter in upper case, and all other letters unchanged."""
    return text[:1].upper() + text[1:]
