"""Verdicts of the lecture's claims on planted numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from pytest_claims.statistics import fixed_look
from pytest_claims.verdicts.judge import Judge
from pytest_claims.verdicts.runs import Runs


def measured(measure: Callable[[int], Mapping[str, float]], num_seeds: int = 20) -> dict[str, list[float]]:
    """Measure on seeds from 900 on: the numbers of each name, one per seed."""
    found = [measure(seed) for seed in range(900, 900 + num_seeds)]
    return {name: [float(one[name]) for one in found] for name in found[0]}


def verdict_of(
    claim: Callable[..., None],
    measurements: Mapping[str, Mapping[str, Sequence[float]]],
    histories: Mapping[str, Mapping[str, np.ndarray]] | None = None,
) -> str:
    """The verdict of a claim on planted numbers, in the fast tier, at one look at all of them.

    Parameters
    ----------
    claim
        The claim's test.
    measurements
        For each arm among its arguments: one number per seed for each name.
    histories
        For each such arm: arrays of shape ``(num_seeds, num_epochs)`` for each metric.
    """
    histories = histories or {}
    columns = [*measurements.values(), *histories.values()]
    num_seeds = {len(numbers) for arm in columns for numbers in arm.values()}.pop()
    judge = Judge("fast", fixed_look(num_seeds))
    runs: dict[str, Any] = {
        arm: Runs(arm, "fast", range(num_seeds), histories.get(arm, {}), measurements.get(arm, {}))
        for arm in {*measurements, *histories}
    }
    with suppress(AssertionError):
        claim(**runs, judge=judge)
    assert judge.asserted is not None
    return judge.asserted.verdict
