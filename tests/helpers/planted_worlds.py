"""Planted worlds: made-up runs of a claim's arms, in which the claim's verdict is known beforehand."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from pytest_claims.statistics import looks
from pytest_claims.support.randomness import generator
from pytest_claims.support.vocabulary import Tier
from pytest_claims.verdicts.judge import Judge
from pytest_claims.verdicts.runs import Runs
from pytest_claims.verdicts.verdict import Verdict

Arm = Mapping[str, float | Mapping[int, float]]
"""By name, a measurement, or points of a metric's curve by epoch. The first point is epoch 1, the last ends the run."""

World = Mapping[str, Arm]
"""The arms by name."""

# Numbers of different seeds differ by about two percent, as lowest losses do.
SCATTER = 0.02


def changed(world: World, changes: World) -> World:
    """Return a world with other numbers in some places; each must be a place of the world."""
    assert all(changes[arm].keys() <= world[arm].keys() for arm in changes)
    return {arm: {**numbers, **changes.get(arm, {})} for arm, numbers in world.items()}


def verdict_in(world: World, claim_id: str, tier: Tier) -> Verdict:
    """Judge a claim on the runs of a world, at the last look of a tier, and return the verdict that it asserts."""
    claim, schedule = claims()[claim_id], looks(tier)
    assert inspect.signature(claim).parameters.keys() == {*world, "judge"}
    judge = Judge(tier, schedule[-1], schedule)
    with suppress(AssertionError):
        claim(
            **{arm: runs_of(arm, numbers, tier, schedule[-1].num_seeds) for arm, numbers in world.items()}, judge=judge
        )
    assert judge.asserted is not None
    return judge.asserted


@cache
def claims() -> dict[str, Callable[..., None]]:
    """The functions of the catalogue's claims, by the claims' ids."""
    folder = Path(__file__).parents[2] / "claims"
    modules = [import_module(f"claims.{path.stem}") for path in sorted(folder.glob("test_*.py"))]
    functions = [value for module in modules for value in vars(module).values() if hasattr(value, "pytestmark")]
    return {mark.args[0]: function for function in functions for mark in function.pytestmark if mark.name == "claim"}


def runs_of(name: str, arm: Arm, tier: Tier, num_seeds: int) -> Runs:
    """Make the runs of an arm; no number depends on another arm's or another quantity's."""
    columns: dict[str, Any] = {}
    for quantity, number in arm.items():
        make = _curve if isinstance(number, Mapping) else _scattered
        columns[quantity] = [make(number, generator(seed, name, quantity)) for seed in range(num_seeds)]
    histories = {quantity: np.array(columns.pop(quantity)) for quantity in arm if isinstance(arm[quantity], Mapping)}
    return Runs(name, tier, range(num_seeds), histories, columns)


def _curve(points: Mapping[int, float], rng: np.random.Generator) -> np.ndarray:
    """Straight lines between points; those within the run come an epoch later for half of the seeds."""
    first, *within, last = points
    epochs = np.array([first, *(np.array(within) + rng.integers(2)), last])
    assert (np.diff(epochs) > 0).all()
    values = [_scattered(value, rng) for value in points.values()]
    return np.interp(np.arange(first, last + 1), epochs, values)


def _scattered(number: float, rng: np.random.Generator) -> float:
    """Give the number of another seed: of the same sign, and below 1 if the number is, since a share is."""
    room = 1 - number if 0 < number < 1 else 1
    return number * (1 + SCATTER * room * rng.normal())
