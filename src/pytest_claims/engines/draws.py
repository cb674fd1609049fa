"""Initial weights and the order of batches. NumPy draws them, so they are the same with every Keras backend.

Each variable has its own random stream, named by the seed and the variable's canonical path. The stream fills the
variable in C order. So a layer keeps its weights when layers without weights are added around it. Two kernels with the
same path agree in the numbers that they share, up to the scales of their initializers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from pytest_claims.support.randomness import generator

Array = npt.NDArray[np.float64]
Hook = Callable[[dict[str, np.ndarray], int], dict[str, np.ndarray]]

# The standard deviation of a standard normal cut off at two standard deviations.
TRUNCATED_STD = 0.87962566103423978


def canonical_paths(variables: Iterable[Any]) -> list[str]:
    """Name each variable by the rank of its layer and its own name: ``"0/kernel"``, ``"0/bias"``, ….

    Keras numbers layers by how many a process has built. Canonical paths do not depend on that.
    """
    ranks: dict[str, int] = {}
    paths = []
    for variable in variables:
        owner, _, name = variable.path.rpartition("/")
        paths.append(f"{ranks.setdefault(owner, len(ranks))}/{name}")
    if len(set(paths)) < len(paths):
        raise ValueError(f"the model's variables do not have distinct paths: {paths}. Give its layers distinct names.")
    return paths


def initial_weights(model: Any, seed: int, hook: Hook | None = None) -> dict[str, np.ndarray]:
    """Draw the initial weights of a run of `model`.

    Parameters
    ----------
    model
        A built Keras model.
    seed
        The run's seed.
    hook
        An arm's `initial_weights`, which changes the drawn weights.

    Returns
    -------
    dict
        Arrays in the dtypes of ``model.weights`` and in their order, by canonical path.

    Raises
    ------
    ValueError
        If an initializer is unknown here, or if `hook` changes paths or shapes.
    """
    weights = {}
    for path, variable, owner in zip(canonical_paths(model.weights), model.weights, owners(model), strict=True):
        initializer = _initializer_of(variable, owner)
        if initializer is None:
            weights[path] = _start_of(model, path, variable, owner)
            continue
        weights[path] = _drawn(initializer, variable, owner, generator(seed, "weights", path))
    return _hooked(weights, hook, seed) if hook else weights


def _drawn(initializer: Any, variable: Any, owner: Any, rng: np.random.Generator) -> npt.NDArray[Any]:
    values = draw(initializer, tuple(variable.shape), rng)
    if getattr(owner, "unit_forget_bias", False) and variable.name == "bias":
        num_units = len(values) // 4  # an LSTM has four gates, and the forget gate is the second
        values[num_units : 2 * num_units] = 1.0
    return values.astype(variable.dtype)


def is_seed_state(path: str) -> bool:
    """True if `path` is that of a `keras.random.SeedGenerator`, the state of a stochastic layer."""
    return path.endswith("/seed_generator_state")


def seed_state(path: str, seed: int, like: Any) -> npt.NDArray[Any]:
    """Draw the initial state of a stochastic layer's random stream, in the dtype of the array `like`."""
    return np.array([generator(seed, "stochastic layer", path).integers(2**31), 0], dtype=like.dtype)


def owners(model: Any) -> list[Any]:
    """Find the layer that each of ``model.weights`` belongs to."""
    owner: dict[int, Any] = {}
    for layer in model._flatten_layers():
        for variable in layer._trainable_variables + layer._non_trainable_variables:
            owner.setdefault(id(variable), layer)
    return [owner[id(variable)] for variable in model.weights]


# By model, what weights whose layers keep no initializer were when it was built. Training changes the model's own.
_starts: WeakKeyDictionary[Any, dict[str, np.ndarray]] = WeakKeyDictionary()


def remember_starts(model: Any) -> None:
    """Keep what weights whose layers keep no initializer were built as, and set to zero what was not drawn.

    A model is built with NaN in the place of random numbers.

    Raises
    ------
    ValueError
        If a weight has another value than its initializer gives.
    """
    starts = _starts[model] = {}
    for path, variable, owner in zip(canonical_paths(model.weights), model.weights, owners(model), strict=True):
        values = np.asarray(variable)
        if values.size and np.isnan(values.flat[0]):
            variable.assign(np.zeros_like(values))
        elif (initializer := _initializer_of(variable, owner)) is None:
            starts[path] = values.copy()
        elif not np.array_equal(values, _drawn(initializer, variable, owner, generator(0))):
            raise ValueError(
                f"the arm's model sets the weight {path!r} of its layer {type(owner).__name__} {owner.name!r}, but each"
                " run draws its weights anew. Give the arm initial_weights, which set it in each run."
            )


def _start_of(model: Any, path: str, variable: Any, owner: Any) -> np.ndarray:
    """The value that a weight without random numbers is built with, such as a scale of ones."""
    if path not in _starts.get(model, {}):
        raise ValueError(
            f"cannot tell how the weight {path!r} (shape {tuple(variable.shape)}) is initialized: its layer "
            f"{type(owner).__name__} {owner.name!r} has no attribute '{variable.name}_initializer'. Give it one, or"
            " use another layer."
        )
    return _starts[model][path].copy()


