"""Arms that each combine several kinds of layers, penalties, losses, optimizers and schedules of Keras."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from fixtures.networks.older_rmsprop import older_rmsprop
from pytest_claims import Arm, Split
from tests.helpers.engine_arms import DATA, DENSE, IMAGES, SEED, SEQUENCES, split, train

# A full batch and a rest of a size that no other arm has.
NUM_TRAIN, BATCH_SIZE = 75, 64


def tokens(xp: Any, batch: Any, rows: Any, seed: Any) -> Any:
    return (batch[:, :8] // 32).astype("float32")


def real_targets(arrays: Any, tier: str, seed: int) -> Split:
    """Two positive numbers between 0 and 1 as targets."""
    rows = split(arrays, tier, seed, num_train=NUM_TRAIN)
    targets = (arrays["inputs"][:, :2] / 256).astype("float32")
    return replace(rows, train_targets=targets[rows.train_rows], validation_targets=targets[rows.validation_rows])


def smoothed_labels(arrays: Any, tier: str, seed: int) -> Split:
    """One-hot labels with a label smoothing of 0.2."""
    rows = split(arrays, tier, seed, targets="one_hot", num_train=NUM_TRAIN)
    train, validation = (targets * 0.8 + 0.2 / 3 for targets in (rows.train_targets, rows.validation_targets))
    return replace(rows, train_targets=train, validation_targets=validation)


def parameters(trained: Any) -> Any:
    """All final weights in one row."""
    return np.concatenate([np.asarray(values, "float64").ravel() for values in trained.weights.values()])


def optimizer(name: str, rate: Any = 0.01, **settings: Any) -> Callable[[], Any]:
    return partial(_optimizer, name, rate, settings)


def _optimizer(name: str, rate: Any, settings: dict[str, Any]) -> Any:
    import keras

    if isinstance(rate, tuple):
        schedule, *arguments = rate
        rate = getattr(keras.optimizers.schedules, schedule)(*arguments)
    return getattr(keras.optimizers, name)(rate, **settings)


def rmsprop_with_a_schedule_of_its_own() -> Any:
    import keras

    class Harmonic(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step: Any) -> Any:
            return 0.02 / (1 + keras.ops.cast(step, "float32"))

    return keras.optimizers.RMSprop(Harmonic(), momentum=0.5, centered=True)


def _in_a_row(input_shape: tuple[int, ...], *hidden: Any, head: Any = None) -> Any:
    import keras

    head = head or keras.layers.Dense(3, "softmax")
    return keras.Sequential([keras.Input(input_shape), *hidden, head])


def frozen_shared_and_penalized(input_shape: tuple[int, ...]) -> Any:
    import keras

    layers = keras.layers
    penalized = ("kernel_regularizer", "bias_regularizer", "activity_regularizer")
    penalties = {name: keras.regularizers.L1L2(0.0 if "bias" in name else 0.01, 0.02) for name in penalized}
    constraints = {"kernel_constraint": keras.constraints.MaxNorm(0.9), "bias_constraint": "non_neg"}
    inputs, shared = keras.Input(input_shape), layers.Dense(input_shape[0], "tanh")
    hidden = layers.Dense(8, "tanh", **penalties, **constraints)(shared(shared(inputs)))
    hidden = layers.Dense(6, "relu", trainable=False)(hidden)
    frozen = layers.BatchNormalization(trainable=False)(hidden)
    joined = layers.Concatenate()([frozen, layers.BatchNormalization()(hidden)])
    bound = layers.Dense(4, "relu", kernel_regularizer="orthogonal_regularizer", kernel_constraint="unit_norm")
    return keras.Model(inputs, layers.Dense(3, "softmax")(bound(joined)))


def attention_and_normalizations(input_shape: tuple[int, ...]) -> Any:
    import keras

    layers = keras.layers
    inputs = keras.Input(input_shape)
    hidden = layers.Rescaling(2.0, 1.0)(layers.Normalization(mean=0.5, variance=0.1)(inputs))
    # The loss does not depend on a bias of the keys, and its optimizer would follow rounding.
    hidden = layers.MultiHeadAttention(2, 3, use_bias=False)(hidden, hidden)
    hidden = layers.Dense(8)(layers.Flatten()(layers.LayerNormalization()(hidden)))
    hidden = layers.Dense(6)(layers.GroupNormalization(2)(hidden))
    return keras.Model(
        inputs, layers.Dense(3, "softmax")(layers.UnitNormalization()(layers.RMSNormalization()(hidden)))
    )


def masked_embedding(input_shape: tuple[int, ...]) -> Any:
    from keras import layers as L

    return _in_a_row(input_shape, L.Embedding(8, 4, mask_zero=True), L.Bidirectional(L.SimpleRNN(3)))


def low_precision(input_shape: tuple[int, ...]) -> Any:
    from keras import layers as L

    return _in_a_row(input_shape, L.Dense(8, "relu", dtype="mixed_bfloat16"), L.Dense(8, "relu", dtype="mixed_float16"))


def regression(input_shape: tuple[int, ...]) -> Any:
    from keras import layers as L

    return _in_a_row(input_shape, L.Dense(6, "relu"), head=L.Dense(2, "softplus"))


def classifier(input_shape: tuple[int, ...]) -> Any:
    from keras import layers as L

    return _in_a_row(input_shape, L.Dense(6, "relu"))


def own_layers(input_shape: tuple[int, ...]) -> Any:
    """Layers of one's own: examples of a batch act on each other, by their mean and by a penalty on a sum."""
    import keras

    layers, ops = keras.layers, keras.ops

    class Penalty(layers.Layer):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            self.add_loss(0.01 * ops.sum(ops.square(inputs)))
            return inputs + ops.stop_gradient(inputs)

    class Counting(layers.Layer):  # type: ignore[misc]
        def build(self, input_shape: Any) -> None:
            self.count = self.add_weight(shape=(), initializer="zeros", trainable=False, name="count")

        def call(self, inputs: Any, training: bool | None = None) -> Any:
            if training:
                self.count.assign_add(1.0)
            return inputs * (1 + 0.1 * self.count)

    inputs = keras.Input(input_shape)
    hidden = layers.Lambda(lambda values: values * 2)(layers.Dense(6, use_bias=False)(inputs))
    centred = hidden - ops.mean(hidden, axis=0, keepdims=True)
    return keras.Model(inputs, layers.Dense(3, "softmax")(Counting()(Penalty()(centred))))


