"""Processes share work by locks; the dead do not block the living."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import filelock
import pytest

from pytest_claims.store import locks
from pytest_claims.store.store import Store
from pytest_claims.support.errors import ClaimsError

HOLDER = """
import sys
from pytest_claims.store.store import Store
with Store.open(sys.argv[1]) as store, store.locked(["a", "b"]) as mine:
    print(mine, flush=True)
    sys.stdin.readline()
"""

WORKER = """
import sys
from pytest_claims.store.store import Run, Store
with Store.open(sys.argv[1]) as store:
    for unit in range(40):
        with store.locked([str(unit)]) as mine:
            if mine and unit not in store.seeds("4f1c"):
                print(unit)
                store.add(Run("4f1c", "a", "fast", "stacked", unit, {}, {}, {}, {}, 1.0))
"""


@contextmanager
def holder(path, code=HOLDER):
    """Another process that holds the locks of "a" and "b"."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code, path], stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        try:
            yield process
        finally:
            process.kill()


def is_free(store, *units):
    with store.locked(units) as mine:
        return mine


def test_units_are_locked_within_a_block_and_free_after_it(path, store):
    with store.locked(["a", "b"]) as mine, Store.open(path) as other:
        assert mine
        assert not is_free(other, "a")
        assert not is_free(other, "b")
        assert is_free(other, "c")
    assert is_free(store, "a", "b")


def test_an_exception_that_ends_a_block_frees_its_units(store):
    with pytest.raises(KeyboardInterrupt) as caught, store.locked(["a"]):
        raise KeyboardInterrupt
    assert is_free(store, "a")  # although `caught` keeps what the block held
    del caught


def test_a_unit_named_twice_is_locked_once(store):
    assert is_free(store, "a", "a")


def test_a_block_owns_its_units_even_against_its_own_process(store):
    with store.locked(["a"]), store.locked(["a"]) as inner:
        assert not inner
    found = []
    with store.locked(["a"]):
        thread = threading.Thread(target=lambda: found.append(is_free(store, "a")))
        thread.start()
        thread.join()
    assert found == [False]


@pytest.mark.parametrize("wanted", ["ab", "bc", "cb", "abcdefgh"])
def test_a_block_that_lacks_one_unit_holds_none(store, wanted):
    with store.locked("b"), store.locked(wanted) as mine:
        assert not mine
        assert is_free(store, *set(wanted) - {"b"})


def test_of_threads_that_want_overlapping_units_one_gets_all_of_its_own(store):
    together = threading.Barrier(4, timeout=30)
    rounds: list[list[bool]] = [[] for _ in range(30)]

    def ask(units):
        for found in rounds:
            together.wait()
            with store.locked(units) as mine:
                found.append(mine)
                together.wait()

    wanted = [random.Random(i).sample("abcdef", 4) for i in range(together.parties)]
    threads = [threading.Thread(target=ask, args=(units,)) for units in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Any two of them want a unit in common.
    assert [sorted(found) for found in rounds] == [[False, False, False, True]] * 30


@pytest.mark.parametrize("unit", ["4f1c/0", "../../escaped", "/tmp/escaped", "", "ü" * 500, "a\0b", "CON"])
def test_any_name_will_do_and_no_file_lies_elsewhere(path, store, unit):
    with store.locked([unit]) as mine:
        assert mine
        assert not is_free(store, unit)
    assert {file.name for file in path.parent.iterdir()} <= {
        "runs.sqlite",
        "runs.sqlite-wal",
        "runs.sqlite-shm",
        "runs.sqlite-locks",
    }
    [lock] = (path.parent / "runs.sqlite-locks").glob("*.lock")
    assert lock.stat().st_size == 0


def test_a_file_that_stays_behind_locks_nothing(path, store):
    is_free(store, "a")
    assert list((path.parent / "runs.sqlite-locks").glob("*.lock"))
    with Store.open(path) as other:
        assert is_free(other, "a")


def test_each_store_has_locks_of_its_own(tmp_path, store):
    with Store.open(tmp_path / "other.sqlite") as other, store.locked(["a"]):
        assert is_free(other, "a")


def test_two_names_of_one_store_share_its_locks(tmp_path, path, store):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "link.sqlite").symlink_to(path)
    with Store.open(tmp_path / "elsewhere" / "link.sqlite") as other, store.locked(["a"]):
        assert not is_free(other, "a")


