"""Keras is imported on the backend of the session's engine, by whoever imports it first."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace

import pytest

from pytest_claims.engines.base import name_backend


@pytest.mark.parametrize(("engine", "backend"), [("stacked", "jax"), ("fit", "tensorflow")])
def test_keras_will_be_on_the_backend_of_the_engine(engine, backend, monkeypatch):
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    name_backend(engine)
    assert os.environ["KERAS_BACKEND"] == backend


def test_backend_stays_where_keras_is_imported(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setitem(sys.modules, "keras", SimpleNamespace())
    name_backend("fit")
    assert os.environ["KERAS_BACKEND"] == "jax"


@pytest.mark.parametrize("engine", ["stacked", "fit"])
def test_a_measurement_that_imports_keras_finds_the_backend_of_the_session(catalogue, monkeypatch, engine):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    conftest = catalogue.path / "conftest.py"
    measured = (
        "def backend(arrays, tier, seed):\n    import os\n"
        "    return {'jax': float(os.environ['KERAS_BACKEND'] == 'jax')}\n\nkeras_on = arm(Measurement(backend))\n"
    )
    conftest.write_text(f"{conftest.read_text()}\n{measured}")
    catalogue.write(
        test_backend='@pytest.mark.claim("A01", "It is that of the engine.")\ndef test_backend(keras_on, judge):\n'
        f"    assert judge(keras_on.measured('jax'), exactly={int(engine == 'stacked')})\n"
    )
    catalogue.run_apart("--claims-seeds=2", f"--claims-engine={engine}").assert_outcomes(passed=1)
