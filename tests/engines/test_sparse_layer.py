"""Inputs that are mostly zero are multiplied as a sparse matrix, and nothing else changes."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from pytest_claims.engines import Job, create
from pytest_claims.engines.base import known_warnings
from tests.helpers.engine_arms import DENSE, SPARSE, arrays, autoencoder, dense, mostly_zero, scaled, split, train

ARM = replace(DENSE, model=partial(dense, penalty="l2", dropout=0.5), data=SPARSE, epochs=3)


@pytest.fixture
def make_engine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """An engine that takes products of any size as sparse ones, where at most `share` of the inputs is not zero."""

    def make(*, share: float = 0.06) -> Any:
        engine = create("stacked")
        from pytest_claims.engines import sparse_layer

        monkeypatch.setattr(sparse_layer, "SMALLEST_PRODUCT", 0)
        monkeypatch.setattr(sparse_layer, "LARGEST_SHARE", share)
        return engine

    return make


@known_warnings()
def is_sparse(engine: Any, arm: Any, stack: int = 1) -> bool:
    """Whether the engine would train the arm on a sparse matrix; nothing is compiled."""
    parts = arm.data.split(arrays(), "fast", 0)
    pool = engine._pools.get(arm.data.pool, arrays())
    return engine._program(Job(arm, "fast", (0,), arrays()), pool, parts, stack, "code").first_layer is not None


def assert_same(one: Any, other: Any) -> None:
    for name, values in one.history.items():
        np.testing.assert_allclose(values, other.history[name], rtol=1e-5, atol=1e-6, err_msg=name)
    for name, values in one.measurements.items():
        np.testing.assert_allclose(values, other.measurements[name], rtol=1e-4, err_msg=name)


def test_runs_are_those_of_dense_inputs(make_engine):
    measured = replace(ARM, measurements={"size": lambda trained: np.abs(trained.weights["0/kernel"]).sum()})
    engine = make_engine()
    assert is_sparse(engine, measured)
    found = train(engine, measured, 0, 1)
    for one, other in zip(found, train(make_engine(share=0.0), measured, 0, 1), strict=True):
        assert_same(one, other)


def test_without_the_names_of_jax_that_it_takes_inputs_are_dense(make_engine, monkeypatch):
    monkeypatch.setitem(sys.modules, "pytest_claims.engines.sparse_layer", None)
    assert not is_sparse(create("stacked"), ARM)


def test_arms_on_other_inputs_of_one_shape_share_a_program_and_are_not_mixed_up(make_engine):
    engine, other = make_engine(), replace(ARM, data=replace(SPARSE, pool=shifted))
    first, between, again = (train(engine, arm)[0].history for arm in (ARM, other, ARM))
    assert first == again != between
    assert len(engine.programs) == 1
    assert train(make_engine(share=0.0), other)[0].history["loss"] == pytest.approx(between["loss"], rel=1e-5)


def test_runs_beside_each_other_take_their_own_rows(make_engine):
    engine = make_engine()
    alone, beside = [], []
    for at_a_time, found in ((1, alone), (4, beside)):
        engine.at_a_time = at_a_time
        found += [run.history for run in train(engine, ARM, *range(8))]
    assert alone == beside


def shifted(arrays: Any) -> np.ndarray:
    return np.roll(mostly_zero(arrays), 1, axis=1)


def in_rows(input_shape: tuple[int, ...]) -> Any:
    import keras

    layers = [keras.layers.Reshape((4, 5)), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")]
    return keras.Sequential([keras.Input(input_shape), *layers])


@pytest.mark.parametrize(
    "arm",
    [
        replace(ARM, data=replace(SPARSE, decode=scaled)),
        replace(ARM, data=replace(SPARSE, pool=lambda arrays: arrays["inputs"])),
        replace(ARM, model=in_rows),
        replace(ARM, model=autoencoder, loss="mse", data=replace(SPARSE, split=partial(split, targets="inputs"))),
    ],
    ids=["decoder changes values", "inputs are dense", "first layer is another", "inputs are targets"],
)
def test_other_arms_are_trained_as_before(make_engine, arm):
    assert not is_sparse(make_engine(), arm)


def test_stacked_runs_are_not_called_back_for_each_other(make_engine):
    assert not is_sparse(make_engine(), ARM, stack=2)
