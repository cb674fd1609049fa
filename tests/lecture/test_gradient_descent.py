"""The dense network in NumPy is Keras'; what measures gradients and tells series apart finds what is there."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from fixtures.gradient_descent.convolutions import convnet, subset_of_mnist
from fixtures.gradient_descent.initial_loss import initial_cross_entropy
from fixtures.gradient_descent.noisy_gradients import gradient_noise, gradient_variance
from fixtures.gradient_descent.overshooting_updates import share_of_rising_updates, updates_at_rate_1
from fixtures.gradient_descent.stuck_starts import FITS, LARGE, SMALL, accuracies_after_training, halved, stuck_start
from fixtures.gradient_descent.time_series import (
    NUM_SERIES,
    NUM_STEPS,
    PERSISTENCE,
    POOL_SIZE,
    decaying_series,
    runs_forwards,
    series_pool,
    series_split,
)
from fixtures.networks.keras_alone import double_precision
from fixtures.networks.numpy_network import (
    Descent,
    activations,
    batches,
    cross_entropy,
    glorot_weights,
    loss_and_gradients,
)
from tests.helpers.samples import global_state

WIDTHS, WIDTHS_IN_KERAS = (12, 8, 6, 4), (12, 8, 4)


def random_batch(num_rows=32, num_features=12, num_classes=4):
    rng = np.random.default_rng(0)
    return rng.random((num_rows, num_features), np.float32), rng.integers(num_classes, size=num_rows)


def small_arrays():
    """Stripes whose place is their class, in the layout of MNIST."""
    rng = np.random.default_rng(0)
    labels = rng.integers(10, size=500).astype(np.uint8)
    images = rng.integers(0, 80, (500, 28, 28)).astype(np.uint8)
    images[np.arange(500), 2 * labels + 3] += 150
    return {"x_train": images, "y_train": labels}


@pytest.fixture(scope="module")
def arrays():
    return small_arrays()


@pytest.mark.parametrize(
    ("name", "cls", "rate"), [("sgd", "SGD", 0.5), ("rmsprop", "RMSprop", 0.1), ("adam", "Adam", 0.1)]
)
def test_descent_is_that_of_keras(name, cls, rate):
    inputs, labels = random_batch()
    weights = [array.astype(float) for array in glorot_weights(WIDTHS_IN_KERAS, np.random.default_rng(1))]
    descent = Descent([array.copy() for array in weights], name, rate)
    for start in (0, 16):
        descent.update(inputs[start : start + 16].astype(float), labels[start : start + 16])
    with double_precision() as keras:
        model = keras.Sequential([keras.Input((12,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(4, "softmax")])
        model.set_weights([array[0] if len(array) == 1 else array for array in weights])
        model.compile(getattr(keras.optimizers, cls)(rate), "sparse_categorical_crossentropy")
        model.fit(inputs, labels, batch_size=16, shuffle=False, verbose=0)
        for ours, theirs in zip(descent.weights, model.get_weights(), strict=True):
            np.testing.assert_allclose(ours.reshape(theirs.shape), theirs, rtol=1e-4, atol=1e-5)


def test_gradient_is_that_of_the_loss():
    inputs, labels = random_batch()
    weights = [array.astype(np.float64) for array in glorot_weights(WIDTHS, np.random.default_rng(1))]
    loss, gradients = loss_and_gradients(weights, inputs, labels)
    assert loss == pytest.approx(cross_entropy(activations(weights, inputs)[-1], labels))
    for index, gradient in enumerate(gradients):
        moved = [array.copy() for array in weights]
        moved[index][0, 1] += 1e-6
        changed = cross_entropy(activations(moved, inputs)[-1], labels) - loss
        assert changed / 1e-6 == pytest.approx(gradient[0, 1], rel=1e-3, abs=1e-7)


def test_networks_side_by_side_are_trained_as_each_alone():
    inputs, labels = random_batch()
    rates = (0.1, 0.01)
    start = glorot_weights(WIDTHS, np.random.default_rng(1))
    both = Descent([np.stack([array] * 2) for array in start], "adam", np.array(rates, np.float32)[:, None, None])
    alone = [Descent([array.copy() for array in start], "adam", rate) for rate in rates]
    for _ in range(5):
        losses = both.update(inputs, labels)
        np.testing.assert_allclose(losses, [descent.update(inputs, labels) for descent in alone], rtol=1e-5)
    for index, each in enumerate(alone):
        for ours, theirs in zip(both.weights, each.weights, strict=True):
            np.testing.assert_allclose(ours[index], theirs, rtol=1e-4, atol=1e-5)


def test_batches_go_through_all_rows_anew():
    drawn = list(batches(10, 4, 2, np.random.default_rng(0)))
    assert [len(rows) for rows in drawn] == [4, 4, 2] * 2
    epochs = [np.concatenate(drawn[:3]), np.concatenate(drawn[3:])]
    assert [sorted(epoch) for epoch in epochs] == [list(range(10))] * 2
    assert (epochs[0] != epochs[1]).any()


def test_gradient_variance_is_that_of_single_examples_over_the_size():
    inputs, labels = random_batch(num_rows=500)
    weights = glorot_weights(WIDTHS, np.random.default_rng(1))
    each = [loss_and_gradients(weights, inputs[[row]], labels[[row]])[1] for row in range(len(inputs))]
    single = sum(np.var([gradients[index] for gradients in each], axis=0).sum() for index in range(len(weights)))
    found = [gradient_variance(weights, inputs, labels, 10, np.random.default_rng(seed)) for seed in range(8)]
    assert np.mean(found) == pytest.approx(single / 10, rel=0.1)


def test_gradients_without_noise_have_no_variance():
    inputs, labels = np.ones((100, 12), np.float32), np.zeros(100, int)
    weights = glorot_weights(WIDTHS, np.random.default_rng(1))
    assert gradient_variance(weights, inputs, labels, 10, np.random.default_rng(0)) < 1e-10


def test_rising_updates_are_counted(arrays, monkeypatch):
    monkeypatch.setattr("fixtures.gradient_descent.overshooting_updates.OVERSHOOTING_RATES", {"1e3": 1e3, "1e-5": 1e-5})
    found = share_of_rising_updates(arrays, "fast", 900)
    assert found["raised_1e3"] > 0
    assert found["raised_1e-5"] == 0


def test_first_update_at_rate_1_moves_what_has_a_gradient_and_is_one_of_those_counted(arrays, monkeypatch):
    monkeypatch.setattr("fixtures.gradient_descent.overshooting_updates.RISING_EPOCHS", 1)
    # One batch for all images: the share of updates that raise their loss is that of the first.
    monkeypatch.setattr("fixtures.gradient_descent.overshooting_updates.batches", whole_epochs)
    found = updates_at_rate_1(arrays, "fast", 900)
    assert found["loss_before"] == pytest.approx(np.log(10), rel=0.2)
    assert (found["loss_after"] > found["loss_before"]) == share_of_rising_updates(arrays, "fast", 900)["raised_1"]
    # RMSprop's first step is rate / sqrt(1 - 0.9), whatever the gradient, and 0 where no gradient is.
    assert 1 < found["step"] <= 1 / np.sqrt(0.1) + 1e-3
    assert found["start"] == pytest.approx(np.sqrt(6 / (784 + 64)) / 2, rel=0.02)
    assert found["dead_first"] == found["dead_last"]


def test_silenced_units_are_dead_and_no_others_where_weights_hardly_move(arrays, monkeypatch):
    monkeypatch.setattr("fixtures.gradient_descent.overshooting_updates.glorot_weights", mostly_silenced)
    monkeypatch.setattr("fixtures.gradient_descent.overshooting_updates.OVERSHOOTING_RATES", {"1": 1e-6})
    found = updates_at_rate_1(arrays, "fast", 900)
    assert found["dead_first"] == found["dead_last"] == SILENCED
    assert found["loss_after"] == pytest.approx(found["loss_before"], rel=0.01)


SILENCED = 60


def mostly_silenced(widths, rng):
    """Initial weights with `SILENCED` units that are below 0 for each image, and so have no gradient."""
    weights = glorot_weights(widths, rng)
    weights[1][0, :SILENCED] = -1_000
    return weights


def whole_epochs(num_rows, batch_size, num_epochs, rng):
    yield from batches(num_rows, num_rows, num_epochs, rng)


def test_usual_start_fits_and_a_start_of_nothing_is_stuck(arrays):
    data = halved(arrays["x_train"].reshape(500, -1) / np.float32(255)), arrays["y_train"]
    usual = accuracies_after_training(1.0, "adam", [1e-3, 1e-2], 32, 900, data)
    assert usual[1] > 0.9
    assert accuracies_after_training(1e-6, "sgd", [1e-2], 32, 900, data)[0] < 0.3
    assert accuracies_after_training(1.0, "sgd", [1e10], 32, 900, data)[0] < 0.3  # diverges, and says so


@pytest.mark.parametrize(("scale", "optimizer"), [(SMALL, "sgd"), (LARGE, "sgd"), (LARGE, "adam")])
def test_start_of_far_too_small_or_large_weights_is_stuck_by_usual_settings(arrays, scale, optimizer):
    found = stuck_start(scale, optimizer, arrays, "fast", 900)
    assert found["usual"] < FITS
    assert found["tuned"] >= found["usual"]


def test_halved_images_keep_what_is_in_them():
    images = np.repeat(np.repeat(np.arange(196).reshape(1, 14, 14), 2, 1), 2, 2).reshape(1, 784).astype(np.float32)
    np.testing.assert_allclose(halved(images), 2 * np.arange(196)[None])
    assert (halved(images) ** 2).sum() == pytest.approx((images**2).sum())


def test_loss_before_training_of_a_network_that_knows_nothing():
    weights = {
        "0/kernel": np.ones((12, 8)),
        "0/bias": np.ones(8),
        "1/kernel": np.zeros((8, 10)),
        "1/bias": np.zeros(10),
    }
    inputs, labels = random_batch(num_classes=10)
    split = SimpleNamespace(train_rows=np.arange(32), train_targets=labels)
    trained = SimpleNamespace(initial_weights=weights, split=split, inputs=inputs.__getitem__)
    assert initial_cross_entropy(trained) == pytest.approx(np.log(10))


def test_convolutions_are_those_of_keras():
    images = np.random.default_rng(0).random((3, 64)).astype(np.float32)
    with double_precision() as keras:
        ours = convnet((64,), filters=(5, 4), side=8, units=10, activation="softmax")
        theirs = keras.Sequential(
            [
                keras.Input((64,)),
                keras.layers.Reshape((8, 8, 1)),
                *[keras.layers.Conv2D(n, 3, strides=2, padding="same", activation="relu") for n in (5, 4)],
                keras.layers.Flatten(),
                keras.layers.Dense(10, "softmax"),
            ]
        )
        shapes = [array.shape for array in theirs.get_weights()]
        rng = np.random.default_rng(1)
        weights = [rng.normal(size=array.shape) for array in ours.get_weights()]
        ours.set_weights(weights)
        theirs.set_weights([array.reshape(shape) for array, shape in zip(weights, shapes, strict=True)])
        np.testing.assert_allclose(np.asarray(ours(images)), np.asarray(theirs(images)), rtol=1e-9)


def test_initial_weights_of_convolutions_are_those_of_keras():
    with double_precision() as keras:
        ours = convnet((64,), filters=(5, 4), side=8, units=10, activation="softmax").layers
        kernels = [layer.kernel_initializer for layer in ours if isinstance(layer, keras.layers.Dense)]
        for initializer, channels, filters in zip(kernels, (1, 5), (5, 4), strict=False):
            assert initializer.maxval == pytest.approx(np.sqrt(6 / (9 * channels + 9 * filters)))
            assert initializer.minval == -initializer.maxval


def test_series_run_forwards_and_reversed_ones_do_not():
    series = decaying_series(2_000, NUM_STEPS, np.random.default_rng(0))
    assert runs_forwards(series).all()
    assert not runs_forwards(series[:, ::-1]).any()
    jumps = series[:, 1:] > PERSISTENCE * series[:, :-1] + 1e-9
    assert jumps.mean() == pytest.approx(1 - PERSISTENCE, abs=0.01)


def test_values_of_series_are_exponential_at_each_step():
    from scipy import stats

    series = decaying_series(20_000, NUM_STEPS, np.random.default_rng(1))
    for step in (0, NUM_STEPS // 2, NUM_STEPS - 1):
        assert stats.kstest(series[:, step], "expon").statistic < 0.02


def test_series_of_a_run_are_labelled_by_direction():
    pool = series_pool({})
    split = series_split({}, "fast", 900)
    backwards = ~runs_forwards(pool)
    for rows, targets, size in (
        (split.train_rows, split.train_targets, NUM_SERIES[0]),
        (split.validation_rows, split.validation_targets, NUM_SERIES[1]),
    ):
        assert len(np.unique(rows)) == size
        assert 0.4 < targets.mean() < 0.6
        assert (targets[:, 0] == backwards[rows]).all()
    assert not np.isin(split.train_rows, split.validation_rows).any()
    assert len(pool) == POOL_SIZE


def test_subset_is_drawn_in_either_tier(arrays):
    fast, full = (subset_of_mnist(arrays, tier, 900, sizes=(100, 50)) for tier in ("fast", "full"))
    np.testing.assert_array_equal(fast.train_rows, full.train_rows)
    assert (len(full.train_rows), len(full.validation_rows)) == (100, 50)


def test_same_seed_gives_the_same_and_global_generators_stay_as_they_were(arrays, monkeypatch):
    monkeypatch.setattr("fixtures.gradient_descent.noisy_gradients.BATCH_SIZES", (8, 32))
    monkeypatch.setattr("fixtures.gradient_descent.stuck_starts.STUCK_EPOCHS", 2)
    before = global_state()
    measures = (gradient_noise, share_of_rising_updates, updates_at_rate_1, partial(stuck_start, SMALL, "sgd"))
    for measure in measures:
        first, again, other = (measure(arrays, "fast", seed) for seed in (900, 900, 901))
        assert first == again != other
    assert global_state() == before
