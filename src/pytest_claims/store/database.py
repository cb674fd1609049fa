"""The SQLite database behind the store: its tables, and how processes and threads share it."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import Any

from pytest_claims.store.file_checks import (
    APPLICATION_ID,
    SCHEMA_VERSION,
    START_NEW,
    free_name,
    header_of,
    not_a_store,
    prepare,
    refuse_unfit_file,
)
from pytest_claims.support.errors import ClaimsError

BUSY_SECONDS = 30.0
"""Longest wait for a transaction of another process, in seconds. A transaction takes milliseconds."""

SCHEMA = """
CREATE TABLE runs (
    fingerprint TEXT NOT NULL,
    seed INTEGER NOT NULL,
    arm TEXT NOT NULL,
    tier TEXT NOT NULL,
    engine TEXT NOT NULL,
    declaration TEXT NOT NULL,
    history TEXT NOT NULL,
    measurements TEXT NOT NULL,
    provenance TEXT NOT NULL,
    seconds REAL NOT NULL,
    created TEXT NOT NULL,
    data_hash TEXT GENERATED ALWAYS AS (json_extract(provenance, '$.data.content_hash')) VIRTUAL,
    PRIMARY KEY (fingerprint, seed)
);
CREATE INDEX runs_by_arm ON runs (arm, tier, engine, seconds);
"""
"""The tables of version `SCHEMA_VERSION`. The generated column is for `Store.summary` and for people."""

# Connections that a forked child inherited. SQLite forbids the child to use or to close them.
_inherited: list[object] = []


@dataclass
class _Link:
    """The connection of one process. The threads of the process take turns at it."""

    connection: sqlite3.Connection
    pid: int = field(default_factory=os.getpid)
    lock: RLock = field(default_factory=RLock)


class Database:
    """One SQLite file with the tables of a store. A file that does not exist is created.

    Each process has its own connection. A forked child opens one when it first needs it.

    Raises
    ------
    ClaimsError
        The file cannot be used as a store; the message says why and what to do.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        if read_only and not path.is_file():
            raise ClaimsError(f"there is no file {path}: give a file that pytest-claims publish has written")
        self.writable = not read_only and prepare(path)
        refuse_unfit_file(path, writable=self.writable)
        self._current: _Link | None = None
        try:
            with _explained(path):
                connection = self._link().connection
                if self.writable:
                    _create_tables(connection, path)
                _check_integrity(connection)
        except BaseException:
            self.close()
            raise

    def refuse_unless_writable(self) -> None:
        """Raise `ClaimsError` if the file can only be read."""
        if not self.writable:
            raise ClaimsError(f"the store {self.path} can only be read: there is no permission to write to it")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all changes of a block, or none if the block raises an exception or the process dies."""
        self.refuse_unless_writable()
        link = self._link()
        with _explained(self.path), link.lock, link.connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    def select(self, query: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        link = self._link()
        with _explained(self.path), link.lock:
            return link.connection.execute(query, parameters).fetchall()

    def copy_to(self, path: Path) -> None:
        """Write the content of the file and of its log to a new, compact file."""
        if path.exists():
            raise ClaimsError(f"{path} exists already: give the name of a file that does not exist")
        path.parent.mkdir(parents=True, exist_ok=True)
        self.select("VACUUM INTO ?", (str(path),))

    def fold(self) -> None:
        """Move the log into the file and make it as small as possible, for a file that no process will write to."""
        for statement in ("PRAGMA journal_mode = DELETE", "VACUUM"):
            self.select(statement)

    def shrink(self) -> None:
        """Free the disk space of deleted rows."""
        for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            self.select(statement)

    def close(self) -> None:
        """Close the connection of this process. The next access opens it again."""
        link, self._current = self._current, None
        if link is not None and link.pid == os.getpid():
            with link.lock:
                link.connection.close()

    def _link(self) -> _Link:
        if self._current is not None and self._current.pid != os.getpid():
            _inherited.append(self._current)
            self._current = None
        if self._current is None:
            self._current = _Link(_connect(self.path, writable=self.writable))
        return self._current


def set_aside(path: Path) -> Path | None:
    """Rename the store at `path`, so that a new one can begin; return the new name, which contains the time.

    Raises
    ------
    ClaimsError
        The file is not a store, another process has it open, or there is no permission.
    """
    if not path.exists() or path.stat().st_size == 0:
        return None
    if not prepare(path):
        raise ClaimsError(f"no new store can begin at {path}: there is no permission to write there")
    if header_of(path)[0] != APPLICATION_ID:
        raise not_a_store(path)
    _fold_log_into(path)
    kept = free_name(path)
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(kept.with_name(kept.name + suffix))
    return kept


def _connect(path: Path, *, writable: bool) -> sqlite3.Connection:
    address = path.resolve().as_uri()
    log = path.with_name(path.name + "-wal")
    if not writable:
        # With "immutable" SQLite takes no locks and does not read the log. This is right only while nobody writes.
        address += "?mode=ro" if log.exists() and log.stat().st_size else "?mode=ro&immutable=1"
    connection = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        # With a write-ahead log, NORMAL loses no data when a process dies. FULL would wait for the disk at every run.
        connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _create_tables(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables once, even if several processes open the new file; then turn on the write-ahead log.

    In this order the header of the file marks it as a store from the first moment.
    """
    if connection.execute("PRAGMA application_id").fetchone()[0] == 0:
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            if connection.execute("PRAGMA application_id").fetchone()[0] == 0:
                if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
                    raise not_a_store(path)
                for statement in SCHEMA.split(";")[:-1]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    _turn_on_log(connection)


