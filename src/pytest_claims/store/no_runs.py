"""A store without runs and without a file, for a plan that is only shown."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pytest_claims.store.store import Run, Store


class NoRuns(Store):
    """Stands for a store that does not exist yet. It reads and writes no file.

    Parameters
    ----------
    path
        The file that the store would have.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.message = None

    @property
    def path(self) -> Path:
        """The SQLite file that the store would have."""
        return self._path

    @property
    def writable(self) -> bool:
        """Always false."""
        return False

    def seeds(self, fingerprint: str) -> set[int]:
        """No seeds, for every fingerprint."""
        return set()

    def runs(self, fingerprint: str, seeds: Iterable[int]) -> list[Run]:
        """No runs; any seed is an error."""
        if wanted := sorted(seeds):
            raise ValueError(f"the store {self.path} has no runs of fingerprint {fingerprint} with seeds {wanted}")
        return []

    def seconds_per_run(self, arm: str, tier: str, engine: str) -> float | None:
        """No duration."""
        return None

    def close(self) -> None:
        """Nothing is open."""


def open_to_look(path: Path) -> Store:
    """Open the store at `path` for reading alone; a store that does not exist yet has no runs."""
    try:
        there = path.is_dir() or path.stat().st_size > 0
    except OSError:
        there = False
    return Store.open(path, read_only=path.is_file()) if there else NoRuns(path)
