"""The default engine: Keras on JAX. Each compiled program trains many runs of one shape class."""

from __future__ import annotations

import itertools
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pytest_claims.catalogue.arms import Arm, Split
from pytest_claims.engines.base import Job, Progress, RunResult, known_warnings
from pytest_claims.engines.conditions import EXACT, verify
from pytest_claims.engines.data_checks import check_split, splits_of
from pytest_claims.engines.device_pools import Pool, Pools
from pytest_claims.engines.draws import initial_weights, order
from pytest_claims.engines.epoch_program import EpochProgram, Rows, State
from pytest_claims.engines.models import (
    build_model,
    build_optimizer,
    inputs_of,
    measure,
    refuse_own_training,
    trained_run,
)
from pytest_claims.engines.objective import objective_of
from pytest_claims.engines.own_code import examples_meet, refuse_mask, refuse_penalties
from pytest_claims.engines.processors import runs_at_a_time
from pytest_claims.engines.program_key import code_key, learning_rate_of, optimizer_key, surroundings
from pytest_claims.support.vocabulary import at_tier

OF_A_PROGRAM = 50_000
"""Memory of a program's machine code and model besides their parameters, counted in parameters: about a megabyte."""


@dataclass(frozen=True)
class _Run:
    """One run before training."""

    seed: int
    split: Split
    weights: dict[str, np.ndarray]
    arguments: tuple[State, Rows, Rows, np.uint32]


@dataclass(frozen=True)
class _Started:
    """The runs of one call of a program. The call runs in a thread, or when `outcome` is called."""

    program: EpochProgram
    pool: np.ndarray
    runs: list[_Run]
    outcome: Callable[[], _Outcome]


_Outcome = tuple[State, list[dict[str, Any]], float]
"""The final state, the log of each epoch, and the seconds per run."""


