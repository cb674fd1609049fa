"""What the default engine promises besides equality with Keras."""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")

from pytest_claims.engines import Job, create
from pytest_claims.engines.draws import order
from pytest_claims.support.errors import ClaimsError
from tests.helpers.engine_arms import (
    ARMS,
    DATA,
    DENSE,
    DROPOUT,
    NUM_TRAIN,
    arrays,
    autoencoder,
    binary,
    dense,
    histories,
    inputs_of,
    rmsprop,
    scaled,
    shared_engine,
    split,
    train,
)


@pytest.fixture
def stacked() -> Any:
    return shared_engine()


def shuffled_labels(arrays: Any, tier: str, seed: int) -> Any:
    given = split(arrays, tier, seed)
    return replace(given, train_targets=given.train_targets[::-1])


def negated(weights: dict[str, np.ndarray], seed: int) -> dict[str, np.ndarray]:
    return {path: -values for path, values in weights.items()}


def test_arms_of_one_shape_class_share_one_compilation() -> None:
    stacked = create("stacked")
    variants = [
        DENSE,
        replace(DENSE, optimizer=partial(rmsprop, learning_rate=0.1)),
        replace(DENSE, data=replace(DATA, split=shuffled_labels)),
        replace(DENSE, initial_weights=negated),
    ]

    final = [train(stacked, arm, 0, 1)[1].history["loss"][-1] for arm in variants]

    assert [program.num_traces for program, _ in stacked.programs.values()] == [1]
    assert len(set(final)) == len(variants)


def test_programs_used_last_are_kept_within_a_number_of_parameters() -> None:
    stacked = create("stacked")
    arms = [replace(DENSE, batch_size=size) for size in (8, 16, 32)]
    train(stacked, arms[0])
    (only, _), *_ = stacked.programs.values()
    from pytest_claims.engines.stacked import OF_A_PROGRAM  # which imports Keras, on the backend of the engine

    stacked.num_parameters = 2 * (OF_A_PROGRAM + only.model.count_params())

    for arm in (arms[1], arms[0], arms[2]):
        train(stacked, arm)

    assert [arm.batch_size for _, arm in stacked.programs.values()] == [8, 32]


def test_same_run_gives_bitwise_the_same_numbers_whatever_ran_before(stacked: Any) -> None:
    first = train(stacked, DROPOUT, 1)[0].history
    train(stacked, replace(DENSE, optimizer=partial(rmsprop, learning_rate=1.0)), 1)
    train(stacked, DROPOUT, 0)

    assert train(stacked, DROPOUT, 1)[0].history == first


def test_stacking_seeds_changes_nothing(stacked: Any) -> None:
    together = create("stacked")
    together.stack = 3

    for one, other in zip(train(stacked, DROPOUT, 0, 1, 2), train(together, DROPOUT, 0, 1, 2), strict=True):
        assert one.seed == other.seed
        for name, values in one.history.items():
            np.testing.assert_allclose(other.history[name], values, rtol=1e-3, atol=1e-3, err_msg=name)


def test_recurrence_is_stacked_where_keras_would_choose_cudnn(monkeypatch: pytest.MonkeyPatch) -> None:
    together = create("stacked")
    together.stack = 2
    backend = sys.modules["keras.src.backend.jax.rnn"]
    monkeypatch.setattr(backend, "cudnn_ok", lambda *_, **__: True, raising=False)

    assert len(train(together, ARMS["lstm"], 0, 1)) == 2


def test_runs_beside_each_other_are_those_of_one_after_the_other() -> None:
    arm = replace(DROPOUT, measurements={"kernel": lambda trained: trained.weights["0/kernel"]})
    engine = create("stacked")
    alone, beside = [], []
    for at_a_time, found in ((1, alone), (3, beside)):
        engine.at_a_time = at_a_time
        found += [(run.seed, run.history, run.measurements) for run in train(engine, arm, *range(7))]

    assert alone == beside


