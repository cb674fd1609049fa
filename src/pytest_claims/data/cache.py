"""The user's cache. Where there is none, or it cannot be read or written, all goes on without it."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from pytest_claims.support.files import replace_file


def cache_directory() -> Path | None:
    """The directory of the cache; ``None`` for a user without a home."""
    return _in_home("XDG_CACHE_HOME", ".cache", "pytest-claims")


def keras_directory() -> Path | None:
    """The directory of Keras' downloads; ``None`` for a user without a home."""
    return _in_home("KERAS_HOME", ".keras", "datasets")


def _in_home(variable: str, default: str, inner: str) -> Path | None:
    try:
        return Path(os.environ.get(variable) or Path.home() / default) / inner
    except RuntimeError:  # no HOME, and no entry among the system's users
        return None


def is_readable(path: Path) -> bool:
    """Tell whether a path is a file that this user may read; never an error."""
    try:
        return path.is_file() and os.access(path, os.R_OK)
    except OSError:
        return False


def remembered_hash(identity: str) -> str | None:
    """The hash that `remember_hash` kept under this identity, if there is one."""
    if (path := _path(identity)) is not None:
        with suppress(OSError, UnicodeDecodeError):
            if len(known := path.read_text(encoding="ascii")) == hashlib.sha256().digest_size * 2:
                return known
    return None


def remember_hash(identity: str, digest: str) -> None:
    """Keep a hash for later sessions, if there is a cache."""
    if (path := _path(identity)) is not None:
        with suppress(OSError):  # without a cache every session checks anew
            replace_file(path, digest)


def _path(identity: str) -> Path | None:
    directory = cache_directory()
    return directory and directory / "checked" / hashlib.sha256(identity.encode()).hexdigest()