class StackedEngine:
    """Trains runs as whole compiled epochs.

    Parameters
    ----------
    stack
        Number of seeds that one call of the program trains. Default: one on a CPU, where more gain nothing, and all
        seeds of a job on an accelerator.
    num_parameters
        Most parameters in all kept models. The most recently used programs are kept, so an arm's second look mostly
        finds its program compiled. Memory holds each parameter about six times: in the model, the optimizer and their
        initial states. The rest of a program counts as `OF_A_PROGRAM` parameters.
    at_a_time
        Number of calls of the program that run in parallel on a CPU, each on one processor. Default: the number of
        processors, up to `pytest_claims.engines.processors.MOST_AT_A_TIME`.
    """

    name = "stacked"

    def __init__(
        self, stack: int | None = None, num_parameters: int = 10_000_000, at_a_time: int | None = None
    ) -> None:
        self.stack = stack
        self.num_parameters = num_parameters
        self.at_a_time = at_a_time or runs_at_a_time()
        self.programs: OrderedDict[Any, tuple[EpochProgram, Arm]] = OrderedDict()
        self._pools = Pools()

    def train(self, job: Job, progress: Progress | None = None) -> Iterator[RunResult]:
        """Train the job's runs, and yield each as soon as it is finished.

        Raises
        ------
        ValueError
            If the arm's model, loss and data do not fit each other.
        """
        on_cpu = jax.default_backend() == "cpu"
        at_a_time = self.at_a_time if on_cpu else 1
        chunks = self._chunks(job, self.stack or (1 if on_cpu else len(job.seeds)))
        code = code_key(job.arm, job.tier)
        started: deque[_Started] = deque()
        stop = threading.Event()
        with ThreadPoolExecutor(at_a_time) as threads:
            try:
                for chunk in chunks:
                    if len(started) == at_a_time:
                        yield from self._finished(job, started.popleft())
                    started.append(self._started(job, chunk, progress, threads if at_a_time > 1 else None, stop, code))
                while started:
                    yield from self._finished(job, started.popleft())
            finally:
                stop.set()  # if the caller stops early, the threads stop after their current epoch

    @staticmethod
    def _chunks(job: Job, size: int) -> Iterator[dict[int, Split]]:
        """Splits by seed for each call of the program. Only runs of the same shape can be stacked."""
        for _, group in itertools.groupby(splits_of(job), key=lambda pair: _shapes(pair[1])):
            yield from map(dict, _batched(group, size))

    @known_warnings()
    def _started(
        self,
        job: Job,
        splits: dict[int, Split],
        progress: Progress | None,
        threads: ThreadPoolExecutor | None,
        stop: threading.Event,
        code: Hashable,
    ) -> _Started:
        """Compile the program, draw the initial states, and start training in a thread if there are threads."""
        kept = self._pools.get(at_tier(job.arm.data.pool, job.tier), job.arrays)
        pool = kept.device
        for split in splits.values():
            check_split(split, len(kept.host))
        program = self._program(job, kept, next(iter(splits.values())), len(splits), code)
        runs = [self._prepare(program, job, seed, split) for seed, split in splits.items()]
        stack = len(runs)
        state, train, validation, seeds = _stacked([run.arguments for run in runs])
        num_train = len(runs[0].split.train_rows)

        def orders(epoch: int) -> np.ndarray:
            each = [order(run.seed, epoch, num_train) for run in runs]
            return each[0] if stack == 1 else np.stack(each)

        execute = program.compiled(stack, state, pool, train, validation, orders(0), seeds)

        def trained(state: State) -> _Outcome:
            begun = time.perf_counter()
            logs = []
            for epoch in range(at_tier(job.arm.epochs, job.tier)):
                if stop.is_set():
                    break
                state, log = execute(state, pool, train, validation, orders(epoch), seeds)
                logs.append(jax.device_get(log))
                if progress:
                    progress(stack)
            return state, logs, (time.perf_counter() - begun) / stack

        outcome = threads.submit(trained, state).result if threads else partial(trained, state)
        return _Started(program, kept.host, runs, outcome)

    @known_warnings()
    def _finished(self, job: Job, started: _Started) -> list[RunResult]:
        """Wait for the runs of a call, and compute their measurements."""
        state, logs, seconds = started.outcome()
        results = []
        for index, run in enumerate(started.runs):
            final = state if len(started.runs) == 1 else jax.tree.map(lambda leaf, index=index: leaf[index], state)
            sums = {name: [float(np.atleast_1d(log[name])[index]) for log in logs] for name in logs[0]}
            measurements = self._measure(started.program, job, run, final, started.pool)
            results.append(RunResult(run.seed, _means(sums, run.split), measurements, seconds))
        return results

    def _program(self, job: Job, kept: Pool, split: Split, stack: int, code: Hashable) -> EpochProgram:
        """Give the program for the job's shape class and code. Build it if it is not kept."""
        arm, batch_size, pool = job.arm, at_tier(job.arm.batch_size, job.tier), kept.device
        decoded = jax.eval_shape(
            lambda pool, rows, seed: arm.data.decode(jnp, pool[rows], rows, seed),
            *(pool, jax.ShapeDtypeStruct((1,), jnp.int32), jax.ShapeDtypeStruct((), jnp.uint32)),
        )
        if not hasattr(decoded, "shape"):
            raise ValueError(f"the data's decode must return an array, got {type(decoded).__name__}.")
        input_shape = tuple(decoded.shape[1:])
        optimizer = build_optimizer(arm.optimizer)
        # With stacked runs the sparse layer would call the host once per step and run, which gains nothing.
        has_values = split.train_targets is not None and getattr(arm.data.decode, "keeps_values", False)
        sparse = kept.sparse if has_values and stack == 1 and jax.default_backend() == "cpu" else None
        key = (
            *(code, optimizer_key(optimizer), arm.loss, batch_size),
            *(pool.shape, str(pool.dtype), _shapes(split), input_shape, sparse is not None),
            surroundings(),
        )
        if key not in self.programs:
            model = build_model(arm.model, input_shape)
            refuse_own_training(model)
            refuse_mask(model)
            refuse_penalties(model)
            objective = objective_of(model, arm.loss, split, input_shape)
            verify(self.name, model, optimizer, objective.loss)
            examples = partial(inputs_of(arm, kept.host, 0), np.resize(split.train_rows, 7))
            program = EpochProgram(
                *(model, optimizer, objective, arm.data.decode, batch_size), examples_meet(model, examples)
            )
            if sparse is not None:
                from pytest_claims.engines.sparse_layer import SparseFirstLayer

                program.first_layer = SparseFirstLayer.for_model(model, batch_size)
            self.programs[key] = program, arm
        self.programs.move_to_end(key)
        while len(self.programs) > 1 and self._num_parameters() > self.num_parameters:
            self.programs.popitem(last=False)
        program = self.programs[key][0]
        if program.first_layer is not None and sparse is not None:
            program.first_layer.use(sparse)
        objective_of(program.model, arm.loss, split, input_shape)
        return program

    def _num_parameters(self) -> int:
        return sum(OF_A_PROGRAM + program.model.count_params() for program, _ in self.programs.values())

    def _prepare(self, program: EpochProgram, job: Job, seed: int, split: Split) -> _Run:
        weights = initial_weights(program.model, seed, job.arm.initial_weights)
        state = program.start(weights, seed, learning_rate_of(build_optimizer(job.arm.optimizer)))

        def rows(rows: np.ndarray, targets: np.ndarray | None) -> Rows:
            shape = program.model.compute_output_shape((None, *program.model.input_shape[1:]))
            return Rows(rows.astype(np.int32), None if targets is None else program.objective.cast(targets, shape))

        train = rows(split.train_rows, split.train_targets)
        validation = rows(split.validation_rows, split.validation_targets)
        return _Run(seed, split, weights, (state, train, validation, np.uint32(seed)))

    def _measure(self, program: EpochProgram, job: Job, run: _Run, final: State, pool: np.ndarray) -> dict[str, Any]:
        trained = trained_run(
            *(job, run.seed, run.split, inputs_of(job.arm, pool, run.seed), program.objective, program.logits),
            model=program.model,
            weights=program.restore(final),
            initial_weights=run.weights,
        )
        return measure(job.arm, trained)


