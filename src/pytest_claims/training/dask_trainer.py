"""Trains on other machines: sends a plan's missing runs to a Dask scheduler as tasks, and stores the results here.

A worker starts in a checkout with the same claims, and raises an error if its claims differ. This process sends the
data. A task may run twice, or on another worker: its runs are the same.
"""

from __future__ import annotations

import math
import pickle
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
from pytest_claims.engines.conditions import in_words
from pytest_claims.planning.plan import Key, Plan, Planned, conditions_of, identity
from pytest_claims.planning.shares import SEEDS_OF_A_PIECE
from pytest_claims.support.errors import ClaimsError, told
from pytest_claims.support.vocabulary import Tier
from pytest_claims.training.progress import Progress
from pytest_claims.training.trainer import Trainer, make_runs

if TYPE_CHECKING:
    from pytest_claims.data.sets import Located
    from pytest_claims.engines.base import Engine, RunResult

SCHEME = "dask://"

SECONDS_OF_A_TASK = 20.0
"""Much longer than the scheduler's milliseconds per task. A lost worker loses no more than this."""

CONNECT_SECONDS = 10


@dataclass(frozen=True)
class Task:
    """Runs for a worker to make: an arm or a measurement in one tier, with some seeds.

    Parameters
    ----------
    pickled
        The declaration. It is pickled on its own, since Dask's scheduler unpickles tasks and may lack the catalogue.
    """

    name: str
    pickled: bytes
    tier: Tier
    seeds: tuple[int, ...]
    engine: str
    data_hash: str
    fingerprint: str

    @property
    def key(self) -> str:
        """The task's name in Dask, which runs equal tasks of several clients once."""
        return f"{self.name}-{sha256(repr((self.fingerprint, self.seeds)).encode()).hexdigest()}"


def perform(task: Task, arrays: Mapping[str, Any] | None) -> tuple[list[RunResult], dict[str, Any]]:
    """Make a task's runs in a worker; returns the runs and their provenance.

    Raises
    ------
    ValueError
        If the worker cannot import the arm's code, if its checkout has another declaration of the arm or another
        engine, or if the arm itself is faulty.
    """
    from pytest_claims.engines.provenance import provenance

    source = _unpickled(task)
    if task.fingerprint not in _verified:  # it takes milliseconds, and an arm has many tasks
        deviating = conditions_of(source, task.engine)
        own = identity(task.name, source, task.tier, task.data_hash, task.engine, deviating)
        if own != task.fingerprint:
            here = "".join(f"; here {line}" for line in in_words(task.engine, deviating))
            raise ValueError(
                "the worker's checkout has other code for this arm, or its libraries compute otherwise: start workers"
                f" in the same commit and with the same versions{here}"
            )
        _verified.add(task.fingerprint)
    is_arm = isinstance(source, Arm)
    try:
        with _one_at_a_time if is_arm else nullcontext():
            kept = _kept(task.data_hash, arrays)
            results = list(make_runs(source, task.tier, task.seeds, kept, partial(_engine, task.engine)))
    except (Exception, KeyboardInterrupt):
        raise
    except BaseException as error:  # Dask ends a worker over an error that is no `Exception`
        raise ValueError(told(error)) from error
    return results, provenance(task.engine if is_arm else None)


def _unpickled(task: Task) -> Source:
    try:
        source: Source = pickle.loads(task.pickled)
    except (ImportError, AttributeError) as error:
        raise ValueError(
            f"the worker cannot import the arm's code ({error}): start it in a checkout of the same commit, with "
            "`PYTHONPATH=. dask worker HOST:PORT --nthreads 1`"
        ) from error
    return source


_one_at_a_time = threading.Lock()
"""A worker may have several threads, but an engine supports only one."""

_verified: set[str] = set()
_data: dict[str, Mapping[str, Any]] = {}


def data_set(arrays: Mapping[str, Any]) -> Mapping[str, Any]:
    """Keep a data set on a worker, as a task. If the worker is lost, the scheduler can run the task again."""
    return arrays


