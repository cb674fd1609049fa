"""A store of an older version is brought up to date, and what it was is kept."""

from __future__ import annotations

import multiprocessing
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_claims.store.database import FIRST_SCHEMA
from pytest_claims.store.file_checks import APPLICATION_ID, SCHEMA_VERSION
from pytest_claims.store.migration import MIGRATIONS
from pytest_claims.store.store import Run, Store

DATA = {"data": {"kind": "real", "content_hash": "8fc8"}}
RUN = Run("4f1c", "mnist_noise", "fast", "stacked", 0, {"epochs": 2}, {"loss": [0.5, float("inf")]}, {}, DATA, 1.5)
RUNS = [replace(RUN, seed=seed) for seed in range(20)]


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A store as the first version wrote it."""
    path = tmp_path / "runs.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(FIRST_SCHEMA)
        connection.executemany(
            "INSERT INTO runs VALUES ('4f1c', ?, 'mnist_noise', 'fast', 'stacked', '{\"epochs\": 2}',"
            " '{\"loss\": [0.5, \"Infinity\"]}', '{}', ?, 1.5, '2026-01-01T00:00:00+00:00')",
            [(run.seed, '{"data": {"kind": "real", "content_hash": "8fc8"}}') for run in RUNS],
        )
        connection.execute("PRAGMA user_version = 1")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.commit()
    return path


def content(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def test_there_is_a_way_from_every_version() -> None:
    assert sorted(MIGRATIONS) == list(range(1, SCHEMA_VERSION))


def test_its_runs_are_there_and_what_it_was_is_kept(first: Path) -> None:
    before = content(first)
    with Store.open(first) as store:
        assert store.runs("4f1c", range(20)) == RUNS
        assert store.summary()[0].data_hash == "8fc8"
        message = store.message or ""
        store.add(replace(RUN, seed=20))
    assert version(first) == SCHEMA_VERSION
    [kept] = set(first.parent.glob("runs-*.sqlite"))
    assert f"kept as {kept}" in message
    assert content(kept) == before
    with Store.open(first) as again:
        assert again.message is None


def test_a_new_store_and_a_migrated_one_have_the_same_tables(first: Path, tmp_path: Path) -> None:
    schemas = []
    for path in (first, tmp_path / "new.sqlite"):
        Store.open(path).close()
        with closing(sqlite3.connect(path)) as connection:
            schemas.append(connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall())
    assert schemas[0] == schemas[1]


def test_one_that_can_only_be_read_is_read_and_left_as_it_is(first: Path) -> None:
    before = first.read_bytes()
    with Store.open(first, read_only=True) as store:
        assert store.runs("4f1c", range(20)) == RUNS
        assert store.summary()[0].data_hash == "8fc8"
        assert not store.writable
    assert first.read_bytes() == before
    assert not set(first.parent.glob("runs-*"))


def test_a_step_that_fails_leaves_it_as_it_was(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(first)
    monkeypatch.setitem(MIGRATIONS, 1, (*MIGRATIONS[1], "ALTER TABLE nowhere ADD COLUMN nothing"))
    with pytest.raises(sqlite3.OperationalError):
        Store.open(first)
    assert version(first) == 1
    assert content(first) == before


def test_processes_that_open_it_together_bring_it_up_to_date_once(first: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        found = pool.map(_open_and_count, [first] * 8)
    assert found == [20] * 8
    assert len(set(first.parent.glob("runs-*.sqlite"))) == 1


def _open_and_count(path: Path) -> int:
    with Store.open(path) as store:
        return len(store.seeds("4f1c"))
