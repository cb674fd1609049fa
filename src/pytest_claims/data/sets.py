"""Data sets: what a catalogue declares of one, and one that was found."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np

Arrays = Mapping[str, np.ndarray]
"""A data set as plain arrays, by name."""

Origin = Literal["directory", "cache", "download", "stand-in", "published runs"]


@dataclass(frozen=True)
class DataSet:
    """A data set as a catalogue declares it: how to find it, read it, check it, and stand in for it.

    Parameters
    ----------
    name
        What people call it.
    filename
        Its file in a data directory, in the cache, and among Keras' downloads.
    read
        ``read(path)`` gives the arrays of a file in the plain layout, checked, as `pytest_claims.read_npz` does. It
        raises ValueError that says what was found and what was expected.
    url, sha256
        Address of a download, and the SHA-256 of the file there. Without them nothing is downloaded.
    convert
        ``convert(file)`` gives the arrays of the downloaded file in the plain layout. It is called only with bytes
        that have just passed their SHA-256, so it alone may load pickles. ``None``: `read` reads the download, too.
    stand_in
        ``stand_in()`` gives arrays of the same layout that need no network; for the fast tier only.
    how_to_get
        A sentence or two for a person who lacks the data.
    """

    name: str
    filename: str
    read: Callable[[Path | BinaryIO], Arrays]
    url: str | None = None
    sha256: str | None = None
    convert: Callable[[BinaryIO], Arrays] | None = None
    stand_in: Callable[[], Arrays] | None = None
    how_to_get: str = ""


@dataclass(frozen=True)
class Located:
    """A data set that was found: what it is, where it came from, and its arrays, loaded when first used.

    Parameters
    ----------
    kind
        ``"real"`` or ``"stand-in"``.
    origin
        Where it was found; never a path.
    note
        One line on why nothing better was found, or ``None``.
    """

    kind: Literal["real", "stand-in"]
    origin: Origin
    note: str | None
    _load: Callable[[], Arrays] = field(repr=False)
    _known_hash: str | None = field(default=None, repr=False)

    @cached_property
    def arrays(self) -> Arrays:
        """The arrays by name, read-only; the same objects at every use."""
        arrays = self._load()
        for array in arrays.values():
            array.flags.writeable = False
        return arrays

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of the arrays, as `content_hash` computes it."""
        return self._known_hash or content_hash(self.arrays)


def content_hash(arrays: Arrays) -> str:
    """SHA-256 over names, dtypes, shapes and bytes of arrays, in the order of their names, as 64 hex digits.

    Examples
    --------
    >>> counted = content_hash({"x": np.arange(3)})
    >>> counted == content_hash({"x": np.arange(3)}), counted == content_hash({"y": np.arange(3)})
    (True, False)
    """
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
