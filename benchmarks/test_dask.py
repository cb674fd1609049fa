"""What handing the plan to a Dask scheduler costs, where 64 tasks at a time only sleep, or do nothing."""

from __future__ import annotations

import io
import time
from functools import partial

import pytest

from pytest_claims import dask_executor
from pytest_claims.arms import Measurement
from pytest_claims.pilot import Pilot
from pytest_claims.plan import Plan, Planned, identity
from pytest_claims.store import Store
from pytest_claims.training import Progress

NUM_PROCESSES, NUM_THREADS = 16, 4  # 64 processes on one machine would mostly start
NUM_WORKERS = NUM_PROCESSES * NUM_THREADS


def sleeping(arrays, tier, seed, *, seconds):
    time.sleep(seconds)
    return {"accuracy": 0.5}


@pytest.mark.parametrize(("num_tasks", "seconds"), [(512, 2.0), (2048, 0.0)])
def test_64_tasks_at_a_time(benchmark, row, monkeypatch, tmp_path, num_tasks, seconds):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(dask_executor, "SEEDS_OF_A_PIECE", 1)
    source = Measurement(partial(sleeping, seconds=seconds))
    digest = identity("sleeping", source, "fast", "", "stacked", 1)
    planned = Planned("sleeping", source, "fast", digest, {}, None)

    def run():
        with Store.open(tmp_path / "runs.sqlite", fresh=True) as store:
            plan = Plan(store, "stacked", 1, Pilot(), {planned.key: planned})
            trainer = dask_executor.DaskTrainer(plan, cluster.scheduler_address.replace("tcp://", dask_executor.SCHEME))
            trainer.train({planned.key: tuple(range(num_tasks))}, Progress(io.StringIO()))
            assert trainer.num_trained == num_tasks

    with distributed.LocalCluster(
        n_workers=NUM_PROCESSES, threads_per_worker=NUM_THREADS, dashboard_address=None, protocol="tcp"
    ) as cluster:
        benchmark.pedantic(run, rounds=2)
    taken, least = benchmark.stats["median"], num_tasks * seconds / NUM_WORKERS
    beyond = f"{taken / least:.2f} of work over workers" if seconds else f"{1000 * taken / num_tasks:.1f} ms a task"
    row([f"{num_tasks} tasks of {seconds:g} s, {NUM_WORKERS} at a time", f"{taken:.1f} s", beyond])
