"""What ``-n auto`` means on a machine, and which device a worker takes."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_claims.engines import processors
from pytest_claims.session import workers


def asked(markexpr: str) -> Any:
    return SimpleNamespace(getoption=lambda name, default=None: {"markexpr": markexpr}.get(name, default))


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Four processors, much memory and no graphics processor."""
    monkeypatch.setattr(processors, "num_threads", lambda: 4)
    monkeypatch.setattr(workers, "_available_bytes", lambda: 64e9)
    monkeypatch.setattr(processors, "find_spec", lambda name: None)
    # Set first, so that what tests change is set back.
    for name in ("CUDA_VISIBLE_DEVICES", "XLA_PYTHON_CLIENT_PREALLOCATE"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return monkeypatch


@pytest.mark.parametrize(("available", "number"), [(64e9, 4), (8e9, 3), (1e9, 1), (float("inf"), 4)])
def test_without_a_graphics_processor_as_many_as_processors_and_memory_allow(machine, available, number) -> None:
    machine.setattr(workers, "_available_bytes", lambda: available)
    assert workers.num_workers(asked("full")) == number


def test_what_is_no_claim_is_left_to_xdist(machine) -> None:
    assert workers.num_workers(asked("")) is None
    assert workers.num_workers(asked("not slow")) is None


def test_one_for_each_graphics_processor_that_jax_can_use(machine, tmp_path: Path) -> None:
    for name in ("nvidia0", "nvidia1", "nvidia-uvm", "nvidiactl"):
        (tmp_path / name).touch()
    assert processors.graphics_processors(tmp_path) == []
    machine.setattr(processors, "find_spec", lambda name: name == "jax_cuda12_plugin" or None)
    assert processors.graphics_processors(tmp_path) == ["0", "1"]
    machine.setenv("CUDA_VISIBLE_DEVICES", "3,5,6")
    assert workers.num_workers(asked("full and not slow")) == 3
    machine.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert workers.num_workers(asked("full")) == 4


@pytest.mark.parametrize(
    ("visible", "count", "taken", "preallocate"),
    [("3,5", 2, ["3", "5"], None), ("3,5", 4, ["3", "5", "3", "5"], "false"), ("7", 2, ["7", "7"], "false")],
)
def test_each_worker_takes_one_and_shares_its_memory_if_it_must(machine, visible, count, taken, preallocate) -> None:
    machine.setattr(processors, "find_spec", lambda name: name == "jax_cuda12_plugin" or None)
    for index in range(count):
        machine.setenv("CUDA_VISIBLE_DEVICES", visible)
        processors.take_one(index, count)
        assert os.environ["CUDA_VISIBLE_DEVICES"] == taken[index]
        assert os.environ.get("XLA_PYTHON_CLIENT_PREALLOCATE") == preallocate
