"""Leases: which process works on what, so that several share one store and nothing is trained twice."""

from __future__ import annotations

import os
import platform
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

from pytest_claims.support.errors import ClaimsError

if TYPE_CHECKING:
    from pytest_claims.store.database import Database

STALE_AFTER_SECONDS = 60.0
"""How long an owner that cannot be looked up may be silent; four of its heartbeats."""

HEARTBEAT_SECONDS = 15.0

# Of /proc/PID/stat after the command's name, see proc(5): field 3 is the state, field 22 the start in clock ticks.
_STATE, _START = 3 - 3, 22 - 3
_DEAD_STATES = "ZX"


@dataclass(frozen=True)
class Owner:
    """A process that can hold a lease.

    Parameters
    ----------
    host
        The machine, and on Linux the namespace in which `pid` means this process.
    pid
        Its number.
    token
        When it started, which tells it from a later process of the same number; empty where the system does not say.
    """

    host: str
    pid: int
    token: str

    @classmethod
    def this_process(cls) -> Owner:
        """The process that asks."""
        pid = os.getpid()
        stat = _process_stat(pid)
        return cls(_host(), pid, stat[_START] if stat else "")

    def is_running(self) -> bool | None:
        """Whether the process is alive; ``None`` where that cannot be told from here.

        Examples
        --------
        >>> Owner.this_process().is_running() in (True, None)
        True
        >>> print(Owner("another host", 1, "").is_running())
        None
        """
        if self.host != _host() or os.name != "posix":
            return None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass  # it exists, under another user
        stat = _process_stat(self.pid)
        if stat is None or not self.token:
            return None
        return stat[_STATE] not in _DEAD_STATES and stat[_START] == self.token


def _host() -> str:
    return f"{platform.node()} {_pid_namespace()}".rstrip()


@cache
def _pid_namespace() -> str:
    """Containers may share a name and a directory, and still number their processes each for itself."""
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _process_stat(pid: int) -> list[str] | None:
    """What Linux tells of a process, from its state on; the name before it may hold spaces and parentheses."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None


class Leases:
    """The leases in one store, as this process sees them.

    A process owns a lease, not an object of this class: two of them in one process do not exclude each other.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: set[str] = set()
        self._owner = Owner.this_process()
        self._stop: Event | None = None

    def lease(self, unit: str) -> bool:
        """Take the lease of `unit`, unless a process that may still be alive has it; whether it is ours now."""
        owner, now = self._current_owner(), time.time()
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT host, pid, token, heartbeat FROM leases WHERE unit = ?", (unit,)
            ).fetchone()
            if row is not None and not _is_free(Owner(*row[:3]), row[3], owner, now):
                return False
            connection.execute(
                "INSERT OR REPLACE INTO leases (unit, host, pid, token, acquired, heartbeat) VALUES (?, ?, ?, ?, ?, ?)",
                (unit, owner.host, owner.pid, owner.token, now, now),
            )
        self._held.add(unit)
        self._start_beating()
        return True

    def release(self, unit: str) -> None:
        """Give up the lease of `unit`; nothing happens if it is not ours."""
        owner = self._current_owner()
        self._held.discard(unit)
        with self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM leases WHERE unit = ? AND host = ? AND pid = ? AND token = ?",
                (unit, owner.host, owner.pid, owner.token),
            )

    def heartbeat(self, unit: str | None = None) -> None:
        """Confirm the lease of `unit`, or all that this process has. A thread does so as long as one is held."""
        owner = self._current_owner()
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE leases SET heartbeat = ? WHERE host = ? AND pid = ? AND token = ? AND unit = ifnull(?, unit)",
                (time.time(), owner.host, owner.pid, owner.token, unit),
            )

    def close(self) -> None:
        """Give up everything that was leased through this object."""
        self._current_owner()
        for unit in sorted(self._held):
            self.release(unit)
        if self._stop is not None:
            self._stop.set()
            self._stop = None

    def _current_owner(self) -> Owner:
        """This process, which after a fork is another one, that holds nothing and has no thread."""
        if self._owner.pid != os.getpid():
            self._owner, self._held, self._stop = Owner.this_process(), set(), None
        return self._owner

    def _start_beating(self) -> None:
        if self._stop is None:
            self._stop = Event()
            Thread(target=self._beat, args=(self._stop,), name="pytest-claims heartbeat", daemon=True).start()

    def _beat(self, stop: Event) -> None:
        while not stop.wait(HEARTBEAT_SECONDS):
            # A heartbeat that fails costs at most that another host trains the same runs, of which one set is kept.
            with suppress(ClaimsError):
                if self._held:
                    self.heartbeat()


def _is_free(holder: Owner, heartbeat: float, asking: Owner, now: float) -> bool:
    """Whether `asking` may have the lease that `holder` took and last confirmed at `heartbeat` (seconds, Unix time)."""
    if holder == asking:
        return True
    running = holder.is_running()
    return now - heartbeat > STALE_AFTER_SECONDS if running is None else not running
