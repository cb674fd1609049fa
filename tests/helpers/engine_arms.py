"""Small arms on synthetic data, and what Keras itself makes of them; the engines' tests use them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

import pytest_claims
from fixtures.gradient_descent.convolutions import convnet
from pytest_claims import Arm, Data, Split, keeps_values
from pytest_claims.engines import Job, RunResult, create
from pytest_claims.engines.base import known_warnings

NUM_ROWS, NUM_FEATURES, NUM_TRAIN = 300, 20, 230
SEED = 3


def arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    inputs = rng.integers(0, 256, (NUM_ROWS, NUM_FEATURES), dtype=np.uint8)
    return {"inputs": inputs, "labels": inputs[:, :3].argmax(axis=1).astype(np.uint8)}


def inputs_of(arrays: Any) -> np.ndarray:
    return arrays["inputs"]


def mostly_zero(arrays: Any) -> np.ndarray:
    return (arrays["inputs"] > 243).astype(np.uint8)


def split(arrays: Any, tier: str, seed: int, *, targets: str = "labels", num_train: int = NUM_TRAIN) -> Split:
    rows = np.random.default_rng(seed).permutation(NUM_ROWS).astype(np.int32)
    train, validation = rows[:num_train], rows[NUM_TRAIN:]
    if targets == "inputs":
        return Split(train, validation, None, None)
    labels = {
        "labels": arrays["labels"],
        "is_first": (arrays["labels"] == 0).astype(np.uint8),
        "one class": np.full_like(arrays["labels"], 2),
        "one_hot": np.eye(3, dtype=np.uint8)[arrays["labels"]],
    }[targets]
    return Split(train, validation, labels[train], labels[validation])


# By a power of two, since the quotients are then exact, and a compiler has no better way to get them.
SCALE = 256


def scaled(xp: Any, batch: Any, rows: Any, seed: Any) -> Any:
    return batch.astype("float32") / SCALE


def unchanged(xp: Any, batch: Any, rows: Any, seed: Any) -> Any:
    return batch.astype("float32")


keeps_values(unchanged)


def image(xp: Any, batch: Any, rows: Any, seed: Any) -> Any:
    return batch.reshape(-1, 4, 5, 1).astype("float32") / SCALE


def square(xp: Any, batch: Any, rows: Any, seed: Any) -> Any:
    return batch[:, :16].astype("float32") / SCALE


def sequence(xp: Any, batch: Any, rows: Any, seed: Any) -> Any:
    return batch.reshape(-1, 4, 5).astype("float32") / SCALE


def dense(
    input_shape: tuple[int, ...], *, penalty: str | None = None, dropout: float = 0, head: str | None = "softmax"
) -> Any:
    import keras

    layers = [keras.layers.Dense(16, "relu", kernel_regularizer=penalty)]
    if dropout:
        layers.append(keras.layers.Dropout(dropout))
    return keras.Sequential([keras.Input(input_shape), *layers, keras.layers.Dense(3, head)])


def with_batch_norm(input_shape: tuple[int, ...]) -> Any:
    from keras import Input, Sequential, layers

    hidden = [layers.Dense(8), layers.BatchNormalization(), layers.Activation("relu")]
    return Sequential([Input(input_shape), *hidden, layers.Dense(3), layers.Softmax()])


def convolution(input_shape: tuple[int, ...], *, strides: int = 1, head: str | None = "softmax") -> Any:
    from keras import Input, Sequential, layers

    hidden = layers.Conv2D(8, 3, strides, activation="relu", padding="same" if strides > 1 else "valid")
    return Sequential([Input(input_shape), hidden, layers.Flatten(), layers.Dense(3, head)])


def patches(input_shape: tuple[int, ...], *, head: str | None = "softmax") -> Any:
    return convnet(input_shape, filters=(5, 4), side=4, units=3, activation=head)


def recurrent(input_shape: tuple[int, ...], *, kind: str, head: str | None = "softmax") -> Any:
    from keras import Input, Sequential, layers

    return Sequential([Input(input_shape), getattr(layers, kind)(8), layers.Dense(3, head)])


def binary(input_shape: tuple[int, ...]) -> Any:
    from keras import Sequential, layers

    return Sequential([layers.Dense(8, "tanh"), layers.Dense(1, "sigmoid")])


def autoencoder(input_shape: tuple[int, ...]) -> Any:
    from keras import Sequential, layers

    return Sequential([layers.Dense(10, "tanh"), layers.Dense(input_shape[0])])


def rmsprop(learning_rate: float = 0.01) -> Any:
    import keras

    return keras.optimizers.RMSprop(learning_rate)


DATA = Data(dataset=None, pool=inputs_of, split=split, decode=scaled)  # type: ignore[arg-type]
DENSE = Arm(DATA, dense, rmsprop, "sparse_categorical_crossentropy", epochs=2, batch_size=32)

ARMS = {
    "dense": DENSE,
    "l1": replace(DENSE, model=partial(dense, penalty="l1")),
    "l2": replace(DENSE, model=partial(dense, penalty="l2")),
    "steep": replace(DENSE, optimizer=partial(rmsprop, learning_rate=1.0)),
    "batch_norm": replace(DENSE, model=with_batch_norm),
    "one_hot": replace(
        DENSE, loss="categorical_crossentropy", data=replace(DATA, split=partial(split, targets="one_hot"))
    ),
    "binary": replace(
        DENSE, model=binary, loss="binary_crossentropy", data=replace(DATA, split=partial(split, targets="is_first"))
    ),
    "autoencoder": replace(
        DENSE, model=autoencoder, loss="mse", data=replace(DATA, split=partial(split, targets="inputs"))
    ),
    "convolution": replace(DENSE, model=convolution, data=replace(DATA, decode=image)),
    "lstm": replace(DENSE, model=partial(recurrent, kind="LSTM"), data=replace(DATA, decode=sequence)),
    "gru": replace(DENSE, model=partial(recurrent, kind="GRU"), data=replace(DATA, decode=sequence)),
}
DETERMINISTIC = {name: arm for name, arm in ARMS.items() if name not in ("gru", "one_hot")}
DROPOUT = replace(DENSE, model=partial(dense, dropout=0.5), epochs=8)
DROPOUT_SEEDS = tuple(range(8))


@cache
def shared_engine() -> Any:
    """Keep compiled programs from test to test."""
    return create("stacked")


def train(engine: Any, arm: Arm, *seeds: int) -> list[RunResult]:
    return list(engine.train(Job(arm, "fast", seeds or (0,), arrays())))


def histories(engine: Any, arm: Arm, seeds: tuple[int, ...] = (SEED,)) -> list[dict[str, list[float]]]:
    return [run.history for run in train(engine, arm, *seeds)]


@known_warnings()
def keras_history(arm: Arm, seed: int = SEED) -> dict[str, list[float]]:
    """One epoch of Keras' own `fit` from logits, starting where the engines start and in their order."""
    import keras

    from pytest_claims.engines.draws import canonical_paths, initial_weights, is_seed_state, order, seed_state

    parts = arm.data.split(arrays(), "fast", seed)
    pool = arm.data.pool(arrays())  # type: ignore[operator]
    train, validation = (
        arm.data.decode(np, pool[rows], rows, seed).astype(keras.config.floatx())
        for rows in (parts.train_rows, parts.validation_rows)
    )
    model = arm.model.func(train.shape[1:], **arm.model.keywords, head=None)  # type: ignore[attr-defined]
    model.set_weights(list(initial_weights(model, seed).values()))
    others = model.non_trainable_variables
    for variable, path in zip(others, canonical_paths(others), strict=True):
        if is_seed_state(path):
            variable.assign(seed_state(path, seed, np.asarray(variable)))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def cross_entropy(labels: Any, logits: Any) -> Any:
        return keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)

    def accuracy(labels: Any, logits: Any) -> Any:
        return keras.metrics.sparse_categorical_accuracy(labels, keras.activations.softmax(logits))

    metrics = [keras.metrics.MeanMetricWrapper(function, function.__name__) for function in (cross_entropy, accuracy)]
    model.compile(arm.optimizer(), loss, metrics=metrics)
    seen = order(seed, 0, len(train))
    fitted = model.fit(
        train[seen],
        parts.train_targets[seen],
        batch_size=arm.batch_size,
        validation_data=(validation, parts.validation_targets),
        validation_batch_size=len(validation),  # a smaller last batch would be a second program
        shuffle=False,
        verbose=0,
    )
    return fitted.history


