"""The store: one SQLite file that keeps every run, so that nothing is trained twice.

One row of the table ``runs`` is one run. The columns ``declaration``, ``history``, ``measurements`` and ``provenance``
hold JSON. JSON has no numbers that are not finite: they stand there as the strings ``"NaN"``, ``"Infinity"`` and
``"-Infinity"``, which `Store.runs` turns back into numbers in histories and measurements. So the file can be read with
the ``sqlite3`` shell::

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
        Of all that determines the run, see `pytest_claims.fingerprint.fingerprint`.
    arm, tier, engine
        Names, by which people find the run.
    seed
        Fixes the run's randomness.
    declaration
        What the arm declared, as `pytest_claims.fingerprint.fingerprint.describe` gives it.
    history
        One number per epoch, by quantity.
    measurements
        Numbers, or nested lists of numbers, by name.
    provenance
        Where and with which versions it was trained. Not part of the fingerprint.
    seconds
        How long it took.
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
    """What the store holds under one fingerprint: a row of `Store.summary`."""

    arm: str
    tier: str
    engine: str
    fingerprint: str
    num_seeds: int
    seconds: float
    """Of all its runs together."""
    first_created: str
    last_created: str
    """When the first and the last run were stored, ISO 8601, UTC."""
    data_hash: str | None
    """Of the content of the data that they were trained on, if any."""


class Store:
    """The runs in one file. Made by `Store.open`.

    Threads
        Several may use one object. They take turns at its connection.
    Processes
        Several of one machine may use one file. A forked child may go on with its parent's object, over a connection
        of its own. Several machines cannot share a file: the store refuses network file systems.
    Writing
        `add` and `delete` do all or nothing, even if the process dies. A run outlives its process as soon as `add` has
        returned. A machine that loses power may lose the last runs, but damages none. A run never changes: of two with
        the same fingerprint and seed the store keeps the first.
    Reading
        Each call sees the file as it is at one moment, with all runs whose `add` has returned in any process. Two
        calls may see different moments. A reader without write permission takes the file for one that never changes,
        unless a process has it open for writing by then.
    Working
        `locked` gives a unit of work to one block of code at a time, in all processes, threads and objects. A process
        that dies gives its units back. The locks bind only those who ask: `add` works without them.
    """

    def __init__(self, database: Database, message: str | None = None) -> None:
        self._database = database
        self.message = message
        """For the user: where the old store is, if a new one began in its place."""

    @classmethod
    def open(cls, path: str | PathLike[str], *, fresh: bool = False, read_only: bool = False) -> Store:
        """Open the store at `path`; where there is no file, a new one begins.

        A file without write permission, or in a directory without it, is opened for reading, as `writable` tells.

        Parameters
        ----------
        path
            The SQLite file. Its directory is made if there is none.
        fresh
            Begin a new store. One that is there already is renamed first, as `message` tells; nothing is deleted. Of
            several processes that share a store, one asks for this before the others open it.
        read_only
            Add nothing, whatever the permissions; the file must be there.

        Raises
        ------
        ClaimsError
            The path is a directory or lies on a network file system; the file is not a store, is damaged, or has
            another schema version; or `fresh` was asked for while another process has the store open.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place, Store.open(f"{place}/runs.sqlite") as store:
        ...     run = Run("4f1c", "noise", "fast", "stacked", 7, {}, {"loss": [0.5, float("nan")]}, {}, {}, 1.2)
        ...     store.add(run)
        ...     [found] = store.runs("4f1c", [7])
        >>> found.history["loss"]
        [0.5, nan]
        """
        file, message = Path(path).resolve(), None
        if fresh and (kept := set_aside(file)):
            message = f"a new store begins at {file}; the old one is kept as {kept}"
        return cls(Database(file, read_only=read_only), message)

    @property
    def path(self) -> Path:
        """The file."""
        return self._database.path

    @property
    def writable(self) -> bool:
        """True if runs can be added and units locked."""
        return self._database.writable

    def seeds(self, fingerprint: str) -> set[int]:
        """The seeds whose runs are there."""
        return {
            seed for (seed,) in self._database.select("SELECT seed FROM runs WHERE fingerprint = ?", (fingerprint,))
        }

    def runs(self, fingerprint: str, seeds: Iterable[int]) -> list[Run]:
        """The runs of `seeds`, in their order.

        Raises
        ------
        ValueError
            A run is not there; the message names the seeds.
        """
        wanted = [int(seed) for seed in seeds]
        rows = self._database.select(
            "SELECT fingerprint, arm, tier, engine, seed, declaration, history, measurements, provenance, seconds"
            " FROM runs WHERE fingerprint = ? AND seed IN (SELECT value FROM json_each(?))",
            (fingerprint, json.dumps(wanted)),
        )
        found = {run.seed: run for run in map(_run_from_row, rows)}
        if missing := sorted(set(wanted) - found.keys()):
            raise ValueError(f"the store {self.path} has no runs of fingerprint {fingerprint} with seeds {missing}")
        return [found[seed] for seed in wanted]

    def add(self, run: Run) -> None:
        """Keep a run. One of the same fingerprint and seed that is there already stays as it is.

        Numbers of NumPy and arrays become plain numbers and lists.

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
        """Be the only one to work on all of these units while a block runs, or on none; the block is told which.

        Whoever gets units looks at `seeds` again before training: who had them before may have finished. All processes
        must call a unit by the same name.

        Raises
        ------
        ClaimsError
            The store can only be read, or its disk has no locks.

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
        """The median duration of an arm's runs in seconds, whatever their fingerprint; ``None`` if there are none."""
        rows = self._database.select(
            "SELECT seconds FROM runs WHERE arm = ? AND tier = ? AND engine = ?", (arm, tier, engine)
        )
        return statistics.median(seconds for (seconds,) in rows) if rows else None

    def summary(self) -> list[Stored]:
        """List the runs: one row per fingerprint, by name of the arm, the newest first."""
        rows = self._database.select(
            "SELECT arm, tier, engine, fingerprint, count(*), sum(seconds), min(created), max(created) AS last,"
            " max(data_hash)"
            " FROM runs GROUP BY arm, tier, engine, fingerprint ORDER BY arm, tier, engine, last DESC, fingerprint"
        )
        return [Stored(*row) for row in rows]

    def publish(self, path: Path, seeds: Mapping[str, int]) -> int:
        """Write a copy with the first runs of some fingerprints alone, in one file; returns their number.

        Parameters
        ----------
        path
            A file that is not there yet.
        seeds
            By fingerprint, below which seed.
        """
        self._database.copy_to(path)
        with Store.open(path) as copy:
            with copy._database.transaction() as connection:
                connection.execute(
                    "DELETE FROM runs WHERE NOT EXISTS"
                    " (SELECT 1 FROM json_each(?) WHERE key = fingerprint AND seed < value)",
                    (json.dumps(dict(seeds)),),
                )
            copy._database.fold()
            ((num_runs,),) = copy._database.select("SELECT count(*) FROM runs")
        return int(num_runs)

    def delete(self, fingerprints: Iterable[str]) -> None:
        """Delete the runs of these fingerprints, and give their room back."""
        with self._database.transaction() as connection:
            connection.executemany("DELETE FROM runs WHERE fingerprint = ?", [(one,) for one in fingerprints])
        self._database.shrink()

    def close(self) -> None:
        """Close the file. It is opened again when it is needed again."""
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
