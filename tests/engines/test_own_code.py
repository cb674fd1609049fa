"""What users' models, losses and optimizers do beyond a compiled epoch is refused, by name and with a way out."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
from keras import layers

from pytest_claims.engines.models import build_model
from pytest_claims.engines.objective import objective_of
from pytest_claims.engines.own_code import refuse_mask, refuse_penalties
from tests.helpers.engine_arms import DATA, DENSE, SEQUENCES, arrays, shared_engine, split, train
from tests.helpers.engine_kinds import optimizer


def in_a_row(*hidden: Callable[[], Any], **of_the_input: Any) -> Callable[[tuple[int, ...]], Any]:
    """A builder of a sequential model that ends in a softmax."""

    def build(input_shape: tuple[int, ...]) -> Any:
        first = keras.Input(**of_the_input) if of_the_input else keras.Input(input_shape)
        return keras.Sequential([first, *[make() for make in hidden], layers.Dense(3, "softmax")])

    return build


def compiled(input_shape: tuple[int, ...]) -> Any:
    model = in_a_row()(input_shape)
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def with_weights(input_shape: tuple[int, ...], *, name: str) -> Any:
    model = in_a_row()(input_shape)
    variable = getattr(model.layers[-1], name)
    variable.assign(np.ones(variable.shape))
    return model


class Doubled(keras.initializers.HeNormal):
    def __call__(self, shape: Any, dtype: Any = None, **settings: Any) -> Any:
        return 2 * super().__call__(shape, dtype)


class Net(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.last = layers.Dense(3, "softmax")

    def call(self, inputs: Any) -> Any:
        return self.last(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0], 3


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (compiled, r"model is compiled, and its optimizer, loss and metrics would not be used. Leave out its compile"),
        (partial(with_weights, name="kernel"), "sets the weight '0/kernel' of its layer Dense.*initial_weights"),
        (partial(with_weights, name="bias"), "sets the weight '0/bias' of its layer Dense.*initial_weights"),
        (lambda input_shape: Net(), "Net, a subclass of keras.Model, does not tell"),
    ],
    ids=["compiled", "kernel set", "bias set", "subclass with an output shape"],
)
def test_a_model_whose_settings_would_be_lost_is_refused(model: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        build_model(model, (20,))


def test_an_initializer_that_draws_in_a_way_of_its_own_is_refused() -> None:
    with pytest.raises(ValueError, match=r"unknown initializer Doubled, .* without a __call__ of its own"):
        train(shared_engine(), replace(DENSE, model=in_a_row(lambda: layers.Dense(4, kernel_initializer=Doubled()))))


def test_weights_that_the_builder_leaves_are_not_taken_for_its_own() -> None:
    hidden = [layers.Dense(4, bias_initializer=keras.initializers.Constant([1.0, 2.0, 3.0, 4.0])), layers.PReLU()]
    build_model(in_a_row(*[lambda layer=layer: layer for layer in hidden]), (20,))
    build_model(in_a_row(lambda: layers.ConvLSTM1D(2, 2), layers.Flatten), (4, 5, 1))


def squared(targets: Any, outputs: Any) -> Any:
    return keras.ops.mean(keras.ops.square(targets - outputs), axis=-1)


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        (keras.losses.CategoricalCrossentropy(label_smoothing=0.2), "object of the type CategoricalCrossentropy; expe"),
        (keras.losses.CategoricalCrossentropy(reduction="sum"), "object of the type CategoricalCrossentropy; expected"),
        (keras.losses.CategoricalCrossentropy(from_logits=True), "object of the type CategoricalCrossentropy; expect"),
        (squared, "object of the type function; expected the name of a Keras loss.*a layer that calls add_loss"),
        ("dice", "the loss 'dice' is no mean over the examples of a batch"),
        ("Tversky", "the loss 'Tversky' is no mean over the examples of a batch"),
        ("Huber", "the loss 'Huber' is the name of a class. Name its function, such as 'huber'"),
        ("binary_focal_crossentropy", "is computed from logits by Keras on TensorFlow, and not on JAX"),
    ],
)
def test_a_loss_that_is_not_a_name_or_no_mean_over_examples_is_refused(loss: Any, said: str) -> None:
    model = build_model(in_a_row(), (20,))
    with pytest.raises(ValueError, match=said):
        objective_of(model, loss, split(arrays(), "fast", 0, targets="one_hot"), (20,))


def test_a_cross_entropy_from_an_output_of_low_precision_is_refused() -> None:
    def half(input_shape: tuple[int, ...]) -> Any:
        return keras.Sequential([keras.Input(input_shape), layers.Dense(3, "softmax", dtype="mixed_float16")])

    with pytest.raises(ValueError, match=r"from logits in float32.* in float16; give the last layer dtype='float32'"):
        objective_of(build_model(half, (20,)), DENSE.loss, split(arrays(), "fast", 0), (20,))


class Measured(layers.Layer):
    def __init__(self) -> None:
        super().__init__(name="measured")
        self.size = keras.metrics.Mean(name="size")

    def call(self, inputs: Any) -> Any:
        self.size.update_state(inputs)
        return inputs


class Counted(layers.Layer):
    def build(self, input_shape: Any) -> None:
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False, name="count")

    def call(self, inputs: Any) -> Any:
        self.count.assign_add(1.0)
        return inputs * self.count


def scaled_by_keras(input_shape: tuple[int, ...]) -> Any:
    model = in_a_row()(input_shape)
    model.dtype_policy = "mixed_float16"
    return model


@pytest.mark.parametrize(
    ("model", "data", "said"),
    [
        (in_a_row(Measured), DATA, "Measured 'measured' has metrics, which the engine 'stacked' does not report"),
        (in_a_row(Counted), DATA, "changes its state '0/count' in validation"),
        (
            in_a_row(lambda: layers.LSTM(2, stateful=True, name="memory"), batch_shape=(10, 4, 5)),
            SEQUENCES,
            "LSTM 'memory' carries a state from batch to batch",
        ),
        (scaled_by_keras, DATA, "is 'mixed_float16', for which Keras scales the loss"),
    ],
    ids=["metrics", "state in validation", "state of a recurrent layer", "scaled loss"],
)
def test_a_layer_that_does_more_than_a_compiled_epoch_is_refused(model: Any, data: Any, said: str) -> None:
    with pytest.raises(ValueError, match=f"{said}.*--claims-engine=fit"):
        train(shared_engine(), replace(DENSE, model=model, data=data))


def inside(build: Any) -> Callable[[tuple[int, ...]], Any]:
    """A builder of a model that is another model and nothing else."""

    def model(input_shape: tuple[int, ...]) -> Any:
        inputs = keras.Input(input_shape)
        return keras.Model(inputs, build(input_shape)(inputs))

    return model


masked = partial(layers.Embedding, 8, 4, mask_zero=True)


@pytest.mark.parametrize(
    "model",
    [
        in_a_row(masked),
        in_a_row(masked, partial(layers.LSTM, 2, return_sequences=True)),
        inside(in_a_row(masked)),
        lambda input_shape: keras.Sequential([masked(), layers.TimeDistributed(layers.Dense(3, "softmax"))]),
    ],
)
def test_a_mask_on_the_output_is_refused(model: Any) -> None:
    with pytest.raises(ValueError, match=r"output has a mask, as after Embedding.*--claims-engine=fit"):
        refuse_mask(build_model(model, (8,)))


def test_a_mask_that_ends_before_the_output_is_not_refused() -> None:
    for ends in (layers.GlobalAveragePooling1D, partial(layers.GRU, 2)):
        refuse_mask(build_model(in_a_row(masked, ends), (8,)))


class Penalized(layers.Layer):
    def call(self, inputs: Any) -> Any:
        self.add_loss(keras.ops.sum(inputs))
        return inputs


def calling_twice(input_shape: tuple[int, ...], *, make: Callable[[], Any], twice: bool = True) -> Any:
    inputs, layer = keras.Input(input_shape), make()
    hidden = layer(inputs)
    return keras.Model(inputs, layers.Dense(3, "softmax")(layer(hidden) if twice else hidden))


@pytest.mark.parametrize(
    "make",
    [
        partial(layers.Dense, 20, activity_regularizer="l2"),
        Penalized,
        lambda: keras.Sequential([keras.Input((20,)), layers.Dense(20, activity_regularizer="l2")]),
    ],
)
def test_a_shared_layer_with_a_penalty_on_its_output_is_refused(make: Any) -> None:
    with pytest.raises(ValueError, match=r"is called more than once, .*--claims-engine=fit"):
        refuse_penalties(build_model(partial(calling_twice, make=make), (20,)))
    refuse_penalties(build_model(partial(calling_twice, make=make, twice=False), (20,)))
    refuse_penalties(build_model(partial(calling_twice, make=partial(layers.Dense, 20)), (20,)))


def test_an_l1_penalty_on_weights_that_start_at_zero_is_refused() -> None:
    def penalized(**settings: Any) -> Any:
        return build_model(in_a_row(partial(layers.Dense, 4, **settings)), (20,))

    with pytest.raises(ValueError, match=r"has an L1 penalty on its bias, which starts at 0.*--claims-engine=fit"):
        refuse_penalties(penalized(bias_regularizer="l1"))
    refuse_penalties(penalized(bias_regularizer="l2", kernel_regularizer="l1", activity_regularizer="l1"))


def changed(method: str) -> Any:
    return type("Changed", (keras.optimizers.SGD,), {method: lambda self, *arguments: None})(0.1)


class Anchored(keras.optimizers.SGD):
    def build(self, variables: Any) -> None:
        super().build(variables)
        for variable, copy in zip(variables, self.add_optimizer_variables(variables, "anchor"), strict=True):
            copy.assign(variable)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        *((partial(changed, name), f"Changed has a {name} of its own") for name in ("scale_loss", "apply_gradients")),
        (partial(changed, "finalize_variable_values"), "Changed has a finalize_variable_values of its own"),
        (lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD()), "LossScaleOptimizer has a stateless_app"),
        (Anchored, "Anchored copies the weights before training"),
        (optimizer("SGD", use_ema=True), "SGD with use_ema or loss_scale_factor is not supported"),
        (optimizer("SGD", loss_scale_factor=2.0), "SGD with use_ema or loss_scale_factor is not supported"),
    ],
)
def test_an_optimizer_that_does_more_than_its_update_is_refused(make: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        train(shared_engine(), replace(DENSE, optimizer=make))