def test_a_failure_in_one_run_ends_those_beside_it() -> None:
    engine = create("stacked")
    engine.at_a_time = 2
    finished: Counter[str] = Counter()

    def progress(num_epochs: int) -> None:
        thread = threading.current_thread().name
        finished[thread] += num_epochs
        # The engine waits for runs in their order: it is the first that fails.
        if thread.endswith("_0") and finished[thread] == 3:
            raise OSError("no space left for the progress bar")

    long = replace(DENSE, epochs=5_000)
    with pytest.raises(OSError, match="no space left"):
        list(engine.train(Job(long, "fast", (0, 1), arrays()), progress))
    assert max(finished.values()) < 1_000


@pytest.mark.parametrize("name", ["convolution", "gru", "lstm", "autoencoder", "one_hot"])
def test_other_networks_learn(stacked: Any, name: str) -> None:
    history = histories(stacked, replace(ARMS[name], epochs=6))[0]

    assert history["loss"][-1] < 0.95 * history["loss"][0]
    assert ("accuracy" in history) == (name != "autoencoder")


def test_loss_without_penalty_is_named_after_the_loss(stacked: Any) -> None:
    expected = {"loss", "mean_squared_error", "val_loss", "val_mean_squared_error"}

    assert histories(stacked, ARMS["autoencoder"])[0].keys() == expected


def test_nan_is_kept_as_an_outcome(stacked: Any) -> None:
    history = histories(stacked, replace(DENSE, optimizer=partial(rmsprop, learning_rate=np.inf)))[0]

    assert np.isnan(history["loss"][-1])
    assert len(history["loss"]) == 2


def test_labels_of_one_class_are_learned_and_no_error(stacked: Any) -> None:
    arm = replace(DENSE, data=replace(DENSE.data, split=partial(split, targets="one class")), epochs=20)

    history = histories(stacked, arm)[0]

    assert history["val_accuracy"][-1] == 1.0
    assert 0 < history["val_cross_entropy"][-1] < history["val_cross_entropy"][0]


def test_accuracy_counts_examples(stacked: Any) -> None:
    accuracy = np.array(histories(stacked, DENSE)[0]["accuracy"])

    np.testing.assert_allclose(accuracy * NUM_TRAIN, np.round(accuracy * NUM_TRAIN), atol=1e-4)


def test_progress_is_told_every_epoch_of_every_seed() -> None:
    told: list[int] = []
    stacked = create("stacked")
    stacked.stack = 2

    list(stacked.train(Job(DENSE, "fast", (0, 1, 2), arrays()), told.append))

    assert told == [2, 2, 1, 1]


def test_measurements_see_the_trained_model(stacked: Any) -> None:
    def disagreement(trained: Any) -> float:
        inputs = trained.inputs(trained.split.validation_rows)
        with np.errstate(all="raise"):
            return float(np.abs(trained.predict(inputs) - np.asarray(trained.model(inputs))).max())

    def accuracy(trained: Any) -> float:
        predictions = trained.predict(trained.inputs(trained.split.validation_rows))
        return float(np.mean(predictions.argmax(axis=1) == trained.split.validation_targets))

    arm = replace(
        DENSE,
        measurements={
            "disagreement": disagreement,
            "accuracy": accuracy,
            "moved": lambda trained: np.abs(trained.weights["0/kernel"] - trained.initial_weights["0/kernel"]).max(),
            "sums": lambda trained: trained.predict(trained.inputs(np.arange(3))).sum(axis=1),
            "logits": lambda trained: trained.logits(trained.inputs(np.arange(3))),
        },
    )
    run = train(stacked, arm, 2)[0]

    assert run.measurements["disagreement"] < 1e-6
    assert run.measurements["accuracy"] == pytest.approx(run.history["val_accuracy"][-1])
    assert run.measurements["moved"] > 0.01
    assert run.measurements["sums"] == pytest.approx([1, 1, 1])
    assert np.abs(np.sum(run.measurements["logits"], axis=1) - 1).max() > 0.01
    assert run.measurements["num_parameters"] == 20 * 16 + 16 + 16 * 3 + 3