FEW = replace(DATA, split=partial(split, num_train=NUM_TRAIN))
REAL, SMOOTHED = replace(DATA, split=real_targets), replace(DATA, split=smoothed_labels)
ONE_HOT = replace(DATA, split=partial(split, targets="one_hot", num_train=NUM_TRAIN))
SHORT = replace(SEQUENCES, split=partial(split, num_train=NUM_TRAIN))
TOKENS = replace(SHORT, decode=tokens)


def _arm(model: Any, optimizer: Any, data: Any = FEW, loss: str = "sparse_categorical_crossentropy") -> Arm:
    trained = replace(DENSE, model=model, optimizer=optimizer, data=data, loss=loss, batch_size=BATCH_SIZE)
    return replace(trained, measurements={"weights": parameters})


def _losses() -> dict[str, Arm]:
    """Each of these losses with one of the optimizers that no other arm has."""
    steps = ("PiecewiseConstantDecay", [1, 3], [0.05, 0.02, 0.01])
    trained_by = {
        "huber": optimizer("Adadelta", ("ExponentialDecay", 0.5, 2, 0.5)),
        "mean_absolute_error": optimizer("Ftrl", 0.1),
        "poisson": optimizer("Lion"),
        "log_cosh": optimizer("Lamb"),
        "mean_squared_logarithmic_error": optimizer("Muon"),
        "cosine_similarity": optimizer("Nadam", clipvalue=0.01),
        "kl_divergence": optimizer("AdamW", steps, global_clipnorm=0.1),
        "mean_absolute_percentage_error": optimizer("Adamax"),
    }
    return {loss: _arm(regression, by, REAL, loss) for loss, by in trained_by.items()}


KINDS = {
    "attention, normalizations, Adam": _arm(
        attention_and_normalizations, optimizer("Adam", clipnorm=0.1, amsgrad=True), SHORT
    ),
    "frozen, shared, penalties, constraints, SGD": _arm(
        frozen_shared_and_penalized,
        optimizer("SGD", ("CosineDecay", 0.1, 4), momentum=0.9, nesterov=True, weight_decay=0.1),
    ),
    "masked embedding, bidirectional, accumulation": _arm(
        masked_embedding, optimizer("SGD", 0.3, momentum=0.5, gradient_accumulation_steps=2), TOKENS
    ),
    "low precision, Adagrad": _arm(low_precision, optimizer("Adagrad")),
    "RMSprop of Keras 2.10": _arm(classifier, partial(older_rmsprop, learning_rate=0.01)),
    **_losses(),
    "smoothed labels, Adafactor": _arm(classifier, optimizer("Adafactor"), SMOOTHED, "categorical_crossentropy"),
    "own layers, own schedule": _arm(
        own_layers, rmsprop_with_a_schedule_of_its_own, ONE_HOT, "categorical_focal_crossentropy"
    ),
}


def history_and_weights(engine: Any, arm: Arm) -> dict[str, list[float]]:
    run = train(engine, arm, SEED)[0]
    return run.history | {"weights": run.measurements["weights"]}


def refused_by_fit(engine: Any) -> list[str]:
    """What the engine says to embeddings that are trained with repeated rows by other than plain SGD."""
    said = []
    for by in (optimizer("RMSprop"), optimizer("SGD", clipnorm=0.1)):
        try:
            train(engine, _arm(masked_embedding, by, TOKENS))
        except ValueError as error:
            said.append(str(error))
    return said


def random_layers(input_shape: tuple[int, ...], *, head: str | None = "softmax") -> Any:
    """One of each kind of layer that draws, and one of one's own."""
    import keras

    layers = keras.layers

    class Dropped(layers.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.seeds = keras.random.SeedGenerator(0)

        def call(self, inputs: Any, training: bool | None = None) -> Any:
            return keras.random.dropout(inputs, 0.2, seed=self.seeds) if training else inputs

    sequence = [layers.RandomFlip(), layers.Reshape((4, 5)), layers.SpatialDropout1D(0.2), layers.Flatten()]
    others = [layers.GaussianNoise(0.1), layers.GaussianDropout(0.1), layers.AlphaDropout(0.1), Dropped()]
    return _in_a_row(input_shape, *sequence, *others, head=layers.Dense(3, head))


RANDOM = replace(DENSE, model=partial(random_layers), data=IMAGES)
