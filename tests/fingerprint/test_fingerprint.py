"""A fingerprint changes when a run could come out otherwise, and only then."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_claims.catalogue.arms import Arm, Data, Measurement
from pytest_claims.data.pools import pool_made_once
from pytest_claims.data.sets import DataSet
from pytest_claims.fingerprint.fingerprint import Computation, describe, differences, fingerprint
from pytest_claims.fingerprint.source_text import is_of_project
from pytest_claims.support.errors import ClaimsError
from pytest_claims.support.vocabulary import by_tier

# ---------------------------------------------------------------- declarations


def read(path):
    return {}


def images(arrays):
    return arrays["images"]


def halves(arrays, tier, seed, *, share=0.5):
    return share


def decoded(xp, batch, rows, seed):
    return batch / 255


def mlp(input_shape, hidden=(16,), *, activation="relu", **options):
    return hidden


def cnn(input_shape, hidden=(16,)):
    return hidden


def rmsprop(learning_rate=0.001):
    return learning_rate


def norm(trained):
    return 0.0


def ones(weights, seed):
    return weights


def anything(arrays, tier, seed, **options):
    return options


@dataclass(frozen=True)
class Flip:
    share: float

    def __call__(self, arrays, tier, seed):
        return {"share": self.share}


class Noise(Enum):
    WHITE = 1
    PINK = 2


MNIST = DataSet(name="MNIST", filename="mnist.npz", read=read)
BASELINE = Arm(
    data=Data(MNIST, pool=images, split=partial(halves, share=0.2), decode=decoded),
    model=partial(mlp, hidden=(16, 16)),
    optimizer=partial(rmsprop, learning_rate=0.01),
    loss="sparse_categorical_crossentropy",
    epochs=by_tier(fast=10, full=50),
    batch_size=128,
)


def of(declaration, *, tier="fast", data_hash="4f1c", name="this arm", **computation):
    by = Computation(**{"engine": "stacked", "semantics": 1, **computation})
    return fingerprint(declaration, tier=tier, data_hash=data_hash, computation=by, name=name)


def measured(**options):
    return of(Measurement(partial(anything, **options)))


# ---------------------------------------------------------------- what an arm declares


def test_a_fingerprint_is_32_hexadecimal_digits():
    assert len(of(BASELINE)) == 32
    int(of(BASELINE), 16)


CHANGED_DATA = replace(BASELINE.data, dataset=replace(MNIST, name="IMDB"))
CHANGED_SPLIT = replace(BASELINE.data, split=partial(halves, share=0.3))


@pytest.mark.parametrize(
    "changes",
    [
        {"data": CHANGED_DATA},
        {"data": CHANGED_SPLIT},
        {"data": replace(BASELINE.data, pool=read)},
        {"data": replace(BASELINE.data, decode=read)},
        {"model": partial(mlp, hidden=(16, 16, 16))},
        {"model": partial(mlp, hidden=[16, 16])},
        {"model": partial(mlp, hidden=(16, 16.0))},
        {"model": partial(cnn, hidden=(16, 16))},
        {"model": mlp},
        {"optimizer": partial(rmsprop, learning_rate=0.02)},
        {"loss": "mean_squared_error"},
        {"epochs": by_tier(fast=11, full=50)},
        {"batch_size": 64},
        {"initial_weights": ones},
        {"measurements": {"norm": norm}},
    ],
)
def test_any_change_of_an_arm_changes_it(changes):
    assert of(replace(BASELINE, **changes)) != of(BASELINE)


def test_all_that_determines_a_run_beside_the_arm_changes_it():
    variants = [
        {},
        {"tier": "full"},
        {"data_hash": "beef"},
        {"engine": "fit"},
        {"semantics": 2},
        {"conditions": {"settings": {"keras.floatx": "float64"}}},
    ]
    assert len({of(replace(BASELINE, epochs=5), **variant) for variant in variants}) == len(variants)


def test_the_other_tier_does_not_matter():
    longer = replace(BASELINE, epochs=by_tier(fast=10, full=100))
    assert of(longer) == of(BASELINE)
    assert of(longer, tier="full") != of(BASELINE, tier="full")
    assert of(replace(BASELINE, epochs=10)) == of(BASELINE)


def test_a_data_set_counts_by_its_name():
    elsewhere = replace(MNIST, url="https://example.org/mnist.npz", read=images)
    assert of(replace(BASELINE, data=replace(BASELINE.data, dataset=elsewhere))) == of(BASELINE)


@pytest.mark.parametrize(
    "model",
    [
        partial(mlp, hidden=(16, 16), activation="tanh", rate=0.5),
        partial(mlp, rate=0.5, activation="tanh", hidden=(16, 16)),
        partial(partial(partial(mlp, hidden=(4, 4)), rate=0.5), activation="tanh", hidden=(16, 16)),
    ],
)
def test_one_call_written_in_different_ways_is_one(model):
    written = replace(BASELINE, model=partial(mlp, activation="tanh", rate=0.5, hidden=(16, 16)))
    assert of(replace(BASELINE, model=model)) == of(written)


def test_positions_and_names_of_arguments_mean_the_same():
    by_position = replace(BASELINE, optimizer=partial(rmsprop, 0.01))
    assert of(by_position) == of(BASELINE)
    assert describe(by_position) == describe(BASELINE)


def test_arguments_of_a_partial_in_a_partial_keep_their_order():
    inner = partial(mlp, (28, 28))
    inner.note = "a partial with attributes is not merged by Python itself"
    outer = replace(BASELINE, model=partial(inner, (4, 4)))
    assert of(outer) == of(replace(BASELINE, model=partial(mlp, (28, 28), (4, 4))))


def test_the_order_of_measurements_means_nothing():
    one = replace(BASELINE, measurements={"norm": norm, "ones": ones})
    other = replace(BASELINE, measurements={"ones": ones, "norm": norm})
    assert of(one) == of(other)
    assert of(one) != of(replace(BASELINE, measurements={"norm": ones, "ones": norm}))


values = st.recursive(
    st.sampled_from([0, 1, True, False, None, 0.0, -0.0, 1.0, float("nan"), float("inf"), "", "1", "nan", b"1", 1j])
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.lists(inner, max_size=2).map(tuple),
    max_leaves=4,
)
bindings = st.dictionaries(st.sampled_from("abc"), values, max_size=2)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(bindings, bindings)
def test_equal_arguments_are_equal_and_others_are_not(one, other):
    backwards = dict(reversed(one.items()))
    assert measured(**one) == measured(**backwards)
    assert (measured(**one) == measured(**other)) == (repr(sorted(one.items())) == repr(sorted(other.items())))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (1, True),
        (1, "1"),
        (0.0, -0.0),
        ((1, 2), [1, 2]),
        (np.array([1.0, 2.0]), np.array([1.0, 3.0])),
        (np.array([1, 2], np.int32), np.array([1, 2], np.int64)),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}),
        (frozenset({1, 2}), frozenset({1, 3})),
        (Flip(0.1), Flip(0.2)),
        (Noise.WHITE, Noise.PINK),
        (mlp, cnn),
        (partial(mlp, hidden=1), partial(mlp, hidden=2)),
        (np.add, np.subtract),
        (Path("a"), Path("b")),
        (range(3), range(4)),
        (list[int], list[float]),
        (int, float),
    ],
)
def test_values_of_other_types_are_told_apart(one, other):
    assert measured(value=one) == measured(value=one)
    assert measured(value=one) != measured(value=other)


def test_a_callable_dataclass_counts_by_its_fields():
    assert of(Measurement(Flip(0.1))) == of(Measurement(Flip(0.1)))
    assert of(Measurement(Flip(0.1))) != of(Measurement(Flip(0.2)))


# ---------------------------------------------------------------- what its functions say

MODELS = '''
"""Models."""
from __future__ import annotations

import json
from typing import TYPE_CHECKING

import helpers
from helpers import scaled, remembered

if TYPE_CHECKING:
    import keras

WIDTH = 16
UNUSED = 1


class Layer:
    """A layer."""

    rate: float = 0.5

    def build(self) -> int:
        return helpers.DEPTH


def mlp(input_shape: tuple, *, hidden: int = WIDTH) -> keras.Model:
    """Build a model."""
    from layers import dense

    # Wide enough.
    json.loads(f"[{hidden:>{WIDTH}}, {len('a' + 'b')!r}]\\n")
    return [scaled(width) for width in [hidden]] + json.loads("[]") + [Layer(), dense()]


@remembered(size=4)
def slow(input_shape):
    return 1


def plain(input_shape):
    return 10


bound = remembered(size=6)(plain)
'''
HELPERS = """
from functools import wraps

