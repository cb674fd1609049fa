"""The list of arms: where each is declared, its sentence, and how it differs from the nearest."""

from __future__ import annotations

from functools import partial

import pytest

from pytest_claims import Measurement
from pytest_claims.cli.arm_list import listed
from pytest_claims.cli.main import main
from pytest_claims.cli.store_contents import Declared


def draw(arrays, tier, seed, *, mean, sd=1.0, size=10):
    return {"mean": mean}


def declared(name, sentence="", line=1, **arguments):
    return Declared(name, "fast", Measurement(partial(draw, **arguments)), ("lesson.py", line), sentence)


ARMS = [
    declared("low", "Numbers about 0.", 10, mean=0.0),
    declared("high", "Numbers about 1.", 11, mean=1.0),
    declared("wide", "Numbers about 1 that scatter much.", 12, mean=1.0, sd=5.0, size=20),
]


def test_an_arm_is_listed_with_its_place_its_sentence_and_its_difference_from_the_nearest():
    assert listed(ARMS, ["scatter"]).splitlines() == [
        "wide  lesson.py:12",
        "    Numbers about 1 that scatter much.",
        "    differs from high: measure.sd: not given → 5.0; measure.size: not given → 20",
    ]


def test_words_select_by_name_sentence_and_declaration():
    assert [line for line in listed(ARMS, ["about", "1"]).splitlines() if "lesson" in line] == [
        "low  lesson.py:10",
        "high  lesson.py:11",
        "wide  lesson.py:12",
    ] or listed(ARMS, ["about 1"]).count("lesson.py") == 2
    assert listed(ARMS, ["size"]).startswith("wide")
    assert listed(ARMS, ["LOW"]).startswith("low")


def test_words_that_no_arm_has_are_an_error():
    with pytest.raises(ValueError, match="none of the 3 arms has 'zebra'"):
        listed(ARMS, ["zebra"])


def test_an_arm_asked_for_in_both_tiers_is_listed_once():
    both = [ARMS[0], ARMS[0]._replace(tier="full")]
    assert listed(both).count("low") == 1


def test_the_command_lists_the_arms_of_a_catalogue(catalogue, capsys, monkeypatch):
    catalogue.claim(body="judge(high.measured('accuracy') - low.measured('accuracy'), above=0)")
    monkeypatch.chdir(catalogue.path)
    assert main(["arms"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith(("high", "low"))] == [
        "low  conftest.py:9",
        "high  conftest.py:10",
    ]
    assert any(line.startswith("    differs from low: measure.mean: 0.5 → 0.6") for line in lines)
