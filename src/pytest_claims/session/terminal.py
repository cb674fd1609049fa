"""Where the session speaks before the tests: on the terminal, past pytest's capture."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import IO, TYPE_CHECKING, Any

import pytest

from pytest_claims.session.workers import is_silent, is_worker

if TYPE_CHECKING:
    from pytest_claims.training.progress import Progress


class Output:
    """The terminal of a pytest run, or of the first of its workers; the other workers are silent.

    Parameters
    ----------
    config
        Pytest's configuration.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def say(self, *lines: str) -> None:
        """Print lines."""
        if file := self._file():
            with self._uncaptured():
                print(*(f"claims: {line}" for line in lines), sep="\n", file=file, flush=True)

    def progress(self) -> Progress:
        """Make what shows the progress of training."""
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
