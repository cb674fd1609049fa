"""Read ``.npz`` files from other people: check headers before reading arrays, and never unpickle."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

Layout = Mapping[str, tuple[str, tuple[int | None, ...]]]
"""The dtype and shape of each array; ``None`` is an axis of any length, ``"S"`` a byte string of any length."""

MAX_BYTES = 2**30  # per array; far more than any data set here, so a larger array is refused before it fills the memory


class PickledError(ValueError):
    """A file holds pickled objects, which can run any code when they are loaded."""


def read_npz(source: Path | BinaryIO, layout: Layout) -> dict[str, np.ndarray]:
    """Check the headers of the arrays that `layout` names, then read these arrays.

    Raises
    ------
    PickledError
        If the file holds pickled objects.
    ValueError
        If the file is no ``.npz`` file, is damaged, or holds other arrays than `layout` names.

    Examples
    --------
    >>> file = io.BytesIO()
    >>> np.savez(file, y=np.zeros(4, "u1"))
    >>> read_npz(file, {"y": ("u1", (None,))})["y"].shape
    (4,)
    """
    content = io.BytesIO(source.read_bytes()) if isinstance(source, Path) else source
    try:
        with zipfile.ZipFile(content) as archive:
            _check_headers(archive, layout)
        content.seek(0)
        with np.load(content, allow_pickle=False) as stored:
            return {name: stored[name] for name in layout}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise ValueError(f"found no whole .npz file, it may have been cut short ({error})") from error


def _check_headers(archive: zipfile.ZipFile, layout: Layout) -> None:
    members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
    headers = {name: _header(archive, info) for name, info in members.items()}
    if any(dtype.hasobject for _, dtype in headers.values()):
        raise PickledError("found pickled objects, which can run any code when loaded; expected plain arrays")
    if missing := sorted(set(layout) - set(headers)):
        raise ValueError(f"found the arrays {', '.join(sorted(headers))}; expected also {', '.join(missing)}")
    for name, (dtype, shape) in layout.items():
        found_shape, found_dtype = headers[name]
        if not (_is_dtype(found_dtype, dtype) and _is_shape(found_shape, shape)):
            expected = "bytes" if dtype == "S" else np.dtype(dtype)
            wanted = str(shape).replace("None", "any")
            raise ValueError(f"found {name} as {found_dtype} {found_shape}; expected {expected} {wanted}")
        num_bytes = math.prod(found_shape) * found_dtype.itemsize
        if max(members[name].file_size, num_bytes) > MAX_BYTES:
            raise ValueError(f"found {num_bytes:,} bytes in {name}; expected at most {MAX_BYTES:,}")


def _header(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return the shape and the dtype in a member's header."""
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    with archive.open(info) as member:
        version = np.lib.format.read_magic(member)
        if version not in readers:
            raise ValueError(f"found {info.filename} in version {version} of the format; expected (1, 0) or (2, 0)")
        shape, _, dtype = readers[version](member)
    return shape, dtype


def _is_dtype(dtype: np.dtype[Any], expected: str) -> bool:
    return dtype.kind == "S" if expected == "S" else dtype == np.dtype(expected)


def _is_shape(shape: tuple[int, ...], expected: tuple[int | None, ...]) -> bool:
    return len(shape) == len(expected) and all(n in (m, None) for m, n in zip(shape, expected, strict=True))
