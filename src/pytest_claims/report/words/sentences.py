"""Verdicts in words.

A sentence states the relation it finds between interval and margin, never the one that the verdict implies, so it
cannot contradict the numbers beside it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pytest_claims.report.words.expectations import VERDICTS
from pytest_claims.report.words.numbers import (
    Claim,
    Part,
    effect,
    interval,
    interval_name,
    margin,
    margins,
    pvalue,
    quantity_value,
    unit_of,
)
from pytest_claims.support.text import counted

__all__ = ["effect", "interval", "sentence"]

Relation = Literal["above", "below", "within", "outside", "straddles", "equal", "unequal", "unknown"]

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
    "not yet due": "an event is judged once, at the last look",
    "not run": "nothing was run",
}


def asked(part: Part) -> str:
    """What a part asks for, in words: the side of its margin on which it holds."""
    words = {
        "greater": "more than ",
        "less": "less than ",
        "within": "a value from ",
        "usually": "it to happen in more than ",
        "reliably": "it to happen in more than ",
        "exactly": "exactly ",
        "as far": "others of our runs to lie as far off as ",
    }
    return words[part["alternative"]] + margin(part)


def relation(part: Part) -> Relation:
    """Where the deciding interval of a part lies, seen from its margin; found from the numbers alone.

    Examples
    --------
    >>> relation({"rule": "superiority", "estimate": 0.021, "low": 0.015, "high": 0.027, "margin": 0.002})
    'above'
    """
    low, high, bounds = part["low"], part["high"], margins(part)
    if part["rule"] == "exact":
        return _exact_relation(part, bounds)
    if low is None or high is None or not bounds:
        return "unknown"
    if part["rule"] == "log":
        return "within" if part["estimate"] <= high else "outside"
    if part["rule"] == "equivalence":
        if bounds[0] < low and high < bounds[1]:
            return "within"
        return "outside" if high < bounds[0] or low > bounds[1] else "straddles"
    return _side(low, high, bounds[0])


def _side(low: float, high: float, margin: float) -> Relation:
    if low > margin:
        return "above"
    return "below" if high < margin else "straddles"


def _exact_relation(part: Part, bounds: list[float]) -> Relation:
    if part["estimate"] is None or not bounds:
        return "unknown"
    values = [part["estimate"], *part["values"]]
    agree = all(value is not None and math.isclose(value, bounds[0], rel_tol=1e-9, abs_tol=1e-9) for value in values)
    return "equal" if agree else "unequal"


def verdict_of_numbers(part: Part) -> str:
    """The verdict that the interval alone would give, whatever other tests say."""
    found = relation(part)
    if part["rule"] == "log" and found != "unknown":
        return "compatible" if found == "within" else "incompatible"
    if found in ("within", "equal") or found == _asserted_side(part):
        return "supported"
    return "inconclusive" if found in ("straddles", "unknown") else "refuted"


def _asserted_side(part: Part) -> Relation | None:
    sides: dict[str, Relation] = {"greater": "above", "usually": "above", "reliably": "above", "less": "below"}
    return sides.get(part["alternative"])


def num_collapsed(part: Part) -> int:
    """How many seeds have no number, or none that has a logarithm where the mean is one of logarithms."""
    if part["rule"] not in ("superiority", "equivalence"):
        return 0
    is_ratio = part["unit"] == "ratio"
    return sum(value is None or (is_ratio and value <= 0) for value in part["values"])


def num_happened(part: Part) -> int:
    """In how many runs the event of a part happened."""
    return round(float(part["estimate"] or 0) * int(part["num_seeds"]))


def found(part: Part) -> str:
    """What was found for a part: its estimate, its interval, and where that lies."""
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
    subject = f"the estimate over {seeds} is {effect(part)}"
    if part["rule"] == "event":
        subject = f"it happened in {num_happened(part)} of {part['num_seeds']} runs"
    return f"{subject}, and the {interval_name(part)} {interval(part)}{unit_of(part).suffix} {lies}"


def _reservation(part: Part) -> str:
    """What must be added where the interval did not decide, or would have come to another verdict."""
    if num_collapsed(part):
        told = _share_of_runs(part["collapsed"], part, "collapsed")
        return f"; {told}, so that the share of runs on the claim’s side decides"
    if part["censored"]:
        return f"; {_share_of_runs(part['censored'], part, 'ended before it happened')}"
    if part["verdict"] == verdict_of_numbers(part):
        return ""
    if part["verdict"] == "inconclusive":
        return "; this alone would decide, but the rule asks for more"
    return f"; from the interval alone it would be {verdict_of_numbers(part)}"


def _share_of_runs(share: Mapping[str, Any] | None, part: Part, what: str) -> str:
    """So many of the runs, with the exact 95 % interval of their share where the record has one."""
    if share is None:
        return f"{num_collapsed(part)} of {part['num_seeds']} runs {what}"
    interval = f"between {share['low'] * 100:.0f} and {share['high'] * 100:.0f} % do"
    return f"{share['count']} of {part['num_seeds']} runs {what} ({interval})"


def part_explanation(part: Part) -> str:
    """What is asked for, what was found, and the reason, without the verdict."""
    reason = f" ({reason_in_words(part['reason'])})" if part["reason"] else ""
    if part["rule"] == "log":
        return f"{_found_of_log(part)}{reason}."
    return f"the claim asks for {asked(part)}; {found(part)}{_reservation(part)}{reason}."


def _found_of_log(part: Part) -> str:
    """Where the published log lies among our runs."""
    # What is not finite lies farther off than any number.
    num_as_far = sum(value is None or value >= part["margin"] * (1 - 1e-12) for value in part["values"])
    return (
        f"at its farthest the published log differs from the mean of the other runs by a factor of {effect(part)}; "
        f"{num_as_far or 'none'} of our {part['num_seeds']} runs lie{'s' * (num_as_far == 1)} as far off "
        f"({pvalue(part['pvalue'])})"
    )


def part_sentence(part: Part) -> str:
    """One sentence on a part: verdict, what is asked for, what was found, and the reason."""
    return f"{part['verdict'].capitalize()}: {part_explanation(part)}"


def reason_in_words(reason: str) -> str:
    """Explain a reason; one that is not known stands as it is."""
    explanation = REASONS.get(reason)
    return f"{reason}: {explanation}" if explanation else reason


def explanation(claim: Claim) -> str:
    """What a claim's verdict rests on, in a sentence without the verdict itself."""
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
    ...     "estimate": 0.021, "low": 0.015, "high": 0.027, "confidence_level": 0.9997, "margin": 0.002,
    ...     "alternative": "greater", "unit": "accuracy", "difference": True, "num_seeds": 10, "values": [],
    ...     "censored": None}
    >>> print(sentence({"verdict": "supported", "reason": None, "message": None, "parts": [part]}))
    Supported: the claim asks for more than +0.20 points; the estimate over 10 seeds is +2.10 points, and the
    99.97 % interval [+1.50, +2.70] points lies wholly above that.
    """
    return f"{claim['verdict'].capitalize()}: {explanation(claim)}"


def _tally(parts: Sequence[Part]) -> str:
    """Count the verdicts of several parts in words."""
    counts = Counter(part["verdict"] for part in parts)
    if counts["supported"] == len(parts):
        return f"each of its {len(parts)} parts is supported"
    told = ", ".join(f"{counts[name]} {name}" for name in VERDICTS if counts[name])
    return f"of {counted(len(parts), 'part')}, {told}"


def capitalized(text: str) -> str:
    """The text with its first letter in upper case, and all others as they are."""
    return text[:1].upper() + text[1:]
