"""An arm is found by its name, its place and its sentence: in its attributes, in pytest's list, and in a traceback."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

from pytest_claims import Measurement, arm


def nothing(arrays: None, tier: str, seed: int) -> dict[str, float]:
    return {"nothing": 0.0}


def line_here(text: str) -> int:
    """Number of the first line of this file that begins with a text."""
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.startswith(text))


one = arm(Measurement(nothing), "Nothing, measured once.")
several_lines = arm(
    Measurement(nothing),
    "Nothing, over several lines.",
)
unsaid = arm(Measurement(nothing))


def declared() -> Any:
    return arm(Measurement(nothing), "Nothing, by way of a function.")


in_a_loop = [declared() for _ in range(2)]


@pytest.mark.parametrize(
    ("fixture", "sentence", "begins"),
    [
        (one, "Nothing, measured once.", "one = arm("),
        (several_lines, "Nothing, over several lines.", "several_lines = arm("),
        (unsaid, "", "unsaid = arm("),
        (in_a_loop[0], "Nothing, by way of a function.", "    return arm("),
        (in_a_loop[1], "Nothing, by way of a function.", "    return arm("),
    ],
)
def test_arm_has_the_sentence_and_the_place_of_its_call(fixture, sentence, begins):
    line, function = line_here(begins), inspect.unwrap(fixture)

    assert function is not fixture
    for target in (function, fixture):
        assert target.__claims_sentence__ == sentence
        assert target.__claims_place__ == (__file__, line)
        assert target.__claims_source__ == Measurement(nothing)
    assert function.__doc__ == (sentence or None)
    assert function.__module__ == __name__
    assert (function.__code__.co_filename, function.__code__.co_firstlineno) == (__file__, line)


CONFTEST = """\
from pytest_claims import Measurement, arm

def level(arrays, tier, seed):
    return {"accuracy": 0.5}

low = arm(Measurement(level), "Coins, tossed by nobody.")

high = arm(
    Measurement(level),
    "Coins, tossed by somebody else.",
)

def declared(number):
    return arm(Measurement(level), f"Coins, {number} of them.")

for number in (2, 3):
    globals()[f"coins_{number}"] = declared(number)
unsaid = arm(Measurement(level))
"""


def test_pytest_lists_each_arm_with_its_place_and_its_sentence(catalogue):
    from _pytest.compat import getlocation

    catalogue.pytester.makeconftest(CONFTEST)
    shown = catalogue.run("--fixtures").stdout
    # Older versions of pytest name the line after that of a fixture.
    later = int(getlocation(nothing).rpartition(":")[2]) - nothing.__code__.co_firstlineno

    shown.fnmatch_lines(["*fixtures defined from conftest*"])
    for name, line, sentence in (
        ("coins_2", 14, "Coins, 2 of them."),
        ("coins_3", 14, "Coins, 3 of them."),
        ("high", 8, "Coins, tossed by somebody else."),
        ("low", 6, "Coins, tossed by nobody."),
        ("unsaid", 18, "no docstring available"),
    ):
        shown.fnmatch_lines([f"{name} -- conftest.py:{line + later}", f"    {sentence}"])


def test_traceback_shows_the_call_that_declares_a_broken_arm(catalogue):
    catalogue.pytester.makeconftest(
        CONFTEST + "\ndef broken(arrays, tier, seed):\n    raise ValueError('no such number')\n\n"
        "broken_arm = arm(Measurement(broken), 'Coins that are lost.')\n\nafterwards = 1\n"
    )
    catalogue.write(
        test_numbers='@pytest.mark.claim("A01", "Broken is high.")\n'
        "def test_broken(broken_arm, judge):\n    assert judge(broken_arm.measured('accuracy'), above=0.55)\n"
    )
    result = catalogue.run()
    shown = result.stdout.str()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["> *broken_arm = arm(Measurement(broken), 'Coins that are lost.')*", "conftest.py:23: *"]
    )
    result.stdout.fnmatch_lines(["*could not be trained: ValueError: no such number (conftest.py:21, in broken)*"])
    assert "trainer.py" not in shown  # the author's own line comes first
    assert "afterwards" not in shown
