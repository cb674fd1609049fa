"""The RMSprop of Keras up to 2.10 makes the steps that NumPy makes by its formula, and an arm keeps all else."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras

from fixtures.arms import MNIST_BASELINE, MNIST_LEARNING_RATE_1E_2
from fixtures.manifold.autoencoder import adam
from fixtures.networks.dense import rmsprop
from fixtures.networks.older_rmsprop import older_rmsprop, with_older_rmsprop
from pytest_claims.fingerprint.declarations import describe

# Below 0.0003 the older and the newer steps differ by factors.
GRADIENTS = np.array([[1.0, -1e-3, 1e-5, 1e-8, 0.0], [-0.5, 1e-3, 3e-5, -1e-7, 0.0], [0.1, -2e-3, 1e-6, 1e-9, 0.0]])


def weights_after(optimizer):
    variable = keras.Variable(np.zeros(GRADIENTS.shape[1], np.float32))
    for gradient in GRADIENTS:
        optimizer.apply([keras.ops.convert_to_tensor(gradient.astype(np.float32))], [variable])
    return np.asarray(variable)


def by_formula(rate, *, epsilon=1e-7):
    weights, velocity = np.zeros(GRADIENTS.shape[1]), np.zeros(GRADIENTS.shape[1])
    for gradient in GRADIENTS:
        velocity = 0.9 * velocity + 0.1 * gradient**2
        weights -= rate * gradient / (np.sqrt(velocity) + epsilon)
    return weights


@pytest.mark.parametrize("rate", [1e-3, 1e-2])
def test_older_steps_add_epsilon_outside_the_root(rate):
    older = weights_after(older_rmsprop(rate))

    np.testing.assert_allclose(older, by_formula(rate), rtol=1e-6, atol=1e-6 * rate)
    assert np.abs(older[2]) > 10 * np.abs(weights_after(rmsprop(rate))[2])


def test_arm_keeps_its_learning_rate_and_all_else():
    older, newer = describe(with_older_rmsprop(MNIST_LEARNING_RATE_1E_2)), describe(MNIST_LEARNING_RATE_1E_2)

    assert older.pop("optimizer") == {"call": "older_rmsprop", "learning_rate": 0.01}
    newer.pop("optimizer")
    assert older == newer
    assert describe(with_older_rmsprop(MNIST_BASELINE))["optimizer"] == {"call": "older_rmsprop"}


def test_arms_share_one_class_and_so_one_compiled_program():
    assert type(older_rmsprop()) is type(older_rmsprop())


def test_arm_with_another_optimizer_is_refused():
    with pytest.raises(ValueError, match=r"received the optimizer .*adam.*, expected rmsprop\. Leave the arm as it is"):
        with_older_rmsprop(replace(MNIST_BASELINE, optimizer=adam))