FACTOR = 2
DEPTH = 3
width = 5
NAMES = {"a": [1, 2]}


def scaled(width):
    return twice(width - 1) if width else NAMES


def twice(width):
    return FACTOR * scaled(width)


def remembered(size):
    def decorator(function):
        kept = {}

        @wraps(function)
        def wrapper(*args):
            if args not in kept and len(kept) < size:
                kept[args] = function(*args)
            return kept[args]

        return wrapper

    return decorator
"""
LAYERS = """
raise RuntimeError("this module takes long to import")

from more_layers import RATE


def dense():
    return RATE
"""
FILES = {"models": MODELS, "helpers": HELPERS, "layers": LAYERS, "more_layers": "RATE = 0.5  # of dropout\n"}

Project = Callable[..., str]


@pytest.fixture
def project(tmp_path, monkeypatch) -> Project:
    """Give the fingerprint of an arm whose model lies in a project like the one above, with changes to its files."""

    def of_model(old: str = "", new: str = "", *, name: str = "mlp") -> str:
        place = tmp_path / str(len(list(tmp_path.iterdir())))
        place.mkdir()
        assert any(old in text for text in FILES.values())
        for module, text in FILES.items():
            (place / f"{module}.py").write_text(text.replace(old, new) if old else text)
        with monkeypatch.context() as patch:
            patch.syspath_prepend(place)
            for module in FILES:
                patch.delitem(sys.modules, module, raising=False)
            digest = of(replace(BASELINE, model=getattr(import_module("models"), name)))
            for module in FILES:
                patch.delitem(sys.modules, module, raising=False)
        return digest

    return of_model


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ('"""Models."""', '"""All our models."""'),
        ('    """Build a model."""\n', ""),
        ('    """A layer."""', '    """One layer."""'),
        ("    # Wide enough.\n", "\n\n    # Wide enough for digits.\n"),
        ("UNUSED = 1", "UNUSED = 2"),
        ("width = 5", "width = 6"),  # hidden by an argument of the same name
        ("return FACTOR * scaled(width)", "return (  FACTOR*\n            scaled(width))"),
        ("input_shape: tuple", "input_shape: tuple[int, ...]"),
        ("  # of dropout", ""),
    ],
)
def test_what_changes_no_result_keeps_it(project, old, new):
    assert project(old, new) == project()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return [scaled(", "return [2 * scaled("),
        ("WIDTH = 16", "WIDTH = 32"),  # a default
        ("FACTOR = 2", "FACTOR = 3"),  # two calls deep
        ("FACTOR = 2", "FACTOR = 2.0"),
        ('NAMES = {"a": [1, 2]}', 'NAMES = {"a": [1, 3]}'),
        ("FACTOR * scaled", "FACTOR + scaled"),
        ("rate: float = 0.5", "rate: float = 0.6"),
        ("DEPTH = 3", "DEPTH = 4"),  # of a module, in a method
        ("import json\n", "import pickle as json\n"),
        ("return RATE", "return 2 * RATE"),  # in a module that is imported when the model is built
        ("RATE = 0.5", "RATE = 0.6"),
    ],
)
def test_a_change_anywhere_below_changes_it(project, old, new):
    assert project(old, new) != project()


@pytest.mark.parametrize(
    ("name", "old", "new", "same"),
    [
        ("slow", "return 1\n", "return 2\n", False),
        ("slow", "size=4", "size=5", False),
        ("slow", "len(kept) < size", "len(kept) <= size", False),
        ("slow", "FACTOR = 2", "FACTOR = 3", True),
        ("bound", "return 10\n", "return 11\n", False),
        ("bound", "size=6", "size=7", False),
        ("bound", "size=4", "size=5", True),
    ],
)
def test_a_decorated_function_counts_with_its_decorator(project, name, old, new, same):
    assert (project(old, new, name=name) == project(name=name)) is same


@pytest.mark.parametrize("decorator", [pool_made_once, cache])
def test_a_function_with_an_installed_decorator_counts_as_what_it_is(decorator):
    assert of(replace(BASELINE, model=decorator(mlp))) == of(replace(BASELINE, model=decorator(mlp)))
    assert of(replace(BASELINE, model=decorator(mlp))) != of(replace(BASELINE, model=decorator(cnn)))


def test_a_constant_that_changes_while_running_is_seen(monkeypatch):
    before = of(replace(BASELINE, optimizer=uses_rate))
    monkeypatch.setitem(uses_rate.__globals__, "RATE", 0.2)
    assert of(replace(BASELINE, optimizer=uses_rate)) != before


RATE = 0.1


def uses_rate():
    return RATE


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from functools import cache, partial
from pytest_claims import Measurement
from pytest_claims.fingerprint.fingerprint import Computation, fingerprint
from helpers import remembered, scaled, twice
from models import mlp
declaration = Measurement(partial(mlp, hidden={"b", "a", "c", scaled, twice, remembered}))
print(fingerprint(declaration, tier="fast", data_hash="", computation=Computation("stacked", 1)))
assert not {"numpy", "keras", "jax", "tensorflow", "layers"} & set(sys.modules)
"""


