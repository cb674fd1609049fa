"""Find data: in a directory, in the cache, by a checked download, or else as a stand-in.

This module knows no data set by name. A catalogue declares each of its data sets as a `DataSet`.
"""

from __future__ import annotations

import hashlib
import io
import os
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from pytest_claims.data.download import DownloadError, fetch
from pytest_claims.data.npz import PickledError
from pytest_claims.data.sets import Arrays, DataSet, Located, Origin
from pytest_claims.support.errors import ClaimsError
from pytest_claims.support.files import replace_file, write_whole

CHECKS = 2  # rises with each new check, so that files which passed the older checks are checked again


def locate(
    dataset: DataSet, *, directory: Path | None = None, offline: bool = False, code: str | None = None
) -> Located | None:
    """Find a data set in the directory, in the cache or by download; else use its stand-in.

    Parameters
    ----------
    dataset
        The data set.
    directory
        The data directory that the user gave. If there is one, no other place is tried.
    offline
        Download nothing. The environment variable ``CLAIMS_OFFLINE=1`` has the same effect.
    code
        A hash of the code that reads and converts the file; ``None`` if unknown. Cached results of a file belong to
        this hash, so that a changed reader reads the file again.

    Returns
    -------
    Located or None
        ``None`` if there is neither the real data set nor a stand-in.

    Raises
    ------
    ClaimsError
        If the directory lacks the file, or the file is unfit.
    """
    if directory is not None:
        return _from_directory(dataset, directory, code)
    notes: list[str] = []
    located = _from_cache(dataset, notes, code) or _from_keras(dataset, notes, code)
    if located is None:
        forbidden = offline or os.environ.get("CLAIMS_OFFLINE", "0") not in ("", "0")
        located = _from_download(dataset, notes, code, offline=forbidden)
    if located is None and dataset.stand_in is not None:
        note = f"{dataset.name}: using the stand-in, because {'; '.join(notes)}. {dataset.how_to_get}".rstrip()
        located = Located("stand-in", "stand-in", note, dataset.stand_in)
    return located


def _from_directory(dataset: DataSet, directory: Path, code: str | None) -> Located:
    path = directory / dataset.filename
    advice = f"{dataset.how_to_get} Or give no directory (--claims-data, CLAIMS_DATA): other sources are then tried."
    if not directory.is_dir():
        state = "is not a directory" if directory.exists() else "does not exist"
        raise ClaimsError(f"the data directory {directory} {state}; expected {dataset.filename} in it. {advice}")
    if not path.is_file():
        present = ", ".join(sorted(entry.name for entry in directory.iterdir())[:10]) or "nothing"
        raise ClaimsError(f"the data directory {directory} lacks {dataset.filename}; found {present}. {advice}")
    try:
        return _checked(dataset, path, "directory", code)
    except PickledError:
        return _pickled(dataset, path, advice)
    except (ValueError, OSError) as error:
        raise ClaimsError(f"{path} cannot be used as {dataset.name}: {error}. {advice}") from None


def _pickled(dataset: DataSet, path: Path, advice: str) -> Located:
    """Accept a pickled file if it is, byte for byte, the file that `dataset` declares."""
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != dataset.sha256:
        expected = f"plain arrays, or the file with SHA-256 {dataset.sha256}" if dataset.sha256 else "plain arrays"
        raise ClaimsError(
            f"{path} cannot be used as {dataset.name}: it is a pickle, which can run any code when loaded, and its "
            f"SHA-256 is {digest}; expected {expected}. {advice}"
        )
    return _of(_convert(dataset, content), "directory")


def _from_cache(dataset: DataSet, notes: list[str], code: str | None) -> Located | None:
    path = _cached_file(dataset, code)
    if path is None or not path.is_file():
        return None
    try:
        return _checked(dataset, path, "cache", code)
    except (ValueError, OSError) as error:
        notes.append(f"{path} is damaged ({error})")
        return None


def _from_keras(dataset: DataSet, notes: list[str], code: str | None) -> Located | None:
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    path = home / "datasets" / dataset.filename
    if dataset.sha256 is None or not path.is_file():
        return None
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != dataset.sha256:
        notes.append(f"{path} has another SHA-256 than Keras' own")
        return None
    return _kept(dataset, content, "cache", code)


def _from_download(dataset: DataSet, notes: list[str], code: str | None, *, offline: bool) -> Located | None:
    if dataset.url is None or dataset.sha256 is None:
        notes.append("it cannot be downloaded")
    elif offline:
        notes.append("downloads are switched off")
    else:
        try:
            return _kept(dataset, fetch(dataset.url, dataset.sha256), "download", code)
        except DownloadError as error:
            notes.append(str(error))
    return None


def _kept(dataset: DataSet, content: bytes, origin: Origin, code: str | None) -> Located:
    """Keep a checked download in the cache, as plain arrays, for later sessions."""
    arrays = _convert(dataset, content)
    if path := _cached_file(dataset, code):
        with suppress(OSError):  # without a cache every session converts the file again
            write_whole(path, partial(_save_arrays, arrays))
    return _of(arrays, origin)


def _cached_file(dataset: DataSet, code: str | None) -> Path | None:
    """Return the path in the cache for this download and this code; ``None`` if one of them is unknown.

    Catalogues share the cache. Two of them may use one name for different files, or read one file in two ways.
    """
    if dataset.sha256 is None or code is None:
        return None
    return _cache_directory() / hashlib.sha256(f"{dataset.sha256} {code}".encode()).hexdigest()[:16] / dataset.filename


def _save_arrays(arrays: Arrays, file: BinaryIO) -> None:
    np.savez(file, **arrays)  # type: ignore[arg-type]  # the arrays get their names at run time


def _convert(dataset: DataSet, content: bytes) -> Arrays:
    """Return the arrays of a download that has passed its SHA-256."""
    return (dataset.convert or dataset.read)(io.BytesIO(content))


def _of(arrays: Arrays, origin: Origin) -> Located:
    return Located("real", origin, None, lambda: arrays)


def _checked(dataset: DataSet, path: Path, origin: Origin, code: str | None) -> Located:
    """Check a file by reading it. A file that passed before with the same code is read only when it is used."""
    if code is None:
        return _of(dataset.read(path), origin)
    state = path.stat()
    identity = f"{CHECKS} {code} {path.resolve()} {state.st_size} {state.st_mtime_ns} {state.st_ino}"
    remembered = _cache_directory() / "checked" / hashlib.sha256(identity.encode()).hexdigest()
    with suppress(OSError, UnicodeDecodeError):
        if len(known := remembered.read_text(encoding="ascii")) == hashlib.sha256().digest_size * 2:
            return Located("real", origin, None, partial(dataset.read, path), known)
    located = _of(dataset.read(path), origin)
    with suppress(OSError):  # without a cache every session checks the file again
        replace_file(remembered, located.content_hash)
    return located


def _cache_directory() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pytest-claims"
