"""Versions, engine, device and threads of a run or a report."""

from __future__ import annotations

import platform
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pytest_claims.engines.base import backend_of
from pytest_claims.engines.conditions import settings, variables, verified_steps
from pytest_claims.engines.processors import num_threads

LIBRARIES = ("pytest-claims", "keras", "jax", "tensorflow", "numpy", "scipy", "scikit-learn", "pytest")


@cache
def environment() -> dict[str, str]:
    """Versions of Python and the libraries, and the platform, without names of user or host."""
    versions = {name.replace("-", "_"): _version(name) for name in LIBRARIES}
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        **{name: number for name, number in versions.items() if number},
    }


def provenance(engine: str | None) -> dict[str, Any]:
    """Versions, engine, device, threads, settings and golden steps of a run that this process has just trained."""
    found = {"environment": environment(), "engine": engine, "device": _device(engine), "threads": num_threads()}
    if engine is None:
        return found
    backend = backend_of(engine)
    return {
        **found,
        "settings": settings(backend),
        "variables": variables(),
        "golden_steps": verified_steps(),
    }


def _device(engine: str | None) -> str:
    backend = backend_of(engine) if engine else None
    if backend == "jax" and "jax" in sys.modules:
        device: str = sys.modules["jax"].devices()[0].device_kind
        return device
    if backend == "tensorflow" and "tensorflow" in sys.modules:
        gpus = sys.modules["tensorflow"].config.list_physical_devices("GPU")
        return gpus[0].name if gpus else "cpu"
    return "cpu"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
