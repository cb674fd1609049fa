"""An explanation may name the numbers of its claim's record, and no other."""

from __future__ import annotations

import pytest

from pytest_claims.report.explanation_checks import explanation_problems
from tests.helpers.report_sample import NOTE, ZEROS, claim, part, record

HELD = {"estimate": 0.0149, "low": 0.012, "high": 0.0178, "values": [0.01 + 0.001 * i for i in range(10)]}
SENTENCES = {ZEROS: "MNIST, 48,000 images beside 784 zeros."}


def problems_of(because: str, **changes) -> list[str]:
    explained = claim("C01", part(**HELD, **changes), because=because, notes=[NOTE], statement="Noise costs 5 points.")
    return explanation_problems(record(claims=[explained]), SENTENCES).get("C01", [])


@pytest.mark.parametrize(
    "because",
    [
        "Noise costs 1.49 points [1.20, 1.78], 0.2 are asked for.",
        "It costs 1.5 points in 10 of 10 runs, in single runs 1 to 1.9.",
        "Seed 3 shows 1.30 points, where the highest accuracy is 97.3 %.",
        "Of 5 points the statement speaks, and of 48,000 images and 784 channels the arms do.",
        "The 512-unit network, 784-512-10, has 808,970 parameters and 10 epochs.",
        "R24, L2, 16-16 and 28×28 are names.",
    ],
)
def test_numbers_of_the_record_and_names_are_accepted(because):
    assert problems_of(because) == []


@pytest.mark.parametrize(
    ("because", "wrong"),
    [
        ("Noise costs 1.48 points.", ["1.48"]),
        ("Noise costs 6.2 points, on 1,000 images.", ["6.2", "1,000"]),
        ("The highest accuracy is 96.3 %, or 97.35 %.", ["96.3", "97.35"]),
        ("A weight moves by 10⁻⁶.", ["1e-6"]),
        ("It is 1.49 in 11 runs.", ["11"]),
    ],
)
def test_a_wrong_number_is_named(because, wrong):
    assert problems_of(because) == [f"{number} is not in the record" for number in wrong]


def test_the_declared_learning_rate_may_be_named_as_a_power_of_ten():
    declared = record(claims=[claim("C01", part(**HELD), because="A weight moves by 10⁻⁶.")])
    declared["arms"][0]["declaration"]["optimizer"] = {"call": "rmsprop", "learning_rate": 1e-6}
    assert explanation_problems(declared, {}) == {}


def test_a_sentence_of_more_than_twenty_words_is_named():
    words = " ".join(["word"] * 19)
    assert problems_of(f"Only {words}. It is short.") == []
    assert problems_of(f"It is short. Only one {words}.") == [f"21 words, at most 20: Only one {words}."]


def test_a_claim_without_an_explanation_has_no_problem():
    assert explanation_problems(record(claims=[claim("C01", part())]), {}) == {}
