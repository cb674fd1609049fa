"""The interface of engines, and their choice by name. This module imports no deep-learning library."""

from __future__ import annotations

import difflib
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from pytest_claims.support.errors import ClaimsError

if TYPE_CHECKING:
    import numpy as np

    from pytest_claims.catalogue.arms import Arm, Split
    from pytest_claims.support.vocabulary import Tier


NO_ARRAYS: Mapping[str, np.ndarray] = {}
"""The arrays of an arm without a data set. It is a single object, since engines find pools by the arrays' identity."""


@dataclass(frozen=True)
class Job:
    """Runs to train: one arm at one tier with some seeds, on the arrays of its data set."""

    arm: Arm
    tier: Tier
    seeds: tuple[int, ...]
    arrays: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class RunResult:
    """One trained run.

    Parameters
    ----------
    seed
        The run's seed.
    history
        One number per epoch: ``"loss"`` (with penalties), ``"cross_entropy"`` (without penalties; other losses have
        their own name), ``"accuracy"`` (a fraction; classification only), and each of them with the prefix ``"val_"``.
        Training numbers are means *during* the epoch, weighted by batch size. Numbers may be nan or inf.
    measurements
        The arm's measurements, as numbers and nested lists, and ``"num_parameters"``.
    seconds
        Time of training, without the time for compiling a program that several runs share.
    """

    seed: int
    history: dict[str, list[float]]
    measurements: dict[str, Any]
    seconds: float


@dataclass(frozen=True)
class Trained:
    """A trained model as a measurement sees it.

    Parameters
    ----------
    model
        The Keras model, with this run's final weights.
    weights, initial_weights
        Weights by canonical path (``"0/kernel"``), at the end and at the start of training.
    arrays, split, tier, seed
        The data set's arrays, the rows and targets of this run, and the run's tier and seed.
    inputs
        ``inputs(rows)`` gives the decoded inputs of rows of the pool, shape ``(num_rows, ...)``.
    logits, predict
        ``logits(inputs)`` and ``predict(inputs)`` take and give arrays. Only `predict` applies the softmax or sigmoid
        of a classifier's output.
    """

    model: Any
    weights: dict[str, np.ndarray]
    initial_weights: dict[str, np.ndarray]
    arrays: Mapping[str, np.ndarray]
    split: Split
    tier: Tier
    seed: int
    inputs: Callable[[np.ndarray], np.ndarray]
    logits: Callable[[np.ndarray], np.ndarray]
    predict: Callable[[np.ndarray], np.ndarray]


Progress = Callable[[int], None]
"""Callback: receives the number of epochs finished since the previous call."""


class Engine(Protocol):
    """Trains the runs of a job."""

    name: str

    def train(self, job: Job, progress: Progress | None = None) -> Iterator[RunResult]:
        """Train the job's runs, and yield each as soon as it is finished."""


@contextmanager
def known_warnings() -> Iterator[None]:
    """Ignore warnings that Keras gives in ordinary use. Elsewhere warnings can then be errors."""
    with warnings.catch_warnings():
        # Keras' variables lack a keyword that NumPy 2 asks for; the values are right.
        warnings.filterwarnings("ignore", "__array__ implementation doesn't accept a copy keyword", DeprecationWarning)
        yield


class _Entry(NamedTuple):
    module: str
    backend: str
    semantics: int


DEFAULT, REFERENCE = "stacked", "fit"
"""The engine of a session that names none, and the one that others are compared with."""

# The semantics rise when an engine gives other numbers than before. Runs with other semantics have other fingerprints.
# An equality test notices such a change.
ENGINES = {
    "stacked": _Entry("pytest_claims.engines.stacked", "jax", 1),
    "fit": _Entry("pytest_claims.engines.fit", "tensorflow", 1),
}


def semantics_of(name: str) -> int:
    """Version of the numbers that the engine `name` computes, without loading the engine.

    Raises
    ------
    ClaimsError
        If there is no such engine.
    """
    return _entry(name).semantics


def backend_of(name: str) -> str:
    """The backend of Keras that the engine `name` needs, ``"jax"`` or ``"tensorflow"``; raises as `semantics_of`."""
    return _entry(name).backend


def _entry(name: str) -> _Entry:
    if name not in ENGINES:
        close = difflib.get_close_matches(name, ENGINES, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ClaimsError(f"unknown engine {name!r}, expected one of {', '.join(sorted(ENGINES))}.{hint}")
    return ENGINES[name]


def create(name: str) -> Engine:
    """Make the engine `name`, and choose the Keras backend that it needs.

    Raises
    ------
    ClaimsError
        If there is no such engine, or if this process has already imported Keras on another backend.
    """
    entry = _entry(name)
    _choose_backend(entry.backend, name)
    engine: Engine = import_module(entry.module).create()
    return engine


def name_backend(engine: str) -> None:
    """Set the backend for code that imports Keras without an engine. Does nothing if Keras is already imported."""
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = backend_of(engine)
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def _choose_backend(backend: str, engine: str) -> None:
    """Import Keras on `backend`."""
    name_backend(engine)
    with warnings.catch_warnings():
        # Third-party packages warn about each other while they load. Users can do nothing about that.
        warnings.simplefilter("ignore")
        import keras

        import_module(backend)
    if keras.config.backend() != backend:
        raise ClaimsError(
            f"the engine {engine!r} needs Keras on {backend}, but this process has already imported Keras on "
            f"{keras.config.backend()}, and a process can use only one backend. "
            "Import Keras only inside the functions that build models, and start a new process for another engine."
        )
