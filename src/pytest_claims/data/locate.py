"""Where data come from: a directory, the cache, a checked download, or else a stand-in.

This module knows no data set by name. A catalogue declares its own as `DataSet`.
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

CHECKS = 2  # rises when a check is added, so that files which passed the older ones are checked again


def locate(
    dataset: DataSet, *, directory: Path | None = None, offline: bool = False, code: str | None = None
) -> Located | None:
    """Find a data set: in the directory; else in the cache; else by download; else its stand-in.

    Parameters
    ----------
    dataset
        What to find.
    directory
        Where the user says that the data are. Nothing else is then tried.
    offline
        Download nothing. The environment variable ``CLAIMS_OFFLINE=1`` says the same.
    code
        A hash of the code that reads and converts the file, if that can be told. What was found of a file is remembered
        only together with it, so that another reader reads the file anew.

    Returns
    -------
    Located or None
        ``None`` if there is neither the real data set nor a stand-in.

    Raises
    ------
    ClaimsError
        If the directory does not hold what the user says.
    """
    if directory is not None:
        return _from_directory(dataset, directory, code)
    notes: list[str] = []
    found = _from_cache(dataset, notes, code) or _from_keras(dataset, notes, code)
    if found is None:
        forbidden = offline or os.environ.get("CLAIMS_OFFLINE", "0") not in ("", "0")
        found = _from_download(dataset, notes, code, offline=forbidden)
    if found is None and dataset.stand_in is not None:
        note = f"{dataset.name}: using the stand-in, because {'; '.join(notes)}. {dataset.how_to_get}".rstrip()
        found = Located("stand-in", "stand-in", note, dataset.stand_in)
    return found


def _from_directory(dataset: DataSet, directory: Path, code: str | None) -> Located:
    path = directory / dataset.filename
    advice = f"{dataset.how_to_get} Or name no directory (--claims-data, CLAIMS_DATA): it is then found without one."
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
    """Accept a pickled file if it is, byte for byte, the one that `dataset` declares."""
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != dataset.sha256:
        expected = f"plain arrays, or the file with SHA-256 {dataset.sha256}" if dataset.sha256 else "plain arrays"
        raise ClaimsError(
            f"{path} cannot be used as {dataset.name}: it is a pickle, which can run anything when loaded, and its "
            f"SHA-256 is {found}; expected {expected}. {advice}"
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
    """Keep a checked download in the cache, as plain arrays, for the sessions to come."""
    arrays = _convert(dataset, content)
    if path := _cached_file(dataset, code):
        with suppress(OSError):  # without a cache every session converts anew
            write_whole(path, partial(_save_arrays, arrays))
    return _of(arrays, origin)


def _cached_file(dataset: DataSet, code: str | None) -> Path | None:
    """Where the cache keeps what this code made of this download; nowhere if one of them is not known.

    Catalogues share the cache. Two of them may call different files by one name, or read one file in two ways.
    """
    if dataset.sha256 is None or code is None:
        return None
    return _cache_directory() / hashlib.sha256(f"{dataset.sha256} {code}".encode()).hexdigest()[:16] / dataset.filename


def _save_arrays(arrays: Arrays, file: BinaryIO) -> None:
    np.savez(file, **arrays)  # type: ignore[arg-type]  # arrays are named at run time


def _convert(dataset: DataSet, content: bytes) -> Arrays:
    """Give the arrays of a download that has passed its SHA-256."""
    return (dataset.convert or dataset.read)(io.BytesIO(content))


def _of(arrays: Arrays, origin: Origin) -> Located:
    return Located("real", origin, None, lambda: arrays)


def _checked(dataset: DataSet, path: Path, origin: Origin, code: str | None) -> Located:
    """Check a file, unless it passed before with the same code; then it is loaded only when it is used."""
    if code is None:
        return _of(dataset.read(path), origin)
    state = path.stat()
    identity = f"{CHECKS} {code} {path.resolve()} {state.st_size} {state.st_mtime_ns} {state.st_ino}"
    remembered = _cache_directory() / "checked" / hashlib.sha256(identity.encode()).hexdigest()
    with suppress(OSError, UnicodeDecodeError):
        if len(known := remembered.read_text(encoding="ascii")) == hashlib.sha256().digest_size * 2:
            return Located("real", origin, None, partial(dataset.read, path), known)
    located = _of(dataset.read(path), origin)
    with suppress(OSError):  # without a cache every session checks anew
        replace_file(remembered, located.content_hash)
    return located


def _cache_directory() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pytest-claims"
