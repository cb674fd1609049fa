"""Arms are trained through the plugin, on data that are found or stood in for."""

from __future__ import annotations

import json
import platform
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from pytest_claims.store.store import Store

FORBID = """
import sys

class Forbidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("keras", "jax", "tensorflow"):
            raise ImportError(f"{name} is not to be imported here")

sys.meta_path.insert(0, Forbidden())
"""

ARMS = """
from dataclasses import replace
from functools import partial
import numpy as np
from pytest_claims import Arm, Data, DataSet, Split, arm

def blobs():
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 2, 300)
    return {"x": rng.normal(labels[:, None] * 2.0, 1.0, (300, 4)).astype("f4"), "y": labels.astype("i4")}

def read(path):
    with np.load(path, allow_pickle=False) as file:
        return dict(file)

def pool(arrays):
    return arrays["x"]

def split(arrays, tier, seed):
    rows = np.arange(300, dtype="i4")
    return Split(rows[:200], rows[200:], arrays["y"][:200], arrays["y"][200:])

def as_they_are(xp, batch, rows, seed):
    return batch

def dense(input_shape, *, units=2, activation="softmax"):
    import keras
    return keras.Sequential([keras.Input(input_shape), keras.layers.Dense(units, activation=activation)])

def sgd(learning_rate=0.1):
    import keras
    return keras.optimizers.SGD(learning_rate)

BLOBS = DataSet("Blobs", "blobs.npz", read=read, stand_in=blobs, how_to_get="Ask for blobs.npz.")
BASELINE = Arm(Data(BLOBS, pool, split, as_they_are), dense, sgd, "sparse_categorical_crossentropy", 3, 32)
good = arm(BASELINE)
misfit = arm(replace(BASELINE, model=partial(dense, activation="relu")))
diverging = arm(replace(BASELINE, model=partial(dense, units=1, activation=None), loss="mean_squared_error",
                        optimizer=partial(sgd, learning_rate=1e30)))
"""

CLAIMS = """
import pytest
pytestmark = pytest.mark.section("Blobs")

@pytest.mark.claim("B01", "Blobs are told apart.")
def test_good(good, judge):
    assert judge(good.final("val_cross_entropy"), below=0.6)

@pytest.mark.claim("B02", "What does not fit is told.", tiers="fast")
def test_misfit(misfit, judge):
    assert judge(misfit.final("val_accuracy"), above=0.7)

@pytest.mark.claim("B03", "What diverges ends low.", tiers="fast", expected="refuted", because="No.")
def test_diverging(diverging, judge):
    assert judge(diverging.final("val_loss"), below=1.0)
"""


@pytest.fixture
def blobs(catalogue):
    catalogue.pytester.makeconftest(ARMS)
    catalogue.pytester.makepyfile(test_blobs=CLAIMS)
    return catalogue


def test_runs_are_trained_stored_and_not_trained_again(blobs):
    first = blobs.run_apart()
    first.assert_outcomes(passed=1, xfailed=1, errors=1)
    first.stdout.fnmatch_lines(
        [
            "claims: data: Blobs stand-in",
            "*Failed: arm 'misfit' could not be trained: the loss 'sparse_categorical_crossentropy'*",
        ]
    )
    by_id = {claim["id"]: claim for claim in blobs.record()["claims"]}
    assert by_id["B01"]["verdict"] == "supported"
    assert by_id["B02"]["verdict"] == "not run"
    assert by_id["B03"]["verdict"] != "supported"
    with closing(sqlite3.connect(blobs.store)) as connection:
        [(losses,)] = connection.execute("SELECT history FROM runs WHERE arm = 'diverging' AND seed = 0").fetchall()
    assert {"NaN", "Infinity"} & set(json.loads(losses)["val_loss"])
    assert blobs.record()["data"] == [blobs.record()["data"][0] | {"name": "Blobs", "kind": "stand-in"}]

    for suffix in ("json", "html"):
        told = (blobs.path / "reports" / f"claims.{suffix}").read_text(encoding="utf-8")
        # Who ran it, where and on which machine stays out of it.
        assert not {str(blobs.path), str(Path.home()), platform.node()} & set(re.findall(r"[\w./-]+", told))

    again = blobs.run_apart("-k", "B01", "-p", "forbid")
    again.assert_outcomes(passed=1)
    assert blobs.record("partial")["num_trained"] == 0


@pytest.fixture(autouse=True)
def forbid(pytester):
    """A plugin under which importing a deep-learning library is an error."""
    pytester.makepyfile(forbid=FORBID)
    pytester.syspathinsert()


def test_planning_imports_no_deep_learning_library(blobs):
    result = blobs.run_apart("--collect-only", "-p", "forbid")
    assert result.ret == 0
    result.stdout.fnmatch_lines("claims: *30 of 30 runs missing at the first look*")


def test_runs_of_another_process_are_the_same_to_the_last_bit(blobs):
    found = []
    for store, selected in (("first", "B01 or B03"), ("second", "B01")):
        blobs.run_apart("-k", selected, f"--claims-store={store}.sqlite", "--claims-seeds=3")
        with Store.open(blobs.path / f"{store}.sqlite", read_only=True) as runs:
            found.append({row.arm: runs.runs(row.fingerprint, range(3)) for row in runs.summary()})
    (shared,) = found[1]
    assert [(run.history, run.measurements) for run in found[0][shared]] == [
        (run.history, run.measurements) for run in found[1][shared]
    ]


