"""What is done to a session, and what is lost by it: nothing that was finished.

Each fault is tried a few times here; ``tox -e faults`` tries it often.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from typing import Any

import numpy as np
import pytest

from pytest_claims.store.store import Store

pytestmark = pytest.mark.skipif(not hasattr(os, "killpg"), reason="the system has no signals for groups of processes")

NUM_TRIALS = int(os.environ.get("CLAIMS_NUM_FAULTS", "3"))

ARMS = """
import os
import time
import numpy as np
from functools import partial
from pytest_claims import Measurement, arm

noted = set()

def normal(arrays, tier, seed, *, mean, stream):
    if (stream, seed) not in noted:  # a session measures some seeds twice
        noted.add((stream, seed))
        descriptor = os.open(os.environ["MEASURED"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, f"{stream} {seed}\\n".encode())
        os.close(descriptor)
    time.sleep(0.02)
    values = np.random.default_rng([seed, stream]).normal(mean, 0.01, 2_000)
    return {"accuracy": values[0], "values": values}

low, high, higher = (arm(Measurement(partial(normal, mean=mean, stream=i))) for i, mean in enumerate((0.5, 0.51, 0.6)))
"""

CLAIMS = """
@pytest.mark.claim("A01", "High is higher than low.", seeds=20)
def test_high(low, high, judge):
    assert judge(high.measured("accuracy") - low.measured("accuracy"), above=0.0)

@pytest.mark.claim("A02", "Higher is higher than high.", seeds=20)
def test_higher(high, higher, judge):
    assert judge(higher.measured("accuracy") - high.measured("accuracy"), above=0.0)
"""
MEANS = (0.5, 0.51, 0.6)
NUM_RUNS = 3 * 20


class Suite:
    """A catalogue whose runs take their time and note that they were measured."""

    def __init__(self, catalogue: Any) -> None:
        catalogue.pytester.makeconftest(ARMS)
        catalogue.write(test_numbers=CLAIMS)
        self.catalogue = catalogue
        self.path = catalogue.path
        self.measured = catalogue.path / "measured.log"
        self.measured.touch()

    def start(self, *options: str, store: str = "runs.sqlite") -> subprocess.Popen[str]:
        command = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:benchmark")
        return subprocess.Popen(
            [*command, f"--claims-store={store}", *options],
            cwd=self.path,
            env=os.environ | {"MEASURED": str(self.measured)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, store: str = "runs.sqlite") -> dict[str, Any]:
        """Run to the end; gives what each claim came to."""
        process = self.start(store=store)
        told, _ = process.communicate(timeout=120)
        assert process.returncode == 0, told
        return {claim["id"]: (claim["verdict"], claim["parts"]) for claim in self.catalogue.record()["claims"]}

    def measurements(self) -> list[str]:
        return self.measured.read_text().splitlines()

    def wait_for(self, num_measurements: int, process: subprocess.Popen[str]) -> None:
        """Wait until so many were made, or the process has ended."""
        deadline = time.monotonic() + 60
        while len(self.measurements()) < num_measurements and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def wait_for_runs(self, query: str, number: int) -> None:
        """Wait until the store holds so many runs of a kind."""
        deadline = time.monotonic() + 60
        with closing(sqlite3.connect(f"{(self.path / 'runs.sqlite').as_uri()}?mode=ro", uri=True)) as connection:
            while connection.execute(f"SELECT count(*) FROM runs WHERE {query}").fetchone()[0] < number:
                assert time.monotonic() < deadline
                time.sleep(0.005)

    def stored(self, store: str = "runs.sqlite") -> set[str]:
        """What the store holds, after looking at every run of it: whole, and with the numbers that it should have."""
        path = self.path / store
        if not path.exists():
            return set()
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        held = set()
        with Store.open(path) as opened:
            for row in opened.summary():
                for run in opened.runs(row.fingerprint, opened.seeds(row.fingerprint)):
                    stream = ("low", "high", "higher").index(run.arm)
                    values = np.random.default_rng([run.seed, stream]).normal(MEANS[stream], 0.01, 2_000)
                    assert run.measurements["values"] == values.tolist()
                    held.add(f"{stream} {run.seed}")
        return held


@pytest.fixture
def suite(catalogue: Any, interruptible: None) -> Suite:
    return Suite(catalogue)


def stop(process: subprocess.Popen[str], number: int) -> str:
    """Send a signal, to its workers too as a terminal does; gives what the process had said."""
    os.killpg(process.pid, number)
    told, _ = process.communicate(timeout=60)
    return told


def test_killed_at_random_moments_a_session_loses_no_finished_run(suite: Suite) -> None:
    undisturbed, rng = suite.run(store="undisturbed.sqlite"), random.Random(1)
    suite.measured.write_text("")
    finished: set[str] = set()
    for _ in range(NUM_TRIALS):
        before = len(suite.measurements())
        process = suite.start()
        # Anywhere from its start to the end of its runs.
        suite.wait_for(before + 1 + rng.randrange(NUM_RUNS - len(finished)), process)
        time.sleep(rng.uniform(0, 0.05))
        stop(process, signal.SIGKILL)
        assert finished.isdisjoint(suite.measurements()[before:])
        held = suite.stored()
        assert finished <= held
        finished = held
        if len(finished) == NUM_RUNS:
            (suite.path / "runs.sqlite").unlink()
            finished = set()
    before = len(suite.measurements())
    assert suite.run() == undisturbed
    assert sorted(suite.measurements()[before:]) == sorted(every_run() - finished)


def every_run() -> set[str]:
    return {f"{stream} {seed}" for stream in range(3) for seed in range(20)}


@pytest.mark.parametrize("options", [(), ("-n2",)], ids=["one process", "two workers"])
def test_interrupted_a_session_stops_soon_keeps_its_runs_and_says_how_to_judge_them(
    suite: Suite, options: tuple[str]
) -> None:
    process = suite.start(*options)
    suite.wait_for(1, process)
    suite.wait_for_runs("arm IN ('low', 'high')", 40)
    started = time.monotonic()
    told = stop(process, signal.SIGINT)
    assert time.monotonic() - started < 30  # beside other tests; alone it is 1
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert "interrupted: finished runs are saved. Run the same command again to resume" in told
    assert "--claims-stored" in told
    assert not (suite.path / "reports").exists()
    finished, before = suite.stored(), len(suite.measurements())
    assert len(finished) >= 40
    suite.start("--claims-stored").communicate(timeout=120)
    report = suite.catalogue.record("partial")
    assert report["partial"]
    verdicts = {claim["id"]: claim["verdict"] for claim in report["claims"]}
    assert verdicts["A01"] == "supported"
    assert verdicts["A02"] == "not run" or len(finished) == NUM_RUNS
    assert suite.stored() == finished
    suite.run()
    assert sorted(suite.measurements()[before:]) == sorted(every_run() - finished)


@pytest.mark.parametrize("trial", range(-(-NUM_TRIALS // 10)))
def test_of_four_sessions_at_one_store_one_is_killed_and_nothing_is_measured_twice(suite: Suite, trial: int) -> None:
    processes = [suite.start(f"--claims-report=reports-{i}") for i in range(4)]
    suite.wait_for(10 + 5 * trial, processes[0])
    stop(processes[0], signal.SIGKILL)
    for process in processes[1:]:
        told, _ = process.communicate(timeout=120)
        assert process.returncode == 0, told
    assert suite.stored() == every_run()
    twice = {run for run, count in Counter(suite.measurements()).items() if count > 1}
    # What the killed one was at, at that moment.
    assert len(twice) <= 1
    assert set(suite.measurements()) == every_run()