class Apart:
    """One of this module's tasks in a process of its own, which has a Keras backend of its own."""

    def __init__(self, task: str, path: Path, **environment: str) -> None:
        source = str(Path(pytest_claims.__file__).parents[1])
        inherited = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
        search_path = os.pathsep.join([source, str(Path(__file__).parents[2])])
        self._path = path
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"from tests.helpers.engine_arms import {task}; {task}({str(path)!r})"],
            env=inherited | environment | {"PYTHONPATH": search_path},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Apart:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        with self._process:  # which waits, and closes its pipe
            pass

    def result(self) -> Any:
        _, errors = self._process.communicate()
        assert self._process.returncode == 0, errors[-4000:]
        return json.loads(self._path.read_text())


def write_fit_histories(path: str) -> None:
    engine = create("fit")
    found = {name: histories(engine, arm) for name, arm in DETERMINISTIC.items()}
    found["dense again"] = histories(engine, DENSE)
    found["dropout"] = histories(engine, DROPOUT, DROPOUT_SEEDS)
    import tensorflow as tf

    from tests.helpers.engine_kinds import KINDS, history_and_weights, refused_by_fit

    tf.config.run_functions_eagerly(True)  # a graph takes longer to make than these few steps take
    found["kinds"] = {name: history_and_weights(engine, arm) for name, arm in KINDS.items()}
    found["refused"] = refused_by_fit(engine)
    Path(path).write_text(json.dumps(found))


def write_float64_histories(path: str) -> None:
    engine = create("stacked")
    import keras

    from pytest_claims.engines import sparse_layer

    sparse_layer.SMALLEST_PRODUCT = 0
    keras.config.set_floatx("float64")
    found = {}
    from tests.helpers.engine_kinds import RANDOM

    for name, compared in (COMPARED_WITH_KERAS | {"random layers": RANDOM}).items():
        arm = replace(compared, epochs=1)
        found[name] = [histories(engine, arm)[0], keras_history(arm)]
    Path(path).write_text(json.dumps(found))


SPARSE = replace(DATA, pool=mostly_zero, decode=unchanged)
IMAGES, SQUARES, SEQUENCES = (replace(DATA, decode=decode) for decode in (image, square, sequence))

COMPARED_WITH_KERAS = {
    "dense": replace(DENSE, model=partial(dense)),
    "l2": ARMS["l2"],
    "sparse": replace(DENSE, model=partial(dense, penalty="l2"), data=SPARSE),
    "dropout": replace(DENSE, model=partial(dense, dropout=0.5)),
    "convolution": replace(DENSE, model=partial(convolution), data=IMAGES),
    "strided convolution": replace(DENSE, model=partial(convolution, strides=2), data=IMAGES),
    "convolution of patches": replace(DENSE, model=partial(patches), data=SQUARES),
    "lstm": replace(DENSE, model=partial(recurrent, kind="LSTM"), data=SEQUENCES),
    "gru": replace(DENSE, model=partial(recurrent, kind="GRU"), data=SEQUENCES),
}
