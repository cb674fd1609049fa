"""What a run or a report was made with."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pytest_claims.sharing import Worker

LIBRARIES = ("pytest-claims", "keras", "jax", "tensorflow", "numpy", "scipy", "scikit-learn", "pytest")


@cache
def environment() -> dict[str, str]:
    """Versions of Python and the libraries, and the platform; neither user nor host is named."""
    versions = {name.replace("-", "_"): _version(name) for name in LIBRARIES}
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        **{name: number for name, number in versions.items() if number},
    }


def provenance(engine: str | None) -> dict[str, Any]:
    """Versions, engine, device and threads of a run that has just been trained in this process."""
    return {"environment": environment(), "engine": engine, "device": _device(engine), "threads": num_threads()}


_num_sharing = 1
"""Processes that share the processors of this one, where none can be bound to its own."""


def num_threads() -> int:
    """Processors that this process may use, or its share of them."""
    num = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, num // _num_sharing)


MOST_AT_A_TIME = 4
"""Runs that one process trains side by side, for its memory's sake; more processors are for more processes."""


def runs_at_a_time() -> int:
    """Runs that this process trains side by side on processors."""
    return min(num_threads(), MOST_AT_A_TIME)


def can_bind() -> bool:
    """Whether this system lets a process be bound to processors; macOS and Windows do not."""
    return hasattr(os, "sched_setaffinity")


def divide_processors(worker: Mapping[str, Any]) -> None:
    """Bind a worker process to its share of the processors, and have libraries use no more threads than those.

    What claims import when they are collected, NumPy first of all, has started a thread for each processor by now:
    bound to fewer, such threads spin in each other's way, and the linear probes of one network took 2.5 s, not 0.4.

    Where no process can be bound, it trains as many runs at a time as its share, wherever they run.

    Parameters
    ----------
    worker
        xdist's ``workerinput``, which tells the worker's number and how many there are.
    """
    from threadpoolctl import threadpool_limits

    global _num_sharing  # noqa: PLW0603  # a fact about this process, as what it is bound to
    own = Worker.of(worker)
    if not can_bind():
        _num_sharing = own.count
    elif own.count > 1:
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, processors[own.index % len(processors) :: own.count] or processors)
    threadpool_limits(num_threads())


def _device(engine: str | None) -> str:
    if engine == "stacked" and "jax" in sys.modules:
        device: str = sys.modules["jax"].devices()[0].device_kind
        return device
    if engine == "fit" and "tensorflow" in sys.modules:
        gpus = sys.modules["tensorflow"].config.list_physical_devices("GPU")
        return gpus[0].name if gpus else "cpu"
    return "cpu"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