def _turn_on_log(connection: sqlite3.Connection) -> None:
    """Turn on the write-ahead log. SQLite does not wait here if another process turns it on at the same time."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _check_integrity(connection: sqlite3.Connection) -> None:
    (finding,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if finding != "ok":
        error = sqlite3.DatabaseError(finding)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _is_damaged(path: Path) -> bool:
    """Tell if SQLite cannot read the file itself, without its log."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            _check_integrity(connection)
    except sqlite3.DatabaseError:
        return True
    return False


def _fold_log_into(path: Path) -> None:
    """Move all runs from the log into the file. This works only if no other process has the file open."""
    if _is_damaged(path):  # the file keeps its log, which SQLite would throw away
        return
    try:
        with closing(_connect(path, writable=True)) as connection:
            connection.execute("PRAGMA busy_timeout = 0")
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise ClaimsError(
                f"the store {path} is in use by another process, so no new store can begin at this path. Wait until"
                " that process has ended, or give another path"
            ) from error


_EXPLANATIONS = {
    sqlite3.SQLITE_CORRUPT: f"is damaged. It was left as it is; restore it from a copy, or {START_NEW}",
    sqlite3.SQLITE_NOTADB: f"is damaged. It was left as it is; restore it from a copy, or {START_NEW}",
    sqlite3.SQLITE_FULL: "could not grow: the disk is full. Runs stored before are intact; make room and start again",
    sqlite3.SQLITE_BUSY: f"was locked by another process for more than {BUSY_SECONDS:.0f} seconds. Start again later",
    sqlite3.SQLITE_READONLY: "cannot be written to. Give it write permission, or copy it to a place that has it",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened. If there is also a file with the same name and -wal, copy both to a"
    " directory where you may write",
    sqlite3.SQLITE_IOERR: "could not be read or written. Check the disk, and check that it supports file locks",
}


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn an error of SQLite into a `ClaimsError` for the user. A fault in this module's SQL passes unchanged."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        explanation = _EXPLANATIONS.get(getattr(error, "sqlite_errorcode", -1) & 0xFF)
        if explanation is None:
            raise
        raise ClaimsError(f"the store {path} {explanation} (SQLite: {error})") from error
