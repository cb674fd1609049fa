"""Trains the missing runs of a plan. Processes share the work through locks, and each shows its progress."""

from __future__ import annotations

import reprlib
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any

from pytest_claims.catalogue.arms import Arm, Measurement, Source
from pytest_claims.engines.conditions import in_words
from pytest_claims.planning.plan import Key, Plan, Planned, conditions_of, engine_of
from pytest_claims.planning.shares import SEEDS_OF_A_PIECE, Worker, pieces, program_of
from pytest_claims.support.json_numbers import encoded, plain_numbers
from pytest_claims.support.vocabulary import Tier

if TYPE_CHECKING:
    from pytest_claims.engines.base import Engine, RunResult
    from pytest_claims.training.progress import Progress

REPEATED_SECONDS, REPEATED_SEEDS = 1.0, 10
"""Every tenth seed is measured twice, if that takes less than a second, to see that the seed determines the numbers."""

WAIT_SECONDS = 0.2  # between checks for runs that other processes have finished

# Processes then do not all check at once. The state of the global generator belongs to the catalogue.
_jitter = Random()


class Trainer:
    """Trains missing runs and adds them to the store.

    Parameters
    ----------
    plan
        The arms, and the store.
    make_engine
        Makes the engine when the first arm needs it, so that a full store imports no deep-learning library. ``None``
        if the session does not train.
    worker
        This process' number, if several processes of the session train.
    """

    def __init__(self, plan: Plan, make_engine: Callable[[], Engine] | None, *, worker: Worker | None) -> None:
        self.plan = plan
        self.num_trained = 0
        self.failures: dict[Key, BaseException] = {}
        self._engine = make_engine and cache(make_engine)
        self._worker = worker
        self._compiled: set[str] = set()

    def train(self, wanted: Mapping[Key, tuple[int, ...]], progress: Progress) -> None:
        """Train until the store holds each wanted run, or its arm has failed in this process."""
        pending = self.plan.missing(wanted)
        if not pending:
            return
        if self._engine is None:
            self.failures |= {key: ValueError(f"there are no runs of seeds {seeds}") for key, seeds in pending.items()}
            return
        with progress.over(self.plan, pending):
            while pending:
                done = [self._train_locked(key, seeds, progress) for key, seeds in self._pieces(pending)]
                pending = {k: s for k, s in self.plan.missing(wanted).items() if k not in self.failures}
                if pending and not any(done):
                    # Other processes have locked the remaining runs.
                    time.sleep(WAIT_SECONDS * _jitter.uniform(0.5, 1.5))

    def _pieces(self, pending: Mapping[Key, tuple[int, ...]]) -> list[tuple[Key, tuple[int, ...]]]:
        """The arms and seeds to train, in this worker's order."""
        if self._worker is None:
            return list(pending.items())
        return pieces(pending, self.plan.arms, self.plan.seconds_per_run, self._worker, self._compiled)

    def _train_locked(self, key: Key, seeds: tuple[int, ...], progress: Progress) -> bool:
        """Train an arm's seeds unless another process trains some of them; returns True if this process trained."""
        if key in self.failures:
            return False
        planned = self.plan.arms[key]
        units = {f"{planned.fingerprint}/{seed // SEEDS_OF_A_PIECE}" for seed in seeds}
        with self.plan.store.locked(units) as mine:
            if mine:
                self._train_missing(planned, seeds, progress)
        return mine

    def _train_missing(self, planned: Planned, seeds: tuple[int, ...], progress: Progress) -> None:
        """Train the seeds that other processes have not finished meanwhile."""
        try:
            if missing := self.plan.missing({planned.fingerprint: seeds}).get(planned.fingerprint):
                self._train_one(planned, missing, progress)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            # The claims that need this arm report the error. The other arms are still trained.
            self.failures[planned.fingerprint] = error

    def _train_one(self, planned: Planned, seeds: tuple[int, ...], progress: Progress) -> None:
        from pytest_claims.engines.provenance import provenance

        assert self._engine is not None
        self._compiled.add(program_of(planned))
        engine = self.plan.engine if isinstance(planned.source, Arm) else None
        arrays = planned.located.arrays if planned.located else None
        with progress.arm(planned, len(seeds)) as advance:
            for result in make_runs(planned.source, planned.tier, seeds, arrays, self._engine, advance):
                if engine is not None:
                    self._refuse_other_conditions(planned)
                self.keep(planned, result, provenance(engine))

    def _refuse_other_conditions(self, planned: Planned) -> None:
        """Refuse a run if the libraries' settings are not those that the session was planned with."""
        engine = self.plan.engine
        if (now := conditions_of(planned.source, engine)) != planned.conditions:
            raise ValueError(
                f"settings changed after the session was planned: {_told(engine, planned.conditions)} then,"
                f" {_told(engine, now)} now. Set them before claims are collected, at the top of conftest.py."
            )

    def keep(self, planned: Planned, result: RunResult, made_with: Mapping[str, Any]) -> None:
        """Add a run and its provenance to the store."""
        from pytest_claims.store.store import Run

        data = planned.located
        self.plan.store.add(
            Run(
                fingerprint=planned.fingerprint,
                arm=planned.name,
                tier=planned.tier,
                engine=engine_of(planned.source, self.plan.engine),
                seed=result.seed,
                declaration=planned.declaration,
                history=result.history,
                measurements=result.measurements,
                provenance={
                    **made_with,
                    "semantics": self.plan.semantics,
                    "data": {"kind": data.kind, "content_hash": data.content_hash} if data else None,
                },
                seconds=result.seconds,
            )
        )
        self.num_trained += 1


