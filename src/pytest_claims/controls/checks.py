"""Controls: whether the machinery behind the verdicts does what it should, tried on the recorded numbers themselves.

Each control judges every claim of a record again in a way whose outcome is known beforehand. Nothing is trained.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import cast

import numpy as np
from scipy import stats

from pytest_claims.controls.calibration import POWER_KEPT
from pytest_claims.controls.judged_parts import Judged, Values, all_parts, judged_parts
from pytest_claims.statistics import (
    RULES,
    EquivalenceRule,
    MeanRule,
    SuperiorityRule,
    fixed_look,
    smallest_detectable_effect,
)
from pytest_claims.support.record_types import ControlRecord, JudgedRecord

A_A_LEVEL = 0.05
CONFIDENCE = 0.999
"""Confidence of the bounds within which a control's figure may lie by chance."""
NUM_PLANTED = 100
"""Draws for each part with a planted effect."""


@dataclass(frozen=True)
class Control:
    """What a control found.

    Parameters
    ----------
    name, what
        Its name, and in a sentence what must come out.
    num_checked
        On how many claims, or parts, or arrays it was tried.
    failures
        A line for each that came out otherwise; empty if all is well.
    exempt
        For which claims it makes no sense, with the reason.
    figures
        What it measured.
    """

    name: str
    what: str
    num_checked: int
    failures: list[str]
    exempt: dict[str, str] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)

    def plain(self) -> ControlRecord:
        """The same as plain data, for a record."""
        return cast(ControlRecord, asdict(self))


@dataclass
class _Tally:
    """What a control has tried so far."""

    num_checked: int = 0
    failures: list[str] = field(default_factory=list)
    exempt: dict[str, str] = field(default_factory=dict)
    tried: set[str] = field(default_factory=set)

    def check(self, part: Judged, failure: str | None) -> None:
        """Count a part, and what is wrong with it if anything is."""
        self.num_checked += 1
        self.tried.add(part.claim)
        if failure:
            self.failures.append(f"{part.name}: {failure}")

    def control(self, name: str, what: str) -> Control:
        """The control: a claim is exempt if no part of it was tried."""
        exempt = {claim: reason for claim, reason in self.exempt.items() if claim not in self.tried}
        return Control(name, what, self.num_checked, self.failures, exempt)


def judged_again(record: JudgedRecord) -> Control:
    """The numbers in the record give its verdicts."""
    tally = _Tally()
    for claim, parts in judged_parts(record):
        for part, recorded in zip(parts, claim["parts"], strict=True):
            decision = part.decision()
            found, was = (decision.verdict, decision.reason), (recorded["verdict"], recorded["reason"])
            outcome = f"recorded as {_told(*was)}, its numbers give {_told(*found)}"
            tally.check(part, outcome if found != was else None)
    return tally.control("judged again", "The recorded numbers give the recorded verdicts.")


def mirror(record: JudgedRecord) -> Control:
    """Negated numbers with the sides exchanged give exactly the same verdict."""
    tally = _Tally()
    for part in all_parts(record):
        mirrored = part.rule.mirrored()
        if mirrored is None:
            tally.exempt[part.claim] = part.rule.no_mirror
            continue
        given, found = part.decision(), part.negated(mirrored).decision()
        same = (given.verdict, given.reason) == (found.verdict, found.reason)
        ends, back = (given.estimate.low, given.estimate.high), (-found.estimate.high, -found.estimate.low)
        same &= np.allclose(ends, back, rtol=1e-9, atol=1e-12, equal_nan=True)
        outcome = f"{_told(given.verdict, given.reason)}, mirrored {_told(found.verdict, found.reason)}"
        tally.check(part, None if same else outcome)
    return tally.control("mirror", "Negated, with the sides exchanged, each comes to the same verdict.")


def swapped_arms(record: JudgedRecord) -> Control:
    """With the arms of a supported superiority exchanged, it is refuted."""
    tally = _Tally()
    for part in all_parts(record):
        rule = part.rule
        if not rule.is_directed or rule.null is None:
            tally.exempt[part.claim] = "compares no two arms by superiority"
        elif rule.holds([rule.null]).all():
            tally.exempt[part.claim] = "its margin lies beyond no effect, so that both orders may hold"
        elif part.decision().verdict != "supported":
            tally.exempt[part.claim] = "is not supported as it stands"
        else:
            verdict = part.negated(rule).decision().verdict
            tally.check(part, f"{verdict} with its arms exchanged" if verdict != "refuted" else None)
    return tally.control("swapped arms", "With its arms exchanged, a supported superiority is refuted.")


def same_in_other_order_and_unit(record: JudgedRecord) -> Control:
    """The order of the seeds, and percent in the place of fractions, change nothing."""
    tally = _Tally()
    for part in all_parts(record):
        given = part.decision()
        others = {"with its seeds in reverse": part.reversed().decision()}
        if scaled := part.rule.in_percent():
            others["in percent"] = replace(part, rule=scaled, values=100 * part.values).decision()
        different = [
            f"{given.verdict}, {how} {other.verdict}"
            for how, other in others.items()
            if (other.verdict, other.reason) != (given.verdict, given.reason)
        ]
        tally.check(part, "; ".join(different))
    return tally.control("order and unit", "The order of the seeds, and percent for fractions, change no verdict.")


