"""Data sets: the declaration in a catalogue, and a data set that was located."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np

Arrays = Mapping[str, np.ndarray]
"""The plain arrays of a data set, by name."""

Origin = Literal["directory", "cache", "download", "stand-in", "published runs"]


@dataclass(frozen=True)
class DataSet:
    """The declaration of a data set: how to find, read, check and replace it.

    Parameters
    ----------
    name
        Name of the data set for people.
    filename
        Name of the file in a data directory, in the cache, and among Keras' downloads.
    read
        ``read(path)`` checks a file in the plain layout and gives its arrays, as `pytest_claims.read_npz` does. Its
        ValueError says what it found and what it expected.
    url, sha256
        Address of a download, and the SHA-256 of the file there. Without them there is no download.
    convert
        ``convert(file)`` gives the arrays of the downloaded file in the plain layout. It gets only bytes that have
        just passed their SHA-256, so it alone may load pickles. ``None``: `read` reads the download, too.
    stand_in
        ``stand_in()`` gives arrays of the same layout without a network, the same at every call; for the fast tier
        only.
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
    """A data set that was located: its kind, its origin, and its arrays, which load when first used.

    Parameters
    ----------
    kind
        ``"real"`` or ``"stand-in"``.
    origin
        The kind of place that had the data set; never a path.
    note
        One line that gives the reason for a stand-in, or ``None``.
    """

    kind: Literal["real", "stand-in"]
    origin: Origin
    note: str | None
    _load: Callable[[], Arrays] = field(repr=False)
    _known_hash: str | None = field(default=None, repr=False)

    @cached_property
    def arrays(self) -> Arrays:
        """The read-only arrays by name; the same objects at every access."""
        arrays = self._load()
        for array in arrays.values():
            array.flags.writeable = False
        return arrays

    @cached_property
    def content_hash(self) -> str:
        """The SHA-256 of the arrays, from the function `content_hash`."""
        return self._known_hash or content_hash(self.arrays)


def content_hash(arrays: Arrays) -> str:
    """Hash the names, dtypes, shapes and bytes of arrays, in the order of their names: SHA-256, 64 hex digits.

    Examples
    --------
    >>> digest = content_hash({"x": np.arange(3)})
    >>> digest == content_hash({"x": np.arange(3)}), digest == content_hash({"y": np.arange(3)})
    (True, False)
    """
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
