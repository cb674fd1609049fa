"""Compiled programs are shared by what a trace depends on, and by nothing less."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")

from pytest_claims.engines import create
from pytest_claims.engines.program_key import content_key, optimizer_key, surroundings
from tests.helpers.engine_arms import DENSE, train


def adamw(excluded: str | None = None, weight_decay: float = 0.5) -> Any:
    import keras

    optimizer = keras.optimizers.AdamW(0.01, weight_decay=weight_decay)
    if excluded:
        optimizer.exclude_from_weight_decay(var_names=[excluded])
    return optimizer


def scheduled(rate: float, *, configured: bool) -> Any:
    """SGD with a schedule of one's own, whose configuration is empty or missing."""
    import keras

    class Constant(keras.optimizers.schedules.LearningRateSchedule):
        def __init__(self, rate: float) -> None:
            self.rate = rate

        def __call__(self, step: Any) -> Any:
            return keras.ops.cast(self.rate, "float32")

        if configured:

            def get_config(self) -> dict[str, Any]:
                return {}

    return keras.optimizers.SGD(Constant(rate))


RATE = 0.1


def sgd_at_rate() -> Any:
    import keras

    return keras.optimizers.SGD(RATE)


@pytest.fixture(scope="module")
def stacked() -> Any:
    return create("stacked")


def last_loss(engine: Any, optimizer: Any) -> float:
    return train(engine, replace(DENSE, optimizer=optimizer))[0].history["loss"][-1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (adamw, partial(adamw, excluded="kernel")),
        (partial(scheduled, 0.0, configured=True), partial(scheduled, 1.0, configured=True)),
        (partial(scheduled, 0.0, configured=False), partial(scheduled, 1.0, configured=False)),
        (adamw, partial(adamw, weight_decay=0.0)),
    ],
    ids=["excluded from decay", "schedule with an empty configuration", "schedule without one", "a setting"],
)
def test_optimizers_that_update_otherwise_do_not_share_a_program(stacked: Any, one: Any, other: Any) -> None:
    together = [last_loss(stacked, optimizer) for optimizer in (one, other)]
    alone = [last_loss(create("stacked"), optimizer) for optimizer in (one, other)]
    assert together == alone
    assert together[0] != together[1]


def test_settings_of_keras_are_part_of_the_key() -> None:
    import keras

    before = surroundings()
    epsilon = keras.config.epsilon()
    try:
        keras.config.set_epsilon(1e-3)
        assert surroundings() != before
    finally:
        keras.config.set_epsilon(epsilon)
    assert surroundings() == before


def test_learning_rates_share_a_program_and_schedules_do_not() -> None:
    import keras

    rates = [optimizer_key(keras.optimizers.SGD(rate)) for rate in (0.1, 0.2)]
    assert rates[0] == rates[1]
    decays = [
        optimizer_key(keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 10, rate)))
        for rate in (0.5, 0.6, 0.5)
    ]
    assert decays[0] == decays[2] != decays[1]
    assert rates[0] not in decays


class Holder:
    def __init__(self, value: Any) -> None:
        self.value = value


class Slotted:
    __slots__ = ("value",)


EQUAL = [
    (1.5, 1.5),
    ([1, (2, "a")], [1, (2, "a")]),
    ({"a": 1, "b": {2}}, {"b": {2}, "a": 1}),
    (np.arange(3), np.arange(3)),
    (partial(max, 1, key=abs), partial(max, 1, key=abs)),
    (Holder([1]), Holder([1])),
    (float("nan"), float("nan")),
]
DIFFERENT = [
    (1, 1.0),
    (True, 1),
    ([1], (1,)),
    ({"a": 1}, {"a": 2}),
    (np.arange(3), np.arange(3.0)),
    (partial(max, 1), partial(max, 2)),
    (Holder(1), Holder(2)),
    (object(), object()),
    (Slotted(), Slotted()),
    (lambda: 1, lambda: 1),
    (0.0, -0.0),
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_equal_content_has_an_equal_key(one: Any, other: Any) -> None:
    assert content_key(one) == content_key(other)
    assert hash(content_key(one)) == hash(content_key(other))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_content_has_another_key(one: Any, other: Any) -> None:
    assert content_key(one) != content_key(other)


def test_what_leads_back_to_itself_has_a_key() -> None:
    one, other = Holder(1), Holder(1)
    one.value, other.value = [one, 2], [other, 2]
    assert content_key(one) == content_key(other)
