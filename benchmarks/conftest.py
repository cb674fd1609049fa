"""Runs contenders side by side, and prints what came of it as a table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
ROWS = pytest.StashKey[list[list[str]]]()


def environment() -> dict[str, str]:
    """Variables under which a process finds the catalogue and the instrument."""
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}


class Contender:
    """A process that answers requests, one at a time; between them it does nothing."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "benchmarks/contenders.py"), name],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._line("ready")

    def seconds(self, request: dict[str, Any]) -> float:
        assert self._process.stdin
        print(json.dumps(request), file=self._process.stdin, flush=True)
        return float(json.loads(self._line("{"))["seconds"])

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _line(self, start: str) -> str:
        """The next line that is an answer, whatever libraries print."""
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith(start):
                return line
        raise RuntimeError(f"the contender {self.name!r} has ended: start benchmarks/contenders.py by hand")


@pytest.fixture
def data() -> str:
    """Directory of the real data: stand-ins are too small to tell."""
    if "CLAIMS_DATA" not in os.environ:
        pytest.skip("the benchmarks need the real data: set CLAIMS_DATA")
    return os.environ["CLAIMS_DATA"]


@pytest.fixture
def contenders() -> Iterator[Any]:
    """Start contenders by their names; they are stopped after the test."""
    started: list[Contender] = []

    def start(names: Sequence[str]) -> list[Contender]:
        started.extend(Contender(name) for name in names)
        return started[-len(names) :]

    yield start
    for contender in started:
        contender.stop()


@pytest.fixture
def row(request: pytest.FixtureRequest) -> Any:
    """Adds a row to the table that is printed at the end."""
    return request.config.stash.setdefault(ROWS, []).append


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the table."""
    if rows := config.stash.get(ROWS, []):
        terminalreporter.write_sep("=", "benchmarks")
        for cells in rows:
            terminalreporter.write_line(f"| {' | '.join(cells)} |")
