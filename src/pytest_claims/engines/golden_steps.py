"""Golden steps: what a library computes on fixed numbers, for each kind of part that a training is made of.

RMSprop's updates changed with Keras 2.11, and no error told. So the package ships the numbers of each step. A process
that trains computes the steps of its arms' parts again and compares. `pytest_claims.engines.conditions` tells what
follows from a difference. A step has no gradients of layers: the equality tests with Keras compare those.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

Numbers = list[float]

GRADIENT = (1.0, -1e-3, 1e-7)
"""Entries above, near and below what optimizers add to a denominator."""

OPTIMIZERS: dict[str, list[dict[str, Any]]] = {
    "SGD": [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}],
    "RMSprop": [{}, {"momentum": 0.9, "centered": True}],
    "Adam": [{}, {"amsgrad": True}],
    **{name: [{}] for name in ("AdamW", "Adamax", "Nadam", "Adagrad", "Adadelta", "Lion")},
}
"""Settings with which each optimizer makes its steps."""

LOSSES = ("mean_squared_error", "mean_absolute_error", "huber", "hinge", "kl_divergence")
CROSS_ENTROPIES = ("sparse_categorical_crossentropy", "categorical_crossentropy", "binary_crossentropy")
ACTIVATIONS = ("relu", "sigmoid", "tanh", "softmax", "elu", "selu", "gelu", "silu", "softplus", "leaky_relu")
REGULARIZERS = ("L1", "L2", "L1L2")
INITIALIZERS = (
    *("GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "LecunUniform", "LecunNormal"),
    *("RandomUniform", "RandomNormal", "TruncatedNormal", "Orthogonal"),
)
LAYERS: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "Dense": ({"units": 2}, (2, 3)),
    "Conv1D": ({"filters": 2, "kernel_size": 2}, (1, 4, 2)),
    "Conv2D": ({"filters": 2, "kernel_size": 2}, (1, 3, 3, 2)),
    "MaxPooling2D": ({"pool_size": 2}, (1, 4, 4, 1)),
    "AveragePooling2D": ({"pool_size": 2}, (1, 4, 4, 1)),
    "GlobalAveragePooling1D": ({}, (1, 4, 2)),
    "Embedding": ({"input_dim": 6, "output_dim": 2}, (1, 3)),
    "SimpleRNN": ({"units": 2}, (1, 3, 2)),
    "LSTM": ({"units": 2, "use_cudnn": False}, (1, 3, 2)),
    "GRU": ({"units": 2, "use_cudnn": False}, (1, 3, 2)),
    "BatchNormalization": ({}, (4, 2)),
    "LayerNormalization": ({}, (2, 4)),
    "MultiHeadAttention": ({"num_heads": 1, "key_dim": 2}, (1, 3, 2)),
    "Dropout": ({"rate": 0.5, "seed": 1}, (2, 4)),
    "GaussianNoise": ({"stddev": 0.5, "seed": 1}, (2, 4)),
}
"""Arguments of each layer, and the shape of its input."""


def _eighths(shape: tuple[int, ...]) -> np.ndarray:
    """Fixed numbers from -1 to 1, exact in the shortest formats of floating-point numbers."""
    return ((np.arange(np.prod(shape)) * 5 % 17 - 8) / 8).reshape(shape).astype(np.float32)


def _optimizer(name: str) -> Any:
    import keras

    ends = []
    for settings in OPTIMIZERS[name]:
        optimizer = getattr(keras.optimizers, name)(learning_rate=0.125, **settings)
        variable = keras.Variable(np.ones(len(GRADIENT), np.float32))
        for _ in range(2):
            optimizer.apply([keras.ops.convert_to_tensor(np.asarray(GRADIENT, np.float32))], [variable])
        ends.append(np.asarray(variable) - 1)
    return ends


def _loss(name: str) -> Any:
    import keras

    outputs = _eighths((2, 3))
    targets: Any = np.asarray([2, 1]) if name.startswith("sparse") else np.eye(3, dtype=np.float32)[[2, 1]]
    settings = {"from_logits": True} if name in CROSS_ENTROPIES else {}
    return getattr(keras.losses, name)(targets, np.abs(outputs) if name == "kl_divergence" else outputs, **settings)


def _layer(name: str) -> Any:
    import keras

    arguments, shape = LAYERS[name]
    layer = getattr(keras.layers, name)(**arguments)
    inputs: Any = np.arange(3)[None] if name == "Embedding" else _eighths(shape).astype(keras.config.floatx())
    both = (inputs, inputs) if name == "MultiHeadAttention" else (inputs,)
    layer.build(*(one.shape for one in both))
    layer.set_weights([_eighths(weight.shape) ** 2 for weight in layer.weights])
    stochastic = name in ("Dropout", "GaussianNoise", "BatchNormalization")
    return layer(*both, training=True) if stochastic else layer(*both)


def _initializer(name: str) -> Any:
    import keras

    from pytest_claims.engines.draws import draw

    return draw(getattr(keras.initializers, name)(), (2, 3), np.random.default_rng(1))


def _of_keras(package: str) -> Callable[[str], Any]:
    """Steps of functions of one argument: activations and penalties."""

    def step(name: str) -> Any:
        import keras

        function = getattr(getattr(keras, package), name)
        return (function() if isinstance(function, type) else function)(_eighths((2, 3)))

    return step


def _order(_: str) -> Any:
    from pytest_claims.engines.draws import order

    return order(1, 1, 8)


_STEPS: dict[str, tuple[Callable[[str], Any], Iterable[str]]] = {
    "optimizer": (_optimizer, OPTIMIZERS),
    "loss": (_loss, (*LOSSES, *CROSS_ENTROPIES)),
    "layer": (_layer, LAYERS),
    "activation": (_of_keras("activations"), ACTIVATIONS),
    "penalty": (_of_keras("regularizers"), REGULARIZERS),
    "initializer": (_initializer, INITIALIZERS),
    "order": (_order, ("of rows",)),
}

KINDS = tuple(f"{part} {name}" for part, (_, names) in _STEPS.items() for name in names)


@cache
def step(kind: str, under: str = "") -> Numbers:
    """Compute the golden step of a kind with this process' libraries, once.

    Parameters
    ----------
    kind
        One of `KINDS`, such as ``"optimizer RMSprop"``.
    under
        The settings of the libraries, if they are not as shipped. Under other settings a step is computed anew.

    Returns
    -------
    list
        At most ten numbers, with seven digits.
    """
    part, _, name = kind.partition(" ")
    numbers = np.concatenate([np.ravel(np.asarray(array, np.float64)) for array in _as_list(_STEPS[part][0](name))])
    return [float(f"{number:.7g}") for number in numbers[:10]]


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def kinds_of(model: Any, optimizer: Any, loss: str) -> list[str]:
    """The kinds of an arm's parts that have a golden step, from the built model, the optimizer and the loss' name."""
    names = {("loss", loss), ("order", "of rows"), *_classes("optimizer", optimizer)}
    for layer in model._flatten_layers():
        names |= _classes("layer", layer)
        for attribute, value in vars(layer).items():
            if attribute.endswith("initializer"):
                names |= _classes("initializer", value)
            elif attribute.endswith("regularizer"):
                names |= _classes("penalty", value)
            elif attribute.endswith("activation"):
                names.add(("activation", getattr(value, "__name__", "")))
    return [kind for kind in KINDS if tuple(kind.split(" ", 1)) in names]


def _classes(part: str, value: Any) -> set[tuple[str, str]]:
    return {(part, cls.__name__) for cls in type(value).__mro__}


@cache
def shipped() -> dict[str, Any]:
    """The steps that this version of the package was checked with.

    ``"steps"`` has, for each backend of Keras, the numbers by kind; ``"checked"`` has, for each backend, the versions
    of libraries with which all steps were found equal.
    """
    content: dict[str, Any] = json.loads(files(__package__).joinpath("golden_steps.json").read_text("utf-8"))
    return content


def are_equal(one: Numbers, other: Numbers) -> bool:
    """True if two steps differ by no more than the rounding of another processor, or a tenth of a per cent."""
    return len(one) == len(other) and bool(np.allclose(one, other, rtol=1e-3, atol=1e-6))


def differing(backend: str, kinds: Iterable[str] = KINDS, under: str = "") -> dict[str, Numbers]:
    """The steps of this process that are not those that the package ships; `backend` is Keras' in this process."""
    golden: Mapping[str, Numbers] = shipped()["steps"][backend]
    return {kind: step(kind, under) for kind in kinds if not are_equal(step(kind, under), golden[kind])}


if __name__ == "__main__":  # python -m pytest_claims.engines.golden_steps ENGINE writes what the package ships
    from pytest_claims.engines.base import create, known_warnings

    create(sys.argv[1])
    with known_warnings():
        print(json.dumps({kind: step(kind) for kind in KINDS}, indent=1))
