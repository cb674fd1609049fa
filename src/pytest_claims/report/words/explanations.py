"""Fills the fields of an explanation with the numbers of its claim's record.

An explanation names a number, for instance ``{1.estimate}``, so that the text cannot contradict the verdict beside it.
"""

from __future__ import annotations

import math
import re
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from statistics import fmean, median

from pytest_claims.report.words.numbers import MISSING, PERCENTAGES, Claim, Part
from pytest_claims.support.record_types import NoteRecord, OperandRecord
from pytest_claims.support.scale import RATIO, as_read, as_tested, bounds
from pytest_claims.support.text import counted

FIELD = re.compile(r"\{([^{}:]*)(?::(\d))?\}")
"""A field: a name and, after a colon, a number of decimals."""

SIGNIFICANT_DIGITS = 3
"""Digits of a number without decimals of its own, such as a loss."""


@dataclass(frozen=True)
class Figure:
    """A number that an explanation can name.

    Parameters
    ----------
    value
        The number in the unit of the record; ``None`` if it is not finite.
    kind
        ``"percent"``, ``"points"``, ``"ratio"``, ``"change"`` of a ratio, ``"whole"`` for counts and epochs, or ``""``.
    """

    value: float | None
    kind: str

    @property
    def shown(self) -> float | None:
        """The number on the scale of the text: percent and points are hundredths."""
        if self.value is None or not math.isfinite(self.value):
            return None
        return self.value * 100 if self.kind in ("percent", "points", "change") else self.value

    def text(self, decimals: int | None = None) -> str:
        """Write the number as people read it.

        Examples
        --------
        >>> Figure(0.8836, "percent").text(), Figure(-0.0068, "points").text(), Figure(0.04125, "").text()
        ('88.4 %', '−0.68', '0.0413')
        >>> Figure(4.6, "whole").text(), Figure(19.0, "whole").text(), Figure(0.91, "ratio").text()
        ('4.6', '19', '×0.91')
        """
        if self.shown is None:
            return MISSING
        digits = f"{abs(self.shown):,.{self._decimals(self.shown) if decimals is None else decimals}f}"
        sign = "−" if self.shown < 0 and float(digits.replace(",", "")) else ""
        prefix, suffix = "×" if self.kind == "ratio" else "", " %" if self.kind in ("percent", "change") else ""
        return f"{prefix}{sign}{digits}{suffix}"

    def _decimals(self, shown: float) -> int:
        if self.kind in ("points", "ratio"):
            return 2
        if self.kind == "percent":
            return 1
        if self.kind == "change":
            return int(abs(shown) < 10)
        if shown == round(shown):
            return 0
        return 1 if self.kind == "whole" else max(0, SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(abs(shown))))


def filled(text: str, claim: Claim) -> str:
    """Fill the fields of an explanation.

    Parameters
    ----------
    text
        The explanation, with fields such as ``{1.estimate}``, ``{2.a.mean}``, ``{note1.median}`` or ``{1.seed5:2}``.
    claim
        The record of the claim that it explains.

    Raises
    ------
    ValueError
        If the record lacks a field; the message names the known ones.

    Examples
    --------
    >>> note = {"quantity": "dead units: a", "unit": "", "difference": False, "seeds": [0, 1], "values": [3, 4]}
    >>> filled("On average {note1.mean} of 16 units are dead.", {"parts": [], "notes": [note]})
    'On average 3.5 of 16 units are dead.'
    """
    figures = figures_of(claim)

    def value(field: re.Match[str]) -> str:
        name, decimals = field[1], field[2]
        if name not in figures:
            raise ValueError(_unknown(name, figures))
        return figures[name].text(None if decimals is None else int(decimals))

    return FIELD.sub(value, text)


def note_sentence(note: NoteRecord) -> str:
    """One line on a quantity beside the verdict: its median, its smallest and its largest value.

    Examples
    --------
    >>> note_sentence({"quantity": "loss, last epoch: a", "unit": "nats", "difference": False, "seeds": [0, 1, 2],
    ...     "values": [0.31, 0.28, 0.36]})
    'loss, last epoch: a: median 0.310 nats, from 0.280 to 0.360 over 3 seeds'
    """
    figures = dict(_of_note("", note))
    median, low, high = (figures[name].text() for name in ("median", "min", "max"))
    unit = "points" if figures["median"].kind == "points" else note["unit"]
    noun = f" {unit}" if unit in ("points", "nats", "epochs") else ""
    seeds = counted(len(note["seeds"]), "seed")
    return f"{note['quantity']}: median {median}{noun}, from {low} to {high} over {seeds}"


def figures_of(claim: Claim) -> dict[str, Figure]:
    """All numbers that an explanation of a claim can name, by the names of their fields."""
    figures: dict[str, Figure] = {}
    if reproduction := claim.get("reproduction"):
        figures |= _counts("", reproduction["count"], reproduction["num_seeds"])
    for index, part in enumerate(claim["parts"], 1):
        figures |= dict(_of_part(f"{index}.", part))
    for index, note in enumerate(claim["notes"], 1):
        figures |= dict(_of_note(f"note{index}.", note))
    return figures


