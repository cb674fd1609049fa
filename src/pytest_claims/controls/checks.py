"""Controls on the numbers of a record: checks that the machinery behind the verdicts works as it should.

Each control judges every claim of a record again, in a way whose outcome is known beforehand. It trains nothing.
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
"""Confidence level of the bounds on the chance variation of a control's figure."""
NUM_PLANTED = 100
"""Number of draws for each part with a planted effect."""


@dataclass(frozen=True)
class Control:
    """The result of a control.

    Parameters
    ----------
    name, what
        The control's name, and its expected outcome in a sentence.
    num_checked
        Number of checked parts or arrays.
    failures
        A line for each check with another outcome; empty if there is none.
    exempt
        The claims to which the control does not apply, with the reason.
    figures
        The measured numbers, by name.
    """

    name: str
    what: str
    num_checked: int
    failures: list[str]
    exempt: dict[str, str] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)

    def plain(self) -> ControlRecord:
        """Return the result as plain data, for a record."""
        return cast(ControlRecord, asdict(self))


@dataclass
class _Tally:
    """The checks of a control so far."""

    num_checked: int = 0
    failures: list[str] = field(default_factory=list)
    exempt: dict[str, str] = field(default_factory=dict)
    tried: set[str] = field(default_factory=set)

    def check(self, part: Judged, failure: str | None) -> None:
        """Count a part, and add its failure if there is one."""
        self.num_checked += 1
        self.tried.add(part.claim)
        if failure:
            self.failures.append(f"{part.name}: {failure}")

    def control(self, name: str, what: str) -> Control:
        """Make the result. A claim is exempt if none of its parts was checked."""
        exempt = {claim: reason for claim, reason in self.exempt.items() if claim not in self.tried}
        return Control(name, what, self.num_checked, self.failures, exempt)


def judged_again(record: JudgedRecord) -> Control:
    """Check that the recorded numbers give the recorded verdicts."""
    tally = _Tally()
    for claim, parts in judged_parts(record):
        for part, recorded in zip(parts, claim["parts"], strict=True):
            decision = part.decision()
            new, old = (decision.verdict, decision.reason), (recorded["verdict"], recorded["reason"])
            outcome = f"recorded as {_phrase(*old)}, its numbers give {_phrase(*new)}"
            tally.check(part, outcome if new != old else None)
    return tally.control("judged again", "The recorded numbers give the recorded verdicts.")


def mirror(record: JudgedRecord) -> Control:
    """Check that negated numbers with exchanged sides give the same verdict."""
    tally = _Tally()
    for part in all_parts(record):
        mirrored = part.rule.mirrored()
        if mirrored is None:
            tally.exempt[part.claim] = part.rule.no_mirror
            continue
        given, negated = part.decision(), part.times(-1.0, mirrored).decision()
        same = (given.verdict, given.reason) == (negated.verdict, negated.reason)
        ends, back = (given.estimate.low, given.estimate.high), (-negated.estimate.high, -negated.estimate.low)
        same &= np.allclose(ends, back, rtol=1e-9, atol=1e-12, equal_nan=True)
        outcome = f"{_phrase(given.verdict, given.reason)}, mirrored {_phrase(negated.verdict, negated.reason)}"
        tally.check(part, None if same else outcome)
    return tally.control("mirror", "Negated, with the sides exchanged, each comes to the same verdict.")


