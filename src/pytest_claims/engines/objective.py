"""Losses computed from logits, and checks that a model's output, its loss and its targets fit together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pytest_claims.catalogue.arms import Split

MEAN = "mean_with_sample_weight"
"""Keras' name for the mean over examples, weighted by 0 or 1."""

# The activation behind whose logits a cross-entropy is computed.
HEADS = {"sparse_categorical": "softmax", "categorical": "softmax", "binary": "sigmoid"}


# Losses that the engines would compute differently, and why.
_OF_A_BATCH = "is no mean over the examples of a batch. Choose one that gives each example a loss"
REFUSED = dict.fromkeys(("dice", "tversky", "circle", "ctc"), _OF_A_BATCH) | {
    "binary_focal_crossentropy": "is computed from logits by Keras on TensorFlow, and not on JAX. Choose another"
}


@dataclass(frozen=True)
class Objective:
    """The loss and the accuracy of a model.

    Parameters
    ----------
    loss
        Keras' name of the loss function, for instance ``"mean_squared_error"``.
    kind
        The cross-entropy: ``"sparse_categorical"``, ``"categorical"`` or ``"binary"``; ``None`` for other losses.
    head
        The layer whose activation turns logits into probabilities, if `kind` is not ``None``.
    labelled
        False if the inputs themselves are the targets.
    """

    loss: str
    kind: str | None
    head: Any
    labelled: bool

    @property
    def quantity(self) -> str:
        """The history's name for the loss without penalties."""
        return "cross_entropy" if self.kind else self.loss

    @property
    def accuracy_metric(self) -> str | None:
        """Name of the Keras metric that counts correct predictions; ``None`` unless this is a classification."""
        return f"{self.kind}_accuracy" if self.kind and self.labelled else None

    @contextmanager
    def logits(self) -> Iterator[None]:
        """Inside this context the model returns logits."""
        import keras

        if self.kind is None:
            yield
            return
        # A Softmax layer has no activation, so its call is replaced.
        attribute = "call" if isinstance(self.head, keras.layers.Softmax) else "activation"
        before = getattr(self.head, attribute)
        setattr(self.head, attribute, _identity if attribute == "call" else keras.activations.linear)
        try:
            yield
        finally:
            setattr(self.head, attribute, before)

    def activate(self, logits: Any) -> Any:
        """Turn logits into the model's predictions."""
        import keras

        return getattr(keras.activations, HEADS[self.kind])(logits) if self.kind else logits

    def from_output(self) -> Any:
        """Make the loss ``loss(targets, output, weights)``. For a cross-entropy, `output` are logits.

        The loss is a mean over the batch, or over the examples with weight 1 if weights are given.
        """
        import keras

        if self.kind:
            # Keras names these classes and functions alike: sparse_categorical → SparseCategoricalCrossentropy.
            name = "".join(word.capitalize() for word in self.kind.split("_")) + "Crossentropy"
            return getattr(keras.losses, name)(from_logits=True, reduction=MEAN)
        return _mean_of(keras.losses.get(self.loss))

    def matches(self, targets: Any, predictions: Any) -> Any:
        """For each prediction in a batch: 1 if it is correct, else 0."""
        import keras

        return getattr(keras.metrics, str(self.accuracy_metric))(targets, predictions)

    def cast(self, targets: np.ndarray, output_shape: tuple[int | None, ...]) -> np.ndarray:
        """Cast targets to the dtype and shape that the loss expects."""
        import keras

        if self.kind == "sparse_categorical":
            return targets.reshape(len(targets), *output_shape[1:-1]).astype(np.int32)
        return targets.reshape(len(targets), *output_shape[1:]).astype(keras.config.floatx())


def _identity(inputs: Any, *_: Any, **__: Any) -> Any:
    return inputs


def _mean_of(function: Any) -> Any:
    """Turn a function that gives a loss per example into a Keras loss, which applies Keras' masks."""
    import keras

    if isinstance(function, keras.losses.Loss):
        return function

    class Mean(keras.losses.Loss):  # type: ignore[misc]
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return function(y_true, y_pred)

    return Mean(name=function.__name__, reduction=MEAN)


