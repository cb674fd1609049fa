"""Numbers of curves and weights find what was planted, and nothing where nothing is; dropout is as it says."""

from __future__ import annotations

import random
from types import SimpleNamespace

import numpy as np
import pytest

from fixtures.networks.keras_alone import double_precision
from fixtures.quantities import lowest_until, ratio_of_ratios, roughness, slope_after_minimum
from fixtures.regularization_effects.networks import classical_dropout, classical_dropout_mlp, penalized_mlp
from fixtures.regularization_effects.weights import (
    OF_WEIGHTS,
    entropy_of_shape,
    hidden_kernels,
    norm_of_hidden,
    norm_of_layer,
    share_near_zero,
)
from pytest_claims.verdicts.runs import Runs
from tests.helpers.samples import global_state

LOSS = "val_cross_entropy"


def runs_of(*curves):
    return Runs("arm", "fast", range(len(curves)), {LOSS: np.array(curves, float)}, {})


def trained_with(*kernels):
    weights = {}
    for layer, kernel in enumerate(kernels):
        weights |= {f"{layer}/kernel": np.asarray(kernel, np.float32), f"{layer}/bias": np.full(5, 100.0)}
    return SimpleNamespace(weights=weights)


# Curves.


def test_slope_starts_at_the_minimum_of_each_run():
    found = slope_after_minimum(runs_of([9, 3, 1, 1.5, 2], [9, 8, 7, 1, 4], [0, 0.25, 0.5, 0.75, 1]), LOSS)

    assert found.values == pytest.approx([0.5, 3, 0.25])
    assert not found.at_least.any()


def test_run_that_has_not_turned_counts_as_zero_and_is_censored():
    found = slope_after_minimum(runs_of([5, 4, 3, 2, 1], [5, 1, 2, 3, 4]), LOSS)

    assert found.values == pytest.approx([0, 1])
    assert found.at_least.tolist() == [True, False]


def test_run_that_diverges_has_no_slope():
    assert np.isnan(slope_after_minimum(runs_of([2, 1, 2, np.inf], [np.inf] * 4), LOSS).values).all()


def test_roughness_is_the_noise_and_neither_the_trend_nor_the_level():
    rng = np.random.default_rng(0)
    trend = np.exp(np.linspace(-1, 1, 10_000))
    noise = np.exp(rng.normal(0, 0.05, len(trend)))

    found = roughness(runs_of(trend, trend * noise, 3 * trend * noise), LOSS, from_epoch=1).values

    assert found[0] == pytest.approx(0, abs=1e-9)
    assert found[1] == pytest.approx(0.05, rel=0.03)
    assert found[2] == pytest.approx(found[1])


def test_roughness_leaves_out_what_comes_before():
    runs = runs_of([9, 1, 5, 1, 1, 1, 1], [1, 1, 1, 1, 2, 1, 1])

    assert roughness(runs, LOSS, from_epoch=4).values == pytest.approx([0, np.log(2) * np.sqrt(5 / 12)])
    assert (roughness(runs, LOSS, from_epoch=1).values > 0).all()


def test_lowest_until_sees_no_later_epoch():
    runs = runs_of([3, 2, 1, 0.5], [3, 1, 2, 0.5])

    assert lowest_until(runs, LOSS, epoch=3).values.tolist() == [1, 1]
    assert lowest_until(runs, LOSS, epoch=4).values.tolist() == [0.5, 0.5]
    with pytest.raises(ValueError, match="4 epochs, not 5"):
        lowest_until(runs, LOSS, epoch=5)


def test_ratio_of_ratios_is_read_as_one():
    one, two, four, eight = (runs_of([value]).final(LOSS) for value in (1, 2, 4, 8))

    found = ratio_of_ratios((one, two), (two, eight))

    assert found.as_read(found.values) == pytest.approx([2])
    assert found.kind == "ratio"
    assert ratio_of_ratios((four, two), (four, two)).values == pytest.approx([0])


