"""Initial weights are those of Keras' initializers, drawn by NumPy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from pytest_claims.engines import create
from pytest_claims.engines.draws import canonical_paths, draw, initial_weights
from pytest_claims.support.randomness import generator


@pytest.fixture(autouse=True)
def on_jax() -> None:
    create("stacked")


def dense_net(num_inputs: int, *, dropout: bool = False, names: str = "") -> Any:
    from keras import Input, Sequential, layers

    hidden = [layers.Dense(64, "relu", name=names + "hidden" if names else None)]
    return Sequential([Input((num_inputs,)), *hidden, *([layers.Dropout(0.5)] if dropout else []), layers.Dense(10)])


def test_larger_kernel_begins_with_the_smaller_one_up_to_its_limit() -> None:
    small, large = (initial_weights(dense_net(size), 0)["0/kernel"] for size in (98, 196))
    limits = math.sqrt(6 / (98 + 64)), math.sqrt(6 / (196 + 64))

    np.testing.assert_allclose(small / limits[0], large[:98] / limits[1], rtol=1e-5)


def test_neither_names_nor_dropout_shift_weights() -> None:
    plain, other = (initial_weights(net, 0) for net in (dense_net(5), dense_net(5, dropout=True, names="my_")))

    assert list(plain) == ["0/kernel", "0/bias", "1/kernel", "1/bias"]
    for path, values in plain.items():
        np.testing.assert_array_equal(values, other[path])


def test_seeds_and_layers_draw_on_their_own_streams() -> None:
    first, second = (initial_weights(dense_net(5), seed) for seed in (0, 1))

    assert not np.array_equal(first["0/kernel"], second["0/kernel"])
    assert not np.array_equal(first["0/kernel"][0, :10], first["1/kernel"][0, :10])


@pytest.mark.parametrize(
    "name",
    [
        *("GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "LecunUniform", "LecunNormal"),
        *("RandomUniform", "RandomNormal", "TruncatedNormal", "Orthogonal", "Zeros", "Ones", "Identity"),
    ],
)
def test_distribution_is_that_of_keras(name: str) -> None:
    import keras

    shape = (100, 100) if name in ("Orthogonal", "Identity") else (3, 3, 30, 60)
    keras.utils.set_random_seed(0)  # An initializer without a seed of its own takes one from the global generators.
    initializer = getattr(keras.initializers, name)()
    ours, theirs = draw(initializer, shape, generator(0)), np.asarray(initializer(shape))
    levels = [0, 0.01, 0.1, 0.5, 0.9, 0.99, 1]
    scale = theirs.std() or 1

    np.testing.assert_allclose(ours.std(), theirs.std(), rtol=0.03)
    np.testing.assert_allclose(np.quantile(ours, levels[1:-1]), np.quantile(theirs, levels[1:-1]), atol=0.1 * scale)
    if name not in ("RandomNormal", "Orthogonal"):  # The others are bounded.
        np.testing.assert_allclose(np.abs(ours).max(), np.abs(theirs).max(), rtol=0.1)


def test_orthogonal_columns_have_length_one_and_right_angles() -> None:
    import keras

    wide = draw(keras.initializers.Orthogonal(gain=2), (4, 12), generator(0))

    np.testing.assert_allclose(wide @ wide.T, 4 * np.eye(4), atol=1e-12)


def test_variance_scaling_without_truncation_and_constants_are_known() -> None:
    import keras

    scaling = keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal")

    assert draw(scaling, (50, 800), generator(0)).std() == pytest.approx(math.sqrt(2 / 800), rel=0.02)
    assert draw(keras.initializers.Constant(0.3), (2,), generator(0)).tolist() == [0.3, 0.3]


def test_forget_gate_of_an_lstm_starts_open() -> None:
    from keras import Input, Sequential, layers

    model = Sequential([Input((4, 5)), layers.LSTM(3), layers.Dense(1)])
    weights = initial_weights(model, 0)

    assert list(weights) == ["0/kernel", "0/recurrent_kernel", "0/bias", "1/kernel", "1/bias"]
    assert weights["0/bias"].tolist() == [0] * 3 + [1] * 3 + [0] * 6
    assert weights["0/bias"].tolist() == np.asarray(model.layers[0].cell.bias).tolist()


def test_unknown_initializer_is_refused() -> None:
    import keras

    class Odd(keras.initializers.Initializer):
        def __call__(self, shape: Any, dtype: Any = None) -> Any:
            return keras.ops.zeros(shape, dtype)

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer=Odd())])

    with pytest.raises(ValueError, match=r"unknown initializer Odd, expected one of Constant, .*Zeros"):
        initial_weights(model, 0)


def test_weight_without_initializer_attribute_is_refused() -> None:
    import keras

    class Scale(keras.layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.factor = self.add_weight(shape=(), initializer="ones", name="factor")

        def call(self, inputs: Any) -> Any:
            return inputs * self.factor

    with pytest.raises(ValueError, match=r"'0/factor'.*Scale.*'factor_initializer'"):
        initial_weights(keras.Sequential([keras.Input((2,)), Scale()]), 0)


def test_hook_changes_what_a_run_starts_from() -> None:
    weights = initial_weights(dense_net(5), 3, lambda weights, seed: weights | {"1/bias": np.full(10, seed)})

    assert weights["1/bias"].tolist() == [3.0] * 10
    assert weights["1/bias"].dtype == np.float32


def test_canonical_paths_number_owners_in_order() -> None:
    class Named:
        def __init__(self, path: str) -> None:
            self.path = path

    assert canonical_paths(map(Named, ["a/x/kernel", "a/x/bias", "a/b/kernel"])) == ["0/kernel", "0/bias", "1/kernel"]
    with pytest.raises(ValueError, match="distinct"):
        canonical_paths(map(Named, ["a/kernel", "a/kernel"]))
