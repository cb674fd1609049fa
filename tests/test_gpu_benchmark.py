"""The benchmark for graphics processors goes on where it stopped. These tests need no such processor."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from benchmarks import gpu


def test_a_measurement_that_has_its_file_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def found() -> Any:
        made.append(1)
        return {"dense": {"against Keras": 1e-5, "stacked against one by one": 2e-7, "the same again": True}}

    monkeypatch.setattr(gpu, "machine", lambda: {"device": "a small one"})
    monkeypatch.setitem(gpu.MEASUREMENTS, "equality", gpu.Measurement("equality", found, "default precision"))
    monkeypatch.setattr(gpu.os, "environ", dict(gpu.os.environ))

    for _ in range(2):
        gpu.measure("equality", tmp_path)

    assert len(made) == 1
    assert "| device | a small one |" in gpu.table(tmp_path)
    assert "| dense | 1e-05 | 2e-07 | yes |" in gpu.table(tmp_path)


def test_a_call_without_arguments_tells_the_commands() -> None:
    done = subprocess.run(["bash", gpu.ROOT / "benchmarks/gpu.sh"], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "gather WHEELS" in done.stderr
    assert "run OUTPUT [WHEELS]" in done.stderr
