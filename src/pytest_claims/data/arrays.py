"""Checks what a catalogue's own functions give: plain arrays by name, whose bytes are their content."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from pytest_claims.data.npz import PickledError
from pytest_claims.data.sets import Arrays


class UnfitError(ValueError):
    """A function of a catalogue raised an exception, or gave something else than plain arrays by name."""


def arrays_of(make: Callable[[], Arrays], maker: str) -> dict[str, np.ndarray]:
    """Call a function of a catalogue, and check what it gives.

    Parameters
    ----------
    make
        The function, with its arguments.
    maker
        The function's name in errors.

    Raises
    ------
    PickledError
        As `make` raises it.
    UnfitError
        If `make` raises any other exception, or gives no plain arrays by name.
    """
    try:
        given = make()
        arrays = dict(given) if isinstance(given, Mapping) else None
    except PickledError:
        raise
    except Exception as error:
        message = " ".join(str(error).split()).removesuffix(".")
        said = f"{type(error).__name__}: {message}" if message else type(error).__name__
        expected = "" if "expected" in message else "; expected arrays by name"
        raise UnfitError(f"{maker} raised {said}{expected}") from error
    if arrays is None:
        raise UnfitError(f"{maker} gave {type(given).__name__}; expected a dict of NumPy arrays by name")
    for name, array in arrays.items():
        if not isinstance(name, str):
            raise UnfitError(f"{maker} gave an array named {name!r}; expected strings as names")
        if not isinstance(array, np.ndarray):
            raise UnfitError(
                f"{maker} gave {name!r} as {type(array).__name__}; expected a NumPy array, as np.asarray gives"
            )
        if array.dtype.hasobject:
            raise UnfitError(
                f"{maker} gave the array {name!r} of Python objects (dtype {array.dtype}), whose content cannot be "
                'hashed; expected numbers, or strings of fixed width, as .astype("U") or .astype("S") gives'
            )
    return arrays
