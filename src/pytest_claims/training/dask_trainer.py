"""Training past one machine: the plan's missing runs as tasks of a Dask scheduler, stored here as they come.

A worker is started in a checkout with the same claims, and says so if they are others; data come from here. A task may
be done twice, or on another worker: its runs are the same.
"""

from __future__ import annotations

import math
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache, partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from pytest_claims.catalogue.arms import Arm, Source
from pytest_claims.planning.plan import Key, Plan, Planned, identity
from pytest_claims.planning.shares import SEEDS_OF_A_PIECE
from pytest_claims.support.errors import ClaimsError
from pytest_claims.support.vocabulary import Tier
from pytest_claims.training.progress import Progress
from pytest_claims.training.trainer import Trainer, make_runs

if TYPE_CHECKING:
    from pytest_claims.data.sets import Located
    from pytest_claims.engines.base import Engine, RunResult

SCHEME = "dask://"

SECONDS_OF_A_TASK = 20.0
"""Long beside the milliseconds that a task costs the scheduler, and not much to lose with a worker."""

CONNECT_SECONDS = 10


@dataclass(frozen=True)
class Task:
    """Runs to make somewhere: an arm or a measurement in one tier, with some seeds."""

    name: str
    source: Source
    tier: Tier
    seeds: tuple[int, ...]
    engine: str
    data_hash: str
    fingerprint: str

    @property
    def key(self) -> str:
        """Its name in Dask: equal tasks of several clients are done once."""
        return f"{self.name}-{sha256(repr((self.fingerprint, self.seeds)).encode()).hexdigest()}"


def perform(task: Task, arrays: Mapping[str, Any] | None) -> tuple[list[RunResult], dict[str, Any]]:
    """Make a task's runs, in a worker; gives them and with what they were made.

    Raises
    ------
    ValueError
        If the worker's checkout declares the arm otherwise, or has another engine; or where the arm itself is at fault.
    """
    from pytest_claims.engines.base import semantics_of
    from pytest_claims.engines.provenance import provenance

    if task.fingerprint not in _verified:  # it takes some milliseconds, and an arm has many tasks
        own = identity(task.name, task.source, task.tier, task.data_hash, task.engine, semantics_of(task.engine))
        if own != task.fingerprint:
            raise ValueError("the worker's checkout has other code for this arm: start workers in the same commit")
        _verified.add(task.fingerprint)
    is_arm = isinstance(task.source, Arm)
    try:
        with _one_at_a_time if is_arm else nullcontext():
            kept = _kept(task.data_hash, arrays)
            results = list(make_runs(task.source, task.tier, task.seeds, kept, partial(_engine, task.engine)))
    except (pytest.skip.Exception, pytest.fail.Exception) as error:
        raise ValueError(str(error)) from error  # Dask takes what is no `Exception` for the end of the worker
    return results, provenance(task.engine if is_arm else None)


_one_at_a_time = threading.Lock()
"""An engine is not made for several threads, which a worker may have."""

_verified: set[str] = set()
_data: dict[str, Mapping[str, Any]] = {}


def held(arrays: Mapping[str, Any]) -> Mapping[str, Any]:
    """Be a data set on a worker: a task, so that the scheduler can have it made again where a worker is lost."""
    return arrays


