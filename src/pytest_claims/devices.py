"""How many processes a machine has room for, and which graphics processor each of them takes."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from pytest_claims.engines.processors import graphics_processors, num_threads
from pytest_claims.foresight import trains_nothing
from pytest_claims.selection import words_of_markexpr
from pytest_claims.support.vocabulary import TIERS

BYTES_OF_A_WORKER = 2.5e9
"""What a process takes at most: 25,000 reviews as rows of 10,000 words, a model, and the library."""

XDIST_VARIABLE = "PYTEST_XDIST_AUTO_NUM_WORKERS"
"""Says how many workers xdist takes for ``auto``, and is obeyed here as well."""


def num_workers(config: pytest.Config) -> int | None:
    """What ``-n auto`` means for claims; ``None`` leaves it to xdist, as for any other test.

    None but this process where nothing is missing; one for each graphics processor, since there seeds are stacked and a
    second process would only share it; else as many as there are processors, and room in memory.
    """
    if words_of_markexpr(config).isdisjoint(TIERS) or os.environ.get(XDIST_VARIABLE):
        return None
    if trains_nothing(config):
        return 0
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
