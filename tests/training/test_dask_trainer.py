"""Training by a Dask scheduler's workers: the same runs as here, and what is lost with a worker or the scheduler."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import pytest

from pytest_claims import Measurement
from pytest_claims.engines import base
from pytest_claims.planning.plan import identity
from pytest_claims.store.store import Store
from pytest_claims.training import dask_trainer
from tests.helpers import engine_arms

# Imported here, since pytester forgets what an inner run imports.
distributed: Any = None
with suppress(ImportError):
    import distributed

TASKS = """
import os, time
import numpy as np
from functools import partial
from pathlib import Path
from pytest_claims import Measurement, arm

HERE = Path(__file__).parent

def logged(arrays, tier, seed, *, mean, fatal=None):
    with (HERE / "log").open("a") as log:
        log.write(f"{seed}\\n")
    time.sleep(0.1)
    victim = HERE / "victim"
    if seed == fatal and victim.exists():
        pid = int(victim.read_text() or os.getpid())
        victim.unlink()
        os.kill(pid, 9)
        time.sleep(60)
    return {"accuracy": np.random.default_rng(seed).normal(mean, 0.01)}

low = arm(Measurement(partial(logged, mean=0.5)))
high = arm(Measurement(partial(logged, mean=0.6, fatal=7)))
"""


class Cluster:
    """A scheduler anywhere, and workers in a checkout, each a process of its own; stopped at the end of the context."""

    def __init__(self, checkout: Path, directory: Path) -> None:
        self.directory = directory
        self._checkout = checkout
        self._processes: list[subprocess.Popen[bytes]] = []
        self.file = directory / "scheduler.json"

    def __enter__(self) -> Self:
        try:
            self.scheduler = self._start(
                "dask_scheduler", "--port", "0", "--host", "127.0.0.1", "--no-dashboard", folder=self.directory
            )
            deadline = time.monotonic() + 60
            while not (self.file.exists() and self.file.read_text()) and time.monotonic() < deadline:
                time.sleep(0.05)
            self.address = json.loads(self.file.read_text())["address"].replace("tcp://", dask_trainer.SCHEME)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def add_worker(self, delay: float = 0, folder: Path | None = None) -> None:
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(self.directory))
        self._start("dask_worker", *options, folder=folder or self._checkout, delay=delay)

    def add_workers(self, count: int) -> None:
        for _ in range(count):
            self.add_worker()
        with distributed.Client(self.address.replace(dask_trainer.SCHEME, "tcp://"), set_as_default=False) as client:
            client.wait_for_workers(count, timeout=60)

    def _start(self, kind: str, *options: str, folder: Path, delay: float = 0) -> subprocess.Popen[bytes]:
        code = (
            f"import runpy, time; time.sleep({delay}); runpy.run_module('distributed.cli.{kind}', run_name='__main__')"
        )
        command = [sys.executable, "-c", code, "--scheduler-file", str(self.file), *options]
        with (self.directory / f"{kind}.log").open("ab") as log:
            process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        self._processes.append(process)
        return process


@pytest.fixture
def scheduler(catalogue, tmp_path_factory) -> Iterator[Cluster]:
    """A scheduler without workers. It cannot import the catalogue."""
    pytest.importorskip("distributed")
    with Cluster(catalogue.path, tmp_path_factory.mktemp("cluster")) as started:
        yield started


@pytest.fixture
def cluster(scheduler) -> Cluster:
    """Two workers beside it."""
    scheduler.add_workers(2)
    return scheduler


def runs_in(file: Path) -> dict[tuple[str, int], tuple[object, object]]:
    with Store.open(file, read_only=True) as store:
        return {
            (run.arm, run.seed): (run.history, run.measurements)
            for fingerprint in {row.fingerprint for row in store.summary()}
            for run in store.runs(fingerprint, store.seeds(fingerprint))
        }


def two_arms(catalogue) -> None:
    catalogue.pytester.makeconftest(TASKS)
    catalogue.claim(body="judge(high.measured('accuracy'), above=0.55) & judge(low.measured('accuracy'), below=0.55)")


def test_workers_give_the_runs_that_this_process_gives(catalogue, cluster):
    two_arms(catalogue)
    catalogue.run("--claims-store=here.sqlite").assert_outcomes(passed=1)

    result = catalogue.run(f"--claims-executor={cluster.address}", "--claims-store=there.sqlite")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["claims: high *: 5 runs in * (* of 20)"])
    here, there = (runs_in(catalogue.path / f"{name}.sqlite") for name in ("here", "there"))
    assert there == here
    assert len(there) == 20


def test_a_worker_killed_in_a_task_costs_that_task_alone(catalogue, cluster):
    two_arms(catalogue)
    (catalogue.path / "victim").write_text("")

    catalogue.run(f"--claims-executor={cluster.address}").assert_outcomes(passed=1)

    # Seeds 5 to 9 are a task, which was done once more from its beginning. Seed 0 of each arm is measured twice.
    times = [(catalogue.path / "log").read_text().split().count(str(seed)) for seed in range(10)]
    assert times == [4, 2, 2, 2, 2, 3, 3, 3, 2, 2]
    assert len(runs_in(catalogue.store)) == 20


def test_a_scheduler_that_goes_away_ends_the_run_with_what_is_finished_kept(catalogue, cluster):
    two_arms(catalogue)
    (catalogue.path / "victim").write_text(str(cluster.scheduler.pid))

    result = catalogue.run(f"--claims-executor={cluster.address}")

    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(
        [f"*lost the connection to the Dask scheduler at {cluster.address}*run the same command again to resume*"]
    )
    stored = runs_in(catalogue.store)
    assert 0 < len(stored) < 20
    result.stdout.fnmatch_lines(["claims: interrupted: finished runs are saved*"])
    catalogue.run().assert_outcomes(passed=1)
    assert stored.items() <= runs_in(catalogue.store).items()


def test_a_worker_with_other_code_trains_nothing(catalogue, tmp_path_factory):
    pytest.importorskip("distributed")
    two_arms(catalogue)
    other = tmp_path_factory.mktemp("other")
    (other / "conftest.py").write_text(TASKS.replace("0.01", "0.02"))
    with Cluster(other, other) as cluster:
        cluster.add_workers(1)
        result = catalogue.run(f"--claims-executor={cluster.address}")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*could not be trained: the worker's checkout has other code for this arm*"])
    assert not runs_in(catalogue.store)


def test_a_task_of_another_engine_version_is_refused(monkeypatch):
    arm = engine_arms.DENSE
    given = {"tier": "fast", "seeds": (0,), "engine": "stacked", "data_hash": "", "name": "arm"}
    digest = identity("arm", arm, "fast", "", "stacked")
    monkeypatch.setitem(base.ENGINES, "stacked", base.ENGINES["stacked"]._replace(semantics=2))

    with pytest.raises(ValueError, match="other code for this arm"):
        dask_trainer.perform(dask_trainer.Task(pickled=pickle.dumps(arm), fingerprint=digest, **given), {})


def leaving(arrays, tier, seed):
    sys.exit("no such file")


def failing(arrays, tier, seed):
    pytest.fail("no such number")


@pytest.mark.parametrize(("measure", "told"), [(leaving, "SystemExit: no such file"), (failing, "Failed: no such n")])
def test_a_measurement_that_leaves_does_not_end_its_worker(measure, told):
    given = {"tier": "fast", "seeds": (0,), "engine": "stacked", "data_hash": "", "name": "arm"}
    source = Measurement(measure)
    digest = identity("arm", source, "fast", "", "stacked")
    with pytest.raises(ValueError, match=told):
        dask_trainer.perform(dask_trainer.Task(pickled=pickle.dumps(source), fingerprint=digest, **given), None)


DATA = """
import numpy as np
from functools import partial
from pytest_claims import DataSet, Measurement, arm

