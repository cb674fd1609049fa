"""Reports why an arm has no runs: the exception, and the line of the catalogue that it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NoReturn

import pytest

from pytest_claims.fingerprint.source_text import is_of_project
from pytest_claims.support.errors import told


def raise_for(name: str, error: BaseException) -> NoReturn:
    """Raise for a claim that needs the arm `name`, which failed with `error`.

    The traceback of `error` then begins in the catalogue, if the catalogue's code has a part in it.

    Raises
    ------
    pytest.fail.Exception
        It names the arm, the exception and the catalogue's line.
    pytest.skip.Exception
        The arm's code skips, as `pytest.importorskip` does.
    """
    __tracebackhide__ = True
    places = [entry for entry in _entries(error.__traceback__) if _is_of_project(entry)]
    reason = str(error)
    if places:
        code = places[-1].tb_frame.f_code
        reason = f"{told(error)} ({Path(code.co_filename).name}:{places[-1].tb_lineno}, in {code.co_qualname})"
        error = error.with_traceback(places[0])
    message = f"arm {name!r} could not be trained: {reason}"
    if isinstance(error, pytest.skip.Exception):
        pytest.skip(message)
    raise pytest.fail.Exception(message) from error


def _entries(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _is_of_project(entry: TracebackType) -> bool:
    frame = entry.tb_frame
    return is_of_project(str(frame.f_globals.get("__name__", "")), frame.f_code.co_filename)
