"""Processes share work by leases; those of the dead do not block the living."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_claims.store import leases
from pytest_claims.store.leases import STALE_AFTER_SECONDS, Owner
from pytest_claims.store.store import Store

HOLDER = """
import sys, time
from pytest_claims.store.store import Store
store = Store.open(sys.argv[1])
print(store.lease("mnist_noise"), flush=True)
sys.stdin.readline()
store.close()
"""

WORKER = """
import sys
from pytest_claims.store.store import Run, Store
with Store.open(sys.argv[1]) as store:
    for unit in range(40):
        if store.lease(str(unit)):
            if unit not in store.seeds("4f1c"):
                print(unit)
                store.add(Run("4f1c", "a", "fast", "stacked", unit, {}, {}, {}, {}, 1.0))
            store.release(str(unit))
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.sqlite"


@pytest.fixture
def store(path):
    with Store.open(path) as store:
        yield store


@contextmanager
def holder(path):
    """Another process that holds the lease of "mnist_noise"."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", HOLDER, path], stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        try:
            yield process
        finally:
            process.kill()


def held_by(store, owner, heartbeat):
    """Write into the store that `owner` holds "mnist_noise"."""
    with store._database.transaction() as connection:
        values = ("mnist_noise", owner.host, owner.pid, owner.token, heartbeat, heartbeat)
        connection.execute("INSERT INTO leases VALUES (?, ?, ?, ?, ?, ?)", values)


def heartbeats(store):
    return dict(store._database.select("SELECT unit, heartbeat FROM leases"))


def owners(store):
    rows = store._database.select("SELECT unit, host, pid, token FROM leases")
    return {unit: Owner(*owner) for unit, *owner in rows}


def test_a_free_lease_is_given_and_given_again_to_its_holder(store):
    assert store.lease("mnist_noise")
    assert store.lease("mnist_noise")
    store.release("mnist_noise")
    assert heartbeats(store) == {}


def test_a_living_process_keeps_its_lease(path, store):
    with holder(path):
        assert not store.lease("mnist_noise")
        assert store.lease("another")
        store.release("mnist_noise")
        assert not store.lease("mnist_noise")


def test_a_lease_is_free_after_its_holder_has_closed_the_store(path, store):
    with holder(path) as process:
        process.communicate("\n", timeout=30)
        assert store.lease("mnist_noise")


@pytest.mark.parametrize("reaped", [True, False], ids=["gone", "zombie"])
def test_the_lease_of_a_killed_process_is_taken_over(path, store, reaped):
    with holder(path) as process:
        process.send_signal(signal.SIGKILL)
        if reaped:
            process.wait(timeout=30)
        else:
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert store.lease("mnist_noise")
        assert owners(store) == {"mnist_noise": Owner.this_process()}


def test_two_processes_do_every_unit_once(path):
    workers = [subprocess.Popen([sys.executable, "-c", WORKER, path], stdout=subprocess.PIPE, text=True) for _ in "ab"]
    done = [int(line) for worker in workers for line in worker.communicate(timeout=60)[0].splitlines()]
    assert sorted(done) == list(range(40))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system does not tell when a process started")
def test_a_later_process_of_the_same_number_does_not_hold_the_lease(store):
    held_by(store, replace(Owner.this_process(), pid=os.getppid(), token="1"), time.time())
    assert store.lease("mnist_noise")


@pytest.mark.parametrize(("age", "free"), [(STALE_AFTER_SECONDS - 10, False), (STALE_AFTER_SECONDS + 10, True)])
def test_a_process_on_another_host_is_judged_by_its_heartbeat(store, age, free):
    held_by(store, Owner("another host", os.getpid(), "1"), time.time() - age)
    assert store.lease("mnist_noise") is free


@pytest.mark.parametrize(("age", "free"), [(0, False), (STALE_AFTER_SECONDS + 10, True)])
def test_where_starts_are_unknown_a_running_process_is_judged_by_its_heartbeat(store, age, free):
    held_by(store, replace(Owner.this_process(), pid=os.getppid(), token=""), time.time() - age)
    assert store.lease("mnist_noise") is free


def test_a_silent_process_on_this_host_keeps_its_lease_while_it_lives(path, store):
    with holder(path):
        with store._database.transaction() as connection:
            connection.execute("UPDATE leases SET heartbeat = 0")
        assert not store.lease("mnist_noise")


def test_a_heartbeat_confirms_the_leases_of_this_process_only(store):
    held_by(store, Owner("another host", 1, "1"), 5.0)
    for unit in ("a", "b"):
        store.lease(unit)
    with store._database.transaction() as connection:
        connection.execute("UPDATE leases SET heartbeat = 5")
    store.heartbeat("a")
    assert [unit for unit, beat in heartbeats(store).items() if beat > 5] == ["a"]
    store.heartbeat()
    assert {unit for unit, beat in heartbeats(store).items() if beat > 5} == {"a", "b"}


def test_leases_are_confirmed_while_a_process_is_busy(path, monkeypatch):
    monkeypatch.setattr(leases, "HEARTBEAT_SECONDS", 0.02)
    with Store.open(path) as store:
        store.lease("mnist_noise")
        before = heartbeats(store)["mnist_noise"]
        deadline = time.monotonic() + 10
        while heartbeats(store)["mnist_noise"] == before:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_closing_gives_up_all_leases(path):
    with Store.open(path) as store:
        store.lease("a")
        store.lease("b")
    with Store.open(path) as store:
        assert heartbeats(store) == {}
