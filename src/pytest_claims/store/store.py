"""The store: one SQLite file that keeps every run, so that no run is trained twice.

One row of the table ``runs`` is one run. The columns ``declaration``, ``history``, ``measurements`` and ``provenance``
hold JSON. JSON has no NaN and no infinity, so the strings ``"NaN"``, ``"Infinity"`` and ``"-Infinity"`` stand for them.
`Store.runs` turns these strings back into numbers in histories and measurements. The ``sqlite3`` shell can read the
file::

    SELECT arm, seed, json_extract(history, '$.val_accuracy[#-1]') FROM runs;
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from pytest_claims.store.database import Database, set_aside
from pytest_claims.store.locks import locked
from pytest_claims.support.json_numbers import dumped, encoded, loaded, plain_numbers


@dataclass(frozen=True)
class Run:
    """One arm trained with one seed.

    Parameters
    ----------
    fingerprint
        Hash of all that determines the run, see `pytest_claims.fingerprint.fingerprint`.
    arm, tier, engine
        Names by which people find the run.
    seed
        Fixes the run's randomness.
    declaration
        The arm's declaration, from `pytest_claims.fingerprint.fingerprint.describe`.
    history
        One number per epoch for each metric.
    measurements
        A number, or a nested list of numbers, for each name.
    provenance
        The machine and the versions of libraries that trained the run. The fingerprint does not include it.
    seconds
        Duration of the training.
    """

    fingerprint: str
    arm: str
    tier: str
    engine: str
    seed: int
    declaration: Mapping[str, Any]
    history: Mapping[str, list[float]]
    measurements: Mapping[str, Any]
    provenance: Mapping[str, Any]
    seconds: float


class Stored(NamedTuple):
    """The runs of one fingerprint: a row of `Store.summary`."""

    arm: str
    tier: str
    engine: str
    fingerprint: str
    num_seeds: int
    seconds: float
    """Duration of all runs together."""
    first_created: str
    last_created: str
    """Times at which the first and the last run were stored, ISO 8601, UTC."""
    data_hash: str | None
    """Hash of the content of the data that the runs trained on; ``None`` without data."""


class Store:
    """The runs in one file; `Store.open` makes it.

    Threads
        Several threads may use one object. They take turns at its connection.
    Processes
        Several processes of one machine may use one file. A forked child may use its parent's object, which then opens
        a new connection. Several machines cannot share a file: the store refuses network file systems.
    Writing
        `add` and `delete` do all or nothing, even if the process dies. A run outlives its process as soon as `add` has
        returned. A loss of power may lose the last runs, but damages none. A run never changes: of two runs with the
        same fingerprint and seed the store keeps the first.
    Reading
        Each call reads the file at one moment, with all runs whose `add` has returned in any process. Two calls may
        read different moments. A reader without write permission assumes that the file never changes, except if
        a process has it open for writing by then.
    Working
        `locked` gives a unit of work to one block of code at a time, in all processes, threads and objects. A process
        that dies gives its units back. The locks bind only the callers of `locked`: `add` works without them.
    """

    def __init__(self, database: Database, message: str | None = None) -> None:
        self._database = database
        self.message = message
        """A message for the user: the place of the old store, if a new store replaced it."""

    @classmethod
    def open(cls, path: str | PathLike[str], *, fresh: bool = False, read_only: bool = False) -> Store:
        """Open the store at `path`; begin a new one if there is no file.

        Without write permission for the file and its directory, the store can only be read; `writable` is then False.

        Parameters
        ----------
        path
            The SQLite file. Its directory is made if it does not exist.
        fresh
            Begin a new store. An existing store is renamed first and nothing is deleted; `message` has the new name. If
            several processes share a store, only one may ask for a fresh store, before the others open it.
        read_only
            Open the store only for reading, whatever the permissions; the file must exist.

        Raises
        ------
        ClaimsError
            The path is a directory or lies on a network file system. The file is not a store, is damaged, or has
            another schema version. Or `fresh` is true while another process has the store open.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place, Store.open(f"{place}/runs.sqlite") as store:
        ...     run = Run("4f1c", "noise", "fast", "stacked", 7, {}, {"loss": [0.5, float("nan")]}, {}, {}, 1.2)
        ...     store.add(run)
        ...     [stored] = store.runs("4f1c", [7])
        >>> stored.history["loss"]
        [0.5, nan]
        """
        file, message = Path(path).resolve(), None
        if fresh and (kept := set_aside(file)):
            message = f"a new store begins at {file}; the old one is kept as {kept}"
        return cls(Database(file, read_only=read_only), message)

    @property
    def path(self) -> Path:
        """The SQLite file."""
        return self._database.path

    @property
    def writable(self) -> bool:
        """True if runs can be added and units locked."""
        return self._database.writable

    def seeds(self, fingerprint: str) -> set[int]:
        """Return the seeds whose runs the store holds for a fingerprint."""
        return {
            seed for (seed,) in self._database.select("SELECT seed FROM runs WHERE fingerprint = ?", (fingerprint,))
        }

    def runs(self, fingerprint: str, seeds: Iterable[int]) -> list[Run]:
        """Return the runs of `seeds`, in the order of `seeds`.

        Raises
        ------
        ValueError
            The store lacks a run; the message names the missing seeds.
        """
        wanted = [int(seed) for seed in seeds]
        rows = self._database.select(
            "SELECT fingerprint, arm, tier, engine, seed, declaration, history, measurements, provenance, seconds"
            " FROM runs WHERE fingerprint = ? AND seed IN (SELECT value FROM json_each(?))",
            (fingerprint, json.dumps(wanted)),
        )
        by_seed = {run.seed: run for run in map(_run_from_row, rows)}
        if missing := sorted(set(wanted) - by_seed.keys()):
            raise ValueError(f"the store {self.path} has no runs of fingerprint {fingerprint} with seeds {missing}")
        return [by_seed[seed] for seed in wanted]

    def add(self, run: Run) -> None:
        """Store a run. A stored run with the same fingerprint and seed stays as it is.

        NumPy's numbers and arrays become Python numbers and lists.

        Raises
        ------
        ValueError
            A measurement is neither a number nor a nested list of numbers.
        """
        row = (
            run.fingerprint,
            int(run.seed),
            run.arm,
            run.tier,
            run.engine,
            dumped(encoded(run.declaration)),
            dumped({name: encoded([float(value) for value in values]) for name, values in run.history.items()}),
            dumped({name: encoded(plain_numbers(value, name)) for name, value in run.measurements.items()}),
            dumped(encoded(run.provenance)),
            float(run.seconds),
            datetime.now(UTC).isoformat(timespec="seconds"),
        )
        with self._database.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def locked(self, units: Iterable[str]) -> AbstractContextManager[bool]:
        """Lock all of these units while a block runs, or none; yield True if the block holds the locks.

        A block that gets the units must read `seeds` again before it trains: the previous owner may have trained them.
        All processes must use the same name for a unit.

        Raises
        ------
        ClaimsError
            The store can only be read, or its disk does not support file locks.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place, Store.open(f"{place}/runs.sqlite") as store:
        ...     with store.locked(["a", "b"]) as mine, store.locked(["b", "c"]) as also_mine:
        ...         print(mine, also_mine)
        True False
        """
        self._database.refuse_unless_writable()
        return locked(self.path.with_name(f"{self.path.name}-locks"), units)

    def seconds_per_run(self, arm: str, tier: str, engine: str) -> float | None:
        """Return the median duration of an arm's runs in seconds, for all fingerprints; ``None`` without runs."""
        rows = self._database.select(
            "SELECT seconds FROM runs WHERE arm = ? AND tier = ? AND engine = ?", (arm, tier, engine)
        )
        return statistics.median(seconds for (seconds,) in rows) if rows else None

    def summary(self) -> list[Stored]:
        """List the runs: one row per fingerprint, sorted by the arm's name, the newest first."""
        rows = self._database.select(
            "SELECT arm, tier, engine, fingerprint, count(*), sum(seconds), min(created), max(created) AS last,"
            " max(data_hash)"
            " FROM runs GROUP BY arm, tier, engine, fingerprint ORDER BY arm, tier, engine, last DESC, fingerprint"
        )
        return [Stored(*row) for row in rows]

    def publish(self, path: Path, seeds: Mapping[str, Iterable[int]]) -> int:
        """Write a new file that holds only some runs; return their number.

        Parameters
        ----------
        path
            A file that does not exist yet.
        seeds
            For each fingerprint, the seeds of its runs.
        """
        self._database.copy_to(path)
        with Store.open(path) as copy:
            with copy._database.transaction() as connection:
                connection.execute(
                    "DELETE FROM runs WHERE NOT EXISTS"
                    " (SELECT 1 FROM json_each(?) AS arm, json_each(arm.value) AS one"
                    " WHERE arm.key = fingerprint AND one.value = seed)",
                    (json.dumps({fingerprint: sorted(which) for fingerprint, which in seeds.items()}),),
                )
            copy._database.fold()
            ((num_runs,),) = copy._database.select("SELECT count(*) FROM runs")
        return int(num_runs)

    def delete(self, fingerprints: Iterable[str]) -> None:
        """Delete the runs of these fingerprints, and free their disk space."""
        with self._database.transaction() as connection:
            connection.executemany("DELETE FROM runs WHERE fingerprint = ?", [(name,) for name in fingerprints])
        self._database.shrink()

    def close(self) -> None:
        """Close the file. The next access opens it again."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _run_from_row(row: tuple[Any, ...]) -> Run:
    fingerprint, arm, tier, engine, seed, declaration, history, measurements, provenance, seconds = row
    return Run(
        fingerprint=fingerprint,
        arm=arm,
        tier=tier,
        engine=engine,
        seed=seed,
        declaration=json.loads(declaration),
        history=loaded(history),
        measurements=loaded(measurements),
        provenance=json.loads(provenance),
        seconds=seconds,
    )
