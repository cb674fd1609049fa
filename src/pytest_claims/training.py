"""Training what a plan lacks: shared among processes through leases, shown as it goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from typing import IO, TYPE_CHECKING, Any

import pytest

from pytest_claims.catalogue.arms import Arm, Source
from pytest_claims.plan import Key, Plan, Planned, engine_of
from pytest_claims.sharing import SEEDS_OF_A_PIECE, Worker, pieces, program_of
from pytest_claims.support.text import duration
from pytest_claims.support.vocabulary import Tier

if TYPE_CHECKING:
    from pytest_claims.engines.base import Engine, RunResult
    from pytest_claims.options import Options

WAIT_SECONDS = 0.2  # between looks at what other processes have finished


class Trainer:
    """Trains missing runs and keeps them in the store.

    Parameters
    ----------
    plan
        The arms, and the store.
    make_engine
        Makes the engine when the first arm needs it, so that a full store imports no deep-learning library. ``None``
        if nothing is to be trained.
    worker
        Which process this is, where others of the same session train as well.
    """

    def __init__(self, plan: Plan, make_engine: Callable[[], Engine] | None, *, worker: Worker | None) -> None:
        self.plan = plan
        self.num_trained = 0
        self.failures: dict[Key, BaseException] = {}
        self._engine = make_engine and cache(make_engine)
        self._worker = worker
        self._compiled: set[str] = set()

    def train(self, wanted: Mapping[Key, tuple[int, ...]], progress: Progress) -> None:
        """Train until the store holds every wanted run, or its arm has failed here."""
        pending = self.plan.missing(wanted)
        if not pending:
            return
        if self._engine is None:
            self.failures |= {key: ValueError(f"there are no runs of seeds {seeds}") for key, seeds in pending.items()}
            return
        with progress.over(self.plan, pending):
            while pending:
                done = [self._train_leased(key, seeds, progress) for key, seeds in self._pieces(pending)]
                pending = {k: s for k, s in self.plan.missing(wanted).items() if k not in self.failures}
                if pending and not any(done):
                    time.sleep(WAIT_SECONDS)  # what is left is in the hands of other processes

    def _pieces(self, pending: Mapping[Key, tuple[int, ...]]) -> list[tuple[Key, tuple[int, ...]]]:
        """Seeds to train in one go."""
        if self._worker is None:
            return list(pending.items())
        return pieces(pending, self.plan.arms, self.plan.seconds_per_run, self._worker, self._compiled)

    def _train_leased(self, key: Key, seeds: tuple[int, ...], progress: Progress) -> bool:
        """Train an arm's seeds unless another process does so already; whether it was done here."""
        planned, store = self.plan.arms[key], self.plan.store
        if key in self.failures:
            return False
        blocks = sorted({seed // SEEDS_OF_A_PIECE for seed in seeds})
        held = [unit for block in blocks if store.lease(unit := f"{planned.fingerprint}/{block}")]
        try:
            if len(held) < len(blocks):  # another process works on some of it
                return False
            # Another process may have finished some since the plan was made.
            missing = self.plan.missing({key: seeds}).get(key)
            if missing:
                self._train_one(planned, missing, progress)
        except (Exception, pytest.skip.Exception, pytest.fail.Exception) as error:
            # The claims that need this arm report it; the others go on.
            self.failures[key] = error
        finally:
            for unit in held:
                store.release(unit)
        return True

    def _train_one(self, planned: Planned, seeds: tuple[int, ...], progress: Progress) -> None:
        from pytest_claims.engines.provenance import provenance

        assert self._engine is not None
        self._compiled.add(program_of(planned))
        engine = self.plan.engine if isinstance(planned.source, Arm) else None
        arrays = planned.located.arrays if planned.located else None
        with progress.arm(planned, len(seeds)) as advance:
            for result in make_runs(planned.source, planned.tier, seeds, arrays, self._engine, advance):
                self.keep(planned, result, provenance(engine))

    def keep(self, planned: Planned, result: RunResult, made_with: Mapping[str, Any]) -> None:
        """Put a run into the store, and with what it was made."""
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


def make_runs(
    source: Source,
    tier: Tier,
    seeds: tuple[int, ...],
    arrays: Mapping[str, Any] | None,
    engine: Callable[[], Engine],
    progress: Callable[[int], None] | None = None,
) -> Iterator[RunResult]:
    """Train an arm, or make a measurement, once for each seed, giving each run as soon as it is made.

    Parameters
    ----------
    source, tier, seeds, arrays
        What to run, and the arrays of its data set if it has one.
    engine
        Gives what trains; asked for arms only.
    progress
        Is told of finished epochs, or measurements.
    """
    from pytest_claims.engines.base import Job, RunResult

    if isinstance(source, Arm):
        assert arrays is not None
        yield from engine().train(Job(source, tier, seeds, arrays), progress)
        return
    for seed in seeds:
        start = time.perf_counter()
        values = dict(source.measure(arrays, tier, seed))
        yield RunResult(seed, {}, values, time.perf_counter() - start)
        if progress:
            progress(1)


def trainer_of(plan: Plan, options: Options, worker: Worker | None) -> Trainer:
    """What trains in a session with these options."""
    if options.executor:
        from pytest_claims.dask_executor import DaskTrainer

        return DaskTrainer(plan, options.executor)

    def make_engine() -> Engine:
        from pytest_claims.engines.base import create

        return create(options.engine)

    return Trainer(plan, make_engine if options.trains else None, worker=worker)


class Progress:
    """Shows how far training has come: a bar on a terminal, else a line per arm.

    Parameters
    ----------
    file
        Where to draw; ``None`` draws nothing.
    uncaptured
        Opens a context in which `file` is not captured by pytest.
    """

    def __init__(
        self, file: IO[str] | None, uncaptured: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> None:
        self._file = file
        self._uncaptured = uncaptured
        self._bar: Any = None
        self._weights: dict[Key, float] = {}
        self._num_missing: Callable[[], int] = int
        self._num_runs = 0

    @contextmanager
    def over(self, plan: Plan, missing: Mapping[Key, tuple[int, ...]]) -> Iterator[None]:
        """Show progress over missing runs, weighted by what their epochs are known to cost."""
        self._num_missing = lambda: sum(map(len, plan.missing(missing).values()))
        self._num_runs = sum(map(len, missing.values()))
        known = {key: plan.seconds_per_run(key) for key in missing}
        typical = [seconds for seconds in known.values() if seconds] or [1.0]
        self._weights = {
            key: (seconds or sum(typical) / len(typical)) / plan.arms[key].num_epochs for key, seconds in known.items()
        }
        if self._file is None or not self._file.isatty():
            yield
            return
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (
            TextColumn("training {task.description:<28.28}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
        )
        with self._uncaptured(), Bar(*columns, console=Console(file=self._file), transient=True) as bar:
            self._bar = bar
            total = sum(self._weights[key] * plan.arms[key].num_epochs * len(seeds) for key, seeds in missing.items())
            self._task = bar.add_task("", total=total)
            yield
            self._bar = None

    @contextmanager
    def arm(self, planned: Planned, num_seeds: int) -> Iterator[Callable[[int], None]]:
        """Show progress on one arm; gives what to call with the number of epochs that were done."""
        start = time.perf_counter()

        def advance(num_epochs: int) -> None:
            if self._bar is not None:
                self._bar.update(self._task, advance=num_epochs * self._weights.get(planned.key, 1.0))

        if self._bar is not None:
            self._bar.update(self._task, description=_label(planned))
        yield advance
        self._print(planned, num_seeds, time.perf_counter() - start)

    def tell(self, planned: Planned, num_seeds: int, seconds: float) -> None:
        """Show that some of an arm's runs have come, which took so many seconds elsewhere."""
        if self._bar is not None:
            weight = self._weights.get(planned.key, 1.0)
            self._bar.update(self._task, description=_label(planned), advance=planned.num_epochs * num_seeds * weight)
        self._print(planned, num_seeds, seconds)

    def _print(self, planned: Planned, num_seeds: int, seconds: float) -> None:
        if self._bar is not None or self._file is None:
            return
        # Other processes train as well.
        num_done = self._num_runs - self._num_missing()
        with self._uncaptured():
            print(
                f"claims: {_label(planned)}: {num_seeds} runs in {duration(seconds)} ({num_done} of {self._num_runs})",
                file=self._file,
                flush=True,
            )


def _label(planned: Planned) -> str:
    return f"{planned.name} [{planned.tier}]"
