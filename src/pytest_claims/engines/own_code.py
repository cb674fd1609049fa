"""What the code of a user's layers and optimizers may do, and a compiled epoch has to know or to refuse."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import keras
import numpy as np

from pytest_claims.engines.draws import canonical_paths, initial_weights, is_seed_state, owners

WAY_OUT = "Train it with --claims-engine=fit"


def examples_meet(model: Any, examples: Callable[[], np.ndarray]) -> bool:
    """True if an output, or a penalty that is not on weights, depends on the other examples of a batch.

    Parameters
    ----------
    model
        A built model.
    examples
        ``examples()`` gives seven inputs. It is called only if the model has parts that are not Keras' layers.
    """
    if not _has_own_code(model):
        return False
    inputs, weights = examples(), initial_weights(model, 0)
    model.set_weights(list(weights.values()))
    state = [[v.value for v in each] for each in (model.trainable_variables, model.non_trainable_variables)]
    num_on_weights = sum(v.regularizer is not None for v in model.trainable_variables)
    for training in (False, True):
        call = jax.jit(partial(model.stateless_call, training=training, return_losses=True))
        (one, _, penalties), (other, _, _) = (call(*state, inputs[rows]) for rows in ([0, 1, 2, 3], [0, 4, 5, 6]))
        if len(penalties) > num_on_weights or not np.array_equal(one[0], other[0], equal_nan=True):
            return True
    return False


def _has_own_code(model: Any) -> bool:
    layers = list(model._flatten_layers())
    functions = [getattr(layer, name, None) for layer in layers for name in ("activation", "activity_regularizer")]
    # Slices are operations, too. They cannot let examples meet.
    operations = {type(part) for layer in layers for part in getattr(layer, "operations", ())}
    return (
        any(isinstance(layer, keras.layers.Lambda) for layer in layers)
        or any(not issubclass(kind, keras.Layer) and kind.__name__ != "GetItem" for kind in operations)
        or any(_package(part) != "keras" for part in [*layers, *functions] if part is not None)
    )


def _package(part: Any) -> str:
    return str(getattr(part, "__module__", None)).partition(".")[0]


def start_of(optimizer: Any, variables: list[Any]) -> list[np.ndarray]:
    """Build an optimizer for `variables`, and give copies of its own. `variables` are left as NaN.

    Raises
    ------
    ValueError
        The optimizer copies the weights, which differ from run to run.
    """
    for variable in variables:
        variable.assign(np.full(variable.shape, np.nan))
    optimizer.build(variables)
    start = [np.array(v) for v in optimizer.variables]
    if any(np.isnan(values).any() for values in start):
        raise ValueError(
            f"the optimizer {type(optimizer).__name__} copies the weights before training, which the engine 'stacked' "
            f"does not. {WAY_OUT}, or choose another optimizer."
        )
    return start


def refuse_mask(model: Any) -> None:
    """Refuse a model whose output has a mask.

    Raises
    ------
    ValueError
        The output, or that of a model inside which is the output, has a mask. Keras applies it to loss and metrics.
    """
    output = model.outputs[0]
    last = output._keras_history.operation
    if isinstance(last, keras.Model):
        refuse_mask(last)
    if getattr(output, "_keras_mask", None) is not None:
        raise ValueError(
            "the model's output has a mask, as after Embedding(mask_zero=True) or Masking, which the engine 'stacked' "
            f"does not apply to the accuracy. {WAY_OUT}, or end the mask before the output, as a recurrent layer does "
            "without return_sequences, and GlobalAveragePooling1D."
        )


def refuse_penalties(model: Any) -> None:
    """Refuse penalties for which Keras computes something else on JAX than on TensorFlow.

    Raises
    ------
    ValueError
        A layer is called more than once and has an `activity_regularizer`, or calls `add_loss`. Or weights that start
        at zero have an L1 penalty.
    """
    for variable, owner in zip(model.weights, owners(model), strict=True):
        starts_at_zero = isinstance(getattr(owner, f"{variable.name}_initializer", None), keras.initializers.Zeros)
        if starts_at_zero and getattr(variable.regularizer, "l1", None):
            raise ValueError(
                f"{type(owner).__name__} {owner.name!r} has an L1 penalty on its {variable.name}, which starts at 0, "
                f"where Keras on JAX takes the slope 1 and Keras on TensorFlow 0. {WAY_OUT}, or use an L2 penalty."
            )
    for layer in model._flatten_layers(include_self=False):
        if len(layer._inbound_nodes) > 1 and any(map(_penalizes, layer._flatten_layers())):
            raise ValueError(
                f"{type(layer).__name__} {layer.name!r} is called more than once, and Keras on JAX keeps the penalty "
                f"of its last call. {WAY_OUT}, or put the penalty into a layer that is called once."
            )


def _penalizes(layer: Any) -> bool:
    code = getattr(type(layer).call, "__code__", None)
    return layer.activity_regularizer is not None or "add_loss" in getattr(code, "co_names", ())


def refuse_changes(model: Any, before: list[Any], after: list[Any]) -> None:
    """Refuse a model that changes its state in validation, when a program is traced.

    Raises
    ------
    ValueError
        A variable that is not trained has a new value `after` validation. States of random numbers may have one: Keras'
        LSTM draws its dropout in validation, too, and does not use it.
    """
    paths = canonical_paths(model.non_trainable_variables)
    for path, old, new in zip(paths, before, after, strict=True):
        if new is not old and not is_seed_state(path):
            raise ValueError(
                f"the model changes its state {path!r} in validation, which the engine 'stacked' does not keep. "
                f"{WAY_OUT}, or change the state only if `training` is true."
            )
