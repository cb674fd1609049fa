"""Runs of the same arms and seeds in two stores, side by side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_claims.cli import main
from pytest_claims.store.store import Run, Store

RUN = Run(
    "4f1c", "wide", "fast", "stacked", 0, {}, {"loss": [0.5], "val_accuracy": [0.9], "val_loss": [0.7]}, {}, {}, 1
)


def store(path: Path, *runs: Run) -> str:
    with Store.open(path) as opened:
        for run in runs:
            opened.add(run)
    return str(path)


def losses(fingerprint: str, *last: float) -> list[Run]:
    return [replace(RUN, fingerprint=fingerprint, seed=i, history={"val_loss": [0.9, x]}) for i, x in enumerate(last)]


def test_differences_stand_beside_the_spread_over_seeds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = store(tmp_path / "first.sqlite", *losses("4f1c", 0.2, 0.3, 0.4))
    second = store(tmp_path / "second.sqlite", *losses("77aa", 0.2, 0.31, 0.36, 0.9))

    assert main(["compare", first, second]) == 0

    told = capsys.readouterr().out
    assert "| wide | fast | 3 | 1 | val_loss, last epoch | 0.3 | 0.29 | 0.04 | 0.1 |" in told
    assert "3 runs of 1 arms in both, 1 of them identical" in told


def test_runs_without_epochs_are_compared_by_what_was_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = replace(RUN, history={}, measurements={"curve": [1.0], "share": float("nan")})
    first = store(tmp_path / "first.sqlite", measured)
    second = store(tmp_path / "second.sqlite", measured)

    assert main(["compare", first, second]) == 0
    assert "| wide | fast | 1 | 1 | share | nan | nan | nan | nan |" in capsys.readouterr().out


def test_what_has_nothing_in_common_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = store(tmp_path / "first.sqlite", RUN)
    second = store(tmp_path / "second.sqlite", replace(RUN, seed=1))

    assert main(["compare", first, second]) == 2
    assert "no arm and seed in common" in capsys.readouterr().err
