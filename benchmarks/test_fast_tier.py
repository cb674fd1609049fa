"""The whole fast tier with either engine: imports, compilation, judging and the report included.

At two seeds for each claim, in one round: with `fit`, ten to twenty seeds take hours. Two have to bear all compiling.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from benchmarks.conftest import ROOT, environment

NUM_SEEDS = 2


def test_fast_tier_with_either_engine(benchmark, row, data, tmp_path):
    taken = {}

    def one_round():
        for engine in ("stacked", "fit"):
            arguments = ["-m", "fast", "-n", "auto", "--maxprocesses", "4", "-p", "no:cacheprovider", "claims"]
            options = [
                f"--claims-seeds={NUM_SEEDS}",
                f"--claims-engine={engine}",
                f"--claims-report={tmp_path / engine}",
            ]
            store = {"CLAIMS_STORE": str(tmp_path / f"{engine}.sqlite")}
            started = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-m", "pytest", *arguments, *options], cwd=ROOT, env=environment() | store, check=False
            )
            taken[engine] = time.perf_counter() - started
            assert done.returncode in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)

    benchmark.extra_info["load"] = os.getloadavg()
    benchmark.pedantic(one_round, rounds=1)
    ratio = f"{taken['fit'] / taken['stacked']:.2f}"
    row([f"the fast tier, {NUM_SEEDS} seeds", f"{taken['stacked']:.3g} s", ratio, "", ""])
