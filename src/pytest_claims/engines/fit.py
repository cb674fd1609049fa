"""The reference engine: `keras.Model.fit` on TensorFlow, run by run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from pytest_claims.catalogue.arms import Split
from pytest_claims.engines.base import Job, Progress, RunResult, Trained, known_warnings
from pytest_claims.engines.conditions import verify
from pytest_claims.engines.data_checks import check_split, checked_pool, splits_of
from pytest_claims.engines.draws import canonical_paths, initial_weights, is_seed_state, order, seed_state
from pytest_claims.engines.models import (
    build_model,
    build_optimizer,
    inputs_of,
    measure,
    trained_run,
)
from pytest_claims.engines.objective import Objective, objective_of
from pytest_claims.support.vocabulary import at_tier

# Large enough to keep the processor busy, small enough to fit in memory with any model.
PREDICTION_BATCH_SIZE = 1024


class FitEngine:
    """Trains runs one after another, each by one call of `fit`."""

    name = "fit"

    def train(self, job: Job, progress: Progress | None = None) -> Iterator[RunResult]:
        """Train the job's runs, and yield each as soon as it is finished.

        Raises
        ------
        ValueError
            If the arm's model, loss and data do not fit each other.
        """
        pool = checked_pool(at_tier(job.arm.data.pool, job.tier)(job.arrays))
        for seed, split in splits_of(job):
            keras.utils.clear_session()
            yield _train(job, seed, split, pool, progress)


def create() -> FitEngine:
    """Make the engine. It allocates GPU memory as needed, so that other processes can share a device."""
    for device in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(device, True)
    return FitEngine()


@dataclass(frozen=True)
class _Run:
    """One run before training: decoded inputs of its split, and its model with the initial weights."""

    split: Split
    inputs: Callable[[np.ndarray], np.ndarray]
    train: tuple[np.ndarray, np.ndarray]
    validation: tuple[np.ndarray, np.ndarray]
    model: Any
    objective: Objective
    weights: dict[str, np.ndarray]


def _prepare(job: Job, seed: int, split: Split, pool: np.ndarray) -> _Run:
    arm = job.arm

    inputs = inputs_of(arm, pool, seed)

    check_split(split, len(pool))
    train, validation = inputs(split.train_rows), inputs(split.validation_rows)
    input_shape = train.shape[1:]
    model = build_model(arm.model, input_shape)
    objective = objective_of(model, arm.loss, split, input_shape)
    output_shape = model.compute_output_shape((None, *input_shape))

    def with_targets(inputs: np.ndarray, targets: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        return inputs, inputs if targets is None else objective.cast(targets, output_shape)

    weights = initial_weights(model, seed, arm.initial_weights)
    _start(model, weights, seed)
    data = with_targets(train, split.train_targets), with_targets(validation, split.validation_targets)
    return _Run(split, inputs, *data, model, objective, weights)


@known_warnings()
def _train(job: Job, seed: int, split: Split, pool: np.ndarray, progress: Progress | None) -> RunResult:
    arm, run = job.arm, _prepare(job, seed, split, pool)
    epochs, batch_size = at_tier(arm.epochs, job.tier), at_tier(arm.batch_size, job.tier)
    num_train = len(run.split.train_rows)
    orders = np.stack([order(seed, epoch, num_train) for epoch in range(epochs)])
    optimizer = build_optimizer(arm.optimizer)
    verify("fit", run.model, optimizer, run.objective.loss)
    _refuse_sparse_gradients(run.model, optimizer)
    run.model.compile(optimizer=optimizer, loss=arm.loss, metrics=_metrics(run.objective))
    callback = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: progress(1) if progress else None)
    started = time.perf_counter()
    fitted = run.model.fit(
        _batches(*run.train, orders, batch_size),
        epochs=epochs,
        steps_per_epoch=-(-num_train // batch_size),
        validation_data=run.validation,
        validation_batch_size=batch_size,
        callbacks=[callback],
        shuffle=False,
        verbose=0,
    )
    seconds = time.perf_counter() - started
    history = {name: [float(value) for value in values] for name, values in fitted.history.items()}
    return RunResult(seed, history, measure(arm, _trained(job, seed, run)), seconds)


def _refuse_sparse_gradients(model: Any, optimizer: Any) -> None:
    """Refuse embeddings with optimizers that square, clip or normalize gradients.

    On TensorFlow an embedding's gradient lists each use of a row. Keras then squares the parts, and not their sum.
    """
    clips = any((optimizer.clipnorm, optimizer.clipvalue, optimizer.global_clipnorm))
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.Embedding) and (clips or type(optimizer) is not keras.optimizers.SGD):
            raise ValueError(
                f"Keras on TensorFlow computes other steps than elsewhere for the rows of Embedding {layer.name!r} that"
                f" a batch uses more than once, if it is trained by {type(optimizer).__name__}. Train it with"
                " --claims-engine=stacked, or by SGD without clipping."
            )


def _start(model: Any, weights: dict[str, np.ndarray], seed: int) -> None:
    """Put a run's initial weights and the initial states of its stochastic layers into the model."""
    model.set_weights(list(weights.values()))
    non_trainable = model.non_trainable_variables
    for variable, path in zip(non_trainable, canonical_paths(non_trainable), strict=True):
        if is_seed_state(path):
            variable.assign(seed_state(path, seed, variable.numpy()))


def _metrics(objective: Objective) -> list[Any]:
    """Make the metrics that `fit` reports besides the loss: the loss without penalties, and the accuracy."""
    functions = {objective.quantity: getattr(keras.losses, objective.loss)}
    if objective.accuracy_metric:
        functions["accuracy"] = getattr(keras.metrics, objective.accuracy_metric)
    return [keras.metrics.MeanMetricWrapper(function, name=name) for name, function in functions.items()]


def _batches(inputs: np.ndarray, targets: np.ndarray, orders: np.ndarray, batch_size: int) -> Any:
    """Give the batches of all epochs in their orders. As with `fit` on arrays, the last of an epoch is smaller."""
    num_batches = -(-len(inputs) // batch_size)
    arrays = tf.convert_to_tensor(inputs), tf.convert_to_tensor(targets)
    all_orders = tf.convert_to_tensor(orders)

    def batch(step: Any) -> Any:
        start = step % num_batches * batch_size
        rows = all_orders[step // num_batches, start : start + batch_size]
        return tuple(tf.gather(array, rows) for array in arrays)

    steps = tf.data.Dataset.range(len(orders) * num_batches)
    return steps.map(batch, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def _trained(job: Job, seed: int, run: _Run) -> Trained:
    def logits(inputs: np.ndarray) -> np.ndarray:
        batches = np.split(inputs, range(PREDICTION_BATCH_SIZE, len(inputs), PREDICTION_BATCH_SIZE))
        with run.objective.logits():
            return np.concatenate([np.asarray(run.model(batch, training=False)) for batch in batches])

    return trained_run(
        *(job, seed, run.split, run.inputs, run.objective, logits),
        model=run.model,
        weights=dict(zip(run.weights, run.model.get_weights(), strict=True)),
        initial_weights=run.weights,
    )
