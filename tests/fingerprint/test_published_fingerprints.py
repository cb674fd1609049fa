"""The arms of today have the fingerprints under which their runs were published: hours of training depend on it."""

from __future__ import annotations

import json
import runpy
import sqlite3
from contextlib import closing
from importlib import import_module
from pathlib import Path

import pytest

from pytest_claims.planning.plan import identity

ROOT = Path(__file__).parents[2]
RUNS = ROOT / "reports" / "lecture" / "runs.sqlite"


def published() -> list[tuple[str, str, str, str, dict]]:
    """Arm, tier, engine, fingerprint and provenance of what was published, a row for each arm and fingerprint."""
    query = "SELECT arm, tier, engine, fingerprint, min(provenance) FROM runs GROUP BY arm, tier, engine, fingerprint"
    with closing(sqlite3.connect(f"{RUNS.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        return [(*row[:4], json.loads(row[4])) for row in connection.execute(query)]


def declared() -> dict[str, object]:
    """The arms and measurements that the lecture's fixture modules declare, by name."""
    modules = [import_module(name) for name in runpy.run_path(str(ROOT / "conftest.py"))["pytest_plugins"]]
    return {
        name: value.__claims_source__
        for module in modules
        for name, value in vars(module).items()
        if hasattr(value, "__claims_source__")
    }


ARMS = declared()


def test_every_published_arm_is_looked_at():
    assert len({row[0] for row in published()}) >= 159
    assert len({row[3] for row in published()}) >= 158


@pytest.mark.parametrize(("arm", "tier", "engine", "fingerprint", "provenance"), published(), ids=lambda value: "")
def test_published_arm_has_the_fingerprint_of_its_runs(arm, tier, engine, fingerprint, provenance):
    data_hash = (provenance["data"] or {}).get("content_hash", "")
    assert identity(arm, ARMS[arm], tier, data_hash, engine) == fingerprint, arm