def test_processes_and_versions_of_python_agree(tmp_path):
    for module, text in FILES.items():
        (tmp_path / f"{module}.py").write_text(text)
    found = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT, tmp_path],
            env=os.environ | {"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    # If this changes on purpose, no run that anybody stored is found again: raise `_FORMAT`, and say so to users.
    assert found == {"a3926352f27c78c11ce796ce99dd9cf9"}


def test_two_hundred_arms_take_less_than_a_second():
    arms = [replace(BASELINE, model=partial(mlp, hidden=(width, width))) for width in range(200)]
    start = time.perf_counter()
    assert len({of(arm) for arm in arms}) == 200
    assert time.perf_counter() - start < 1


# ---------------------------------------------------------------- what cannot be read


def make_model(hidden):
    def model(input_shape):
        return hidden

    return model


LAMBDA_BY_NAME = {"square": lambda x: x * x}


def uses_lambda(input_shape):
    return LAMBDA_BY_NAME["square"](3)


exec_scope: dict = {}
exec("def typed_in(input_shape): return 1", exec_scope)


@pytest.mark.parametrize(
    ("changes", "where", "what"),
    [
        ({"model": lambda shape: shape}, "model", "a lambda"),
        ({"model": make_model(16)}, "model", "the closure make_model.<locals>.model"),
        ({"optimizer": Random(1).uniform}, "optimizer", "the method Random.uniform of an object"),
        ({"optimizer": [].append}, "optimizer", "the method list.append of an object"),
        ({"model": partial(mlp, activation=lambda x: x)}, "model, argument 'activation'", "a lambda"),
        ({"model": partial(mlp, hidden=(1, object()))}, "model, argument 'hidden'[1]", "an object of type object"),
        ({"measurements": {"norm": lambda trained: 0}}, "measurements['norm']", "a lambda"),
        ({"data": replace(BASELINE.data, decode=lambda *args: 0)}, "data.decode", "a lambda"),
        ({"model": uses_lambda}, "model → LAMBDA_BY_NAME", "a lambda"),
        ({"model": exec_scope["typed_in"]}, "model", "typed_in, whose source cannot be read"),
        ({"model": partial(mlp, values=np.array([object()]))}, "model, argument 'values'", "an object of type ndarray"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(changes, where, what):
    with pytest.raises(ClaimsError) as caught:
        of(replace(BASELINE, **changes), name="the arm 'mnist_noise'")
    assert str(caught.value).startswith(f"{where} of the arm 'mnist_noise' is {what}")
    assert "functools.partial" in str(caught.value)


def test_a_module_that_cannot_be_read_is_refused(project):
    with pytest.raises(ClaimsError, match="imports layers, which cannot be read"):
        project("def dense():", "def dense(:")


def test_arguments_that_do_not_fit_are_refused():
    with pytest.raises(ClaimsError, match=r"optimizer of this arm binds arguments that do not fit.*momentum"):
        of(replace(BASELINE, optimizer=partial(rmsprop, momentum=0.9)))


# ---------------------------------------------------------------- for people


def test_a_description_is_readable():
    assert describe(BASELINE, tier="fast") == {
        "data": {
            "dataset": "MNIST",
            "pool": {"call": "images"},
            "split": {"call": "halves", "share": 0.2},
            "decode": {"call": "decoded"},
        },
        "model": {"call": "mlp", "hidden": [16, 16]},
        "optimizer": {"call": "rmsprop", "learning_rate": 0.01},
        "loss": "sparse_categorical_crossentropy",
        "epochs": 10,
        "batch_size": 128,
    }
    assert describe(BASELINE)["epochs"] == {"fast": 10, "full": 50}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (float("nan"), "NaN"),
        (np.float32(0.5), 0.5),
        (np.arange(3), [0, 1, 2]),
        (np.zeros((30, 2), np.float32), "float32 array of shape (30, 2)"),
        ({3, 1, 2}, [1, 2, 3]),
        (Noise.PINK, "PINK"),
        (Path("a/b"), "a/b"),
        (Flip(0.1), {"call": "Flip", "share": 0.1}),
        (partial(sorted, reverse=True), {"call": "sorted", "reverse": True}),
        (by_tier(fast={1: mlp}, full=0), {1: mlp}),
        (object(), "object"),
    ],
)
def test_any_value_has_a_description(value, shown):
    expected = {"1": {"call": "mlp"}} if shown == {1: mlp} else shown
    assert describe(value, tier="fast") == expected


def test_differences_are_named_with_both_values():
    other = replace(
        BASELINE,
        model=partial(cnn, hidden=(4, 4)),
        optimizer=rmsprop,
        measurements={"norm": norm},
        data=replace(BASELINE.data, split=partial(halves, share=0.3)),
    )
    assert differences(describe(BASELINE), describe(other)) == [
        "data.split.share: 0.2 → 0.3",
        "model: mlp → cnn",
        "model.hidden: [16, 16] → [4, 4]",
        "optimizer.learning_rate: 0.01 → not given",
        'measurements: not given → {"norm": {"call": "norm"}}',
    ]


def test_equal_arms_have_no_differences():
    assert differences(describe(BASELINE), describe(replace(BASELINE))) == []


def test_numbers_of_another_type_are_a_difference():
    assert differences({"a": 1}, {"a": 1.0}) == ["a: 1 → 1.0"]
    assert differences({"a": 1}, {"a": True}) == ["a: 1 → true"]


# ---------------------------------------------------------------- what changes nothing in a run

LOGGER = logging.getLogger("lesson")
PREFIXED = logging.LoggerAdapter(LOGGER, {"lesson": "1"})


def logs(input_shape):
    LOGGER.info("built for %s", input_shape)
    PREFIXED.info("built")
    return input_shape


def test_a_logger_in_a_builder_is_passed_over():
    before = of(replace(BASELINE, model=logs))
    LOGGER.setLevel(logging.DEBUG)
    assert of(replace(BASELINE, model=logs)) == before


def test_packages_in_a_folder_of_any_name_are_not_the_projects(tmp_path, monkeypatch):
    info = tmp_path / "lib" / "layers_of_others-1.0.dist-info"
    info.mkdir(parents=True)
    for name in ("layers_of_others", "layers_of_mine"):
        (tmp_path / "lib" / f"{name}.py").write_text("def build(): ...\n")
    (info / "RECORD").write_text('layers_of_others.py,sha256=47,17\n"layers_of_others-1.0.dist-info/RECORD",,\n')
    monkeypatch.syspath_prepend(str(tmp_path / "lib"))

    of_project = {name: is_of_project(name, str(file)) for file in info.parent.glob("*.py") for name in [file.stem]}

    assert of_project == {"layers_of_others": False, "layers_of_mine": True}
