"""Each published log is compared with an arm that is as long as the log, and has the RMSprop of its source."""

from __future__ import annotations

import runpy
from importlib import import_module
from pathlib import Path

import pytest

from pytest_claims import at_tier

ROOT = Path(__file__).parents[2]
MODULE = runpy.run_path(str(ROOT / "claims" / "test_published_logs.py"))
LOGS, ARMS = MODULE["LOGS"], MODULE["ARMS"]
SOURCES = {
    name: value.__claims_source__
    for module in map(import_module, runpy.run_path(str(ROOT / "conftest.py"))["pytest_plugins"])
    for name, value in vars(module).items()
    if hasattr(value, "__claims_source__")
}


def test_every_log_is_a_claim_and_nothing_else_is():
    assert len(LOGS) == 19
    assert {f"test_{name.replace('-', '_')}" for name in LOGS} == {name for name in MODULE if name.startswith("test_")}
    assert MODULE["JUDGED_BEFORE"] < LOGS.keys() == ARMS.keys()


@pytest.mark.parametrize("name", LOGS)
def test_arm_has_the_epochs_of_its_log_and_the_optimizer_of_its_source(name):
    arm = SOURCES[ARMS[name]]
    function = getattr(arm.optimizer, "func", arm.optimizer).__name__

    assert at_tier(arm.epochs, "full") >= LOGS[name].printed[-1]
    assert function == ("older_rmsprop" if LOGS[name].source == "N" else "rmsprop")
