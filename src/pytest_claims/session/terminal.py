"""Prints to the terminal before the tests, past pytest's capture."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import IO, TYPE_CHECKING, Any

import pytest

from pytest_claims.session.workers import is_silent, is_worker

if TYPE_CHECKING:
    from pytest_claims.training.progress import Progress


class Output:
    """The terminal of a pytest session. Of several workers only the first prints.

    Parameters
    ----------
    config
        Pytest's configuration.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def say(self, *lines: str) -> None:
        """Print lines, each after ``claims:``."""
        if file := self._file():
            with self._uncaptured():
                print(*(f"claims: {line}" for line in lines), sep="\n", file=file, flush=True)

    def progress(self) -> Progress:
        """Make the display of training progress."""
        from pytest_claims.training.progress import Progress

        return Progress(self._file(), self._uncaptured)

    def _file(self) -> IO[str] | None:
        if is_worker(self._config):
            return None if is_silent(self._config) else sys.__stderr__
        reporter: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        file: IO[str] | None = reporter._tw._file if reporter else None
        return file

    def _uncaptured(self) -> AbstractContextManager[None]:
        capture: Any = self._config.pluginmanager.get_plugin("capturemanager")
        uncaptured: AbstractContextManager[None] = capture.global_and_fixture_disabled() if capture else nullcontext()
        return uncaptured
