"""Jumps of a network's slope are found at the kinks of its rectifiers, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from fixtures.manifold import kinks
from fixtures.manifold.kinks import jump_at_kinks, jumps_of_slope
from fixtures.networks.dense import mlp
from tests.helpers.samples import pictures


@pytest.fixture(scope="module")
def images():
    return pictures(5_000)


def softened(input_shape, **options):
    """The same network with softplus in place of its rectifiers."""
    model = mlp(input_shape, **options)
    import keras

    for layer in model.layers[:-1]:
        layer.activation = keras.activations.softplus
    return model


def test_jumps_are_those_of_a_known_function():
    def bent(inputs):
        (x,) = np.transpose(inputs)
        return np.stack([np.sin(x), abs(x - 1) + x**3], axis=1)

    jumps, slopes = jumps_of_slope(bent, np.array([0.0]), np.array([2.0]), np.array([0.25, 0.5]))

    # From 0 to 2 in one way: slopes are twice those by x, and the jump by 2 at x = 1 is one by 4.
    np.testing.assert_allclose(jumps, [[0, 0], [0, 4]], atol=1e-8)
    np.testing.assert_allclose(slopes[:, 0], 2 * np.cos([0.5, 1]), rtol=1e-3)
    assert slopes[1, 1] == pytest.approx(8, rel=1e-3)


def test_slope_jumps_with_rectifiers_and_not_with_smooth_activations(images, monkeypatch):
    found = jump_at_kinks(images, "fast", 900)
    assert found == jump_at_kinks(images, "fast", 900)
    assert found["jump"] > 1e-4
    assert found["kinks"] > 5
    monkeypatch.setattr(kinks, "mlp", softened)
    smooth = jump_at_kinks(images, "fast", 900)
    assert smooth["jump"] == 0
    assert smooth["slope"] > 0.1


def test_slope_jumps_at_kinks_alone(images, monkeypatch):
    at_kinks = kinks.kinks
    monkeypatch.setattr(kinks, "kinks", lambda *sums: at_kinks(*sums) + 2 * kinks.STEP)
    assert jump_at_kinks(images, "fast", 900)["jump"] == 0
