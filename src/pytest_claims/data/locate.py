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

from pytest_claims.data.arrays import UnfitError, arrays_of
from pytest_claims.data.cache import cache_directory, is_readable, keras_directory, remember_hash, remembered_hash
from pytest_claims.data.download import DownloadError, fetch
from pytest_claims.data.made_up import made_up
from pytest_claims.data.npz import PickledError
from pytest_claims.data.sets import Arrays, DataSet, Located, Origin, content_hash
from pytest_claims.support.errors import ClaimsError
from pytest_claims.support.files import write_whole

CHECKS = 3  # rises with each new check, so that files which passed the older checks are checked again


def locate(
    dataset: DataSet,
    *,
    directory: Path | None = None,
    offline: bool = False,
    code: str | None = None,
    stand_in_code: str | None = None,
) -> Located | None:
    """Find a data set in the directory, in the cache or by download; else use its stand-in.

    Parameters
    ----------
    dataset
        The data set.
    directory
        The data directory that the user gave. If there is one, no other place is tried. A data set that it lacks is
        made up if there is a stand-in and no `url`.
    offline
        Download nothing. The environment variable ``CLAIMS_OFFLINE=1`` has the same effect.
    code
        A hash of the code that reads and converts the file; ``None`` if unknown. Cached results of a file belong to
        this hash, so that a changed reader reads the file again.
    stand_in_code
        A hash of the stand-in's code; ``None`` if unknown. The stand-in is called twice, and must give the same data,
        unless its data are those remembered under this hash.

    Returns
    -------
    Located or None
        ``None`` if there is neither the real data set nor a stand-in.

    Raises
    ------
    ClaimsError
        If the directory lacks the file, or the file or the stand-in is unfit.
    """
    if directory is not None:
        return _from_directory(dataset, directory, code, stand_in_code)
    notes: list[str] = []
    located = _from_cache(dataset, notes, code) or _from_keras(dataset, notes, code)
    if located is None:
        forbidden = offline or os.environ.get("CLAIMS_OFFLINE", "0") not in ("", "0")
        located = _from_download(dataset, notes, code, offline=forbidden)
    if located is None and dataset.stand_in is not None:
        located = made_up(dataset, notes, stand_in_code)
    return located


def _from_directory(dataset: DataSet, directory: Path, code: str | None, stand_in_code: str | None) -> Located:
    path = directory / dataset.filename
    advice = f"{dataset.how_to_get} Or give no directory (--claims-data, CLAIMS_DATA): other sources are then tried."
    if not directory.is_dir():
        state = "is not a directory" if directory.exists() else "does not exist"
        raise ClaimsError(f"the data directory {directory} {state}; expected {dataset.filename} in it. {advice}")
    if not os.path.lexists(path):
        present = _listed(directory, advice)
        if dataset.url is None and dataset.stand_in is not None:  # there is no file to get
            lacks = f"the data directory {directory} lacks {dataset.filename} (found {present})"
            return made_up(dataset, [lacks], stand_in_code)
        raise ClaimsError(f"the data directory {directory} lacks {dataset.filename}; found {present}. {advice}")
    if not path.is_file():
        found = "a directory" if path.is_dir() else "a link to nothing" if path.is_symlink() else "something else"
        raise ClaimsError(f"{path} cannot be used as {dataset.name}: found {found}; expected a file. {advice}")
    try:
        return _checked(dataset, path, "directory", code)
    except PickledError:
        return _pickled(dataset, path, advice)
    except UnfitError as error:
        raise _unfit(dataset, path, error, advice) from error


def _listed(directory: Path, advice: str) -> str:
    """The names in a directory, as far as a line can hold them."""
    try:
        return ", ".join(sorted(entry.name for entry in directory.iterdir())[:10]) or "nothing"
    except OSError as error:
        raise ClaimsError(f"the data directory {directory} cannot be read: {error}. {advice}") from error


def _unfit(dataset: DataSet, source: object, error: Exception, advice: str) -> ClaimsError:
    return ClaimsError(f"{source} cannot be used as {dataset.name}: {error}. {advice}".rstrip())


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
    return _of(_convert(dataset, content, path), "directory")


