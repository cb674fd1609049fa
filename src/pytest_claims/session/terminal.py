"""Prints to the terminal before the tests, past pytest's capture."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import IO, TYPE_CHECKING, Any

import pytest

from pytest_claims.session.workers import is_silent, is_worker
from pytest_claims.support.text import encodable

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
                text = "\n".join(f"claims: {line}" for line in lines)
                print(encodable(text, file), file=file, flush=True)

    def encodable(self, text: str) -> str:
        """Replace the characters of a text that the terminal cannot encode."""
        file = self._file()
        return encodable(text, file) if file else text

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


class Summary:
    """The end of a session's terminal. It replaces characters that the terminal cannot encode.

    Parameters
    ----------
    reporter
        Pytest's terminal reporter.
    """

    def __init__(self, reporter: Any) -> None:
        self._reporter = reporter

    @property
    def color(self) -> bool:
        """True if the terminal shows colours."""
        return bool(self._reporter.hasmarkup)

    @property
    def width(self) -> int:
        """Columns of the terminal, 120 at most."""
        return min(int(self._reporter._tw.fullwidth), 120)

    def title(self, text: str) -> None:
        """Print a line with a title in its middle."""
        self._reporter.write_sep("=", encodable(text, self._reporter._tw._file))

    def write(self, *lines: str, **markup: bool) -> None:
        """Print lines."""
        for line in lines:
            self._reporter.write_line(encodable(line, self._reporter._tw._file), **markup)
