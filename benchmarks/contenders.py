"""What is compared, each in a process of its own: ``python benchmarks/contenders.py NAME`` answers requests.

A request is a line of JSON: ``arm`` (or the name of a declaration), ``tier``, ``epochs``, ``seeds``, ``data`` and
``whole``. The answer is a line with the ``seconds`` of an epoch and seed, validation included and everything compiled;
or, for ``whole``, of all the seeds' runs together, with building and compiling models.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

SIZE = 4096
"""Rows and columns of the matrices whose product shows what the machine can do."""


@cache
def job_of(arm: str, tier: str, epochs: int, seeds: tuple[int, ...], data: str) -> Any:
    """The arm with its data, and another number of epochs."""
    from fixtures import arms
    from pytest_claims.engines import Job

    declared = getattr(arms, arm)
    source = replace(getattr(declared, "__claims_source__", declared), epochs=epochs)
    return Job(source, tier, seeds, raw_arrays(source.data.dataset, data))


@cache
def raw_arrays(dataset: Any, data: str) -> Any:
    """A data set's arrays, read once."""
    from pytest_claims.data.locate import locate

    return locate(dataset, directory=Path(data), offline=True).arrays


@cache
def arrays_of(arm: str, tier: str, seed: int, data: str) -> Any:
    """Inputs and targets for training and validation, as a notebook would hold them."""
    from pytest_claims.support.vocabulary import at_tier

    job = job_of(arm, tier, 1, (seed,), data)
    pool = np.asarray(at_tier(job.arm.data.pool, tier)(job.arrays))
    split = at_tier(job.arm.data.split, tier)(job.arrays, tier, seed)

    def inputs(rows: np.ndarray) -> np.ndarray:
        return np.asarray(job.arm.data.decode(np, pool[rows], np.asarray(rows, np.int32), np.uint32(seed)), np.float32)

    train, validation = inputs(split.train_rows), inputs(split.validation_rows)
    return (train, split.train_targets), (validation, split.validation_targets)


class KerasFit:
    """Plain `keras.Model.fit`, as a notebook calls it."""

    def __init__(self, *, one_call_per_epoch: bool) -> None:
        self.one_call_per_epoch = one_call_per_epoch
        self._models: dict[str, Any] = {}

    def seconds(self, request: dict[str, Any]) -> float:
        from pytest_claims.support.vocabulary import at_tier

        job = job_of(request["arm"], request["tier"], request["epochs"], tuple(request["seeds"]), request["data"])
        batch_size = at_tier(job.arm.batch_size, job.tier)
        if request["whole"]:
            for seed in job.seeds:
                arrays_of(request["arm"], job.tier, seed, request["data"])
            started = time.perf_counter()
            for seed in job.seeds:
                data = arrays_of(request["arm"], job.tier, seed, request["data"])
                _fit(self._compiled(job, data[0][0], batch_size), data, batch_size, request["epochs"])
            return time.perf_counter() - started
        data = arrays_of(request["arm"], job.tier, job.seeds[0], request["data"])
        if request["arm"] not in self._models:
            self._models[request["arm"]] = model = self._compiled(job, data[0][0], batch_size)
            _fit(model, data, batch_size, 1)
        started = time.perf_counter()
        _fit(self._models[request["arm"]], data, batch_size, request["epochs"])
        return (time.perf_counter() - started) / request["epochs"]

    def _compiled(self, job: Any, inputs: np.ndarray, batch_size: int) -> Any:
        model = job.arm.model(inputs.shape[1:])
        settings = {}
        if self.one_call_per_epoch:
            settings = {"jit_compile": True, "steps_per_execution": -(-len(inputs) // batch_size)}
        model.compile(optimizer=job.arm.optimizer(), loss=job.arm.loss, metrics=["accuracy"], **settings)
        return model


def _fit(model: Any, data: Any, batch_size: int, epochs: int) -> None:
    training, validation = data
    model.fit(*training, batch_size=batch_size, epochs=epochs, validation_data=validation, verbose=0)


class Engine:
    """The default engine of this project."""

    def __init__(self) -> None:
        from pytest_claims.engines import create

        self._engine = create("stacked")
        self._warm: set[str] = set()

    def seconds(self, request: dict[str, Any]) -> float:
        job = job_of(request["arm"], request["tier"], request["epochs"], tuple(request["seeds"]), request["data"])
        if not request["whole"] and request["arm"] not in self._warm:
            self._warm.add(request["arm"])
            list(self._engine.train(job))
        started = time.perf_counter()
        list(self._engine.train(job))  # some seeds beside each other, as many as there are processors
        taken = time.perf_counter() - started
        return taken if request["whole"] else taken / len(job.seeds) / request["epochs"]


class Product:
    """A large product of matrices of 32-bit numbers, through the library that the engine uses."""

    def __init__(self) -> None:
        import jax

        keys = jax.random.split(jax.random.key(0))
        self._matrices = [jax.random.normal(key, (SIZE, SIZE), "float32") for key in keys]
        self._product = jax.jit(lambda one, other: one @ other)
        self.seconds({})

    def seconds(self, request: dict[str, Any]) -> float:
        started = time.perf_counter()
        self._product(*self._matrices).block_until_ready()
        return time.perf_counter() - started


CONTENDERS = {
    "stacked": ("jax", Engine),
    "fit on TensorFlow": ("tensorflow", lambda: KerasFit(one_call_per_epoch=False)),
    "fit on JAX": ("jax", lambda: KerasFit(one_call_per_epoch=True)),
    "product": ("jax", Product),
}


def main(name: str) -> None:
    """Answer requests until there are none."""
    backend, make = CONTENDERS[name]
    os.environ.update(KERAS_BACKEND=backend, TF_CPP_MIN_LOG_LEVEL="2")
    contender = make()
    import keras  # noqa: F401  # before any request, so that importing it is in no time

    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps({"seconds": contender.seconds(json.loads(line))}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
