"""Files are written in one step: no reader ever sees a part of one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file whole or not at all; make its directory if there is none.

    The content goes to a temporary file in the same directory, which then replaces the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with temporary.open("wb") as file:
            write(file)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def replace_file(path: Path, text: str) -> None:
    """Write a text file whole or not at all, as UTF-8."""
    write_whole(path, lambda file: file.write(text.encode("utf-8")))
