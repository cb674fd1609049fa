"""Files are written in one step: no reader ever sees a part of one."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file whole or not at all; make its directory if there is none.

    The content goes to a temporary file in the same directory, which then replaces the file.
    """
    _write_all({path: write})


def replace_file(path: Path, text: str) -> None:
    """Write a text file whole or not at all, as UTF-8."""
    replace_files({path: text})


def replace_files(texts: Mapping[Path, str]) -> None:
    """Write text files as UTF-8. No file is replaced before all of them could be written."""
    _write_all({path: partial(_write_text, text) for path, text in texts.items()})


def _write_text(text: str, file: BinaryIO) -> None:
    # Half of a surrogate pair, as in a file name that is not UTF-8, becomes an escape, which JSON reads as the same.
    file.write(text.encode("utf-8", "backslashreplace"))


def _write_all(writers: Mapping[Path, Callable[[BinaryIO], object]]) -> None:
    temporaries = {path: path.with_name(f"{path.name}.{os.getpid()}.new") for path in writers}
    try:
        for path, write in writers.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
            with temporaries[path].open("wb") as file:
                write(file)
        for path, temporary in temporaries.items():
            temporary.replace(path)
    except BaseException:
        for temporary in temporaries.values():
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
        raise
