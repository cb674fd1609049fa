"""What every engine takes and gives, and how one is chosen. Importing this imports no deep-learning library."""

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
"""The arrays of an arm without a data set: one object, by which an engine knows the pool made from it again."""


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
        One number per epoch: ``"loss"`` (penalties included), ``"cross_entropy"`` (without them; for a loss that is
        none, the loss's own name), ``"accuracy"`` (a fraction; classification only), and each with ``"val_"`` before
        it. Numbers of the training set are means *during* the epoch, weighted by batch size. May hold nan and inf.
    measurements
        What the arm's measurements gave, as numbers and nested lists, and ``"num_parameters"``.
    seconds
        Time of training. Compiling a program that several runs share is not in it.
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
        By canonical path (``"0/kernel"``), at the end and at the start of training.
    arrays, split, tier, seed
        What it was trained on: the data set's arrays, the rows and targets of this run, and which run it is.
    inputs
        ``inputs(rows)`` gives the decoded inputs of rows of the pool, shape ``(num_rows, ...)``.
    logits, predict
        ``logits(inputs)`` and ``predict(inputs)`` take and give arrays. They differ by the softmax or sigmoid of a
        classifier's output, which only `predict` applies.
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
"""Told after each epoch of each run how many epochs were done since it was last told."""


class Engine(Protocol):
    """Turns jobs into runs."""

    name: str

    def train(self, job: Job, progress: Progress | None = None) -> Iterator[RunResult]:
        """Train the job's runs, giving each as soon as it is finished."""


@contextmanager
def known_warnings() -> Iterator[None]:
    """Pass over warnings that Keras gives in ordinary use, so that they can be errors elsewhere."""
    with warnings.catch_warnings():
        # Keras' variables lack a keyword that NumPy 2 asks for; the values are right.
        warnings.filterwarnings("ignore", "__array__ implementation doesn't accept a copy keyword", DeprecationWarning)
        yield


class _Entry(NamedTuple):
    module: str
    backend: str
    semantics: int


# The semantics rise when an engine gives other numbers than before, which an equality test would notice: runs of other
# semantics are other runs.
ENGINES = {
    "stacked": _Entry("pytest_claims.engines.stacked", "jax", 1),
    "fit": _Entry("pytest_claims.engines.fit", "tensorflow", 1),
}


def semantics_of(name: str) -> int:
    """Give the version of what the engine called `name` computes, without loading it.

    Raises
    ------
    ClaimsError
        If there is no such engine.
    """
    if name not in ENGINES:
        close = difflib.get_close_matches(name, ENGINES, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ClaimsError(f"unknown engine {name!r}, expected one of {', '.join(sorted(ENGINES))}.{hint}")
    return ENGINES[name].semantics


def create(name: str) -> Engine:
    """Make the engine called `name`, choosing the Keras backend that it needs.

    Raises
    ------
    ClaimsError
        If there is no such engine, or if Keras runs on another backend in this process already.
    """
    semantics_of(name)
    entry = ENGINES[name]
    _choose_backend(entry.backend, name)
    engine: Engine = import_module(entry.module).create()
    return engine


def name_backend(engine: str) -> None:
    """Say on which backend Keras is to be imported, for those who import it without an engine; unless it is already."""
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = ENGINES[engine].backend
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def _choose_backend(backend: str, engine: str) -> None:
    """Import Keras on `backend`."""
    name_backend(engine)
    with warnings.catch_warnings():
        # What third-party packages say about each other while they load is not the reader's business.
        warnings.simplefilter("ignore")
        import keras

        import_module(backend)
    if keras.config.backend() != backend:
        raise ClaimsError(
            f"the engine {engine!r} needs Keras on {backend}, but this process has imported Keras on "
            f"{keras.config.backend()} already, and one process holds one backend. "
            "Import Keras only inside the functions that build models, and start a new process for another engine."
        )
