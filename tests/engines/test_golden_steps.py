"""A library that computes otherwise than the package expects is noticed, and its runs are kept apart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from pytest_claims.engines import conditions
from pytest_claims.engines.conditions import in_words, material
from pytest_claims.engines.golden_steps import KINDS, are_equal, differing, kinds_of, shipped, step
from pytest_claims.engines.provenance import provenance
from pytest_claims.planning.plan import conditions_of, identity
from tests.helpers.engine_arms import DENSE, DROPOUT, shared_engine, train


@pytest.fixture
def stacked() -> Iterator[Any]:
    """The engine without programs before a test and after it."""
    engine = shared_engine()
    engine.programs.clear()
    yield engine
    engine.programs.clear()


@pytest.fixture
def steps() -> Iterator[None]:
    """Steps are computed anew in a test and after it."""
    step.cache_clear()
    yield
    step.cache_clear()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a new process would tell of libraries whose versions nobody has checked."""
    answer: dict[str, Any] = {"settings": {}, "steps": {}}
    monkeypatch.setattr(conditions, "installed", lambda backend: {"keras": "99.0", "jax": "0.10.2"})
    monkeypatch.setattr(conditions, "_asked", lambda engine, surroundings: answer)
    return answer


@pytest.fixture
def old_rmsprop(steps: None, stacked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """RMSprop has its epsilon outside the root, as before Keras 2.11."""
    import keras

    monkeypatch.setattr(keras.optimizers.RMSprop, "update_step", as_before_keras_2_11)


def as_before_keras_2_11(self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
    import keras

    index = self._get_variable_index(variable)
    velocity = self._velocities[index]
    rate = keras.ops.cast(learning_rate, variable.dtype)
    self.assign(velocity, self.rho * velocity + (1 - self.rho) * keras.ops.square(gradient))
    self.assign_sub(variable, rate * gradient / (keras.ops.sqrt(velocity) + self.epsilon))


@pytest.mark.parametrize("kind", KINDS)
def test_todays_libraries_make_the_steps_that_the_package_ships(stacked: Any, kind: str) -> None:
    assert are_equal(step(kind), shipped()["steps"]["jax"][kind])


def test_every_backend_has_every_step() -> None:
    assert [list(steps) for steps in shipped()["steps"].values()] == [list(KINDS)] * 2


def test_steps_are_of_the_parts_that_an_arm_has(stacked: Any) -> None:
    from keras import Sequential, layers, optimizers

    model = Sequential([layers.Input((3,)), layers.Dense(2, "relu", kernel_regularizer="l2"), layers.Dropout(0.5)])

    assert set(kinds_of(model, optimizers.AdamW(), "huber")) == {
        *("optimizer Adam", "optimizer AdamW", "loss huber", "layer Dense", "layer Dropout", "activation relu"),
        *("penalty L2", "initializer GlorotUniform", "order of rows"),
    }


@pytest.mark.usefixtures("old_rmsprop")
def test_patched_optimizer_is_refused_before_a_run_is_trained(stacked: Any) -> None:
    with pytest.raises(ValueError, match=r"^the optimizer RMSprop computes \[.*\] on fixed numbers, expected \["):
        train(stacked, DENSE)


@pytest.mark.usefixtures("old_rmsprop")
def test_other_formula_is_a_difference() -> None:
    assert list(differing("jax", ["optimizer RMSprop", "optimizer Adam"])) == ["optimizer RMSprop"]


def test_rounding_is_no_difference() -> None:
    steps = shipped()["steps"]["jax"]

    assert all(are_equal(numbers, [number * (1 + 1e-6) for number in numbers]) for numbers in steps.values())


def test_runs_of_another_formula_have_another_fingerprint(asked: dict[str, Any]) -> None:
    def today() -> str:
        return identity("noise", DENSE, "fast", "4f1c", "stacked", conditions_of(DENSE, "stacked"))

    unchanged = today()
    asked["steps"] = {"optimizer RMSprop": [-0.5, 0.5, -0.4]}

    assert today() != unchanged == identity("noise", DENSE, "fast", "4f1c", "stacked")
    assert in_words("stacked", conditions_of(DENSE, "stacked")) == [
        "optimizer RMSprop computes otherwise (keras 99.0, checked was 3.15.1)"
    ]


def test_rounding_of_a_deviating_step_does_not_part_runs() -> None:
    one, other = ({"steps": {"optimizer Lion": [value]}} for value in (0.123401, 0.123402))

    assert material(one) == material(other)


@pytest.mark.usefixtures("old_rmsprop")
def test_arm_is_trained_by_the_formula_that_the_session_was_planned_with(asked: dict[str, Any], stacked: Any) -> None:
    asked["steps"] = differing("jax", ["optimizer RMSprop"])

    [run] = train(stacked, DENSE)

    assert np.isfinite(run.history["loss"]).all()


def test_new_process_tells_what_differs_and_the_answer_is_kept(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("JAX_RANDOM_SEED_OFFSET", "3")
    conditions._asked.cache_clear()
    surroundings = json.dumps([conditions._hints("jax"), conditions.installed("jax")])

    answer = conditions._asked("stacked", surroundings)

    # The random numbers of stochastic layers do not depend on the offset.
    assert answer == {"settings": {"jax_random_seed_offset": 3}, "steps": {}}
    [kept] = (tmp_path / "pytest-claims").rglob("*.json")
    assert json.loads(kept.read_text()) == answer


def test_provenance_has_settings_and_the_steps_of_the_trained_arms(stacked: Any) -> None:
    train(stacked, DROPOUT)

    kept = provenance("stacked")

    assert kept["settings"]["keras.floatx"] == "float32"
    assert kept["golden_steps"]["layer Dropout"] == step("layer Dropout")
