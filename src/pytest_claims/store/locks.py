"""Locks of the operating system. Of the processes that share a store, one at a time works on a unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path

from filelock import FileLock, Timeout

from pytest_claims.store.directory import make_directory
from pytest_claims.support.errors import ClaimsError

_README = """# Locks of pytest-claims

Processes lock these empty files to tell each other which runs they train.
You may delete this directory while no process uses the store beside it.
"""


@contextmanager
def locked(directory: Path, units: Iterable[str]) -> Iterator[bool]:
    """Hold the locks of all units while a block runs, or of none; yield True if the block holds them.

    The block owns the locks. No other block gets them, whether in another process, in another thread, or inside this
    block. A forked child holds no lock of its parent, and frees none. The kernel frees the locks of a dead process.

    A block never waits for a lock, and all blocks take their locks in the same order. If several blocks want some of
    the same units, one of them therefore gets all of its units.

    The lock files stay. If one process deleted a file that another has opened, a third could make a new one. Then two
    processes would hold locks on files of the same name. A file that stays is empty, and locks nothing by itself.

    Parameters
    ----------
    directory
        Directory of the lock files, on a local disk. It is made if it does not exist.
    units
        Names of the units; any strings.

    Raises
    ------
    ClaimsError
        A lock file cannot be made, opened or locked.
    """
    names = sorted(sha256(unit.encode()).hexdigest()[:32] for unit in set(units))
    with ExitStack() as locks:
        is_mine = all(_take(directory / f"{name}.lock", locks) for name in names)
        if not is_mine:
            locks.close()
        yield is_mine


def _take(file: Path, locks: ExitStack) -> bool:
    """Lock a file until `locks` is closed; return False if another block has locked it."""
    try:
        make_directory(file.parent, _README)
        # A block may end in another thread. A soft lock would outlive its process. On Windows filelock deletes files.
        lock = FileLock(file, timeout=0, thread_local=False, fallback_to_soft=False, preserve_lock_file=True)
        locks.enter_context(lock.acquire())
    except Timeout:
        return False
    except OSError as error:
        raise ClaimsError(
            f"the lock file {file} cannot be used: {error}. Put the store on a disk that supports file locks, in a"
            " directory where you may write"
        ) from error
    return True