def test_decoding_knows_rows_and_seed(stacked: Any) -> None:
    def decode(xp: Any, batch: Any, rows: Any, seed: Any) -> Any:
        return xp.stack([xp.asarray(rows, "float32"), xp.full(rows.shape, seed, "float32")], axis=1)

    arm = replace(
        ARMS["autoencoder"],
        model=partial(autoencoder),
        data=replace(ARMS["autoencoder"].data, decode=decode),
        measurements={"inputs": lambda trained: trained.inputs(np.array([4, 7]))},
    )

    assert train(stacked, arm, 5)[0].measurements["inputs"] == [[4, 5], [7, 5]]


def test_order_is_another_permutation_in_every_epoch_and_seed() -> None:
    orders = [order(seed, epoch, 50) for seed in range(2) for epoch in range(2)]

    assert all(sorted(each.tolist()) == list(range(50)) and each.dtype == np.int32 for each in orders)
    assert len({tuple(each) for each in orders}) == 4
    assert np.array_equal(order(1, 1, 50), orders[3])


def two_outputs(input_shape: tuple[int, ...]) -> Any:
    import keras

    inputs = keras.Input(input_shape)
    return keras.Model(inputs, [keras.layers.Dense(3, "softmax")(inputs), keras.layers.Dense(3, "softmax")(inputs)])


def wrong_targets(name: str) -> Any:
    return replace(DATA, split=partial(split, targets=name))


@pytest.mark.parametrize(
    ("arm", "message"),
    [
        (
            replace(DENSE, model=partial(dense, head=None)),
            r"'sparse_categorical_crossentropy'.*\(None, 3\).*'linear'.*softmax",
        ),
        (replace(DENSE, model=partial(dense, head="sigmoid")), r"activation 'sigmoid'; expected .*'softmax'"),
        (replace(DENSE, model=binary, loss="binary_crossentropy"), r"labels run from 0 to 2, expected 0 to 1"),
        (replace(DENSE, model=two_outputs), r"expected one input and one output"),
        (replace(DENSE, loss="mean_squared_error"), r"targets have shape \(\) per example, expected \(3,\)"),
        (replace(DENSE, loss="cross"), r"unknown loss 'cross', expected the name of a Keras loss"),
        (replace(DENSE, data=wrong_targets("inputs"), loss="mse"), r"inputs, which are the targets.*\(20,\).*\(3,\)"),
        (replace(DENSE, model=lambda shape: None), r"must build a keras.Model, got NoneType"),
        (replace(DENSE, data=replace(DATA, pool=lambda arrays: inputs_of(arrays)[:9])), r"train rows .* lie in 0 to 8"),
        (
            replace(DENSE, initial_weights=lambda weights, seed: {}),
            r"initial_weights returned \{\}, expected .*0/kernel",
        ),
        (replace(DENSE, measurements={"bad": lambda trained: "x"}), r"the measurement 'bad' must give a number"),
    ],
)
def test_what_does_not_fit_is_refused(stacked: Any, arm: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"(?s){message}"):
        train(stacked, arm)


def test_too_few_classes_are_refused(stacked: Any) -> None:
    def more_labels(arrays: Any, tier: str, seed: int) -> Any:
        given = split(arrays, tier, seed)
        return replace(given, validation_targets=given.validation_targets + 1)

    with pytest.raises(ValueError, match=r"labels run from 1 to 3, expected 0 to 2"):
        train(stacked, replace(DENSE, data=replace(DATA, split=more_labels, decode=scaled)))


def test_unknown_engine_is_refused_with_the_closest_name() -> None:
    with pytest.raises(ClaimsError, match=r"unknown engine 'staked', expected one of fit, stacked.*'stacked'\?"):
        create("staked")


def test_engine_of_another_backend_is_refused(stacked: Any) -> None:
    with pytest.raises(ClaimsError, match=r"'fit' needs Keras on tensorflow.*has already imported Keras on jax,"):
        create("fit")
