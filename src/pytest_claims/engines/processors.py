"""What a run or a report was made with."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

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


def divide_processors(index: int, count: int) -> None:
    """Bind a worker process to its share of the processors, and have libraries use no more threads than those.

    What claims import when they are collected, NumPy first of all, has started a thread for each processor by now:
    bound to fewer, such threads spin in each other's way, and the linear probes of one network took 2.5 s, not 0.4.

    Where no process can be bound, it trains as many runs at a time as its share, wherever they run.

    Parameters
    ----------
    index, count
        The process' number, from 0, and how many share the machine.
    """
    from threadpoolctl import threadpool_limits

    global _num_sharing  # noqa: PLW0603  # a fact about this process, as what it is bound to
    if not can_bind():
        _num_sharing = count
    elif count > 1:
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, processors[index % len(processors) :: count] or processors)
    threadpool_limits(num_threads())


CUDA_PLUGINS = ("jax_cuda12_plugin", "jax_cuda13_plugin")


def graphics_processors(devices: Path = Path("/dev")) -> list[str]:
    """What ``CUDA_VISIBLE_DEVICES`` may name, if JAX is there for it: ``pip install "pytest-claims[gpu]"``."""
    if not any(map(find_spec, CUDA_PLUGINS)):
        return []
    if (visible := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        return [name for name in visible.split(",") if name not in ("", "-1")]
    return sorted(path.name.removeprefix("nvidia") for path in devices.glob("nvidia[0-9]*"))


def take_one(index: int, count: int) -> None:
    """Give a worker process one graphics processor, before a library takes all; those that share take memory as needed.

    Parameters
    ----------
    index, count
        The process' number, from 0, and how many share the machine.
    """
    devices = graphics_processors()
    if devices:
        os.environ["CUDA_VISIBLE_DEVICES"] = devices[index % len(devices)]
    if count > len(devices):
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