def _kept(data_hash: str, arrays: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The arrays that this process received first. Engines find pools by the arrays' identity."""
    return None if arrays is None else _data.setdefault(data_hash, arrays)


@cache
def _engine(name: str) -> Engine:
    """The engine of this process, with its compiled programs."""
    from pytest_claims.engines.base import create

    return create(name)


class DaskTrainer(Trainer):
    """Lets the workers of a Dask scheduler train missing runs, and adds them to the store.

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
        """Train until the store holds each wanted run, or its arm has failed.

        Raises
        ------
        ClaimsError
            If no scheduler answers, or Dask is not installed.
        pytest.exit.Exception
            If the connection to the scheduler is lost. Finished runs are in the store.
        """
        if not (pending := self._pending(wanted)):
            return
        with _connected(self._address) as client, progress.over(self.plan, pending):
            try:
                while left := self._pending(wanted):
                    self._add(client, dict(self._send(client, left)), progress)
            except _gone() as error:
                num_left = sum(map(len, self.plan.missing(pending).values()))
                pytest.exit(
                    f"lost the connection to the Dask scheduler at {self._address} ({error or type(error).__name__}). "
                    f"{sum(map(len, pending.values())) - num_left} runs are saved, {num_left} are missing: "
                    "run the same command again to resume",
                    returncode=pytest.ExitCode.INTERRUPTED,
                )

    def _pending(self, wanted: Mapping[Key, tuple[int, ...]]) -> dict[Key, tuple[int, ...]]:
        return {key: seeds for key, seeds in self.plan.missing(wanted).items() if key not in self.failures}

    def _send(self, client: Any, pending: Mapping[Key, tuple[int, ...]]) -> Iterator[tuple[Any, tuple[Key, int]]]:
        """Submit tasks, first those of costly arms and of unknown cost; yields each future with its arm and seeds."""
        seconds = {key: self.plan.seconds_per_run(key) for key in pending}
        sent: dict[str, Any] = {"": None}  # data sets; Dask sends none again while its future exists
        for key in sorted(pending, key=lambda key: -(seconds[key] or math.inf) * len(pending[key])):
            planned = self.plan.arms[key]
            try:
                tasks = [self._task(planned, seeds) for seeds in _cut(pending[key], seconds[key])]
                data_hash = tasks[0].data_hash
                if planned.located and data_hash not in sent:
                    sent[data_hash] = _submit_data(client, planned.located)
                # An arm's tasks in one submission, since most of a submission's cost does not depend on their number.
                futures = client.map(perform, tasks, arrays=sent[data_hash], key=[task.key for task in tasks])
                yield from zip(futures, ((key, len(task.seeds)) for task in tasks), strict=True)
            except _gone():
                raise
            except Exception as error:  # data that cannot be read, or a declaration that cannot be sent
                self.failures[key] = error

    def _task(self, planned: Planned, seeds: tuple[int, ...]) -> Task:
        return Task(
            name=planned.name,
            pickled=pickle.dumps(planned.source),
            tier=planned.tier,
            seeds=seeds,
            engine=self.plan.engine,
            data_hash=planned.located.content_hash if planned.located else "",
            fingerprint=planned.fingerprint,
        )

    def _add(self, client: Any, sent: Mapping[Any, tuple[Key, int]], progress: Progress) -> None:
        """Store runs as they arrive. The claims that need a failed arm report its error; the other arms go on."""
        from distributed import as_completed

        # Finished results are fetched together. Fetching them one by one takes as long as scheduling them.
        for batch in as_completed(sent, loop=client.loop).batches():
            futures = [future for future in batch if sent[future][0] not in self.failures]
            if any(future.status == "cancelled" for future in futures):
                raise ConnectionError("tasks were cancelled")
            failed = [future for future in futures if future.status == "error"]
            # The scheduler runs a lost worker's tasks again, and `gather` waits for them.
            finished = [future for future in futures if future not in failed]
            for future, (results, made_with) in zip(finished, client.gather(finished), strict=True):
                key, num_seeds = sent[future]
                if key in self.failures:
                    continue
                planned = self.plan.arms[key]
                try:
                    for result in results:
                        self.keep(planned, result, made_with)
                except ValueError as error:  # a measurement cannot be stored
                    self._give_up(client, sent, key, error)
                    continue
                progress.add_finished(planned, num_seeds, sum(result.seconds for result in results))
                future.release()
            for future in failed:
                key, _ = sent[future]
                if key not in self.failures:  # the arm's other tasks are cancelled and have no reason
                    self._give_up(client, sent, key, future.exception())

    def _give_up(self, client: Any, sent: Mapping[Any, tuple[Key, int]], key: Key, error: BaseException) -> None:
        """Keep the error of a failed arm, and cancel its other tasks."""
        self.failures[key] = error
        client.cancel([future for future, (its, _) in sent.items() if its == key])


def _submit_data(client: Any, located: Located) -> Any:
    """Send a data set under its content hash; returns a future of its arrays."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sending large graph")  # it goes to the scheduler once
        return client.submit(data_set, dict(located.arrays), key=f"claims-data-{located.content_hash}", priority=1)


def _cut(seeds: tuple[int, ...], seconds: float | None) -> list[tuple[int, ...]]:
    """Divide an arm's seeds into tasks."""
    size = SEEDS_OF_A_PIECE if seconds is None else round(SECONDS_OF_A_TASK / max(seconds, 1e-3))
    size = max(1, min(len(seeds), size))
    return [seeds[start : start + size] for start in range(0, len(seeds), size)]


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    """Connect to the scheduler; yields a client."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # packages warn about each other while they load
            from distributed import Client
    except ImportError as error:
        raise ClaimsError('--claims-executor needs Dask: pip install "pytest-claims[dask]"') from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default")  # different versions on the workers are a warning, no error
            client = Client("tcp://" + address.removeprefix(SCHEME), timeout=CONNECT_SECONDS, set_as_default=False)
    except OSError as error:
        raise ClaimsError(
            f"no Dask scheduler answers at {address} within {CONNECT_SECONDS} s. Start one with `dask scheduler`. "
            "Start workers in a checkout of the same commit with `PYTHONPATH=. dask worker HOST:PORT --nthreads 1`."
        ) from error
    try:
        yield client
    finally:
        client.close(timeout=2)


def _gone() -> tuple[type[BaseException], ...]:
    """The errors that a lost connection to the scheduler raises."""
    from concurrent.futures import CancelledError

    from distributed.comm import CommClosedError

    return CancelledError, CommClosedError, ConnectionError