def test_fit_engine_trains_the_same_catalogue(blobs):
    result = blobs.run_apart("-k", "B01", "--claims-engine", "fit", "--claims-seeds", "2")
    assert result.ret == 0
    assert blobs.record("partial")["engine"]["name"] == "fit"
    assert blobs.record("partial")["num_trained"] == 2


def test_full_tier_without_data_is_skipped_and_says_how_to_get_them(blobs):
    result = blobs.run("-m", "full", "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines("*the full tier needs the real data. Ask for blobs.npz.*")
    assert result.ret == 0


def test_data_of_a_directory_are_used_in_the_full_tier(blobs, monkeypatch):
    rng = np.random.default_rng(7)
    folder = blobs.path / "data"
    folder.mkdir()
    np.savez(folder / "blobs.npz", x=rng.normal(size=(300, 4)).astype("f4"), y=rng.integers(0, 2, 300).astype("i4"))
    monkeypatch.setenv("CLAIMS_DATA", str(folder))
    result = blobs.run("-m", "full", "--collect-only")
    result.stdout.fnmatch_lines("claims: data: Blobs real (directory)")


def test_data_directory_that_does_not_exist_is_an_error_and_no_stand_in_is_used(blobs):
    result = blobs.run("--claims-data", "nowhere")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*nowhere*")


def test_an_arm_whose_inputs_are_made_up_needs_no_data_set(blobs):
    conftest = blobs.path / "conftest.py"
    text = conftest.read_text()
    assert "Data(" in text
    conftest.write_text(
        text
        + "\ndef noise(arrays):\n    assert arrays == {}\n"
        + "    return np.random.default_rng(0).normal(size=(60, 2)).astype('f4')\n\n"
        + "def halves(arrays, tier, seed):\n    rows = np.arange(60, dtype='i4')\n"
        + "    return Split(rows[:30], rows[30:], rows[:30] % 2, rows[30:] % 2)\n\n"
        + "def as_it_is(xp, batch, rows, seed):\n    return batch\n\n"
        + "chance = arm(replace(BASELINE, data=Data(None, noise, halves, as_it_is)))\n"
    )
    claim = '@pytest.mark.claim("B09", "Noise tells nothing.")\ndef test_noise(chance, judge):\n'
    claim += '    assert judge(chance.final("val_accuracy"), within=(0.001, 0.999))\n'
    blobs.write(test_noise=claim)
    for engine in ("stacked", "fit"):
        blobs.run_apart("-k", "B09", "--claims-seeds=2", "--claims-engine", engine)
        [claim] = blobs.record("partial")["claims"]
        assert (claim["verdict"], claim["num_seeds"], claim["data"]) == ("inconclusive", 2, [])


SET_EPSILON = """
import os
os.environ["KERAS_BACKEND"] = "jax"
import keras
keras.config.set_epsilon(1e-3)
"""


def test_runs_with_another_setting_of_keras_are_kept_apart(blobs):
    options = ("-k", "B01", "--claims-seeds=2")
    blobs.run_apart(*options)
    conftest = blobs.path / "conftest.py"
    conftest.write_text(SET_EPSILON + conftest.read_text())
    result = blobs.run_apart(*options)

    deviations = ["keras.epsilon is 0.001", "loss kl_divergence computes otherwise"]
    result.stdout.fnmatch_lines(f"claims: kept apart from other runs: {'; '.join(deviations)}")
    record = blobs.record("partial")
    assert (record["num_trained"], record["engine"]["deviations"]) == (2, deviations)
    told = (blobs.path / "reports" / "partial.html").read_text(encoding="utf-8")
    assert f"stacked, semantics 1; {'; '.join(deviations)}" in told


CHANGING = """
def changing(arrays, tier, seed):
    import keras
    keras.config.set_epsilon(1e-3)
    return split(arrays, tier, seed)

first = arm(replace(BASELINE, data=Data(BLOBS, pool, changing, as_they_are)))
"""


def test_setting_that_changes_during_the_session_stops_this_arm_and_those_after_it(blobs):
    conftest = blobs.path / "conftest.py"
    conftest.write_text(conftest.read_text() + CHANGING)
    claims = '@pytest.mark.claim("B00", "It is told.")\ndef test_first(first, judge):\n'
    claims += '    assert judge(first.final("val_accuracy"), above=0.7)\n'
    claims += '@pytest.mark.claim("B01", "It is refused.")\ndef test_good(good, judge):\n'
    claims += '    assert judge(good.final("val_accuracy"), above=0.7)\n'
    blobs.write(test_blobs=claims)
    result = blobs.run_apart("--claims-seeds=2")

    for name in ("first", "good"):
        result.stdout.fnmatch_lines(
            f"*arm '{name}' could not be trained: settings changed after the session was planned: all as shipped then,"
            " keras.epsilon is 0.001; *now*"
        )
    assert [claim["verdict"] for claim in blobs.record("partial")["claims"]] == ["not run", "not run"]