def _of_part(prefix: str, part: Part) -> Iterator[tuple[str, Figure]]:
    unit, difference = part["unit"], part["difference"]
    ends = bounds(part["margin"])
    numbers = {"estimate": part["estimate"], "low": part["low"], "high": part["high"]}
    numbers |= dict(zip(("margin.low", "margin.high") if len(ends) > 1 else ("margin",), ends, strict=True))
    numbers |= _summary(part["values"], part["seeds"], unit)
    kind = _kind([*part["values"], *ends], unit, difference=difference)
    yield from _figures(prefix, numbers, kind)
    if (holds := _num_holds(part)) is not None:
        yield from _counts(prefix, holds, part["num_seeds"]).items()
    for letter, operand in zip(string.ascii_lowercase, part["operands"], strict=False):
        yield from _of_values(f"{prefix}{letter}.", operand, part["seeds"])


def _num_holds(part: Part) -> int | None:
    """The number of seeds on the claim's side; ``None`` for a rule that is not of single runs."""
    from pytest_claims.statistics import RULES, rule_as_read  # needs NumPy, which a page does without

    if not RULES[part["rule"]].is_of_single_runs:
        return None
    unit, difference = part["unit"], part["difference"]
    rule = rule_as_read(part["rule"], part["alternative"], part["margin"], unit=unit, difference=difference)
    return int(rule.holds([as_tested(value, unit) for value in part["values"]]).sum())


def _of_note(prefix: str, note: NoteRecord) -> Iterator[tuple[str, Figure]]:
    yield from _of_values(prefix, note, note["seeds"])
    yield f"{prefix}seeds", Figure(len(note["seeds"]), "whole")


def _of_values(prefix: str, held: NoteRecord | OperandRecord, seeds: Sequence[int]) -> Iterator[tuple[str, Figure]]:
    kind = _kind(held["values"], held["unit"], difference=held["difference"])
    yield from _figures(prefix, _summary(held["values"], seeds, held["unit"]), kind)


def _counts(prefix: str, holds: int, num_seeds: int) -> dict[str, Figure]:
    counts = {"holds": holds, "fails": num_seeds - holds, "seeds": num_seeds}
    return {f"{prefix}{name}": Figure(count, "whole") for name, count in counts.items()}


def _summary(values: Sequence[float], seeds: Sequence[int], unit: str) -> dict[str, float | None]:
    """Mean, median, ends and single seeds; the mean of ratios is geometric, as in verdicts."""
    if any(map(math.isnan, values)):
        ends: dict[str, float | None] = dict.fromkeys(("mean", "median", "min", "max"))
    else:
        tested = [as_tested(value, unit) for value in values]
        mean = as_read(fmean(tested), unit) if all(map(math.isfinite, tested)) else None
        ends = {"mean": mean, "median": median(values), "min": min(values), "max": max(values)}
    return ends | {f"seed{seed}": value for seed, value in zip(seeds, values, strict=True)}


def _kind(values: Sequence[float], unit: str, *, difference: bool) -> str:
    """The kind of the figures of a quantity; a quantity without a unit is a count if all its values are whole."""
    if unit in PERCENTAGES:
        return "points" if difference else "percent"
    if unit == "" and all(value == round(value) for value in values if math.isfinite(value)):
        return "whole"
    return {"epochs": "whole", "nats": ""}.get(unit, unit)


def _figures(prefix: str, numbers: Mapping[str, float | None], kind: str) -> Iterator[tuple[str, Figure]]:
    """The numbers as figures, also as a rise and as a fall; a ratio without its ×, too."""
    for name, number in numbers.items():
        yield prefix + name, Figure(number, kind)
        for change, sign in (("rise", 1), ("fall", -1)):
            by = None if number is None else sign * (number - 1 if kind == RATIO else number)
            yield f"{prefix}{name}.{change}", Figure(by, "change" if kind == RATIO else kind)
        if kind == RATIO:
            yield f"{prefix}{name}.times", Figure(number, "")


def _unknown(name: str, figures: Mapping[str, Figure]) -> str:
    near = get_close_matches(name, figures, n=1)
    hint = f"; did you mean {{{near[0]}}}?" if near else ""
    by_holder: dict[str, list[str]] = {}
    for known in figures:
        if not known.endswith((".rise", ".fall", ".times")):
            holder, _, last = known.rpartition(".")
            by_holder.setdefault(holder, []).append(re.sub(r"^seed\d+$", "seedN", last))
    known = "; ".join(f"{holder or 'claim'}: {', '.join(dict.fromkeys(names))}" for holder, names in by_holder.items())
    return f"because= has the field {{{name}}}, and the claim's record has no such number{hint} Known are {known}"
