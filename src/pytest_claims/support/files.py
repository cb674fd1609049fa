"""Writing files of which nobody ever sees a part."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file of which nobody ever sees a part: elsewhere first, then moved into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        temporary = Path(file.name)
        try:
            write(file)  # type: ignore[arg-type]
        except BaseException:
            temporary.unlink()
            raise
    temporary.replace(path)
