"""The robustness of a verdict in words: single runs, fresh seeds, other margins, smaller effects."""

from __future__ import annotations

from pytest_claims.report.words.numbers import MISSING, Claim, Part, margin, quantity_value
from pytest_claims.report.words.rules import side_asked, verdict_of_numbers, words_of
from pytest_claims.report.words.sentences import num_collapsed
from pytest_claims.support.record_types import PartRecord
from pytest_claims.support.scale import RATIO


def otherwise(part: Part) -> str:
    """The margins that would change the verdict on a part, from its interval; empty for rules without such margins.

    Examples
    --------
    >>> part = {"rule": "superiority", "verdict": "supported", "alternative": "greater", "unit": "accuracy",
    ...     "difference": True, "estimate": 0.021, "low": 0.015, "high": 0.027, "margin": 0.002, "values": [0.02]}
    >>> otherwise(part)
    'with a margin of +1.50 points or more it would not be supported'
    """
    if not words_of(part).has_other_margins or num_collapsed(part) or part["verdict"] != verdict_of_numbers(part):
        return ""
    greater = side_asked(part) == "above"
    near, far = ("low", "high") if greater else ("high", "low")
    asked_more, asked_less = ("more", "less") if greater else ("less", "more")
    ends = {end: quantity_value(part[end], part) for end in ("low", "high")}
    if part["verdict"] == "supported":
        return f"with a margin of {ends[near]} or {asked_more} it would not be supported"
    if part["verdict"] == "refuted":
        return f"with a margin of {ends[far]} or {asked_less} it would not be refuted"
    return (
        f"with a margin of {ends[near]} or {asked_less} it would be supported, of {ends[far]} or {asked_more} refuted, "
        "were the interval all that counts"
    )


def stability(claim: Claim) -> str:
    """The probability that fresh seeds give the same verdict, for a table."""
    record = claim["stability"]
    if not record:
        return MISSING
    percent = record["probability"] * 100
    return ">99 %" if percent > 99 else f"{percent:.0f} %"


def stability_sentence(claim: Claim) -> str:
    """The probability that fresh seeds give the same verdict, and the seeds without which it would change."""
    record = claim["stability"]
    if not record:
        return ""
    percent = min(99.9, max(0.1, record["probability"] * 100))
    bound = "more than " if percent == 99.9 else "less than " if percent == 0.1 else ""
    again = f"Fresh seeds would come to this verdict again with a probability of {bound}{percent:.3g} %."
    seeds = [str(seed) for seed in record["hangs_on_seeds"]]
    if not seeds:
        return f"{again} Leaving out any one seed does not change it."
    named = " or ".join([", ".join(seeds[:-1]), seeds[-1]] if len(seeds) > 1 else seeds)
    return f"{again} It hangs on single seeds: without seed {named} it would be another."


def detectable_sentence(part: Part) -> str:
    """The smallest effect that the last look can detect, from pilot runs; empty without pilot runs."""
    effect = part["smallest_detectable_effect"]
    if effect is None:
        return ""
    alone: PartRecord = {
        **part,
        "difference": part["unit"] != RATIO,
        "estimate": effect,
        "low": None,
        "high": None,
        "margin": [],
    }
    distance = quantity_value(effect, alone)
    return f"{distance.lstrip('+')} beyond {margin(part)}"


def reproduction(claim: Claim) -> str:
    """The number of single runs in which the assertion holds, for a table."""
    share = claim["reproduction"]
    return f"{share['count']} of {share['num_seeds']}" if share else MISSING


def reproduction_sentence(claim: Claim) -> str:
    """The single runs in which the assertion holds, with the interval of their share; empty without a verdict."""
    share = claim["reproduction"]
    if not share:
        return ""
    value, low, high = (f"{share[key] * 100:.0f}" for key in ("share", "low", "high"))
    return (
        f"In {reproduction(claim)} single runs (or pairs of runs) the assertion holds: "
        f"{value} %, with a 95 % interval from {low} to {high} %."
    )
