"""What lies beyond a verdict, in words: single runs, fresh seeds, other margins, smaller effects."""

from __future__ import annotations

from pytest_claims.report.words.numbers import MISSING, Claim, Part, margin, quantity_value
from pytest_claims.report.words.rules import side_asked, verdict_of_numbers, words_of
from pytest_claims.report.words.sentences import num_collapsed
from pytest_claims.support.record_types import PartRecord
from pytest_claims.support.scale import RATIO


def otherwise(part: Part) -> str:
    """Which margins would have changed the verdict on a part, from its interval; empty where that makes no sense.

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
    """The probability that fresh seeds would come to the same verdict, as a table shows it."""
    found = claim["stability"]
    if not found:
        return MISSING
    percent = found["probability"] * 100
    return ">99 %" if percent > 99 else f"{percent:.0f} %"


def stability_sentence(claim: Claim) -> str:
    """Whether fresh seeds would come to the same verdict, and whether it hangs on one; empty if nothing was judged."""
    found = claim["stability"]
    if not found:
        return ""
    percent = min(99.9, max(0.1, found["probability"] * 100))
    bound = "more than " if percent == 99.9 else "less than " if percent == 0.1 else ""
    again = f"Fresh seeds would come to this verdict again with a probability of {bound}{percent:.3g} %."
    seeds = [str(seed) for seed in found["hangs_on_seeds"]]
    if not seeds:
        return f"{again} Leaving out any one seed does not change it."
    named = " or ".join([", ".join(seeds[:-1]), seeds[-1]] if len(seeds) > 1 else seeds)
    return f"{again} It hangs on single seeds: without seed {named} it would be another."


def detectable_sentence(part: Part) -> str:
    """What the last look is able to see, going by pilot runs; empty where they tell nothing."""
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
    """In how many single runs the assertion holds, in words."""
    share = claim["reproduction"]
    return f"{share['count']} of {share['num_seeds']}" if share else MISSING


def reproduction_sentence(claim: Claim) -> str:
    """In how many single runs the assertion holds, with the interval of the share; empty where nothing was judged."""
    share = claim["reproduction"]
    if not share:
        return ""
    value, low, high = (f"{share[key] * 100:.0f}" for key in ("share", "low", "high"))
    return (
        f"In {reproduction(claim)} single runs (or pairs of runs) the assertion holds: "
        f"{value} %, with a 95 % interval from {low} to {high} %."
    )
