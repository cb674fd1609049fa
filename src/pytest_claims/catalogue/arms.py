"""Declarations: the parts of a training configuration.

This module does not train, and it imports no deep-learning library, because planning, judging and reporting need only
these declarations.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from pytest_claims.support.vocabulary import ByTier, Tier

if TYPE_CHECKING:
    import numpy as np

    from pytest_claims.data.sets import DataSet


Arrays = Mapping[str, "np.ndarray"]
"""The plain arrays of a data set, by name."""


@dataclass(frozen=True)
class Split:
    """The rows of the pool that one run trains on and validates on, in unshuffled order, and their targets.

    Parameters
    ----------
    train_rows, validation_rows
        Row numbers into the pool, int32, shapes ``(num_train,)`` and ``(num_validation,)``.
    train_targets, validation_targets
        One target per row, shapes ``(num_train, ...)`` and ``(num_validation, ...)``. ``None`` if the decoded inputs
        are the targets, as in an autoencoder.
    overlapping
        True if rows are meant to be in both sets. Otherwise such a split is an error.
    """

    train_rows: np.ndarray
    validation_rows: np.ndarray
    train_targets: np.ndarray | None
    validation_targets: np.ndarray | None
    overlapping: bool = False


class Decode(Protocol):
    """A function that turns rows of the pool into inputs of the model, batch by batch, on the device.

    `xp` is NumPy or `jax.numpy`. `batch` has shape ``(batch_size, ...)`` in the pool's dtype. `rows` are its row
    numbers, int32, shape ``(batch_size,)``. `seed` is the run's seed, a uint32 scalar. The function returns floats with
    shape ``(batch_size, ...)``. It must give the same numbers with either `xp`, up to rounding.
    """

    def __call__(self, xp: Any, batch: Any, rows: Any, seed: Any) -> Any:
        """Return the inputs of a batch."""


def keeps_values(decode: Decode) -> Decode:
    """Declare that a decoder changes only the dtype.

    The engine may then multiply a pool that is mostly zero as a sparse matrix, if that is faster. Call this function on
    the decoder rather than use it as a decorator: the decoder's source, and so the fingerprint of its runs, then stays
    the same.
    """
    decode.keeps_values = True  # type: ignore[attr-defined]
    return decode


@dataclass(frozen=True)
class Data:
    """The data of an arm: a data set, and how runs use it.

    Parameters
    ----------
    dataset
        The data set with the arrays; ``None`` for generated inputs, whose pool gets an empty mapping.
    pool
        ``pool(arrays)`` gives the inputs that all seeds share, in their compact dtype (uint8 stays uint8), shape
        ``(num_rows, ...)``. It may differ by tier.
    split
        ``split(arrays, tier, seed)`` gives the `Split` of one run. The same seed gives the same split in every arm
        that uses the same function. It may differ by tier.
    decode
        A function that turns rows of the pool into inputs of the model.
    """

    dataset: DataSet | None
    pool: ByTier[Callable[[Arrays], np.ndarray]] | Callable[[Arrays], np.ndarray]
    split: ByTier[Callable[[Arrays, Tier, int], Split]] | Callable[[Arrays, Tier, int], Split]
    decode: Decode


@dataclass(frozen=True)
class Arm:
    """One training configuration: data × model × optimizer × schedule.

    Parameters
    ----------
    data
        The data that the arm trains and validates on.
    model
        ``model(input_shape)`` makes an unbuilt or built `keras.Model` with one input and one output. It imports Keras
        in its body, so that collecting tests does not import Keras.
    optimizer
        ``optimizer()`` makes a `keras.optimizers.Optimizer`.
    loss
        Name of a Keras loss. Engines compute a cross-entropy from the logits before the output's softmax or sigmoid.
    epochs, batch_size
        The schedule. They may differ by tier.
    initial_weights
        ``initial_weights(weights, seed)`` changes the weights from which a run starts. `weights` maps canonical paths
        (``"0/kernel"``: the layer's rank among the layers with weights, and the variable's name) to arrays.
    measurements
        Measurements of the trained model, by name; the store keeps them with the run. ``measurement(trained)`` gives a
        number or an array, see `pytest_claims.engines.base.Trained`.
    """

    data: Data
    model: Callable[[tuple[int, ...]], Any]
    optimizer: Callable[[], Any]
    loss: str
    epochs: ByTier[int] | int
    batch_size: ByTier[int] | int
    initial_weights: Callable[[dict[str, np.ndarray], int], dict[str, np.ndarray]] | None = None
    measurements: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Measurement:
    """Numbers from a function of a seed, without a network; planned, stored and compared like an arm.

    Parameters
    ----------
    measure
        ``measure(arrays, tier, seed)`` gives a mapping of names to numbers or arrays. `arrays` is ``None`` without a
        data set.
    dataset
        The data set that `measure` reads, or ``None``.
    """

    measure: Callable[[Arrays | None, Tier, int], Mapping[str, Any]]
    dataset: DataSet | None = None


Source = Arm | Measurement
"""The declaration of runs."""


def dataset_of(source: Source) -> DataSet | None:
    """Return the data set that an arm or a measurement uses, or ``None``."""
    return source.data.dataset if isinstance(source, Arm) else source.dataset


def arm(declaration: Source, sentence: str = "") -> Any:
    """Make a fixture from an arm or a measurement. The name that it is assigned to becomes the arm's name.

    Parameters
    ----------
    declaration
        The `Arm` or `Measurement`.
    sentence
        A description in plain words. ``pytest --fixtures`` lists each arm with its sentence and the place of this call.

    Examples
    --------
    In a fixture module::

        MNIST_BASELINE = Arm(...)
        mnist_baseline = arm(MNIST_BASELINE, "MNIST, one hidden layer of 512 units.")

    Every claim that has `mnist_baseline` among its arguments now gets that arm's runs.
    """
    import pytest

    if not isinstance(declaration, Source):
        raise TypeError(f"arm() takes an Arm or a Measurement, not {type(declaration).__name__}")

    runs: Any = lambda request, claims_runs: claims_runs(str(request.fixturename))  # noqa: E731  # on one line
    # The function gets the file and line of the call of arm(), for pytest's list of fixtures and for tracebacks.
    caller = sys._getframe(1)
    place = caller.f_code.co_filename, caller.f_lineno
    runs.__code__ = runs.__code__.replace(co_filename=place[0], co_firstlineno=place[1], co_name="arm")
    runs.__name__, runs.__module__, runs.__doc__ = "arm", caller.f_globals["__name__"], sentence or None
    fixture: Any = pytest.fixture(runs)
    # Code with the fixture's definition reads the function's attributes; code with its module reads the fixture's.
    targets: list[Any] = [runs, fixture]
    for marked in targets:
        marked.__claims_source__ = declaration
        marked.__claims_place__ = place
        marked.__claims_sentence__ = sentence
    return fixture