# Weights.


def test_biases_and_the_output_layer_are_no_hidden_kernels():
    trained = trained_with(np.ones((4, 5)), 2 * np.ones((5, 5)), np.full((5, 1), 1_000))

    assert [kernel.shape for kernel in hidden_kernels(trained.weights)] == [(4, 5), (5, 5)]
    assert norm_of_hidden(trained) == pytest.approx(np.sqrt(20 + 100))
    assert norm_of_layer(trained, layer=1) == pytest.approx(10)
    assert OF_WEIGHTS["norm_2"](trained) == pytest.approx(1_000 * np.sqrt(5))


def test_share_near_zero_counts_either_sign():
    kernel = np.array([[0.0029, -0.0029, 0.0031, -0.0031], [0, 1, -1, 0.5]])

    assert share_near_zero(trained_with(kernel, kernel, np.zeros((4, 1)))) == pytest.approx(3 / 8)


@pytest.mark.parametrize(
    ("draw", "entropy"),
    [("normal", np.log(2 * np.pi * np.e) / 2), ("laplace", 1 + np.log(2) / 2), ("uniform", np.log(12) / 2)],
)
def test_entropy_tells_the_shape_and_not_the_size(draw, entropy):
    rng = np.random.default_rng(0)
    wide, narrow = getattr(rng, draw)(size=(1_000, 16)), 0.01 * getattr(rng, draw)(size=(1_000, 16))

    found = entropy_of_shape(trained_with(wide, narrow, np.ones((16, 1))))

    assert found == pytest.approx(entropy, abs=0.02)


# Networks.


def masks_and_test_time(rate, num_inputs=4_000):
    """What the layers of a network with ones for weights give in training and at test time, of inputs that are 1."""
    with double_precision() as keras:
        model = classical_dropout_mlp((1,), hidden=(50,), rate=rate)
        model.set_weights([np.ones((1, 50)), np.zeros(50), np.ones((50, 1)), np.zeros(1)])
        hidden = keras.Model(model.inputs[0], model.layers[-2].output)
        ones = np.ones((num_inputs, 1))
        return np.asarray(hidden(ones, training=True)), np.asarray(hidden(ones, training=False))


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_classical_dropout_rescales_at_test_time_alone(rate):
    in_training, at_test_time = masks_and_test_time(rate)

    assert np.unique(in_training.round(12)).tolist() == [0, 1]
    assert (in_training == 0).mean() == pytest.approx(rate, abs=0.01)
    assert at_test_time == pytest.approx(np.full_like(at_test_time, 1 - rate))


def test_keras_dropout_in_its_place_would_be_seen(monkeypatch):
    from keras import layers

    monkeypatch.setattr("fixtures.regularization_effects.networks.classical_dropout", layers.Dropout)
    in_training, at_test_time = masks_and_test_time(0.5)

    assert in_training.max() == pytest.approx(2)
    assert at_test_time == pytest.approx(np.ones_like(at_test_time))


def test_penalties_are_on_the_hidden_kernels():
    with double_precision():
        model = penalized_mlp((3,), hidden=(2, 2), l1=0.001, l2=0.002)
        model.set_weights([np.full(weights.shape, -2.0) for weights in model.get_weights()])
        penalty = sum(float(loss) for loss in model.losses)

    assert penalty == pytest.approx((3 * 2 + 2 * 2) * (0.001 * 2 + 0.002 * 4), rel=1e-6)


def test_global_generators_stay_untouched():
    with double_precision():
        drawn = generators()  # after Keras' import, which draws
        classical_dropout(0.5)(np.ones((10, 5)), training=True)
    entropy_of_shape(trained_with(np.random.default_rng(0).normal(size=(100, 5)), np.eye(5), np.ones((5, 1))))

    assert generators() == drawn


def generators():
    """The states of Python's and NumPy's global generators."""
    return random.getstate(), global_state()