def same_arm(record: JudgedRecord) -> Control:
    """One arm's seeds against others of its seeds: no superiority but by chance, and no equivalence refuted."""
    chance = []
    for values in _distinct(record):
        differences = _halves(values)
        if differences.size >= 5 and np.ptp(differences) > 0:
            rule = SuperiorityRule("greater", 0.0, 0.0)
            chance += [rule.decide(side, fixed_look(side.size, A_A_LEVEL)) for side in (differences, -differences)]
    supported = sum(decision.verdict == "supported" for decision in chance)
    bound = int(stats.binom.ppf(CONFIDENCE, len(chance), A_A_LEVEL)) if chance else 0
    failures = [f"{supported} of {len(chance)} were supported, {bound} at most may be"] if supported > bound else []
    num_equivalences = 0
    for part in all_parts(record):
        if isinstance(part.rule, EquivalenceRule) and len(part.values) >= 4:
            low, high = part.rule.bounds
            differences, reach = _halves(part.values), (high - low) / 2
            num_equivalences += 1
            none_apart = replace(part.rule, margin=(-reach, reach))
            if none_apart.decide(differences, fixed_look(differences.size)).verdict == "refuted":
                failures.append(f"{part.name}: refuted of two halves of the same seeds")
    return Control(
        "A/A",
        "Between two halves of one arm's seeds a superiority is supported at most as often as its level of 5 % has it.",
        len(chance) + num_equivalences,
        failures,
        figures={"supported": supported, "tried": len(chance), "at most": bound, "equivalences": num_equivalences},
    )


def planted(record: JudgedRecord, rng: np.random.Generator) -> Control:
    """An effect of the margin plus the smallest detectable one is supported about as often as its power says.

    A t-test would see it in 80 % of draws; that the signs must agree costs a few of these, see `calibration`. That is
    asked of all parts together: a single one, drawn from ten residuals with an outlier among them, may be far off.
    """
    exempt, found = {}, []
    for part in all_parts(record):
        effect = _planted_mean(part)
        if isinstance(effect, str):
            exempt[part.claim] = effect
            continue
        look, num_seeds = part.schedule[-1], part.values.size
        residuals = (part.values - part.values.mean()) * (num_seeds / (num_seeds - 1)) ** 0.5
        draws = effect + rng.choice(residuals, (NUM_PLANTED, look.num_seeds))
        supported = [part.rule.decide(draw, look).verdict == "supported" for draw in draws]
        found.append(float(np.mean(supported)))
    failures, figures = [], {}
    if found:
        figures = {"power": round(float(np.mean(found)), 3), "promised": POWER_KEPT, "lowest": min(found)}
    if len(found) > 1:
        upper = figures["power"] + stats.t.isf(1 - CONFIDENCE, len(found) - 1) * stats.sem(found)
        if upper < POWER_KEPT:
            failures.append(f"supported in {figures['power']:.0%} of draws, {POWER_KEPT:.0%} were promised")
    what = "A planted effect, the smallest detectable one beyond the margin, is supported with the power stated."
    return Control("planted", what, len(found), failures, exempt, figures)


def on_record(record: JudgedRecord) -> list[Control]:
    """Run the controls that need nothing but a record, and take a moment."""
    controls = (judged_again, mirror, swapped_arms, same_in_other_order_and_unit, same_arm)
    return [control(record) for control in controls]


def _distinct(record: JudgedRecord) -> Iterable[Values]:
    """What was taken from one arm, each array once."""
    seen: dict[tuple[float, ...], Values] = {}
    for claim in record["claims"]:
        for part in claim["parts"]:
            is_number = not part["operands"] and not RULES[part["rule"]].is_of_events
            single = [part["values"]] if is_number else []
            for values in [*(operand["values"] for operand in part["operands"]), *single]:
                if np.isfinite(values).all():
                    seen.setdefault(tuple(values), np.array(values, float))
    return seen.values()


def _halves(values: Values) -> Values:
    """Differences between the first, third, ... and the second, fourth, ... seed."""
    half = values.size // 2
    with np.errstate(invalid="ignore"):  # two runs that collapsed alike: their difference is NaN
        return values[0 : 2 * half : 2] - values[1 : 2 * half : 2]


def _told(verdict: str, reason: str | None) -> str:
    return f"{verdict} ({reason})" if reason else verdict


def _planted_mean(part: Judged) -> float | str:
    """Where a mean must lie to be supported with a power of 0.8; or why that makes no sense."""
    rule, look = part.rule, part.schedule[-1]
    if not isinstance(rule, MeanRule):
        return "is no claim about a mean"
    if not np.isfinite(part.values).all():
        return "a run collapsed, so that no mean is judged"
    sd = float(part.values.std(ddof=1))
    if sd == 0:
        return "does not vary over seeds"
    low, high = rule.region
    if smallest_detectable_effect(sd, look, 0.9) > (high - low) / 2:
        return "its seeds scatter too much for its bounds: nothing between them could be shown"
    effect = smallest_detectable_effect(sd, look)
    return low + effect if math.isfinite(low) else high - effect
