"""Makes stand-ins, and refuses those that are not the same at every call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pytest_claims.data.arrays import arrays_of
from pytest_claims.data.cache import remember_hash, remembered_hash
from pytest_claims.data.sets import Arrays, DataSet, Located, content_hash
from pytest_claims.support.errors import ClaimsError


def made_up(dataset: DataSet, reasons: Sequence[str], code: str | None) -> Located:
    """Make a stand-in, and again to compare, unless its hash is remembered under its code.

    Parameters
    ----------
    dataset
        A data set with a stand-in.
    reasons
        The reasons for which there are no real data.
    code
        A hash of the stand-in's code; ``None`` if unknown.

    Raises
    ------
    ClaimsError
        If the stand-in fails, gives no plain arrays, or gives other data at the second call.
    """
    make = dataset.stand_in
    assert make is not None
    note = f"{dataset.name}: using the stand-in, because {'; '.join(reasons)}. {dataset.how_to_get}".rstrip()
    arrays = _made(dataset, make)
    digest, identity = content_hash(arrays), f"stand-in {code}"
    if code is None or remembered_hash(identity) != digest:
        parts = _hashes(arrays)  # taken now, because the next call may change the arrays in place
        parts_again = _hashes(_made(dataset, _uncached(make)))
        if different := sorted(name for name, _ in parts.items() ^ parts_again.items()):
            raise ClaimsError(
                f"the stand-in of {dataset.name} gives other data each time: {_name_of(make)} was called twice, and "
                f"found other content in {', '.join(dict.fromkeys(different))}; expected the same arrays. Draw from a "
                "fixed seed, such as np.random.default_rng(0), made inside the function"
            )
        if code is not None:
            remember_hash(identity, digest)
    return Located("stand-in", "stand-in", note, lambda: arrays, digest)


def _made(dataset: DataSet, make: Callable[[], Arrays]) -> Arrays:
    try:
        return arrays_of(make, _name_of(make))
    except ValueError as error:
        raise ClaimsError(
            f"the stand-in of {dataset.name} cannot be used: {error}. Put the function right, or use the real data. "
            f"{dataset.how_to_get}".rstrip()
        ) from error


def _hashes(arrays: Arrays) -> dict[str, str]:
    return {name: content_hash({name: array}) for name, array in arrays.items()}


def _uncached(function: Callable[[], Arrays]) -> Callable[[], Arrays]:
    """The function below `functools.cache`, which would only give the first result again."""
    inner: Any = getattr(function, "__wrapped__", None)
    return inner if hasattr(function, "cache_clear") and inner is not None else function


def _name_of(function: Callable[..., object]) -> str:
    inner = getattr(function, "func", function)  # a partial has no name of its own
    return getattr(inner, "__qualname__", type(inner).__qualname__)
