"""What handing the plan to a Dask scheduler costs, where 64 tasks at a time only sleep, or do nothing."""

from __future__ import annotations

import io
import statistics
import time
from functools import partial

import pytest

from pytest_claims.catalogue.arms import Measurement
from pytest_claims.planning.pilots import Pilot
from pytest_claims.planning.plan import Plan, Planned, identity
from pytest_claims.store.store import Store
from pytest_claims.training import dask_trainer
from pytest_claims.training.progress import Progress

NUM_WORKERS = 64


def sleeping(arrays, tier, seed, *, seconds):
    time.sleep(seconds)
    return {"accuracy": 0.5}


@pytest.mark.parametrize(
    ("num_tasks", "seconds", "num_processes"),
    [
        (512, 2.0, 16),  # 64 processes on one machine would mostly start
        (2048, 0.0, 16),
        (2048, 0.0, 1),  # what is the workers' own, on machines of their own, is then least of it
    ],
)
def test_64_tasks_at_a_time(benchmark, row, monkeypatch, tmp_path, num_tasks, seconds, num_processes):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(dask_trainer, "SEEDS_OF_A_PIECE", 1)
    source = Measurement(partial(sleeping, seconds=seconds))
    digest = identity("sleeping", source, "fast", "", "stacked", 1)
    planned = Planned("sleeping", source, "fast", digest, {}, None)

    own = []  # processor seconds of the one process that has the submitter and the scheduler

    def run():
        started = time.process_time()
        with Store.open(tmp_path / "runs.sqlite", fresh=True) as store:
            plan = Plan(store, "stacked", 1, Pilot(), {planned.key: planned})
            trainer = dask_trainer.DaskTrainer(plan, cluster.scheduler_address.replace("tcp://", dask_trainer.SCHEME))
            trainer.train({planned.key: tuple(range(num_tasks))}, Progress(io.StringIO()))
            assert trainer.num_trained == num_tasks
        own.append(time.process_time() - started)

    with distributed.LocalCluster(
        n_workers=num_processes,
        threads_per_worker=NUM_WORKERS // num_processes,
        dashboard_address=None,
        protocol="tcp",
    ) as cluster:
        benchmark.pedantic(run, rounds=3)
    taken, least = benchmark.stats["median"], num_tasks * seconds / NUM_WORKERS
    scheduling = 1000 * statistics.median(own) / num_tasks
    beyond = (
        f"{taken / least:.2f} of work over workers"
        if seconds
        else f"{1000 * taken / num_tasks:.1f} ms a task, {scheduling:.1f} of them scheduler's and submitter's"
    )
    what = f"{num_tasks} tasks of {seconds:g} s, {NUM_WORKERS} at a time, worker processes: {num_processes}"
    row([what, f"{taken:.1f} s", beyond])
