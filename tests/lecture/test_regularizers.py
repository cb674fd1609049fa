"""What measures penalties and dropout finds what is there, and notices what should not be."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from fixtures.networks.dense import rmsprop
from fixtures.networks.keras_alone import double_precision
from fixtures.regularization_mechanics.dropout import dropout, shares_dropped, sizes, weights_after_updates
from fixtures.regularization_mechanics.dropout_code import dropout_in_numpy, mask_as_printed
from fixtures.regularization_mechanics.losses import reported_losses
from fixtures.regularization_mechanics.penalties import penalties_of_a_layer, penalties_of_single_weights
from fixtures.regularization_mechanics.settled_network import settled_network
from fixtures.regularization_mechanics.weight_decay import penalty_and_decay, sgd
from pytest_claims.support.randomness import generator

SEEDS = (900, 901)


def mask_and_features(rate, shape=(2_000, 500)):
    rng = np.random.default_rng(0)
    return rng.random(shape) < rate, rng.uniform(0.5, 1.5, shape), rng.normal(size=(shape[1], 50))


def test_double_precision_ends_with_its_block_even_by_an_error():
    with double_precision() as keras:
        inside = keras.layers.Rescaling(2)(np.ones(1))
    with pytest.raises(ZeroDivisionError), double_precision():
        raise ZeroDivisionError
    assert np.asarray(inside).dtype == "float64"
    assert keras.config.floatx() == "float32"
    assert np.asarray(keras.layers.Rescaling(2)(np.ones(1))).dtype == "float32"
    if keras.config.backend() == "jax":
        assert not sys.modules["jax"].config.jax_enable_x64


def test_settled_network_is_right_throughout_and_not_sure():
    weights, inputs, targets, logits = settled_network(np.random.default_rng(0))
    assert [array.shape for array in weights] == [(100, 16), (16,), (16, 16), (16,), (16, 1), (1,)]
    assert inputs.shape == (100, 100)
    assert logits.mean() == pytest.approx(0)
    assert logits.std() == pytest.approx(2)
    assert ((logits > 0) == targets).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_prediction_loss_is_that_of_the_logits(seed):
    _, _, targets, logits = settled_network(generator(seed, "settled network"))
    expected = np.logaddexp(0, np.where(targets == 1, -logits, logits)).mean()
    assert reported_losses(None, "fast", seed, l2=0.0)["prediction_loss"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_penalty_in_training_only_would_be_seen(seed, monkeypatch):
    found = reported_losses(None, "fast", seed, l2=0.002)
    with double_precision() as keras:
        monkeypatch.setattr(keras.Model, "evaluate", lambda *_, **__: found["prediction_loss"])
        planted = reported_losses(None, "fast", seed, l2=0.002)
    assert found["in_training"] / found["in_testing"] == pytest.approx(1)
    assert planted["in_training"] / planted["in_testing"] > 1.2
    assert found["in_testing"] - found["prediction_loss"] == pytest.approx(found["penalty"], abs=1e-9)


def test_a_loss_that_is_a_mean_over_batches_would_be_seen(monkeypatch):
    found = reported_losses(None, "fast", 900, l2=0.0)
    with double_precision() as keras:
        update = keras.metrics.Mean.update_state
        monkeypatch.setattr(keras.metrics.Mean, "update_state", lambda metric, value, *_, **__: update(metric, value))
        planted = reported_losses(None, "fast", 900, l2=0.0)
    assert found["in_testing"] == pytest.approx(found["prediction_loss"], abs=1e-9)
    assert abs(planted["in_testing"] - planted["prediction_loss"]) > 1e-4


def halved(keras):
    make = keras.regularizers
    return {"l2": make.L2(0.001), "l1": make.L1(0.0005), "l1_l2": make.L1L2(0.001, 0.0005)}


def test_penalties_of_other_factors_would_be_seen(monkeypatch):
    assert max(penalties_of_single_weights(None, "fast", 900).values()) < 1e-9
    monkeypatch.setattr("fixtures.regularization_mechanics.penalties._regularizers", halved)
    assert min(penalties_of_single_weights(None, "fast", 900).values()) > 1e-5
    layer = penalties_of_a_layer(None, "fast", 900)
    for what in ("weights", "biases", "output", "all", "l1"):
        assert layer[f"{what}_added"] == pytest.approx(layer[f"{what}_terms"] / 2, rel=1e-5)


def test_each_term_of_a_layer_is_there_and_they_add_up():
    found = penalties_of_a_layer(None, "fast", 900)
    assert min(found.values()) > 1e-4
    assert found["all_added"] == pytest.approx(sum(found[f"{what}_added"] for what in ("weights", "biases", "output")))
    assert found["l1_l2_added"] == pytest.approx(found["l1_added"] + found["weights_added"] / 2, rel=1e-6)


def test_shares_of_masks_drawn_apart_are_alike():
    one, other = mask_and_features(0.2)[0], np.random.default_rng(1).random((2_000, 500)) < 0.2
    assert all(share == pytest.approx(0.2, abs=0.005) for share in shares_dropped(one, other).values())


def test_masks_that_are_kept_shared_or_dropped_in_blocks_are_seen():
    shape = (2_000, 500)
    independent = mask_and_features(0.2)[0]
    shared, blocks = np.broadcast_to(independent[0], shape), np.broadcast_to(independent[:, :1], shape)
    assert shares_dropped(independent, independent)["beside_in_pass"] == 1
    assert shares_dropped(shared, independent)["beside_in_example"] == 1
    assert shares_dropped(blocks, independent)["beside_in_feature"] == 1


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_sizes_with_and_without_rescaling(rate):
    dropped, features, kernel = mask_and_features(rate)
    plain = np.where(dropped, 0.0, features)
    scaled = sizes(features, plain / (1 - rate), features, kernel)
    unscaled = sizes(features, plain, features, kernel)
    assert scaled["size"] == pytest.approx(1, abs=0.005)
    assert scaled["size_behind"] == pytest.approx(1, abs=0.02)
    assert scaled["size_of_kept"] == pytest.approx(1 / (1 - rate))
    assert unscaled["size"] == pytest.approx(1 - rate, abs=0.005)
    assert unscaled["size_behind"] == pytest.approx(1 - rate, abs=0.02)
    assert scaled["size_unscaled"] == unscaled["size_unscaled"] == pytest.approx(1 - rate, abs=0.005)


def test_weights_that_are_rescaled_after_updates_are_seen(monkeypatch):
    with double_precision() as keras:
        found = weights_after_updates(keras, 0.5, np.random.default_rng(0))
        step = keras.Model.train_on_batch

        def step_and_rescaling(model, *arguments):
            step(model, *arguments)
            model.layers[-1].kernel.assign(2 * model.layers[-1].kernel)

        monkeypatch.setattr(keras.Model, "train_on_batch", step_and_rescaling)
        planted = weights_after_updates(keras, 0.5, np.random.default_rng(0))
    assert found["weights_factor"] == 1
    assert found["weights_learned"] > 0.1
    assert planted["weights_factor"] == pytest.approx(2)


def test_dropout_depends_on_its_seed_alone():
    one, again, other = (dropout(None, "fast", seed, rate=0.5) for seed in (900, 900, 901))
    assert one == again
    assert one["dropped"] != other["dropped"]
    assert one["size_of_kept"] == pytest.approx(2)


def test_dropout_at_inference_would_be_seen(monkeypatch):
    with double_precision() as keras:
        call = keras.layers.Dropout.call
        monkeypatch.setattr(
            keras.layers.Dropout, "call", lambda layer, inputs, training=False: call(layer, inputs, training=True)
        )
        planted = dropout(None, "fast", 900, rate=0.5)
    assert planted["layer_at_inference"] > 0.5
    assert planted["network_at_inference"] > 0.01


def momentum():
    import keras

    return keras.optimizers.SGD(momentum=0.9)


def test_penalty_is_weight_decay_in_plain_descent_alone():
    plain, remembering, adaptive = (
        penalty_and_decay(None, "fast", 900, optimizer=optimizer) for optimizer in (sgd, momentum, rmsprop)
    )
    assert plain["apart"] < 1e-12
    assert (plain["least"], plain["most"]) == (pytest.approx(1), pytest.approx(1))
    # A penalty becomes part of what the optimizer remembers, and decay does not.
    assert remembering["apart"] > 1e-7
    assert adaptive["apart"] > 1e-4
    assert adaptive["most"] > 10 * adaptive["least"]


def test_weight_decay_of_another_factor_would_be_seen(monkeypatch):
    monkeypatch.setattr("fixtures.regularization_mechanics.weight_decay.L2_FACTOR", 0.001)
    with double_precision() as keras:
        monkeypatch.setattr(keras.regularizers, "L2", lambda _: keras.regularizers.l2(0.002))
        planted = penalty_and_decay(None, "fast", 900, optimizer=sgd)
    assert planted["apart"] > 1e-6
    assert planted["least"] == pytest.approx(2, rel=1e-6)


def test_dropout_in_numpy_drops_half_and_keeps_the_mean():
    found = dropout_in_numpy(None, "fast", 900)
    assert list(found.values()) == [pytest.approx(value, abs=0.005) for value in (0.5, 1.0, 1.0)]


def test_dropout_in_numpy_of_another_share_would_be_seen(monkeypatch):
    class Thirds(np.random.RandomState):
        def randint(self, low, high, size):
            return super().randint(low, high + 1, size) > 0

    monkeypatch.setattr(np.random, "RandomState", Thirds)
    planted = dropout_in_numpy(None, "fast", 900)
    assert list(planted.values()) == [pytest.approx(value, abs=0.005) for value in (1 / 3, 4 / 3, 3 / 4)]


def test_mask_as_printed_is_of_a_fifth_in_keras(monkeypatch):
    masks = [mask_as_printed(None, "fast", seed) for seed in range(900, 920)]
    assert {mask["quarters"] for mask in masks} == {1}
    assert np.mean([mask["zeroed"] for mask in masks]) == pytest.approx(0.2, abs=0.06)
    monkeypatch.setattr("fixtures.regularization_mechanics.dropout_code.PRINTED_RATE", 0.5)
    monkeypatch.setattr("fixtures.regularization_mechanics.dropout_code.NUM_PRINTED_ZEROS", 11)
    planted = [mask_as_printed(None, "fast", seed) for seed in range(900, 920)]
    assert {mask["quarters"] for mask in planted} == {2}
    assert np.mean([mask["zeroed"] for mask in planted]) == pytest.approx(0.5, abs=0.08)
