"""Dead and active units are counted as they are, and a run that counts them is trained as one that does not."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")

from fixtures.networks.dense import mlp
from fixtures.networks.units import num_answering, num_dead, of_units
from fixtures.quantities import answering_units, dead_units
from pytest_claims.verdicts.runs import Runs
from tests.helpers.engine_arms import DROPOUT, shared_engine, train
from tests.lecture.test_arms import ARMS

NUM_EXAMPLES = 10
MEASURING = sorted(name for name, arm in ARMS.items() if "dead_0" in getattr(arm.__claims_source__, "measurements", {}))


def network(*, validation_rows=range(NUM_EXAMPLES)):
    """A hand-made network of two hidden layers on the numbers 0 to 9, which are validated on, and −9, which is not.

    Four units of the first layer are active for each number, for 9 alone, for none, and for −9 alone. Two units of the
    second layer are active for none, and for the numbers from 3 on.
    """
    weights = {
        "0/kernel": np.array([[1.0, 1.0, 0.0, -1.0]]),
        "0/bias": np.array([1.0, -8.0, -1.0, -1.0]),
        "1/kernel": np.array([[-1.0, 1.0], [0.0, 0.0], [5.0, 0.0], [5.0, 0.0]]),
        "1/bias": np.array([0.0, -3.0]),
        "2/kernel": np.ones((2, 1)),
        "2/bias": np.zeros(1),
    }
    pool = np.array([*range(NUM_EXAMPLES), -9.0])[:, None]
    split = SimpleNamespace(train_rows=np.array([NUM_EXAMPLES]), validation_rows=np.array(validation_rows))
    return SimpleNamespace(weights=weights, split=split, inputs=pool.__getitem__)


def counts(trained, num_layers=2):
    return {name: measure(trained) for name, measure in of_units(num_layers).items()}


FOUND = {"dead_0": 2, "answering_0": 1.1, "dead_1": 1, "answering_1": 0.7}


@pytest.mark.parametrize("at_a_time", [1, 3, 10, 1_000])
def test_planted_units_are_counted(monkeypatch, at_a_time):
    monkeypatch.setattr("fixtures.networks.units.AT_A_TIME", at_a_time)

    assert counts(network()) == pytest.approx(FOUND)


def test_a_unit_is_dead_if_no_validation_example_makes_it_active():
    assert num_dead(network(), layer=0) == 2
    assert num_dead(network(validation_rows=range(NUM_EXAMPLES + 1)), layer=0) == 1
    assert num_dead(network(validation_rows=[0, 1, 2]), layer=1) == 2


def test_each_unit_of_a_network_that_answers_to_everything_answers():
    trained = network()
    trained.weights["0/bias"] = np.full(4, 100.0)

    assert num_answering(trained, layer=0) == 4
    assert num_dead(trained, layer=0) == 0


def counts_by_keras(trained):
    """The numbers of `of_units`, in the order of their names, from the outputs of Keras' layers."""
    import keras

    hidden = [layer for layer in trained.model.layers if isinstance(layer, keras.layers.Dense)][:-1]
    outputs = keras.Model(trained.model.inputs[0], [layer.output for layer in hidden])
    active = [np.asarray(values) > 0 for values in outputs(trained.inputs(trained.split.validation_rows))]
    return [number for each in active for number in ((~each.any(axis=0)).sum(), each.sum(axis=1).mean())]


def test_counts_are_those_of_keras_and_change_no_run():
    model = partial(mlp, hidden=(30, 20), units=3, activation="softmax", dropout=0.5)
    plain = replace(DROPOUT, model=model)
    counting = replace(plain, measurements=of_units(num_layers=2) | {"by_keras": counts_by_keras})

    without, with_counts = (train(shared_engine(), arm, 0, 1) for arm in (plain, counting))

    assert [run.history for run in with_counts] == [run.history for run in without]
    for run in with_counts:
        assert [run.measurements[name] for name in FOUND] == pytest.approx(run.measurements["by_keras"])
        assert 0 < run.measurements["answering_1"] < 20


@pytest.mark.parametrize("name", MEASURING)
def test_units_are_counted_in_each_hidden_layer(name):
    counting = ARMS[name].__claims_source__
    num_layers = len(counting.model.keywords["hidden"])
    assert of_units(num_layers).keys() <= counting.measurements.keys()


def test_each_mechanism_has_its_arm():
    assert len(MEASURING) >= 11


def test_quantities_name_the_layer():
    runs = Runs("arm", "fast", [0, 1], {}, {"dead_0": [1, 2], "dead_1": [3, 4], "answering_1": [0.5, 1.5]})

    assert dead_units(runs).values.tolist() == [1, 2]
    assert (dead_units(runs, 1).values.tolist(), dead_units(runs, 1).name) == ([3, 4], "dead units of the second layer")
    assert answering_units(runs, 1).values.tolist() == [0.5, 1.5]