def objective_of(model: Any, loss: str, split: Split, input_shape: tuple[int, ...]) -> Objective:
    """Make the objective from a built model, the loss of its arm and the targets of a run.

    Raises
    ------
    ValueError
        If the loss is unknown, or if the output or the targets do not fit it.
    """
    import keras

    name = _loss_name(loss)
    kind = name.removesuffix("_crossentropy") if name.endswith("_crossentropy") else None
    kind = kind if kind in HEADS else None
    output_shape = _output_shape(model, input_shape)
    head = _head(model)
    activation = _activation_name(head)
    received = f"The model's output has shape {output_shape} and activation {activation!r}"
    if kind and activation != HEADS[kind]:
        raise ValueError(
            f"the loss {loss!r} is computed from the logits behind a {HEADS[kind]}. {received}; expected a last layer "
            f"with activation={HEADS[kind]!r}. Add it, or choose a loss for this output."
        )
    if kind and head.compute_dtype != keras.config.floatx():
        raise ValueError(
            f"the loss {loss!r} is computed from logits in {keras.config.floatx()}. {received} in {head.compute_dtype};"
            f" give the last layer dtype={keras.config.floatx()!r}."
        )
    objective = Objective(name, kind, head, split.train_targets is not None)
    for targets in (split.train_targets, split.validation_targets):
        problem = _misfit(kind, targets, output_shape, input_shape)
        if problem:
            raise ValueError(f"the loss {loss!r} does not fit. {received}; {problem}")
    return objective


def _loss_name(loss: str) -> str:
    """The function's name for any of the names that Keras accepts for a loss."""
    import keras

    expected = (
        "expected the name of a Keras loss such as 'sparse_categorical_crossentropy', 'binary_crossentropy' or "
        "'mean_squared_error'"
    )
    if not isinstance(loss, str):
        raise ValueError(
            f"the loss is an object of the type {type(loss).__name__}; {expected}. Put what the object adds, such as a "
            "label smoothing, into the targets of the split, or into a layer that calls add_loss."
        )
    try:
        function = keras.losses.get(loss)
    except ValueError as error:
        raise ValueError(f"unknown loss {loss!r}, {expected}.") from error
    name = str(function.name if isinstance(function, keras.losses.Loss) else function.__name__)
    if name in REFUSED or not hasattr(keras.losses, name):
        reason = REFUSED.get(name, "is the name of a class. Name its function, such as 'huber'")
        raise ValueError(f"the loss {loss!r} {reason}.")
    return name


def _output_shape(model: Any, input_shape: tuple[int, ...]) -> tuple[int | None, ...]:
    shape = model.compute_output_shape((None, *input_shape))
    inputs, outputs = len(getattr(model, "inputs", None) or [0]), len(getattr(model, "outputs", None) or [0])
    if inputs != 1 or outputs != 1 or not all(size is None or isinstance(size, int) for size in shape):
        raise ValueError(
            f"a model with {inputs} inputs and output shape {shape} was received, expected one input and one output. "
            "Concatenate them into one, or train a model for each."
        )
    return tuple(shape)


def _head(model: Any) -> Any:
    """Find a model's output layer, also inside nested models and wrappers."""
    import keras

    if isinstance(model, keras.layers.TimeDistributed):
        return _head(model.layer)
    if isinstance(model, keras.Model):
        if not getattr(model, "outputs", None):
            return None
        return _head(model.outputs[0]._keras_history.operation)
    return model


def _activation_name(head: Any) -> str:
    """Name the function that is applied last. A recurrent layer applies its activation inside, not last."""
    import keras

    if isinstance(head, keras.layers.Softmax):
        return "softmax" if head.axis == -1 else f"softmax over axis {head.axis}"
    activation = None if isinstance(head, keras.layers.RNN) else getattr(head, "activation", None)
    return getattr(activation, "__name__", "linear")


def _misfit(
    kind: str | None, targets: np.ndarray | None, output_shape: tuple[int | None, ...], input_shape: tuple[int, ...]
) -> str | None:
    """Describe the mismatch between targets and output; ``None`` if they fit."""
    sparse = kind == "sparse_categorical"
    target_shape = input_shape if targets is None else targets.shape[1:]
    expected = output_shape[1:-1] if sparse else output_shape[1:]
    if target_shape not in (expected, (*expected, 1)) and (*target_shape, 1) != expected:
        return (
            f"the {'inputs, which are the targets,' if targets is None else 'targets'} have shape {target_shape} per "
            f"example, expected {expected}. Change the last layer's width, the targets or the loss."
        )
    if targets is None or not targets.size or not kind:
        return None
    if sparse and not np.array_equal(targets, np.floor(targets)):
        return "some labels are fractions, expected whole numbers. Number the classes from 0."
    low, high = targets.min(), targets.max()
    allowed = (output_shape[-1] or 0) - 1 if sparse else 1
    if low < 0 or high > allowed:
        return f"the labels run from {low} to {high}, expected 0 to {allowed}. " + (
            "Give the last layer a unit per class, and number the classes from 0." if sparse else "Rescale them."
        )
    return None
