"""Equal content has one fingerprint, and any change of it another, wherever a declaration keeps its values."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial, wraps
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_claims.catalogue.arms import Arm, Data, Measurement
from pytest_claims.data.sets import DataSet
from pytest_claims.fingerprint.fingerprint import Computation, fingerprint
from pytest_claims.support.errors import ClaimsError
from pytest_claims.support.vocabulary import by_tier

examples = partial(settings, deadline=None, derandomize=True, database=None)


def of(declaration: Arm | Measurement, *, tier: Any = "fast", data_hash: str = "4f1c", engine: str = "stacked") -> str:
    return fingerprint(declaration, tier=tier, data_hash=data_hash, computation=Computation(engine, 1))


# ---------------------------------------------------------------- places that count


def measured(arrays, tier, seed, *, value):
    return {"value": value}


def argument(value):
    return partial(measured, value=value)


def in_a_list(value):
    return partial(measured, value=[1, [value]])


def in_a_mapping(value):
    return partial(measured, value={"a": {"b": value}})


def default(value):
    def measure(arrays, tier, seed, value=value):
        return {"value": value}

    return measure


def keyword_default(value):
    def measure(arrays, tier, seed, *, value=value):
        return {"value": value}

    return measure


def default_in_an_expression(value):
    def measure(arrays, tier, seed, *, value=(value, [str(value)])):
        return {"value": value}

    return measure


def default_from_a_call(value):
    def measure(arrays, tier, seed, *, value=repr(value)):  # noqa: B008
        return {"value": value}

    return measure


@dataclass(frozen=True)
class Field:
    value: Any

    def __call__(self, arrays, tier, seed):
        return {"value": self.value}


@dataclass(frozen=True)
class Nested:
    inner: Field

    def __call__(self, arrays, tier, seed):
        return self.inner(arrays, tier, seed)


def in_a_nested_field(value):
    return Nested(Field(value))


counted: list[Callable[[Any], Any]] = [
    argument,
    in_a_list,
    in_a_mapping,
    default,
    keyword_default,
    default_in_an_expression,
    default_from_a_call,
    Field,
    in_a_nested_field,
]
scalars = (
    st.sampled_from([0, 1, True, False, None, 0.0, -0.0, 1.0, "1", b"1", "", (), (1,)]) | st.integers() | st.floats()
)


@pytest.mark.parametrize("place", counted)
@examples(max_examples=60)
@given(scalars, scalars)
def test_a_value_counts_wherever_it_stands(place, one, other):
    first, again, second = (of(Measurement(place(value))) for value in (one, one, other))
    assert first == again
    assert (first == second) == (repr(one) == repr(other))


def with_options(options):
    def decorated(function):
        @wraps(function)
        def inner(*arguments):
            return {**function(*arguments), "options": options}

        return inner

    return decorated


def plain(arrays, tier, seed):
    return {"value": 0}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 2),
        ((1, 2), (1, 3)),
        (np.zeros(2), np.ones(2)),
        (np.float32(1), np.float64(1)),
        (b"a", b"b"),
        (1j, 2j),
        (Path("a"), Path("b")),
        (range(2), range(3)),
        (re.compile("a"), re.compile("b")),
        (plain, measured),
    ],
)
def test_what_a_decorator_holds_counts(one, other):
    first, again, second = (of(Measurement(with_options(value)(plain))) for value in (one, one, other))
    assert first == again
    assert first != second


loop = []
for rate in (0.1, 0.2, 0.3):

    def measure(arrays, tier, seed, rate=rate):
        return {"rate": rate}

    @dataclass(frozen=True)
    class Builder:
        rate = rate

        def __call__(self, arrays, tier, seed):
            return {"rate": self.rate}

    loop.append((measure, Builder()))


def test_functions_and_classes_of_a_loop_are_told_apart():
    functions, instances = zip(*loop, strict=True)
    assert len({of(Measurement(function)) for function in functions}) == len(loop)
    assert len({of(Measurement(instance)) for instance in instances}) == len(loop)


# ---------------------------------------------------------------- places that are refused


def captured(value):
    def measure(arrays, tier, seed):
        return {"value": value}

    return measure


def captured_two_levels_down(value):
    def inner():
        return value

    def measure(arrays, tier, seed):
        return {"value": inner()}

    return measure


def partial_of_a_closure(value):
    return partial(captured(value))


class Attribute:
    def __init__(self, value):
        self.value = value

    def __call__(self, arrays, tier, seed):
        return {"value": self.value}


class Slot:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value

    def __call__(self, arrays, tier, seed):
        return {"value": self.value}


def method_of_an_object(value):
    return Attribute(value).__call__


def attribute_of_a_local_class(value):
    @dataclass(frozen=True)
    class Local:
        given = value

        def __call__(self, arrays, tier, seed):
            return {"value": self.given}

    return Local()


def object_as_a_default(value):
    def measure(arrays, tier, seed, held=Attribute(value)):  # noqa: B008
        return {"value": held.value}

    return measure


@pytest.mark.parametrize(
    "place",
    [
        captured,
        captured_two_levels_down,
        partial_of_a_closure,
        Attribute,
        Slot,
        method_of_an_object,
        attribute_of_a_local_class,
        object_as_a_default,
    ],
)
def test_a_value_that_cannot_be_told_apart_is_refused(place):
    with pytest.raises(ClaimsError, match="cannot tell if it has changed since runs were stored"):
        of(Measurement(place(1)))


# ---------------------------------------------------------------- whole arms


def read(path):
    return {}


def images(arrays):
    return arrays["images"]


def halves(arrays, tier, seed, *, share):
    return share


def decoded(xp, batch, rows, seed):
    return batch / 255


def mlp(input_shape, *, hidden, activation):
    return hidden


def cnn(input_shape, *, hidden, activation):
    return hidden


def rmsprop(learning_rate, momentum=0.0):
    return learning_rate


def decayed(learning_rate, steps):
    return learning_rate / steps


CHOICES = {
    "dataset": ["MNIST", "IMDB", None],
    "data_hash": ["4f1c", "beef"],
    "engine": ["stacked", "fit"],
    "tier": ["fast", "full"],
    "share": [0.2, 0.5],
    "model": [mlp, cnn],
    "hidden": [(16,), (16, 16), [16]],
    "activation": ["relu", "tanh"],
    "learning_rate": [0.001, 0.01, 1, 1.0],
    "momentum": [0.0, 0.9],
    "schedule_steps": [None, 100, 1000],
    "loss": ["mse", "binary_crossentropy"],
    "epochs": [5, 10],
    "batch_size": [32, 128],
}
contents = st.fixed_dictionaries({name: st.sampled_from(choices) for name, choices in CHOICES.items()})


def written_plainly(content: dict[str, Any]) -> str:
    rate: Any = content["learning_rate"]
    if content["schedule_steps"]:
        rate = partial(decayed, rate, steps=content["schedule_steps"])
    dataset = content["dataset"] and DataSet(name=content["dataset"], filename="a.npz", read=read)
    declaration = Arm(
        data=Data(dataset, pool=images, split=partial(halves, share=content["share"]), decode=decoded),
        model=partial(content["model"], hidden=content["hidden"], activation=content["activation"]),
        optimizer=partial(rmsprop, rate, content["momentum"]),
        loss=content["loss"],
        epochs=content["epochs"],
        batch_size=content["batch_size"],
    )
    return of(declaration, tier=content["tier"], data_hash=content["data_hash"], engine=content["engine"])


def written_otherwise(content: dict[str, Any]) -> str:
    """Declare the same content with other partials, orders, file names and values for the other tier."""
    other = {"fast": "full", "full": "fast"}[content["tier"]]
    rate: Any = content["learning_rate"]
    if content["schedule_steps"]:
        rate = partial(partial(decayed, steps=content["schedule_steps"]), learning_rate=rate)
    dataset = content["dataset"] and DataSet(name=content["dataset"], filename="b.npz", read=images)
    model = partial(partial(content["model"], hidden=(1,)), activation=content["activation"], hidden=content["hidden"])
    baseline = Arm(
        data=Data(dataset, pool=images, split=halves, decode=decoded),
        model=mlp,
        optimizer=rmsprop,
        loss="other",
        epochs=1,
        batch_size=1,
    )
    declaration = replace(
        baseline,
        data=replace(baseline.data, split=partial(halves, share=content["share"])),
        model=model,
        optimizer=partial(partial(rmsprop, momentum=content["momentum"]), learning_rate=rate),
        loss=content["loss"],
        epochs=by_tier(**{content["tier"]: content["epochs"], other: 77}),
        batch_size=by_tier(**{content["tier"]: content["batch_size"], other: 77}),
    )
    return of(declaration, tier=content["tier"], data_hash=content["data_hash"], engine=content["engine"])


@examples(max_examples=150)
@given(contents, contents)
def test_two_arms_share_a_fingerprint_exactly_if_their_content_is_equal(one, other):
    assert written_plainly(one) == written_otherwise(one)
    assert (written_plainly(one) == written_otherwise(other)) == (
        repr(sorted(one.items())) == repr(sorted(other.items()))
    )


@examples(max_examples=150)
@given(contents, st.sampled_from(sorted(CHOICES)), st.data())
def test_any_one_change_of_an_arm_changes_its_fingerprint(content, name, data):
    changed = data.draw(st.sampled_from([choice for choice in CHOICES[name] if repr(choice) != repr(content[name])]))
    assert written_plainly(content) != written_plainly({**content, name: changed})
