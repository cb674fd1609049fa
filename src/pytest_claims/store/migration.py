"""Stores of older versions: brought up to date in place, with a copy kept of what they were."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from pytest_claims.store.file_checks import SCHEMA_VERSION, free_name

MIGRATIONS = {
    # For who reads the file with the sqlite3 shell, and for lists of what it holds.
    1: (
        "ALTER TABLE runs ADD COLUMN data_hash TEXT"
        " GENERATED ALWAYS AS (json_extract(provenance, '$.data.content_hash')) VIRTUAL",
    ),
}
"""Statements that lead from a schema version to the next."""


def version_of(connection: sqlite3.Connection) -> int:
    """The schema version of an open store."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def migrate(connection: sqlite3.Connection, *, version: int) -> None:
    """Bring tables of a version to the present one, within a transaction of the caller."""
    for step in range(version, SCHEMA_VERSION):
        for statement in MIGRATIONS[step]:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def migrate_file(connection: sqlite3.Connection, path: Path) -> Path | None:
    """Bring a store up to date, once, however many processes open it; the copy kept of it, if it was older."""
    if version_of(connection) == SCHEMA_VERSION:
        return None
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        version = version_of(connection)
        if version == SCHEMA_VERSION:  # another process has just done so
            return None
        kept = free_name(path)
        # A reader of its own sees the store as it is before this transaction.
        with closing(sqlite3.connect(path)) as reader, closing(sqlite3.connect(kept)) as copy:
            reader.backup(copy)
        migrate(connection, version=version)
    return kept


def migrated_copy(connection: sqlite3.Connection) -> sqlite3.Connection:
    """An older store that can only be read, brought up to date in memory; the connection to the file is closed."""
    copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    with closing(connection):
        connection.backup(copy)
    migrate(copy, version=version_of(copy))
    return copy