def test_a_store_that_is_only_read_has_no_locks(path, store):
    with Store.open(path, read_only=True) as reader, pytest.raises(ClaimsError, match="can only be read"):
        reader.locked(["a"])
    assert not (path.parent / "runs.sqlite-locks").exists()


def test_a_place_where_no_lock_file_can_be_made_is_an_error(path, store):
    (path.parent / "runs.sqlite-locks").touch()
    with pytest.raises(ClaimsError, match=r"lock file .*runs.sqlite-locks.* cannot be used.* where you may write"):
        is_free(store, "a")


def test_lock_files_stay_on_every_system(store, monkeypatch):
    taken = []

    def recorded(*arguments, **options):
        taken.append(filelock.FileLock(*arguments, **options))
        return taken[-1]

    monkeypatch.setattr(locks, "FileLock", recorded)
    assert is_free(store, "a")
    [lock] = taken
    assert lock.preserve_lock_file
    assert Path(lock.lock_file).exists()


def test_a_disk_without_locks_is_an_error(store, monkeypatch):
    def refuse(self):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(filelock.FileLock, "_acquire", refuse)
    with pytest.raises(ClaimsError, match=r"not implemented.* Put the store on a disk that supports file locks"):
        is_free(store, "a")


def test_a_living_process_keeps_its_units(path, store):
    with holder(path):
        assert not is_free(store, "a")
        assert not is_free(store, "b", "c")
        assert is_free(store, "c")
        assert not is_free(store, "a")


def test_units_are_free_after_their_process_has_ended(path, store):
    with holder(path) as process:
        process.communicate("\n", timeout=30)
        assert is_free(store, "a", "b")


NO_ZOMBIES = pytest.mark.skipif(not hasattr(os, "waitid"), reason="the system cannot leave a dead process unreaped")


@pytest.mark.parametrize("reaped", [True, pytest.param(False, marks=NO_ZOMBIES)], ids=["gone", "zombie"])
def test_the_units_of_a_killed_process_are_free_at_once(path, store, reaped):
    with holder(path) as process:
        process.kill()
        if reaped:
            process.wait(timeout=30)
        else:
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert is_free(store, "a", "b")


def test_two_processes_do_every_unit_once(path):
    workers = [subprocess.Popen([sys.executable, "-c", WORKER, path], stdout=subprocess.PIPE, text=True) for _ in "ab"]
    done = [int(line) for worker in workers for line in worker.communicate(timeout=60)[0].splitlines()]
    assert sorted(done) == list(range(40))


FORKED = """
import os, sys
from pytest_claims.store.store import Store

def is_free(*units):
    with store.locked(units) as mine:
        return mine

def in_child(function):
    child = os.fork()
    if child == 0:
        os._exit(0 if function() else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

store = Store.open(sys.argv[1])
block = store.locked(["a"])
assert block.__enter__()
assert in_child(lambda: not is_free("a"))
assert in_child(lambda: is_free("b"))
assert in_child(lambda: block.__exit__(None, None, None) is False)  # the child ends a block of its parent
assert in_child(lambda: not is_free("a"))
block.__exit__(None, None, None)
assert in_child(lambda: is_free("a"))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_a_forked_child_neither_holds_nor_frees_the_units_of_its_parent(path):
    subprocess.run([sys.executable, "-c", FORKED, path], check=True, timeout=30)


PARENT = """
import os, sys, time
from pytest_claims.store.store import Store
with Store.open(sys.argv[1]) as store, store.locked(["a", "b"]) as mine:
    print(mine, flush=True)
    if os.fork() == 0:
        print(os.getpid(), flush=True)  # by now it has closed the files of its parent's locks
        time.sleep(60)
        os._exit(0)
    sys.stdin.readline()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_the_units_of_a_killed_process_are_free_though_its_forked_child_lives_on(path, store):
    with holder(path, PARENT) as process:
        child = int(process.stdout.readline())
        assert not is_free(store, "a")
        process.kill()
        process.wait(timeout=30)
        os.kill(child, 0)  # it is there
        try:
            assert is_free(store, "a", "b")
        finally:
            os.kill(child, signal.SIGKILL)
