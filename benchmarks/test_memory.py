"""What a process takes in memory while it trains on all the data, and whether that grows with the number of runs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmarks.conftest import ROOT, environment

SCRIPT = """
import json, os, sys
from dataclasses import replace
os.environ["KERAS_BACKEND"] = "jax"
from benchmarks.contenders import job_of
from pytest_claims.engines import create

def resident(field="VmRSS"):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field)) * 1024

engine, arms, tier, seeds, data = create("stacked"), *json.loads(sys.argv[1])
seen = []
for start in range(0, seeds, 5):
    for arm in arms:
        for _ in engine.train(job_of(arm, tier, 1, tuple(range(900 + start, 905 + start)), data)):
            seen.append(resident())
print(json.dumps({"peak": resident("VmHWM"), "seen": seen}))
"""


def measured(arms: list[str], tier: str, num_seeds: int, data: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps([arms, tier, num_seeds, data])],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("arms", "gigabytes"),
    [
        (["mnist_baseline", "mnist_noise", "mnist_96_96", "mnist_learning_rate_1"], 1.5),
        (["imdb_baseline", "imdb_512_512", "imdb_dropout"], 2.5),
    ],
    ids=["MNIST", "IMDB"],
)
def test_peak_on_all_the_data(arms, gigabytes, row, data):
    peak = measured(arms, "full", 5, data)["peak"] / 1e9
    row([", ".join(arms), f"{peak:.2f} GB at most, {gigabytes} allowed"])
    assert peak <= gigabytes


def test_five_hundred_runs_take_hardly_more_than_fifty(row, data):
    seen = measured(["mnist_logistic", "mnist_96_96"], "fast", 250, data)["seen"]
    assert len(seen) == 500
    grown = (max(seen[-50:]) - max(seen[:50])) / 1e6
    row(["500 runs", f"{grown:+.0f} MB from the first 50 to the last 50, 50 MB allowed"])
    assert grown < 50
