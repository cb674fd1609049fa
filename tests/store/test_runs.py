"""What goes into the store comes out of it, once and whole."""

from __future__ import annotations

import json
import math
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_claims.store.store import Run, Store

RUN = Run(
    fingerprint="4f1c",
    arm="mnist_noise",
    tier="fast",
    engine="stacked",
    seed=0,
    declaration={"model": {"call": "mlp", "hidden": [16, 16]}},
    history={"loss": [0.7, 0.5], "val_accuracy": [0.8, 0.9]},
    measurements={},
    provenance={"keras": "3.15.1"},
    seconds=1.5,
)

numbers = st.floats() | st.integers()
names = st.text(st.characters(exclude_categories=["Cs"]))
measurements = st.recursive(numbers | st.booleans(), st.lists)


def same(a: object, b: object) -> bool:
    """Equal in value and type, NaN to NaN."""
    if isinstance(a, float) and isinstance(b, float):
        return a == b or (math.isnan(a) and math.isnan(b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(
    history=st.dictionaries(names, st.lists(st.floats(), max_size=5), max_size=3),
    measured=st.dictionaries(names, measurements, max_size=3),
    declared=st.dictionaries(names, names | st.none() | st.integers(), max_size=3),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_run_comes_back_as_it_was_stored(history, measured, declared, seed):
    run = replace(RUN, seed=seed, declaration=declared, history=history, measurements=measured)
    with tempfile.TemporaryDirectory() as place, Store.open(Path(place, "runs.sqlite")) as store:
        store.add(run)
        [found] = store.runs(run.fingerprint, [seed])
    assert same(vars(found), vars(run))


def test_numbers_that_are_not_finite_can_be_read_with_sqlite(store, path):
    store.add(replace(RUN, history={"loss": [0.5, math.nan, math.inf, -math.inf]}))
    with closing(sqlite3.connect(path)) as shell:
        shown = shell.execute("SELECT json_extract(history, '$.loss') FROM runs").fetchone()
    assert json.loads(shown[0]) == [0.5, "NaN", "Infinity", "-Infinity"]


def test_numpy_becomes_plain_numbers(store):
    store.add(
        replace(
            RUN,
            seed=np.int64(3),
            history={"loss": np.array([0.5, np.nan], np.float32)},
            measurements={
                "norms": np.array([[1.0, 2.0], [3.0, np.inf]], np.float32),
                "count": np.int32(7),
                "converged": np.bool_(True),
                "mixed": (np.float32(0.25), 2),
                "extended": np.longdouble(0.5),
            },
            seconds=np.float32(0.5),
        )
    )
    [found] = store.runs(RUN.fingerprint, [3])
    expected = {
        "norms": [[1.0, 2.0], [3.0, math.inf]],
        "count": 7,
        "converged": True,
        "mixed": [0.25, 2],
        "extended": 0.5,
    }
    assert same(found.measurements, expected)
    assert same(found.history, {"loss": [0.5, math.nan]})


@pytest.mark.parametrize("value", ["high", None, {"a": 1}, 1j, [0.5, "NaN"]], ids=repr)
def test_a_measurement_that_is_not_numbers_is_refused(store, value):
    with pytest.raises(ValueError, match=r"measurement 'norm' holds .*expected numbers"):
        store.add(replace(RUN, measurements={"norm": value}))
    assert store.seeds(RUN.fingerprint) == set()


def test_runs_come_in_the_order_of_the_seeds_asked_for(store):
    for seed in range(5):
        store.add(replace(RUN, seed=seed))
    assert [run.seed for run in store.runs(RUN.fingerprint, (3, 0, 4))] == [3, 0, 4]


def test_missing_runs_are_named(store):
    store.add(RUN)
    with pytest.raises(ValueError, match=r"no runs of fingerprint 4f1c with seeds \[7, 9\]"):
        store.runs(RUN.fingerprint, [9, 0, 7])


def test_fingerprints_never_mix(store):
    store.add(RUN)
    store.add(replace(RUN, fingerprint="beef", seed=1))
    assert store.seeds("4f1c") == {0}
    assert store.seeds("beef") == {1}
    with pytest.raises(ValueError, match="no runs"):
        store.runs("beef", [0])


def test_a_run_that_is_there_stays_as_it_is(store):
    store.add(RUN)
    store.add(replace(RUN, history={"loss": [99.0]}, seconds=99.0))
    assert store.runs(RUN.fingerprint, [0]) == [RUN]


def test_the_duration_of_an_arm_is_the_median_over_all_fingerprints(store):
    for seed, (fingerprint, seconds) in enumerate([("a", 1.0), ("a", 2.0), ("b", 9.0)]):
        store.add(replace(RUN, fingerprint=fingerprint, seed=seed, seconds=seconds))
    store.add(replace(RUN, fingerprint="c", engine="fit", seconds=100.0))
    assert store.seconds_per_run("mnist_noise", "fast", "stacked") == 2.0
    assert store.seconds_per_run("mnist_noise", "full", "stacked") is None


def test_the_summary_has_a_row_per_fingerprint(store):
    for seed in (0, 1):
        store.add(replace(RUN, seed=seed))
    data = {"data": {"kind": "real", "content_hash": "8fc8"}}
    store.add(replace(RUN, fingerprint="beef", arm="imdb_baseline", provenance=data))
    rows = [(row.arm, row.fingerprint, row.num_seeds, row.seconds, row.data_hash) for row in store.summary()]
    assert rows == [("imdb_baseline", "beef", 1, 1.5, "8fc8"), ("mnist_noise", "4f1c", 2, 3.0, None)]


def test_threads_share_a_store(store):
    together = threading.Barrier(4)

    def add(first: int) -> None:
        together.wait()
        for seed in range(first, first + 50):
            store.add(replace(RUN, seed=seed))

    threads = [threading.Thread(target=add, args=(50 * i,)) for i in range(together.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.seeds(RUN.fingerprint) == set(range(200))


FORKED = """
import os, sys
from pytest_claims.store.store import Run, Store

def run(seed):
    return Run("4f1c", "a", "fast", "stacked", seed, {}, {}, {}, {}, 1.0)

def fork(function):
    child = os.fork()
    if child == 0:
        os._exit(0 if function() else 1)
    return child

def succeeded(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

store = Store.open(sys.argv[1])
store.add(run(0))
with store._database.transaction() as connection:
    connection.execute("UPDATE runs SET seed = 99")
    # Over its parent's connection the child would see what is not committed.
    assert succeeded(fork(lambda: store.seeds("4f1c") == {0}))
    connection.execute("ROLLBACK")
child = fork(lambda: store.add(run(1)) is None)
store.add(run(2))
assert succeeded(child)
store.add(run(3))
store.close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_a_forked_process_is_one_of_its_own(path):
    subprocess.run([sys.executable, "-c", FORKED, path], check=True, timeout=30)
    with Store.open(path) as store:
        assert store.seeds("4f1c") == {0, 1, 2, 3}


TOGETHER = """
import sys
from pytest_claims.store.store import Run, Store
first = int(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
with Store.open(sys.argv[1]) as store:
    for seed in range(first, first + 30):
        store.add(Run("4f1c", "a", "fast", "stacked", seed, {}, {"loss": [0.5]}, {}, {}, 1.0))
"""


def test_processes_that_start_a_store_together_lose_nothing(path):
    commands = [[sys.executable, "-c", TOGETHER, path, str(30 * i)] for i in range(4)]
    pipe = subprocess.PIPE
    writers = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for command in commands]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
    assert [writer.returncode for writer in writers] == [0, 0, 0, 0]
    with Store.open(path) as store:
        assert store.seeds("4f1c") == set(range(120))


def test_a_file_that_two_find_empty_becomes_one_store(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor() as pool:
            opened = [pool.submit(Store.open, path) for _ in range(2)]
            time.sleep(0.2)  # both have seen that there are no tables yet
            other.execute("ROLLBACK")
            for future in opened:
                future.result().close()


WRITER = """
import sys
from itertools import count
from pytest_claims.store.store import Run, Store
store = Store.open(sys.argv[1])
for seed in count():
    store.add(Run("4f1c", "a", "fast", "stacked", seed, {}, {"loss": [0.5] * 20_000}, {}, {}, 1.0))
    print(seed, flush=True)
"""


@pytest.mark.parametrize("num_before", [1, 3, 8])
def test_a_killed_writer_leaves_whole_runs_only(path, num_before):
    writer = subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    for _ in range(num_before):
        writer.stdout.readline()
    writer.kill()
    announced = num_before + len(writer.stdout.readlines())
    writer.stdout.close()
    assert writer.wait(timeout=30) != 0
    with Store.open(path) as store:
        seeds = store.seeds("4f1c")
        runs = store.runs("4f1c", seeds)
    assert seeds in (set(range(announced)), set(range(announced + 1)))
    assert all(run.history["loss"] == [0.5] * 20_000 for run in runs)
