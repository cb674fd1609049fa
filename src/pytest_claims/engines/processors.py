"""Processors and graphics processors of this process, and their division among workers."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

_num_sharing = 1
"""Number of processes that share the processors, on systems that cannot bind a process to processors."""


def num_threads() -> int:
    """Number of processors that this process may use, or its share of them."""
    num = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, num // _num_sharing)


MOST_AT_A_TIME = 4
"""Most runs that one process trains in parallel, to limit its memory. More processors need more processes."""


def runs_at_a_time() -> int:
    """Number of runs that this process trains in parallel on processors."""
    return min(num_threads(), MOST_AT_A_TIME)


def can_bind() -> bool:
    """True if this system can bind a process to processors; macOS and Windows cannot."""
    return hasattr(os, "sched_setaffinity")


def divide_processors(index: int, count: int) -> None:
    """Bind a worker process to its share of the processors, and limit libraries to that many threads.

    Claims import NumPy and others at collection, and these start a thread for each processor. On fewer processors such
    threads block each other: the linear probes of one network took 2.5 s instead of 0.4 s. On a system that cannot bind
    processes, the process trains as many runs in parallel as its share.

    Parameters
    ----------
    index, count
        The process' number, from 0, and the number of processes on the machine.
    """
    from threadpoolctl import threadpool_limits

    global _num_sharing  # noqa: PLW0603  # a property of this process
    if not can_bind():
        _num_sharing = count
    elif count > 1:
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, processors[index % len(processors) :: count] or processors)
    threadpool_limits(num_threads())


CUDA_PLUGINS = ("jax_cuda12_plugin", "jax_cuda13_plugin")


def graphics_processors(devices: Path = Path("/dev")) -> list[str]:
    """Names for ``CUDA_VISIBLE_DEVICES``; empty without JAX for CUDA (``pip install "pytest-claims[gpu]"``)."""
    if not any(map(find_spec, CUDA_PLUGINS)):
        return []
    if (visible := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        return [name for name in visible.split(",") if name not in ("", "-1")]
    return sorted(path.name.removeprefix("nvidia") for path in devices.glob("nvidia[0-9]*"))


def take_one(index: int, count: int) -> None:
    """Give a worker process one graphics processor, before a library takes all.

    Processes that share one allocate its memory as needed.

    Parameters
    ----------
    index, count
        The process' number, from 0, and the number of processes on the machine.
    """
    devices = graphics_processors()
    if devices:
        os.environ["CUDA_VISIBLE_DEVICES"] = devices[index % len(devices)]
    if count > len(devices):
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
