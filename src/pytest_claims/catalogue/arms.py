"""Declarations: of what a training configuration consists.

Nothing here trains, and importing it imports no deep-learning library: planning, judging and reporting work from
these declarations alone.
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
"""A data set as plain arrays, by name."""


@dataclass(frozen=True)
class Split:
    """Which rows of the pool one run trains on and is validated on, in their unshuffled order, and their targets.

    Parameters
    ----------
    train_rows, validation_rows
        Row numbers into the pool, int32, shapes ``(num_train,)`` and ``(num_validation,)``.
    train_targets, validation_targets
        One target per row, shapes ``(num_train, ...)`` and ``(num_validation, ...)``. ``None`` where the decoded
        inputs are their own targets, as in an autoencoder.
    """

    train_rows: np.ndarray
    validation_rows: np.ndarray
    train_targets: np.ndarray | None
    validation_targets: np.ndarray | None


class Decode(Protocol):
    """Turns rows of the pool into inputs of the model, batch by batch, on the device.

    `xp` is NumPy or `jax.numpy`, `batch` has shape ``(batch_size, ...)`` in the pool's dtype, `rows` are its row
    numbers, int32, shape ``(batch_size,)``, and `seed` is a uint32 scalar, the run's seed. Returns floats with shape
    ``(batch_size, ...)``. It must give the same numbers with either `xp`, up to rounding.
    """

    def __call__(self, xp: Any, batch: Any, rows: Any, seed: Any) -> Any:
        """Give the inputs of a batch."""


def keeps_values(decode: Decode) -> Decode:
    """Declare of a decoder that it changes nothing but the dtype.

    A pool that is mostly zero is then multiplied as a sparse matrix where that is faster. Call it on the function
    rather than decorate it, so that the function's text, and with it the fingerprint of its runs, stays as it is.
    """
    decode.keeps_values = True  # type: ignore[attr-defined]
    return decode


@dataclass(frozen=True)
class Data:
    """The data of an arm: a data set, and how runs draw on it.

    Parameters
    ----------
    dataset
        Where the arrays come from; ``None`` for inputs that are made up, whose pool gets an empty mapping.
    pool
        ``pool(arrays)`` gives the inputs that all seeds share, as compactly as they lie in memory (uint8 where they
        are uint8), shape ``(num_rows, ...)``. May differ by tier.
    split
        ``split(arrays, tier, seed)`` gives the `Split` of one run. The same seed gives the same split in every arm
        that has the same function. May differ by tier.
    decode
        Turns rows of the pool into inputs of the model.
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
        What it trains and validates on.
    model
        ``model(input_shape)`` builds an unbuilt or built `keras.Model` with one input and one output. It imports
        Keras in its body, so that collecting tests does not.
    optimizer
        ``optimizer()`` builds a `keras.optimizers.Optimizer`.
    loss
        Name of a Keras loss. Cross-entropies are computed from the logits behind the output's softmax or sigmoid.
    epochs, batch_size
        The schedule. May differ by tier.
    initial_weights
        ``initial_weights(weights, seed)`` changes the weights that a run starts from: a mapping of canonical paths
        (``"0/kernel"``, the layer's rank among those with weights, and the variable's name) to arrays.
    measurements
        Numbers taken from the trained model and stored with its run: ``measurement(trained)`` gives a number or an
        array, see `pytest_claims.engines.base.Trained`.
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
    """Numbers that need no network: a function of a seed, planned, stored and compared like an arm.

    Parameters
    ----------
    measure
        ``measure(arrays, tier, seed)`` gives a mapping of names to numbers or arrays. `arrays` is ``None`` where
        there is no data set.
    dataset
        The data set it looks at, if any.
    """

    measure: Callable[[Arrays | None, Tier, int], Mapping[str, Any]]
    dataset: DataSet | None = None


Source = Arm | Measurement
"""What runs come from."""


def dataset_of(source: Source) -> DataSet | None:
    """The data set that an arm or a measurement draws on, if any."""
    return source.data.dataset if isinstance(source, Arm) else source.dataset


def arm(declaration: Source, sentence: str = "") -> Any:
    """Make an arm, or a measurement, known to claims as a fixture of the name it is assigned to.

    Parameters
    ----------
    declaration
        The `Arm` or `Measurement`.
    sentence
        What it is, in plain words. ``pytest --fixtures`` lists each arm with its sentence and the place of this call.

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
    # Its code stands where arm() was called: there pytest lists it, and there a traceback points.
    caller = sys._getframe(1)
    place = caller.f_code.co_filename, caller.f_lineno
    runs.__code__ = runs.__code__.replace(co_filename=place[0], co_firstlineno=place[1], co_name="arm")
    runs.__name__, runs.__module__, runs.__doc__ = "arm", caller.f_globals["__name__"], sentence or None
    fixture: Any = pytest.fixture(runs)
    # On the function for those who have the fixture's definition, on the fixture for those who have its module.
    targets: list[Any] = [runs, fixture]
    for marked in targets:
        marked.__claims_source__ = declaration
        marked.__claims_place__ = place
        marked.__claims_sentence__ = sentence
    return fixture