def swapped_arms(record: JudgedRecord) -> Control:
    """Check that a supported superiority is refuted if its arms are exchanged.

    Each part of a claim may refute it, so a refutation spends a share of alpha and a support all of it. The exchanged
    part is judged alone, as the part was that supports its claim.
    """
    tally = _Tally()
    for part in all_parts(record):
        rule = part.rule
        if not rule.is_directed or rule.null is None:
            tally.exempt[part.claim] = "compares no two arms by superiority"
        elif rule.holds([rule.null]).all():
            tally.exempt[part.claim] = "its margin lies beyond no effect, so that both orders may hold"
        elif rule.witness:
            tally.exempt[part.claim] = "is an existence statement, which no witness refutes"
        elif part.decision().verdict != "supported":
            tally.exempt[part.claim] = "is not supported as it stands"
        else:
            alone = replace(part.times(-1.0, rule), look=replace(part.look, parts=1))
            verdict = alone.decision().verdict
            tally.check(part, f"{verdict} with its arms exchanged" if verdict != "refuted" else None)
    return tally.control("swapped arms", "With its arms exchanged, a supported superiority is refuted.")


def same_in_other_order_and_unit(record: JudgedRecord) -> Control:
    """Check that neither the order of the seeds nor percent instead of fractions changes a verdict."""
    tally = _Tally()
    for part in all_parts(record):
        given = part.decision()
        others = {"with its seeds in reverse": part.reversed().decision()}
        if scaled := part.rule.in_percent():
            others["in percent"] = part.times(100.0, scaled).decision()
        different = [
            f"{given.verdict}, {how} {changed.verdict}"
            for how, changed in others.items()
            if (changed.verdict, changed.reason) != (given.verdict, given.reason)
        ]
        tally.check(part, "; ".join(different))
    return tally.control("order and unit", "The order of the seeds, and percent for fractions, change no verdict.")


def same_arm(record: JudgedRecord) -> Control:
    """Compare two halves of one arm's seeds: superiority only by chance, and no refuted equivalence."""
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
    """Check the power of the rules on planted effects: the margin plus the smallest detectable effect.

    A t-test detects such an effect in 80 % of draws; the veto of the signs costs a few percent, see `calibration`. The
    check is on the mean over all parts, since a single part with an outlier among ten residuals may be far off.
    """
    exempt, powers = {}, []
    for part in all_parts(record):
        effect = _planted_mean(part)
        if isinstance(effect, str):
            exempt[part.claim] = effect
            continue
        look, num_seeds = part.schedule[-1], part.values.size
        residuals = (part.values - part.values.mean()) * (num_seeds / (num_seeds - 1)) ** 0.5
        draws = effect + rng.choice(residuals, (NUM_PLANTED, look.num_seeds))
        supported = [part.rule.decide(draw, look).verdict == "supported" for draw in draws]
        powers.append(float(np.mean(supported)))
    failures, figures = [], {}
    if powers:
        figures = {"power": round(float(np.mean(powers)), 3), "promised": POWER_KEPT, "lowest": min(powers)}
    if len(powers) > 1:
        upper = figures["power"] + stats.t.isf(1 - CONFIDENCE, len(powers) - 1) * stats.sem(powers)
        if upper < POWER_KEPT:
            failures.append(f"supported in {figures['power']:.0%} of draws, {POWER_KEPT:.0%} were promised")
    what = "A planted effect, the smallest detectable one beyond the margin, is supported with the power stated."
    return Control("planted", what, len(powers), failures, exempt, figures)


def on_record(record: JudgedRecord) -> list[Control]:
    """Run the controls that need only a record; they take a moment."""
    controls = (judged_again, mirror, swapped_arms, same_in_other_order_and_unit, same_arm)
    return [control(record) for control in controls]


def _distinct(record: JudgedRecord) -> Iterable[Values]:
    """Return the arrays that were taken from a single arm, each once."""
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
    """Return the first minus the second seed, the third minus the fourth, and so on."""
    half = values.size // 2
    with np.errstate(invalid="ignore"):  # two collapsed runs may give NaN
        return values[0 : 2 * half : 2] - values[1 : 2 * half : 2]


def _phrase(verdict: str, reason: str | None) -> str:
    return f"{verdict} ({reason})" if reason else verdict


def _planted_mean(part: Judged) -> float | str:
    """Return the mean that is supported with a power of 0.8, or the reason why the part is exempt."""
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