def _told(engine: str, deviating: Mapping[str, Any]) -> str:
    return "; ".join(in_words(engine, dict(deviating))) or "all as shipped"


def make_runs(
    source: Source,
    tier: Tier,
    seeds: tuple[int, ...],
    arrays: Mapping[str, Any] | None,
    engine: Callable[[], Engine],
    progress: Callable[[int], None] | None = None,
) -> Iterator[RunResult]:
    """Train an arm, or make a measurement, once for each seed, and yield each run as soon as it is finished.

    Parameters
    ----------
    source, tier, seeds, arrays
        The arm or measurement, its tier and seeds, and the arrays of its data set if it has one.
    engine
        Gives the engine. It is called for arms only.
    progress
        Callback: receives the number of epochs or measurements finished since the previous call.
    """
    from pytest_claims.engines.base import NO_ARRAYS, Job, RunResult

    if isinstance(source, Arm):
        yield from engine().train(Job(source, tier, seeds, NO_ARRAYS if arrays is None else arrays), progress)
        return
    from threadpoolctl import threadpool_limits

    for seed in seeds:
        start = time.perf_counter()
        # Two threads inside small products wait for each other: a logistic regression took 5 s instead of 0.02 s.
        with threadpool_limits(1):
            values = _measured(source, arrays, tier, seed)
            seconds = time.perf_counter() - start
            repeated = seed % REPEATED_SEEDS == 0 and seconds < REPEATED_SECONDS
            if repeated and encoded(_measured(source, arrays, tier, seed)) != encoded(values):
                raise ValueError(
                    f"its measurement gave other numbers when it was made again with seed {seed}. Draw from "
                    "numpy.random.default_rng(seed) alone, and measure no times"
                )
        yield RunResult(seed, {}, values, seconds)
        if progress:
            progress(1)


def _measured(source: Measurement, arrays: Mapping[str, Any] | None, tier: Tier, seed: int) -> dict[str, Any]:
    """Make a measurement, as Python numbers and lists."""
    values = source.measure(arrays, tier, seed)
    if not isinstance(values, Mapping) or not all(isinstance(name, str) for name in values):
        raise ValueError(
            f"its measurement gave {reprlib.repr(values)}; expected a mapping of names to numbers, "
            "such as {'accuracy': 0.9}"
        )
    return {name: plain_numbers(value, name) for name, value in values.items()}