def create() -> StackedEngine:
    """Make the engine with default settings. On an accelerator products are exact, unless JAX was told otherwise."""
    if jax.default_backend() != "cpu" and jax.config.jax_default_matmul_precision is None:
        jax.config.update("jax_default_matmul_precision", EXACT)
    return StackedEngine()


def _shapes(split: Split) -> tuple[Any, ...]:
    """Shapes of a split. All runs of a program have the same shapes."""
    parts = (split.train_rows, split.validation_rows, split.train_targets, split.validation_targets)
    return tuple(None if part is None else part.shape for part in parts)


def _means(sums: dict[str, list[float]], split: Split) -> dict[str, list[float]]:
    """Turn a history's sums over examples into means."""
    num_train, num_validation = len(split.train_rows), len(split.validation_rows)
    return {
        name: [total / (num_validation if name.startswith("val_") else num_train) for total in totals]
        for name, totals in sums.items()
    }


def _stacked(arguments: list[Any]) -> Any:
    """Send the arguments of runs to the device, stacked along a new first axis if there are several runs."""
    if len(arguments) == 1:
        return jax.device_put(arguments[0])
    return jax.device_put(jax.tree.map(lambda *leaves: np.stack(leaves), *arguments))


def _batched(items: Iterator[Any], size: int) -> Iterator[tuple[Any, ...]]:
    """Do the same as `itertools.batched`, which Python has from 3.12 on."""
    while batch := tuple(itertools.islice(items, size)):
        yield batch
