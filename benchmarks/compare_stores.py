"""The same arms and seeds in two stores: how far engines, machines or numbers of threads lie apart.

``python benchmarks/compare_stores.py RUNS.sqlite OTHER.sqlite`` prints a table in Markdown.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pytest_claims.store.store import Run, Store

VALIDATION = "val_"


@dataclass(frozen=True)
class Pairs:
    """The runs of one arm that both stores hold, seed by seed.

    Parameters
    ----------
    arm, tier
        Which arm.
    first, second
        Its runs in either store, of the same seeds in the same order.
    """

    arm: str
    tier: str
    first: Sequence[Run]
    second: Sequence[Run]

    @property
    def num_identical(self) -> int:
        """Runs whose every number is the same to the last bit."""
        return sum(
            _same(one.history, other.history) and _same(one.measurements, other.measurements)
            for one, other in zip(self.first, self.second, strict=True)
        )

    @property
    def quantity(self) -> str:
        """What is compared: the validation loss without penalties, else the first metric, or measured number."""
        run = self.first[0]
        metrics = sorted(
            run.history, key=lambda name: (not name.startswith(VALIDATION), name.endswith("accuracy"), name)
        )
        numbers = [name for name, value in run.measurements.items() if isinstance(value, int | float)]
        return f"{metrics[0]}, last epoch" if metrics else next(iter(numbers), "")

    def values(self, runs: Sequence[Run]) -> np.ndarray:
        """The quantity of each run, of shape ``(num_seeds,)``."""
        name, _, last = self.quantity.partition(",")
        return np.array([run.history[name][-1] if last else run.measurements[name] for run in runs], float)


def pairs(first: Store, second: Store) -> list[Pairs]:
    """What two stores both hold, arm by arm; of several fingerprints of an arm the newest counts."""
    found = []
    newest = [{(row.arm, row.tier): row.fingerprint for row in reversed(store.summary())} for store in (first, second)]
    for arm, tier in sorted(newest[0].keys() & newest[1].keys()):
        own, other = (prints[arm, tier] for prints in newest)
        if seeds := sorted(first.seeds(own) & second.seeds(other)):
            found.append(Pairs(arm, tier, first.runs(own, seeds), second.runs(other, seeds)))
    return found


def table(found: Sequence[Pairs]) -> str:
    """A table in Markdown: differences between runs of one seed beside the spread over seeds."""
    lines = [
        "| arm | tier | runs | identical | quantity | mean | mean, second | largest difference | spread over seeds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in found:
        values = one.values(one.first), one.values(one.second)
        apart = np.abs(values[0] - values[1])
        spread = values[0].std(ddof=1) if len(one.first) > 1 else math.nan
        numbers = [f"{value:.4g}" for value in (values[0].mean(), values[1].mean(), apart.max(), spread)]
        cells = [one.arm, one.tier, f"{len(one.first)}", f"{one.num_identical}", one.quantity, *numbers]
        lines.append(f"| {' | '.join(cells)} |")
    num_runs, num_same = sum(len(one.first) for one in found), sum(one.num_identical for one in found)
    return "\n".join([*lines, "", f"{num_runs} runs of {len(found)} arms in both, {num_same} of them identical"])


def _same(one: object, other: object) -> bool:
    """Equality of nested numbers in which a number that is none equals another."""
    return repr(one) == repr(other)


if __name__ == "__main__":
    with Store.open(Path(sys.argv[1]), read_only=True) as one, Store.open(Path(sys.argv[2]), read_only=True) as other:
        print(table(pairs(one, other)))