def _kept(data_hash: str, arrays: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The arrays as this process first got them, so that an engine knows them again."""
    return None if arrays is None else _data.setdefault(data_hash, arrays)


@cache
def _engine(name: str) -> Engine:
    """The engine of this process, with what it has compiled."""
    from pytest_claims.engines.base import create

    return create(name)


class DaskTrainer(Trainer):
    """Has missing runs trained by the workers of a Dask scheduler, and keeps them in the store.

    Parameters
    ----------
    plan
        The arms, and the store.
    address
        ``dask://HOST:PORT`` of the scheduler.
    """

    def __init__(self, plan: Plan, address: str) -> None:
        super().__init__(plan, None, worker=None)
        self._address = address

    def train(self, wanted: Mapping[Key, tuple[int, ...]], progress: Progress) -> None:
        """Train until the store holds every wanted run, or its arm has failed.

        Raises
        ------
        ClaimsError
            If no scheduler answers, or Dask is not installed.
        pytest.exit.Exception
            If the scheduler goes away; what was finished is in the store.
        """
        if not (pending := self._pending(wanted)):
            return
        with _connected(self._address) as client, progress.over(self.plan, pending):
            try:
                while left := self._pending(wanted):
                    self._take_in(client, dict(self._send(client, left)), progress)
            except _gone() as error:
                num_left = sum(map(len, self.plan.missing(pending).values()))
                pytest.exit(
                    f"the Dask scheduler at {self._address} went away ({error or type(error).__name__}). "
                    f"{sum(map(len, pending.values())) - num_left} runs are stored, {num_left} are missing: "
                    "the same command goes on from there",
                    returncode=pytest.ExitCode.INTERRUPTED,
                )

    def _pending(self, wanted: Mapping[Key, tuple[int, ...]]) -> dict[Key, tuple[int, ...]]:
        return {key: seeds for key, seeds in self.plan.missing(wanted).items() if key not in self.failures}

    def _send(self, client: Any, pending: Mapping[Key, tuple[int, ...]]) -> Iterator[tuple[Any, tuple[Key, int]]]:
        """Submit tasks, costly arms and those of unknown cost first; gives each future with its arm and seeds."""
        seconds = {key: self.plan.seconds_per_run(key) for key in pending}
        sent: dict[str, Any] = {"": None}  # data sets; of the same key while these are there nothing is sent again
        for key in sorted(pending, key=lambda key: -(seconds[key] or math.inf) * len(pending[key])):
            planned = self.plan.arms[key]
            try:
                tasks = [self._task(planned, seeds) for seeds in _cut(pending[key], seconds[key])]
                data_hash = tasks[0].data_hash
                if planned.located and data_hash not in sent:
                    sent[data_hash] = _submit_data(client, planned.located)
                # An arm's tasks at once: most of what a submission costs the scheduler, it costs once.
                futures = client.map(perform, tasks, arrays=sent[data_hash], key=[task.key for task in tasks])
                yield from zip(futures, ((key, len(task.seeds)) for task in tasks), strict=True)
            except _gone():
                raise
            except Exception as error:  # data that cannot be read, or a declaration that cannot be sent
                self.failures[key] = error

    def _task(self, planned: Planned, seeds: tuple[int, ...]) -> Task:
        return Task(
            name=planned.name,
            source=planned.source,
            tier=planned.tier,
            seeds=seeds,
            engine=self.plan.engine,
            data_hash=planned.located.content_hash if planned.located else "",
            fingerprint=planned.fingerprint,
        )

    def _take_in(self, client: Any, sent: Mapping[Any, tuple[Key, int]], progress: Progress) -> None:
        """Store runs as they come; an arm that fails is told by the claims that need it, and the others go on."""
        from distributed import as_completed

        # What is finished by now is fetched together: fetched one by one, it takes as long as scheduling it.
        for batch in as_completed(sent, loop=client.loop).batches():
            futures = [future for future in batch if sent[future][0] not in self.failures]
            if any(future.status == "cancelled" for future in futures):
                raise ConnectionError("tasks were cancelled")
            failed = [future for future in futures if future.status == "error"]
            # What a lost worker had is done again, and waited for.
            finished = [future for future in futures if future not in failed]
            for future, (results, made_with) in zip(finished, client.gather(finished), strict=True):
                key, num_seeds = sent[future]
                if key in self.failures:
                    continue
                planned = self.plan.arms[key]
                try:
                    for result in results:
                        self.keep(planned, result, made_with)
                except ValueError as error:  # what was measured cannot be stored
                    self._give_up(client, sent, key, error)
                    continue
                progress.tell(planned, num_seeds, sum(result.seconds for result in results))
                future.release()
            for future in failed:
                key, _ = sent[future]
                if key not in self.failures:  # giving up on one task cancels the others, which then say nothing of why
                    self._give_up(client, sent, key, future.exception())

    def _give_up(self, client: Any, sent: Mapping[Any, tuple[Key, int]], key: Key, error: BaseException) -> None:
        """Remember why an arm failed, and let its other tasks be."""
        self.failures[key] = error
        client.cancel([future for future, (its, _) in sent.items() if its == key])


def _submit_data(client: Any, located: Located) -> Any:
    """Send a data set under its content hash: a future of its arrays."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sending large graph")  # it goes to the scheduler once
        return client.submit(held, dict(located.arrays), key=f"claims-data-{located.content_hash}", priority=1)


def _cut(seeds: tuple[int, ...], seconds: float | None) -> list[tuple[int, ...]]:
    """Seeds of one task each."""
    size = SEEDS_OF_A_PIECE if seconds is None else round(SECONDS_OF_A_TASK / max(seconds, 1e-3))
    size = max(1, min(len(seeds), size))
    return [seeds[start : start + size] for start in range(0, len(seeds), size)]


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    """A client of the scheduler."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what packages say about each other while they load
            from distributed import Client
    except ImportError as error:
        raise ClaimsError('--claims-executor needs Dask: pip install "pytest-claims[dask]"') from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default")  # other versions over there are worth a warning, and no error
            client = Client("tcp://" + address.removeprefix(SCHEME), timeout=CONNECT_SECONDS, set_as_default=False)
    except OSError as error:
        raise ClaimsError(
            f"no Dask scheduler answers at {address} within {CONNECT_SECONDS} s. Start one with `dask scheduler`, and "
            "workers, in a checkout of the same commit, with `PYTHONPATH=. dask worker HOST:PORT --nthreads 1`."
        ) from error
    try:
        yield client
    finally:
        client.close(timeout=2)


def _gone() -> tuple[type[BaseException], ...]:
    """What is raised when the scheduler goes away."""
    from concurrent.futures import CancelledError

    from distributed.comm import CommClosedError

    return CancelledError, CommClosedError, ConnectionError
