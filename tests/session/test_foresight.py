"""Whether a session is foreseen to train nothing: only where that is so."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

import pytest

from pytest_claims import devices, foresight


@pytest.fixture
def stored(catalogue):
    """A catalogue of which everything is in the store."""
    catalogue.claim()
    catalogue.run("-m", "fast").assert_outcomes(passed=1)
    return catalogue


def foreseen(catalogue, *options):
    return foresight.trains_nothing(catalogue.pytester.parseconfig(*(options or ("-m", "fast"))))


def test_the_same_selection_again_trains_nothing(stored):
    assert foreseen(stored)
    assert devices.num_workers(stored.pytester.parseconfig("-m", "fast", "-n", "auto")) == 0


def test_the_same_files_written_again_change_nothing(stored):
    for file in stored.path.glob("*.py"):
        file.write_bytes(file.read_bytes())
        os.utime(file, (1e9, 1e9))
    (stored.path / ".#conftest.py").symlink_to("ada@nowhere:1")  # open in an editor
    assert foreseen(stored)


def edit(catalogue):
    (catalogue.path / "conftest.py").write_text((catalogue.path / "conftest.py").read_text() + "\nmore = 1\n")


def add(catalogue):
    (catalogue.path / "test_more.py").write_text("def test_more(): pass")


def remove(catalogue):
    (catalogue.path / "test_numbers.py").unlink()


def forget_a_run(catalogue):
    with closing(sqlite3.connect(catalogue.store)) as connection, connection:
        connection.execute("DELETE FROM runs WHERE seed = 3")


def take_the_store(catalogue):
    catalogue.store.unlink()


def spoil_the_note(catalogue, text="{"):
    (note,) = catalogue.store.parent.glob("*complete*")
    note.write_text(text)


def empty_the_note(catalogue):
    spoil_the_note(catalogue, "[]")


@pytest.mark.parametrize("change", [edit, add, remove, forget_a_run, take_the_store, spoil_the_note, empty_the_note])
def test_after_a_change_something_may_be_missing(stored, change):
    change(stored)
    assert not foreseen(stored)


@pytest.mark.parametrize(
    "options",
    [
        ("-m", "full"),
        ("-m", "fast", "-k", "A01"),
        ("-m", "fast", "test_numbers.py"),
        ("-m", "fast", "--claims-first-seed", "20"),
        ("-m", "fast", "--claims-seeds", "20"),
        ("-m", "fast", "--claims-engine", "fit"),
        ("-m", "fast", "--claims-fresh"),
    ],
)
def test_of_another_selection_something_may_be_missing(stored, options):
    assert not foreseen(stored, *options)


def test_several_selections_are_remembered(stored):
    stored.run("-m", "fast", "-k", "A01")
    assert foreseen(stored)
    assert foreseen(stored, "-m", "fast", "-k", "A01")


@pytest.mark.parametrize("narrowed", [("--ignore", "test_more.py"), ("--deselect", "test_more.py")])
def test_a_narrowed_session_is_not_remembered(catalogue, narrowed):
    catalogue.claim()
    catalogue.run("-m", "fast", *narrowed).assert_outcomes(passed=1)
    assert not foreseen(catalogue)


def test_an_arm_edited_while_it_trains_is_taken_for_changed(catalogue):
    catalogue.claim()
    conftest = catalogue.path / "conftest.py"
    conftest.write_text(
        f"import pathlib\ndef pytest_runtest_setup(item):\n    pathlib.Path({str(conftest)!r}).touch()\n"
        + conftest.read_text()
    )
    catalogue.run("-m", "fast").assert_outcomes(passed=1)
    assert not foreseen(catalogue)


def test_an_arm_that_failed_is_missing(catalogue):
    catalogue.claim()
    conftest = catalogue.path / "conftest.py"
    conftest.write_text(conftest.read_text().replace("    value = np", "    assert seed < 5\n    value = np"))
    catalogue.run("-m", "fast").assert_outcomes(errors=1)
    assert not foreseen(catalogue)


def test_what_is_only_judged_trains_nothing(stored):
    edit(stored)
    assert foreseen(stored, "-m", "fast", "--claims-stored")


def test_xdists_own_variable_is_obeyed(stored, monkeypatch):
    monkeypatch.setenv("PYTEST_XDIST_AUTO_NUM_WORKERS", "2")
    assert devices.num_workers(stored.pytester.parseconfig("-m", "fast")) is None
