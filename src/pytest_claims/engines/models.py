"""Builds models, inputs and measurements from an arm's declaration, and checks them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import isclass, signature
from typing import Any

import keras
import numpy as np

from pytest_claims.catalogue.arms import Arm, Split
from pytest_claims.engines.base import Job, Trained
from pytest_claims.engines.objective import Objective

Inputs = Callable[[np.ndarray], np.ndarray]
"""Takes rows of the pool, shape ``(num_rows,)``, and gives their inputs, ``(num_rows, ...)``."""


def build_model(builder: Callable[[tuple[int, ...]], Any], input_shape: tuple[int, ...]) -> Any:
    """Build an arm's model and its variables.

    Raises
    ------
    ValueError
        If `builder` does not return a Keras model.
    """
    with _drawing_nothing():
        model = builder(input_shape)
        if not isinstance(model, keras.Model):
            raise ValueError(f"an arm's model must build a keras.Model, got {type(model).__name__}. Return the model.")
        if not model.built:
            model.build((None, *input_shape))
    return model


@contextmanager
def _drawing_nothing() -> Iterator[None]:
    """Let Keras' random initializers give zeros. Runs get their weights from `initial_weights`.

    On JAX Keras compiles a draw for each shape. This takes longer than all other steps of building a model.
    """
    # Derived classes inherit the method from these classes.
    calls = {
        cls: cls.__call__
        for cls in vars(keras.initializers).values()
        if isclass(cls) and "__call__" in vars(cls) and "seed" in signature(cls).parameters
    }
    try:
        for random in calls:
            random.__call__ = _zeros  # type: ignore[method-assign]
        yield
    finally:
        for random, call in calls.items():
            random.__call__ = call  # type: ignore[method-assign]


def _zeros(_: Any, shape: tuple[int, ...], dtype: Any = None, **__: Any) -> np.ndarray:
    return np.zeros(shape, dtype)


def check_rows(split: Split, num_rows: int) -> None:
    """Check that a split names at least one row, and only rows of its pool of `num_rows`.

    Raises
    ------
    ValueError
        If it does not.
    """
    for name, rows in (("train", split.train_rows), ("validation", split.validation_rows)):
        if len(rows) == 0 or rows.min() < 0 or rows.max() >= num_rows:
            received = f"{len(rows)} rows" + (f" from {rows.min()} to {rows.max()}" if len(rows) else "")
            raise ValueError(
                f"the split's {name} rows must be at least one and lie in 0 to {num_rows - 1}, got {received}. "
                "Correct the data's split."
            )


def measure(arm: Arm, trained: Trained) -> dict[str, Any]:
    """Compute an arm's measurements, as floats and nested lists, and count the model's parameters.

    Raises
    ------
    ValueError
        If a measurement does not return numbers.
    """
    numbers: dict[str, Any] = {"num_parameters": int(trained.model.count_params())}
    for name, measurement in arm.measurements.items():
        try:
            numbers[name] = np.asarray(measurement(trained), dtype=np.float64).tolist()
        except (TypeError, ValueError) as error:
            raise ValueError(f"the measurement {name!r} must give a number or an array of numbers: {error}") from error
    return numbers


def inputs_of(arm: Arm, pool: np.ndarray, seed: int) -> Inputs:
    """A function from rows of the pool to their decoded inputs in one run, in the precision of training."""

    def inputs(rows: np.ndarray) -> np.ndarray:
        decoded = arm.data.decode(np, pool[rows], np.asarray(rows, np.int32), np.uint32(seed))
        return np.asarray(decoded, keras.config.floatx())

    return inputs


def trained_run(
    job: Job,
    seed: int,
    split: Split,
    inputs: Inputs,
    objective: Objective,
    logits: Callable[[np.ndarray], np.ndarray],
    **model_and_weights: Any,
) -> Trained:
    """Make the argument of an arm's measurements; `model_and_weights` are its fields with these names."""

    def predict(inputs: np.ndarray) -> np.ndarray:
        return np.asarray(objective.activate(logits(inputs)))

    return Trained(
        arrays=job.arrays,
        split=split,
        tier=job.tier,
        seed=seed,
        inputs=inputs,
        logits=logits,
        predict=predict,
        **model_and_weights,
    )
