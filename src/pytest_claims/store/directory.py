"""Directories that the store makes. Each has a README, and marks that make git and backups skip it."""

from __future__ import annotations

from pathlib import Path

from pytest_claims.support.files import replace_file

_FILES = {
    ".gitignore": "# Written by pytest-claims.\n*\n",
    # The first line is fixed by https://bford.info/cachedir/.
    "CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This file is a cache directory tag written by pytest-claims.\n"
    "# For information about cache directory tags, see https://bford.info/cachedir/.\n",
}


def make_directory(path: Path, readme: str) -> None:
    """Make a directory with `readme` and marks for git and backups; leave an existing directory as it is.

    Raises
    ------
    OSError
        The directory cannot be made or written to.
    """
    try:
        path.mkdir(parents=True)
    except FileExistsError:
        if path.is_dir():  # it is the user's, or another process has just made it
            return
        raise
    for name, text in {"README.md": readme, **_FILES}.items():
        replace_file(path / name, text)
