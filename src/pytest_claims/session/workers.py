"""xdist's protocol: which worker this process is, what a worker publishes, and what ``-n auto`` means."""

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
"""What a process takes at most: 25,000 reviews as rows of 10,000 words, a model, and the library."""

XDIST_VARIABLE = "PYTEST_XDIST_AUTO_NUM_WORKERS"
"""Says how many workers xdist takes for ``auto``, and is obeyed here as well."""

_PUBLISHED, _ERROR = "claims", "claims_error"
"""Keys of ``workeroutput``."""


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is a worker of xdist."""
    return hasattr(config, "workerinput")


def worker_of(config: pytest.Config) -> Worker | None:
    """The number of this worker, and how many there are; ``None`` in a process that is no worker.

    A worker that replaces a lost one has a number beyond the count, and a named one has no number. Both get one within
    the count. Two workers of one number only begin with the same share.
    """
    if not is_worker(config):
        return None
    given: dict[str, Any] = config.workerinput  # type: ignore[attr-defined]
    name, count = str(given["workerid"]), int(given["workercount"])
    number = re.fullmatch(r"gw(\d+)", name)
    return Worker((int(number[1]) if number else zlib.crc32(name.encode())) % count, count)


def is_silent(config: pytest.Config) -> bool:
    """Whether this process is a worker other than the first, which speaks for all."""
    return is_worker(config) and os.environ.get("PYTEST_XDIST_WORKER") != "gw0"


def same_number_in_all_workers(config: pytest.Config) -> int | None:
    """A number that the workers of one session share; ``None`` in a process that is no worker."""
    if not is_worker(config):
        return None
    return zlib.crc32(str(config.workerinput["testrunuid"]).encode())  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Published:
    """What a report needs of a plan, as plain data that one process can send to another.

    Parameters
    ----------
    arms
        Of each arm its name, tier, fingerprint, declaration and number of seeds.
    data
        Which data sets were used, as a record has them.
    engine
        Name and semantics.
    order
        Ids of the tests of claims, in the lecture's order.
    known
        Ids of all claims that were collected, selected or not.
    num_trained
        How many runs this process has trained.
    """

    arms: list[PlannedArmRecord]
    data: list[DataRecord]
    engine: EngineRecord
    order: list[str]
    known: list[str]
    num_trained: int

    def merged(self, other: Published | None) -> Published:
        """What two processes know that have planned the same."""
        return replace(self, num_trained=self.num_trained + (other.num_trained if other else 0))


def publish(config: pytest.Config, published: Published) -> None:
    """Send what this worker knows to the controller, at its end."""
    config.workeroutput[_PUBLISHED] = asdict(published)  # type: ignore[attr-defined]


def publish_error(config: pytest.Config, error: str) -> None:
    """Send a user's error to the controller, which reports it."""
    config.workeroutput[_ERROR] = error  # type: ignore[attr-defined]


def received(workeroutput: dict[str, Any]) -> tuple[Published | None, str]:
    """What a worker has published, if anything, and its error, empty if none."""
    published = workeroutput.get(_PUBLISHED)
    return Published(**published) if published else None, workeroutput.get(_ERROR, "")


def num_workers(config: pytest.Config) -> int | None:
    """What ``-n auto`` means for claims; ``None`` leaves it to xdist, as for any other test.

    One for each graphics processor, since there seeds are stacked and a second process would only share it; else as
    many as there are processors, and room in memory.
    """
    from pytest_claims.engines.processors import graphics_processors, num_threads

    if words_of_markexpr(config).isdisjoint(TIERS) or os.environ.get(XDIST_VARIABLE):
        return None
    if devices := graphics_processors():
        return len(devices)
    return max(1, int(min(num_threads(), _available_bytes() / BYTES_OF_A_WORKER)))


def _available_bytes() -> float:
    """Memory that is free or can be freed, as proc(5) tells it; without bounds where nothing does."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return float("inf")
    found = re.search(r"MemAvailable: +(\d+) kB", lines)
    return int(found[1]) * 1024 if found else float("inf")