def _from_cache(dataset: DataSet, notes: list[str], code: str | None) -> Located | None:
    path = _cached_file(dataset, code)
    if path is None or not is_readable(path):
        return None
    try:
        return _checked(dataset, path, "cache", code)
    except (ValueError, OSError) as error:
        notes.append(f"{path} is damaged ({error})")
        return None


def _from_keras(dataset: DataSet, notes: list[str], code: str | None) -> Located | None:
    home = keras_directory()
    if dataset.sha256 is None or home is None or not is_readable(path := home / dataset.filename):
        return None
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != dataset.sha256:
        notes.append(f"{path} has another SHA-256 than Keras' own")
        return None
    return _kept(dataset, content, "cache", code, path)


def _from_download(dataset: DataSet, notes: list[str], code: str | None, *, offline: bool) -> Located | None:
    if dataset.url is None or dataset.sha256 is None:
        notes.append("it cannot be downloaded")
    elif offline:
        notes.append("downloads are switched off")
    else:
        try:
            return _kept(dataset, fetch(dataset.url, dataset.sha256), "download", code, dataset.url)
        except DownloadError as error:
            notes.append(str(error))
    return None


def _kept(dataset: DataSet, content: bytes, origin: Origin, code: str | None, source: object) -> Located:
    """Keep a checked download in the cache, as plain arrays, for later sessions."""
    arrays = _convert(dataset, content, source)
    if path := _cached_file(dataset, code):
        with suppress(OSError):  # without a cache every session converts the file again
            write_whole(path, partial(_save_arrays, arrays))
    return _of(arrays, origin)


def _cached_file(dataset: DataSet, code: str | None) -> Path | None:
    """Return the path in the cache for this download and this code; ``None`` if one of them is unknown.

    Catalogues share the cache. Two of them may use one name for different files, or read one file in two ways.
    """
    home = cache_directory()
    if dataset.sha256 is None or code is None or home is None:
        return None
    return home / hashlib.sha256(f"{dataset.sha256} {code}".encode()).hexdigest()[:16] / dataset.filename


def _save_arrays(arrays: Arrays, file: BinaryIO) -> None:
    np.savez(file, **arrays)  # type: ignore[arg-type]  # the arrays get their names at run time


def _convert(dataset: DataSet, content: bytes, source: object) -> Arrays:
    """Return the arrays of a download that has passed its SHA-256."""
    name = "its convert" if dataset.convert else "its reader"
    try:
        return arrays_of(lambda: (dataset.convert or dataset.read)(io.BytesIO(content)), name)
    except ValueError as error:
        advice = "It is the file with the declared SHA-256: put the function right, which must give arrays by name."
        raise _unfit(dataset, source, error, advice) from error


def _of(arrays: Arrays, origin: Origin) -> Located:
    return Located("real", origin, None, lambda: arrays)


def _checked(dataset: DataSet, path: Path, origin: Origin, code: str | None) -> Located:
    """Check a file by reading it. A file that passed before with the same code is read only when it is used."""
    if code is None:
        return _of(_read(dataset, path), origin)
    state = path.stat()
    times = f"{state.st_mtime_ns} {state.st_ctime_ns}"
    identity = f"{CHECKS} {code} {path.resolve()} {state.st_size} {times} {state.st_ino}"
    if known := remembered_hash(identity):
        return Located("real", origin, None, partial(_read_again, dataset, path, known, identity), known)
    located = _of(_read(dataset, path), origin)
    remember_hash(identity, located.content_hash)
    return located


def _read(dataset: DataSet, path: Path) -> Arrays:
    return arrays_of(lambda: dataset.read(path), "its reader")


def _read_again(dataset: DataSet, path: Path, known: str, identity: str) -> Arrays:
    """Read a file that passed its checks before; it may have changed since, without a trace in its times."""
    try:
        arrays = _read(dataset, path)
        if (digest := content_hash(arrays)) != known:
            remember_hash(identity, digest)
            raise ValueError(f"its content has the hash {digest}, and had {known} when this session was planned")
        return arrays
    except ValueError as error:
        raise _unfit(dataset, path, error, f"Run again, and it is checked anew. {dataset.how_to_get}") from error