def small(value):
    return {"x": np.full(4, value, np.float32)}

def read(path):
    raise ValueError

def mean(arrays, tier, seed):
    return {"accuracy": float(arrays["x"].mean()) + seed / 1000}

def words(arrays, tier, seed):
    return {"accuracy": "much"}

LOW = DataSet("LOW", "low.npz", read, stand_in=partial(small, 0.5))
HIGH = DataSet("HIGH", "high.npz", read, stand_in=partial(small, 0.7))
low = arm(Measurement(mean, dataset=LOW))
high = arm(Measurement(mean, dataset=HIGH))
wide = arm(Measurement(words))
"""


def test_a_worker_outside_a_checkout_is_told_what_to_do(catalogue, scheduler, tmp_path):
    two_arms(catalogue)
    scheduler.add_worker(folder=tmp_path)
    result = catalogue.run(f"--claims-executor={scheduler.address}")
    result.stdout.fnmatch_lines(["*the worker cannot import the arm's code (No module named*start it in a checkout*"])
    result.assert_outcomes(errors=1)


def test_each_arm_gets_its_own_data_whatever_their_arrays_are_called(catalogue, scheduler):
    catalogue.pytester.makeconftest(DATA)
    catalogue.claim(body="judge(high.measured('accuracy'), above=0.6) & judge(low.measured('accuracy'), below=0.6)")
    scheduler.add_worker(delay=4)  # workers may come later than the tasks

    result = catalogue.run(f"--claims-executor={scheduler.address}")

    result.assert_outcomes(passed=1)
    stored = runs_in(catalogue.store)
    assert {name: stored[name, 0][1]["accuracy"] for name in ("low", "high")} == pytest.approx(
        {"low": 0.5, "high": 0.7}
    )


def test_what_cannot_be_stored_fails_its_arm_alone(catalogue, cluster):
    catalogue.pytester.makeconftest(DATA)
    catalogue.write(
        test_numbers="""
        @pytest.mark.claim("A01", "High is high.")
        def test_high(high, judge):
            assert judge(high.measured('accuracy'), above=0.1)

        @pytest.mark.claim("A02", "Words are no numbers.")
        def test_words(wide, judge):
            assert judge(wide.measured('accuracy'), above=0.1)
        """.replace("\n        ", "\n")
    )

    result = catalogue.run(f"--claims-executor={cluster.address}")

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*arm 'wide' could not be trained*"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--claims-executor=localhost:8786"], "*takes dask://HOST:PORT, not 'localhost:8786'*"),
        (["--claims-executor=dask://localhost:8786", "-n", "2"], "*leave out -n*"),
        (["--claims-executor=dask://127.0.0.1:9"], "*no Dask scheduler answers at dask://127.0.0.1:9 within 0.5 s*"),
    ],
)
def test_an_executor_that_cannot_be_used_is_said_so(catalogue, monkeypatch, options, message):
    monkeypatch.setattr(dask_trainer, "CONNECT_SECONDS", 0.5)
    catalogue.claim()

    result = catalogue.run(*options)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_without_dask_it_is_said_how_to_get_it(catalogue, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    catalogue.claim()

    result = catalogue.run("--claims-executor=dask://localhost:8786")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(['*pip install "pytest-claims[[]dask[]]"*'])


@pytest.mark.parametrize(("seconds", "sizes"), [(None, [5, 5]), (0.01, [10]), (5.0, [4, 4, 2]), (100.0, [1] * 10)])
def test_tasks_take_seconds_to_a_minute(seconds, sizes):
    assert [len(seeds) for seeds in dask_trainer._cut(tuple(range(10)), seconds)] == sizes
