"""The engines give the runs that Keras itself gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from tests.helpers.engine_arms import (
    ARMS,
    COMPARED_WITH_KERAS,
    DETERMINISTIC,
    DROPOUT,
    DROPOUT_SEEDS,
    Apart,
    histories,
    keras_history,
    shared_engine,
    split,
)
from tests.helpers.engine_kinds import KINDS, history_and_weights


@pytest.fixture(scope="module")
def stacked() -> Any:
    return shared_engine()


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Apart]]:
    folder = tmp_path_factory.mktemp("histories")
    with (
        Apart("write_fit_histories", folder / "fit.json") as fit,
        Apart("write_float64_histories", folder / "float64.json", JAX_ENABLE_X64="1") as float64,
    ):
        yield {"fit": fit, "float64": float64}


@pytest.fixture(scope="module")
def float64_histories(processes: dict[str, Apart]) -> Any:
    return processes["float64"].result()


@pytest.fixture(scope="module")
def fit_histories(processes: dict[str, Apart]) -> Any:
    return processes["fit"].result()


def assert_same_history(one: dict[str, list[float]], other: dict[str, list[float]], tolerance: float) -> None:
    assert one.keys() == other.keys()
    for name, values in one.items():
        np.testing.assert_allclose(values, other[name], rtol=tolerance, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("name", COMPARED_WITH_KERAS)
def test_first_step_is_that_of_keras_on_jax(stacked: Any, name: str) -> None:
    compared = COMPARED_WITH_KERAS[name]
    one_batch = replace(compared.data, split=partial(split, num_train=32))
    arm = replace(compared, data=one_batch, epochs=1)

    assert_same_history(histories(stacked, arm)[0], keras_history(arm), tolerance=1e-5)


@pytest.mark.parametrize("name", [*COMPARED_WITH_KERAS, "random layers"])
def test_epoch_in_float64_is_that_of_keras_on_jax(float64_histories: Any, name: str) -> None:
    ours, keras = float64_histories[name]

    assert_same_history(ours, keras, tolerance=1e-9)


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_engines_agree_on_deterministic_layers(stacked: Any, fit_histories: Any, name: str) -> None:
    assert_same_history(histories(stacked, ARMS[name])[0], fit_histories[name][0], tolerance=1e-3)


@pytest.mark.parametrize("name", KINDS)
def test_engines_agree_on_kinds_of_layers_and_optimizers(stacked: Any, fit_histories: Any, name: str) -> None:
    tolerance = 1e-3 if "low precision" in name else 1e-5
    assert_same_history(history_and_weights(stacked, KINDS[name]), fit_histories["kinds"][name], tolerance)


def test_fit_refuses_embeddings_whose_steps_keras_computes_otherwise_on_tensorflow(fit_histories: Any) -> None:
    for said, name in zip(fit_histories["refused"], ("RMSprop", "SGD"), strict=True):
        assert f"is trained by {name}. Train it with --claims-engine=stacked, or by SGD without clipping" in said


def test_engines_agree_on_dropout_in_distribution(stacked: Any, fit_histories: Any) -> None:
    losses = {
        "stacked": [history["loss"][-1] for history in histories(stacked, DROPOUT, DROPOUT_SEEDS)],
        "fit": [history["loss"][-1] for history in fit_histories["dropout"]],
    }
    means = {name: np.mean(values) for name, values in losses.items()}
    spread = np.std(losses["stacked"], ddof=1) * np.sqrt(2 / len(DROPOUT_SEEDS))

    # Without the dropout in one of them, the means would be some ten spreads apart.
    assert abs(means["stacked"] - means["fit"]) < 4 * spread
    assert 1 / 3 < np.std(losses["fit"]) / np.std(losses["stacked"]) < 3


def test_fit_gives_the_same_numbers_again(fit_histories: Any) -> None:
    assert_same_history(fit_histories["dense"][0], fit_histories["dense again"][0], tolerance=1e-7)


def test_penalty_counts_in_the_loss_only(stacked: Any) -> None:
    history = histories(stacked, ARMS["l2"])[0]

    assert np.all(np.subtract(history["loss"], history["cross_entropy"]) > 0.01)
    assert np.all(np.subtract(history["val_loss"], history["val_cross_entropy"]) > 0.01)
