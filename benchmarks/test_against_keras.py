"""The engine against `keras.Model.fit`, and against what the machine can do.

``CLAIMS_DATA=DIR pytest benchmarks``, on a machine that does nothing else. In each round every contender does the same
once, one after the other, so that what disturbs the machine disturbs them alike. A ratio is taken within a round; of
five the median is told, and the smallest, above which the median of all rounds lies with a probability of
1 - 2⁻⁵ = 97 %.
"""

from __future__ import annotations

import os
import statistics
from itertools import pairwise

import pytest

from benchmarks.contenders import SIZE
from pytest_claims.engines.processors import runs_at_a_time

ROUNDS = 5
# As many as the engine trains side by side: claims take ten, and one alone leaves processors idle.
SEEDS = list(range(900, 900 + runs_at_a_time()))
OTHERS = ("fit on TensorFlow", "fit on JAX")


def dense_operations(*units: int, num_train: int, num_validation: int) -> float:
    """Multiplications and additions of an epoch: forward, gradients of the weights, and of all inputs but the first."""
    pairs = [a * b for a, b in pairwise(units)]
    forward, backward = 2 * sum(pairs), 2 * (sum(pairs) + sum(pairs[1:]))
    return num_train * (forward + backward) + num_validation * forward


FULL_MNIST = dense_operations(784, 512, 10, num_train=48_000, num_validation=12_000)


@pytest.mark.parametrize(
    ("arm", "epochs", "operations"),
    [
        ("mnist_baseline", 2, FULL_MNIST),
        ("mnist_96_96", 3, None),
        ("mnist_logistic", 5, None),
        ("imdb_baseline", 5, None),
        ("imdb_4_4", 5, None),
        ("imdb_512_512", 1, None),
    ],
)
def test_an_epoch_on_all_the_data(benchmark, contenders, row, data, arm, epochs, operations):
    request = {"arm": arm, "tier": "full", "epochs": epochs, "seeds": SEEDS, "data": data, "whole": False}
    names = ("stacked", *OTHERS, "product")
    started = contenders(names)
    taken = rounds_of(benchmark, started, request)

    share = ""
    if operations:
        shares = [operations / own / (2 * SIZE**3 / limit) for own, limit in zip(taken[0], taken[-1], strict=True)]
        share = f"{statistics.median(shares):.0%} of the machine's limit"
    row([arm, f"{statistics.median(taken[0]):.3g} s", *ratios(taken[:-1]), share])


def test_ten_seeds_of_ten_epochs_on_a_subset_with_building_and_compiling(benchmark, contenders, row, data):
    seeds = list(range(900, 910))
    request = {"arm": "MNIST_ON_MORE", "tier": "fast", "epochs": 10, "seeds": seeds, "data": data, "whole": True}
    taken = [[] for _ in ("stacked", *OTHERS)]

    def one_round():
        for times, contender in zip(taken, contenders(("stacked", *OTHERS)), strict=True):
            times.append(contender.seconds(request))
            contender.stop()

    benchmark.pedantic(one_round, rounds=ROUNDS)
    row(["784-512-10 on 6,000 images, ten seeds", f"{statistics.median(taken[0]):.3g} s", *ratios(taken), ""])


def rounds_of(benchmark, started, request):
    """Seconds of each contender in each round, after one round that does not count."""
    taken = [[] for _ in started]

    def one_round():
        for times, contender in zip(taken, started, strict=True):
            times.append(contender.seconds(request))

    benchmark.extra_info["load"] = os.getloadavg()
    benchmark.pedantic(one_round, rounds=ROUNDS, warmup_rounds=1)
    return [times[1:] for times in taken]


def ratios(taken):
    """How many times as long as ours the others take: the median of the rounds, and the smallest."""
    cells = []
    for times in taken[1:]:
        found = [other / own for own, other in zip(taken[0], times, strict=True)]
        cells.append(f"{statistics.median(found):.2f} (≥ {min(found):.2f})")
    return cells
