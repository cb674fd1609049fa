"""One row of words for each rule, and the relation of a part's numbers to its margin."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pytest_claims.support.record_types import NumbersRecord, PartRecord
from pytest_claims.support.scale import bounds

Relation = Literal["above", "below", "within", "outside", "straddles", "equal", "unequal", "unknown"]


@dataclass(frozen=True)
class RuleWords:
    """The words for one rule. `sentences` and `seed_strips` fill the braces in the templates.

    Parameters
    ----------
    asked
        By alternative, the words before the margin for the values that the claim asks for.
    holds
        By alternative, the relation to the margin with which the claim holds.
    relation
        Gives the relation to the margin, from the numbers of a part.
    verdicts
        The verdict if the claim holds, and the verdict if it does not.
    margin, margin_names
        Template of the margin, and names of some margins, rounded to four decimals.
    subject
        Template of the words before the interval.
    explanation
        Template of a part's explanation without the reason.
    caption, description
        Templates for the figure of the seeds: its caption, and its description for screen readers.
    draws
        The mark of each seed in the figure: a dot at its number, or an outcome. ``None``: there is no figure.
    has_interval
        False if arithmetic decides.
    brackets_estimate
        False if the interval is not that of the estimate.
    is_of_means
        True if the rule tests a mean. If runs collapse, the share of runs decides instead of the mean.
    has_other_margins
        True if a card lists the margins that would change the verdict.
    """

    asked: Mapping[str, str]
    holds: Mapping[str, Relation]
    relation: Callable[[PartRecord], Relation]
    verdicts: tuple[str, str] = ("supported", "refuted")
    margin: str = "{bounds}"
    margin_names: Mapping[float, str] = field(default_factory=dict)
    subject: str = "the estimate over {seeds} is {effect}"
    explanation: str = "the claim asks for {asked}; {result}{reservation}"
    caption: str = "a dot per seed{unit}{interval}; shaded, what the claim asks for{without}"
    description: str = "{seeds} from {span}; estimate {effect_with_interval}; asked for: {asked}."
    draws: Literal["dots", "outcomes"] | None = "dots"
    has_interval: bool = True
    brackets_estimate: bool = True
    is_of_means: bool = False
    has_other_margins: bool = False


def side(part: PartRecord) -> Relation:
    """Above or below one bound."""
    low, high, ends = part["low"], part["high"], bounds(part["margin"])
    if low is None or high is None or not ends:
        return "unknown"
    return "above" if low > ends[0] else "below" if high < ends[0] else "straddles"


def inside(part: PartRecord) -> Relation:
    """Within or outside two bounds."""
    low, high, ends = part["low"], part["high"], bounds(part["margin"])
    if low is None or high is None or not ends:
        return "unknown"
    if ends[0] < low and high < ends[1]:
        return "within"
    return "outside" if high < ends[0] or low > ends[1] else "straddles"


def equal(part: PartRecord) -> Relation:
    """Equal to the bound at every seed, up to the rounding of floats."""
    ends = bounds(part["margin"])
    if part["estimate"] is None or not ends:
        return "unknown"
    values = [part["estimate"], *part["values"]]
    agree = all(math.isclose(value, ends[0], rel_tol=1e-9, abs_tol=1e-9) for value in values)
    return "equal" if agree else "unequal"


def reached(part: PartRecord) -> Relation:
    """Within if the estimate is no larger than the largest compatible value."""
    if part["estimate"] is None or part["high"] is None:
        return "unknown"
    return "within" if part["estimate"] <= part["high"] else "outside"


WORDS: dict[str, RuleWords] = {
    "superiority": RuleWords(
        asked={"greater": "more than ", "less": "less than "},
        holds={"greater": "above", "less": "below"},
        relation=side,
        is_of_means=True,
        has_other_margins=True,
    ),
    "equivalence": RuleWords(
        asked={"within": "a value from "}, holds={"within": "within"}, relation=inside, is_of_means=True
    ),
    "typical": RuleWords(
        asked={"greater": "more than ", "less": "less than ", "within": "a value from "},
        holds={"greater": "above", "less": "below", "within": "within"},
        relation=lambda part: inside(part) if part["alternative"] == "within" else side(part),
        subject="the typical run, the median over {seeds}, is at {effect}",
    ),
    "event": RuleWords(
        asked=dict.fromkeys(("usually", "reliably"), "it to happen in more than "),
        holds={"usually": "above", "reliably": "above"},
        relation=side,
        margin="{bounds} of the runs",
        margin_names={0.5: "half of the runs", round(2 / 3, 4): "two thirds of the runs"},
        subject="it happened in {happened} of {num_seeds} runs",
        caption="seeds in their order, filled where it happened; below, the share{unit} with its interval{without}",
        description="Happened in {happened} of {num_seeds} runs; asked for: {asked}.",
        draws="outcomes",
    ),
    "exact": RuleWords(
        asked={"exactly": "exactly "}, holds={"exactly": "equal"}, relation=equal, draws=None, has_interval=False
    ),
    "log": RuleWords(
        asked={"as far": "others of our runs to lie as far off as "},
        holds={"as far": "within"},
        relation=reached,
        verdicts=("compatible", "incompatible"),
        explanation="at its farthest the published log lies {effect} from the mean of the other runs, in their "
        "standard deviations; {as_far} as far off ({pvalue})",
        caption="a dot per run of ours{unit}; shaded, as far off as the published log, whose place is marked{without}",
        description="{runs} of ours lie from {span} off; the published log {effect}.",
        brackets_estimate=False,
    ),
}
"""The words for each rule, by the rule's name in a record."""


def words_of(part: NumbersRecord) -> RuleWords:
    """The words for a part's rule."""
    return WORDS[part["rule"]]


def relation(part: PartRecord) -> Relation:
    """The relation of a part's numbers to its margin, computed only from the numbers.

    Examples
    --------
    >>> relation({"rule": "superiority", "estimate": 0.021, "low": 0.015, "high": 0.027, "margin": 0.002})
    'above'
    """
    return words_of(part).relation(part)


def side_asked(part: PartRecord) -> Relation:
    """The relation to the margin with which a part's claim holds."""
    return words_of(part).holds[part["alternative"]]


def verdict_of_numbers(part: PartRecord) -> str:
    """The verdict from the interval alone, without the rule's other tests."""
    where = relation(part)
    if where in ("straddles", "unknown"):
        return "inconclusive"
    return words_of(part).verdicts[where != side_asked(part)]
