"""xdist's protocol: the number of this worker, the data that a worker publishes, and the workers of ``-n auto``."""

from __future__ import annotations

import os
import re
import zlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from pytest_claims.planning.shares import Worker
from pytest_claims.session.selection import words_of_markexpr
from pytest_claims.support.record_types import DataRecord, EngineRecord, PlannedArmRecord
from pytest_claims.support.vocabulary import TIERS

BYTES_OF_A_WORKER = 2.5e9
"""Largest memory of a worker: 25,000 reviews as rows of 10,000 words, a model, and the libraries."""

XDIST_VARIABLE = "PYTEST_XDIST_AUTO_NUM_WORKERS"
"""Environment variable with the number of workers for ``-n auto``. It takes precedence over ours."""

_PUBLISHED, _ERROR = "claims", "claims_error"
"""Keys of ``workeroutput``."""


def is_worker(config: pytest.Config) -> bool:
    """True if this process is a worker of xdist."""
    return hasattr(config, "workerinput")


def worker_of(config: pytest.Config) -> Worker | None:
    """The number of this worker, and the number of workers; ``None`` in a process that is no worker.

    A worker that replaces a lost one has a number beyond the count. A named worker has no number. Both get a number
    within the count. Two workers with the same number only begin with the same share.
    """
    if not is_worker(config):
        return None
    given: dict[str, Any] = config.workerinput  # type: ignore[attr-defined]
    name, count = str(given["workerid"]), int(given["workercount"])
    number = re.fullmatch(r"gw(\d+)", name)
    return Worker((int(number[1]) if number else zlib.crc32(name.encode())) % count, count)


def is_silent(config: pytest.Config) -> bool:
    """True if this process is a worker other than the first. Only the first worker prints."""
    return is_worker(config) and os.environ.get("PYTEST_XDIST_WORKER") != "gw0"


def same_number_in_all_workers(config: pytest.Config) -> int | None:
    """A number that all workers of a session share; ``None`` in a process that is no worker."""
    if not is_worker(config):
        return None
    return zlib.crc32(str(config.workerinput["testrunuid"]).encode())  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Published:
    """The record's data on a plan, as plain data that a worker can send to the controller.

    Parameters
    ----------
    arms
        Name, tier, fingerprint, declaration and number of seeds of each arm.
    data
        The data sets, as in a record.
    engine
        Name and semantics of the engine.
    order
        Ids of the tests of claims, in the lecture's order.
    known
        Ids of all collected claims, selected or not.
    num_trained
        Number of runs that this process has trained.
    files
        The files of the tests of all collected claims, relative to the root directory.
    narrowed
        True if another plugin has left out claims that the options select.
    """

    arms: list[PlannedArmRecord]
    data: list[DataRecord]
    engine: EngineRecord
    order: list[str]
    known: list[str]
    num_trained: int
    files: list[str]
    narrowed: bool

    def merged(self, other: Published | None) -> Published:
        """Merge the data of two processes with the same plan."""
        return replace(self, num_trained=self.num_trained + (other.num_trained if other else 0))


def publish(config: pytest.Config, published: Published) -> None:
    """Send the data on this worker's plan to the controller, when the worker ends."""
    config.workeroutput[_PUBLISHED] = asdict(published)  # type: ignore[attr-defined]


def publish_error(config: pytest.Config, error: str) -> None:
    """Send a user's error to the controller, which reports it."""
    config.workeroutput[_ERROR] = error  # type: ignore[attr-defined]


def received(workeroutput: dict[str, Any]) -> tuple[Published | None, str]:
    """The data that a worker has published, or ``None``, and its error, or an empty text."""
    published = workeroutput.get(_PUBLISHED)
    return Published(**published) if published else None, workeroutput.get(_ERROR, "")


def num_workers(config: pytest.Config) -> int | None:
    """The number of workers for ``-n auto``; ``None`` leaves it to xdist, as for all other tests.

    Each graphics processor gets one worker: it stacks seeds, and a second worker would only share it. Without graphics
    processors the number is that of the processors, or fewer if memory is short.
    """
    from pytest_claims.engines.processors import graphics_processors, num_threads

    if words_of_markexpr(config).isdisjoint(TIERS) or os.environ.get(XDIST_VARIABLE):
        return None
    if devices := graphics_processors():
        return len(devices)
    return max(1, int(min(num_threads(), _available_bytes() / BYTES_OF_A_WORKER)))


def _available_bytes() -> float:
    """Memory that is free or can be freed, according to proc(5); infinite on systems without it."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return float("inf")
    available = re.search(r"MemAvailable: +(\d+) kB", lines)
    return int(available[1]) * 1024 if available else float("inf")
