"""Building what a run needs from its declaration, with what can be wrong about that."""

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
    """Build an arm's model, with its weights.

    Raises
    ------
    ValueError
        If `builder` gives something other than a Keras model.
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
    """Let Keras' random initializers give zeros: runs bring weights of their own, see `initial_weights`.

    On JAX each shape that Keras draws is compiled for, which takes longer than all else of building a model.
    """
    # Derived ones take the method from these.
    calls = {
        one: one.__call__
        for one in vars(keras.initializers).values()
        if isclass(one) and "__call__" in vars(one) and "seed" in signature(one).parameters
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
    """See that a split names rows that its pool of `num_rows` has.

    Raises
    ------
    ValueError
        If it does not, or names none.
    """
    for name, rows in (("train", split.train_rows), ("validation", split.validation_rows)):
        if len(rows) == 0 or rows.min() < 0 or rows.max() >= num_rows:
            received = f"{len(rows)} rows" + (f" from {rows.min()} to {rows.max()}" if len(rows) else "")
            raise ValueError(
                f"the split's {name} rows must be at least one and lie in 0 to {num_rows - 1}, got {received}. "
                "Correct the data's split."
            )


def measure(arm: Arm, trained: Trained) -> dict[str, Any]:
    """Take an arm's measurements, as plain floats and nested lists, and count the model's parameters.

    Raises
    ------
    ValueError
        If a measurement gives something other than numbers.
    """
    numbers: dict[str, Any] = {"num_parameters": int(trained.model.count_params())}
    for name, measurement in arm.measurements.items():
        try:
            numbers[name] = np.asarray(measurement(trained), dtype=np.float64).tolist()
        except (TypeError, ValueError) as error:
            raise ValueError(f"the measurement {name!r} must give a number or an array of numbers: {error}") from error
    return numbers


def inputs_of(arm: Arm, pool: np.ndarray, seed: int) -> Inputs:
    """What gives the decoded inputs of rows of the pool in one run, in the precision of training."""

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
    """A trained model as measurements see it; `model_and_weights` are its fields of these names."""

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
