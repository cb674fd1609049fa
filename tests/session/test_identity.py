"""Two things are the same if what determines them is the same, whatever they are called."""

from __future__ import annotations

import sqlite3
from contextlib import closing

LESSON = """
import pytest
import numpy as np
from functools import partial
from pytest_claims import Measurement, arm
pytestmark = pytest.mark.section("Lesson {lesson}")

def normal(arrays, tier, seed, *, mean):
    return {{"accuracy": np.random.default_rng(seed).normal(mean, 0.01)}}

model = arm(Measurement(partial(normal, mean={mean})))

@pytest.mark.claim("{lesson}01", "The model of lesson {lesson} is good.", expected={expected!r}, because="It is not.")
def test_model(model, judge):
    assert judge(model.measured("accuracy"), above=0.7)
"""


def lesson(catalogue, name, mean, expected="supported"):
    text = LESSON.format(lesson=name, mean=mean, expected=expected)
    (catalogue.path / f"test_{name.lower()}.py").write_text(text)


def runs_in(store):
    with closing(sqlite3.connect(store)) as connection:
        return connection.execute("SELECT count(*), count(DISTINCT fingerprint) FROM runs").fetchone()


def test_two_modules_call_different_arms_by_one_name(catalogue):
    lesson(catalogue, "A", mean=0.5, expected="refuted")
    lesson(catalogue, "B", mean=0.9)
    result = catalogue.run()
    result.stdout.fnmatch_lines(["claims: 2 claims, 2 arms, engine stacked: 20 of 20 runs missing*"])
    result.assert_outcomes(passed=1, xfailed=1)
    assert runs_in(catalogue.store) == (20, 2)
    record = catalogue.record()
    assert [claim["arms"] for claim in record["claims"]] == [["model (test_a.py)"], ["model (test_b.py)"]]
    assert sorted(arm["name"] for arm in record["arms"]) == ["model (test_a.py)", "model (test_b.py)"]
    assert len({arm["fingerprint"] for arm in record["arms"]}) == 2
    estimates = [claim["parts"][0]["estimate"] for claim in record["claims"]]
    assert estimates[0] < 0.6
    assert estimates[1] > 0.8


def test_two_modules_declare_the_same_arm_which_is_trained_once(catalogue):
    lesson(catalogue, "A", mean=0.9)
    lesson(catalogue, "B", mean=0.9)
    # The functions stand in two modules, and are the same.
    catalogue.run().assert_outcomes(passed=2)
    assert runs_in(catalogue.store) == (10, 1)


def test_one_arm_under_two_names_is_trained_once_and_shown_under_both(catalogue):
    conftest = catalogue.path / "conftest.py"
    conftest.write_text(
        conftest.read_text() + "\ntall = arm(Measurement(partial(normal, mean=0.6, sd=0.01, stream=2)))\n"
    )
    catalogue.write(
        test_numbers='@pytest.mark.claim("A01", "They are one.")\n'
        "def test_one(high, tall, judge):\n"
        "    verdict = judge((high.measured('accuracy') - tall.measured('accuracy')), exactly=0)\n"
        "    assert verdict\n"
    )
    result = catalogue.run()
    result.stdout.fnmatch_lines(["claims: 1 claims, 1 arms, engine stacked: 10 of 10 runs missing*"])
    result.assert_outcomes(passed=1)
    record = catalogue.record()
    assert record["claims"][0]["arms"] == ["high", "tall"]
    assert record["claims"][0]["parts"][0]["quantity"] == "accuracy: high − tall"
    assert runs_in(catalogue.store) == (10, 1)


DATA = """
import numpy as np
import pytest
from pytest_claims import DataSet, Measurement, arm
pytestmark = pytest.mark.section("Course {course}")

def made_up():
    return {{"x": np.full(3, {value})}}

def mean(arrays, tier, seed):
    return {{"mean": arrays["x"].mean() + 1e-3 * seed}}

{arm} = arm(Measurement(mean, DataSet("Numbers", "numbers.npz", read=lambda file: {{}}, stand_in=made_up)))

@pytest.mark.claim("{course}01", "They are large.")
def test_{arm}({arm}, judge):
    assert judge({arm}.measured("mean"), above=0.5)
"""


def test_two_data_sets_of_one_name_and_other_content_are_refused_by_name(catalogue):
    (catalogue.path / "test_a.py").write_text(DATA.format(course="A", arm="first", value=1.0))
    (catalogue.path / "test_b.py").write_text(DATA.format(course="B", arm="second", value=2.0))
    result = catalogue.run()
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*two data sets are called 'Numbers', but their contents differ*another name*"])


def test_two_data_sets_of_one_name_and_content_are_one(catalogue):
    for name, arm in (("a", "first"), ("b", "second")):
        (catalogue.path / f"test_{name}.py").write_text(DATA.format(course=name.upper(), arm=arm, value=1.0))
    catalogue.run().assert_outcomes(passed=2)
