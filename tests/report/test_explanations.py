"""Explanations: their fields are filled with the numbers of the record, as people read them."""

from __future__ import annotations

import math

import pytest

from pytest_claims.report.words.explanations import filled
from tests.helpers.report_sample import NOTE, claim, event, exact, part

ACCURACIES = {"unit": "accuracy", "difference": False}
OPERANDS = [
    {"quantity": "a", "unit": "accuracy", "difference": False, "values": [0.91, 0.92, 0.94]},
    {"quantity": "b", "unit": "accuracy", "difference": False, "values": [0.90, 0.90, 0.90]},
]
DIFFERENCE = {"num_seeds": 3, "estimate": 0.0233, "low": 0.0011, "high": 0.0456, "values": [0.01, 0.02, 0.04]}
RATIO = {"unit": "ratio", "difference": False, "estimate": 0.912, "low": 0.8, "high": 1.04, "margin": 0.98}
EPOCHS = {"unit": "epochs", "difference": False, "estimate": 4.62, "margin": [5.5, 6.5], "alternative": "within"}
NATS = {"unit": "nats", "difference": False, "estimate": 0.041234, "margin": 0.5}


@pytest.mark.parametrize(
    ("text", "parts", "expected"),
    [
        ("{1.estimate} [{1.low}, {1.high}]", [part(**DIFFERENCE)], "2.33 [0.11, 4.56]"),
        ("{1.margin}", [part(**DIFFERENCE)], "0.20"),
        ("{1.estimate:0}", [part(**DIFFERENCE)], "2"),
        ("{1.mean} {1.median} {1.min} {1.max}", [part(**DIFFERENCE)], "2.33 2.00 1.00 4.00"),
        ("{1.holds} of {1.seeds}, not {1.fails}", [part(**DIFFERENCE, margin=0.015)], "2 of 3, not 1"),
        ("{1.seed2}", [part(**DIFFERENCE)], "4.00"),
        ("{1.estimate.rise}, {1.estimate.fall}", [part(**DIFFERENCE)], "2.33, −2.33"),
        ("{1.a.mean} {1.b.max} {1.a.seed1}", [part(**DIFFERENCE, operands=OPERANDS)], "92.3 % 90.0 % 92.0 %"),
        ("{1.estimate}", [part(**ACCURACIES, estimate=0.9812)], "98.1 %"),
        ("{1.estimate:2}", [part(**ACCURACIES, estimate=0.9812)], "98.12 %"),
        ("{1.estimate}", [event(13)], "65.0 %"),
        ("{1.holds} of {1.seeds}", [event(13)], "13 of 20"),
        ("{1.estimate}", [part(**RATIO)], "×0.91"),
        ("{1.estimate.fall} lower, {1.high.rise} higher", [part(**RATIO)], "8.8 % lower, 4.0 % higher"),
        ("{1.low.fall}", [part(**RATIO)], "20 %"),
        ("{1.high.times} times", [part(**RATIO)], "1.04 times"),
        ("{1.estimate} {1.margin}", [exact(1.0, 1.25)], "1 1.25"),
        ("{1.margin.low} to {1.margin.high}", [part("equivalence", **EPOCHS)], "5.5 to 6.5"),
        ("{1.estimate}", [part("equivalence", **EPOCHS)], "4.6"),
        ("{1.estimate} {1.estimate:1}", [part("equivalence", **EPOCHS | {"estimate": 5.0})], "5 5.0"),
        ("{1.estimate}", [part(**NATS)], "0.0412"),
        ("{1.estimate}", [part(**NATS, values=[math.inf] * 10)], "0.0412"),
        ("{1.mean} {1.seed0}", [part(**NATS, values=[math.inf] * 10)], "— —"),
        ("{1.estimate}", [exact(407050.0)], "407,050"),
        ("{1.estimate} and {2.estimate}", [part(**NATS), part(**RATIO)], "0.0412 and ×0.91"),
        ("{holds} of {seeds}, not {fails}", [part()], "9 of 10, not 1"),
        ("{note1.median} {note1.min} {note1.max} {note1.seeds}", [part()], "97.4 % 97.0 % 97.9 % 10"),
        ("{note1.seed9} without a field.", [part()], "97.9 % without a field."),
    ],
)
def test_fields_are_filled_as_people_read_numbers(text, parts, expected):
    assert filled(text, claim("C01", *parts, notes=[NOTE])) == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{1.estimat}", r"\{1.estimat\}, and .* no such number; did you mean \{1.estimate\}\? Known are .*1: estimate"),
        ("{2.estimate}", r"did you mean \{1.estimate\}"),
        ("{1.c.mean}", r"1.a: mean, median, min, max, seedN"),
        ("{1.seed77}", "seed77"),
        ("{note2.median}", r"did you mean \{note1.median\}"),
        ("{1.a.mean.times}", "no such number"),
        ("{}", r"\{\}, and"),
    ],
)
def test_an_unknown_field_is_refused_with_the_known_ones(text, told):
    with pytest.raises(ValueError, match=told):
        filled(text, claim("C01", part(**DIFFERENCE, operands=OPERANDS), notes=[NOTE]))
