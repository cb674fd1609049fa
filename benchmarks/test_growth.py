"""How the cost of training grows: with seeds, with arms of a known shape class, with epochs."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from benchmarks.contenders import raw_arrays
from pytest_claims.engines import Job, create
from pytest_claims.support.vocabulary import at_tier

COUNTS = (1, 2, 4, 8)


@pytest.fixture(scope="module")
def engine():
    return create("stacked")


def arms_of_a_class(count):
    from fixtures.arms import MNIST_ON_MORE
    from fixtures.networks.dense import rmsprop

    rates = [1e-3 / (1 + index) for index in range(count)]
    return [replace(MNIST_ON_MORE, optimizer=partial(rmsprop, learning_rate=rate), epochs=4) for rate in rates]


@pytest.mark.parametrize("what", ["seeds", "arms of one shape class", "epochs"])
def test_time_grows_in_proportion(benchmark, row, data, engine, what):
    def seconds(count):
        arms = arms_of_a_class(count if what.startswith("arms") else 1)
        if what == "epochs":
            arms = [replace(arm, epochs=at_tier(arm.epochs, "fast") * count) for arm in arms]
        # As many of them as go side by side.
        seeds = tuple(range(900, 900 + engine.at_a_time * (count if what == "seeds" else 1)))
        started = time.perf_counter()
        for arm in arms:
            list(engine.train(Job(arm, "fast", seeds, raw_arrays(arm.data.dataset, data))))
        return time.perf_counter() - started

    taken = {count: [] for count in COUNTS}
    benchmark.pedantic(
        lambda: [times.append(seconds(count)) for count, times in taken.items()], rounds=5, warmup_rounds=1
    )
    medians = [float(np.median(times[1:])) for times in taken.values()]  # the first round was the warm-up
    slope, start = np.polyfit(COUNTS, medians, 1)
    away = max(abs(start + slope * count - median) / median for count, median in zip(COUNTS, medians, strict=True))
    assert away < 0.5
    row([what, *(f"{median:.2f} s" for median in medians), f"{slope:.2f} s each, {start:+.2f} s", f"{away:.0%}"])
