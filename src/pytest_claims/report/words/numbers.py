"""Formats all numbers of the page and of the tables."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pytest_claims.report.words.rules import words_of
from pytest_claims.support.record_types import ClaimRecord, NumbersRecord, PartRecord
from pytest_claims.support.scale import bounds

Part = PartRecord
Claim = ClaimRecord

MISSING = "—"


@dataclass(frozen=True)
class Unit:
    """The display of a unit: factor over the number in code, decimals, prefix and suffix."""

    factor: float
    decimals: int
    prefix: str = ""
    suffix: str = ""


UNITS = {
    "accuracy": Unit(100, 2, suffix=" %"),
    "points": Unit(100, 2, suffix=" points"),
    "fraction": Unit(100, 1, suffix=" %"),
    "share": Unit(100, 0, suffix=" %"),
    "nats": Unit(1, 4, suffix=" nats"),
    "epochs": Unit(1, 1, suffix=" epochs"),
    "ratio": Unit(1, 2, prefix="×"),
    "deviations": Unit(1, 1, suffix=" SD"),
    "": Unit(1, 3),
}
PERCENTAGES = ("accuracy", "fraction", "share")

MOST_EXTRA_DECIMALS = 6
"""Most decimals added to a unit's own, so that different numbers look different."""


def unit_of(part: NumbersRecord) -> Unit:
    """The unit of a part's numbers. A difference of two percentages is in (percentage) points."""
    name = part["unit"]
    return UNITS["points" if part["difference"] and name in PERCENTAGES else name]


def _cleared(value: float) -> float:
    """Replace a number below 1e-9, the tolerance of exact rules, by 0: only rounding errors are that small."""
    return 0.0 if abs(value) < 1e-9 else value


def _fixed(value: float, unit: Unit, decimals: int) -> str:
    return f"{value * unit.factor:.{decimals}f}"


def decimals(part: NumbersRecord) -> int:
    """The number of decimals with which no two different numbers of a part look the same.

    Examples
    --------
    >>> part = {"unit": "accuracy", "difference": True, "estimate": 0.021, "low": 0.015, "high": 0.027, "margin": 0.002}
    >>> decimals(part), decimals(part | {"low": 0.00203})
    (2, 3)
    """
    unit = unit_of(part)
    numbers = [part["estimate"], part["low"], part["high"], *bounds(part["margin"])]
    known = sorted({_cleared(float(number)) for number in numbers if number is not None})
    start = unit.decimals
    if unit is UNITS[""] and known:
        largest = max(abs(number) for number in known)
        start = max(0, unit.decimals - 1 - math.floor(math.log10(largest))) if largest else 0
    for places in range(start, start + MOST_EXTRA_DECIMALS):
        if len({_fixed(number, unit, places) for number in known}) == len(known):
            return places
    return start


def number(value: float | None, unit: Unit, places: int | None = None, *, signed: bool = False) -> str:
    """Format a number without the name of its unit, with a typographic minus.

    Examples
    --------
    >>> number(0.9812, UNITS["accuracy"]), number(-0.0093, UNITS["points"], signed=True), number(None, UNITS["nats"])
    ('98.12', '−0.93', '—')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    text = _fixed(_cleared(value), unit, unit.decimals if places is None else places)
    is_zero = float(text) == 0
    sign = "" if is_zero else "−" if value < 0 else "+" if signed else ""
    return f"{unit.prefix}{sign}{text.lstrip('-')}"


def quantity_value(value: float | None, part: NumbersRecord) -> str:
    """Format a value of a part's quantity, with its unit.

    Examples
    --------
    >>> quantity_value(0.9812, {"unit": "accuracy", "difference": False, "estimate": 0.98, "low": None,
    ...     "high": None, "margin": []})
    '98.12 %'
    """
    unit = unit_of(part)
    text = number(value, unit, decimals(part), signed=part["difference"])
    return text if text == MISSING else text + unit.suffix


def effect(part: NumbersRecord) -> str:
    """The estimate of a part with its unit.

    Examples
    --------
    >>> effect({"unit": "ratio", "difference": False, "estimate": 0.42, "low": 0.3, "high": 0.48, "margin": 0.5})
    '×0.42'
    """
    return quantity_value(part["estimate"], part)


def interval(part: NumbersRecord) -> str:
    """The deciding interval of a part in brackets, in the unit of its effect; empty if arithmetic decides.

    Examples
    --------
    >>> interval({"rule": "equivalence", "unit": "epochs", "difference": False, "estimate": 5.9, "low": 5.2,
    ...     "high": 6.61, "margin": [5.5, 6.5]})
    '[5.2, 6.6]'
    """
    if not words_of(part).has_interval or part["low"] is None or part["high"] is None:
        return ""
    unit, places, signed = unit_of(part), decimals(part), part["difference"]
    low, high = (number(part[end], unit, places, signed=signed) for end in ("low", "high"))
    return f"[{low}, {high}]"


def effect_with_interval(part: NumbersRecord) -> str:
    """The estimate of a part with its interval, and the unit once."""
    unit = unit_of(part)
    value = number(part["estimate"], unit, decimals(part), signed=part["difference"])
    bracket = interval(part)
    return f"{value} {bracket}{unit.suffix}" if bracket else effect(part)


def pvalue(value: float | None) -> str:
    """Format a p-value.

    Examples
    --------
    >>> pvalue(1e-7), pvalue(0.031), pvalue(None)
    ('p < 0.0001', 'p = 0.031', '—')
    """
    if value is None:
        return MISSING
    return "p < 0.0001" if value < 0.0001 else f"p = {value:.2g}"


def confidence(part: Part) -> str:
    """The confidence level of a part's interval in percent, if it has an interval.

    Examples
    --------
    >>> confidence({"rule": "superiority", "confidence_level": 0.9997})
    '99.97 %'
    """
    level = part["confidence_level"]
    return f"{level * 100:.6g} %" if words_of(part).has_interval and level is not None else MISSING


def interval_name(part: Part) -> str:
    """The name of a part's deciding interval, with its confidence level if it has one."""
    return "interval" if part["confidence_level"] is None else f"{confidence(part)} interval"


def margin(part: NumbersRecord) -> str:
    """The margin of a part with its unit; bounds are joined by *to*.

    Examples
    --------
    >>> margin({"rule": "event", "unit": "share", "difference": False, "estimate": 1, "low": 0.83, "high": 1.0,
    ...     "margin": 2 / 3})
    'two thirds of the runs'
    """
    ends, words = bounds(part["margin"]), words_of(part)
    if not ends:
        return MISSING
    unit, places, signed = unit_of(part), decimals(part), part["difference"]
    joined = " to ".join(number(bound, unit, places, signed=signed) for bound in ends) + unit.suffix
    return words.margin_names.get(round(ends[0], 4)) or words.margin.format(bounds=joined)