def _initializer_of(variable: Any, owner: Any) -> Any:
    """Find a variable's initializer where Keras' layers keep it: ``kernel_initializer``, ``recurrent_initializer``."""
    name = variable.name
    for attribute in (f"{name}_initializer", f"{name.removesuffix('_kernel')}_initializer"):
        if (initializer := getattr(owner, attribute, None)) is not None:
            import keras

            return keras.initializers.get(initializer)
    return None


def _hooked(weights: dict[str, np.ndarray], hook: Hook, seed: int) -> dict[str, np.ndarray]:
    changed = hook(dict(weights), seed)
    expected = {path: values.shape for path, values in weights.items()}
    received = {path: np.shape(values) for path, values in changed.items()}
    if received != expected:
        raise ValueError(
            f"initial_weights returned {received}, expected {expected}: "
            "return every weight that it receives, in the same shape."
        )
    return {path: np.asarray(changed[path], values.dtype) for path, values in weights.items()}


def draw(initializer: Any, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Draw an array as a Keras initializer would, with NumPy.

    Parameters
    ----------
    initializer
        A `keras.initializers.Initializer`.
    shape
        The weight's shape.
    rng
        The random generator.

    Raises
    ------
    ValueError
        If the initializer is unknown here.
    """
    names = [] if is_own(type(initializer), "__call__") else [cls.__name__ for cls in type(initializer).__mro__]
    for name in names:
        if name in _DRAW:
            return _DRAW[name](initializer, shape, rng)
    raise ValueError(
        f"unknown initializer {type(initializer).__name__}, expected one of {', '.join(sorted(_DRAW))} "
        "or a class derived from one of them without a __call__ of its own."
    )


def is_own(kind: type, name: str) -> bool:
    """True if the method `name` of the class `kind` is not defined by Keras."""
    definer = next(cls for cls in kind.__mro__ if name in vars(cls))
    return definer.__module__.partition(".")[0] != "keras"


def compute_fans(shape: tuple[int, ...], input_axes: Any = None, output_axes: Any = None) -> tuple[int, int]:
    """Count input and output units of a weight, as Keras does (``keras/src/initializers/random_initializers.py``).

    Examples
    --------
    >>> compute_fans((3, 3, 16, 32))
    (144, 288)
    """
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[axis] for axis in input_axes), math.prod(shape[axis] for axis in output_axes)
    if len(shape) < 2:
        return math.prod(shape), math.prod(shape)
    receptive_field = math.prod(shape[:-2])
    return shape[-2] * receptive_field, shape[-1] * receptive_field


def _truncated_normal(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Draw by inversion, one uniform number for each entry, so that two shapes agree in their common entries."""
    from scipy.special import ndtr, ndtri

    low, high = ndtr(-2.0), ndtr(2.0)
    values: Array = ndtri(low + (high - low) * rng.random(shape))
    return values


def _variance_scaling(initializer: Any, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    axes = getattr(initializer, "input_axes", None), getattr(initializer, "output_axes", None)
    fan_in, fan_out = compute_fans(shape, *axes)
    fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[initializer.mode]
    std = math.sqrt(initializer.scale / max(1.0, fan))
    if initializer.distribution == "truncated_normal":
        return _truncated_normal(shape, rng) * (std / TRUNCATED_STD)
    if initializer.distribution == "untruncated_normal":
        return rng.standard_normal(shape) * std
    return (2 * rng.random(shape) - 1) * (math.sqrt(3) * std)


def _orthogonal(initializer: Any, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    num_rows, num_columns = math.prod(shape[:-1]), shape[-1]
    q, r = np.linalg.qr(rng.standard_normal((max(num_rows, num_columns), min(num_rows, num_columns))))
    q = q * np.sign(np.diag(r))
    values: Array = initializer.gain * (q.T if num_rows < num_columns else q).reshape(shape)
    return values


_DRAW: dict[str, Callable[[Any, tuple[int, ...], np.random.Generator], Array]] = {
    "Zeros": lambda it, shape, rng: np.zeros(shape),
    "Ones": lambda it, shape, rng: np.ones(shape),
    "Constant": lambda it, shape, rng: np.full(shape, it.value, dtype=np.float64),
    "Identity": lambda it, shape, rng: it.gain * np.eye(shape[0], shape[1]),
    "RandomUniform": lambda it, shape, rng: it.minval + (it.maxval - it.minval) * rng.random(shape),
    "RandomNormal": lambda it, shape, rng: it.mean + it.stddev * rng.standard_normal(shape),
    "TruncatedNormal": lambda it, shape, rng: it.mean + it.stddev * _truncated_normal(shape, rng),
    "VarianceScaling": _variance_scaling,
    "Orthogonal": _orthogonal,
}


def order(seed: int, epoch: int, num_train: int) -> npt.NDArray[np.int32]:
    """Permute the training set for one epoch, shape ``(num_train,)``. Batches are consecutive slices of it.

    Examples
    --------
    >>> sorted(order(0, 0, 4).tolist())
    [0, 1, 2, 3]
    """
    return generator(seed, "order", epoch).permutation(num_train).astype(np.int32)
