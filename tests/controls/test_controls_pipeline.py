"""Controls of the whole pipeline, trained small: what cannot be learned comes out at chance, and a leak is noticed."""

from __future__ import annotations

import pytest

ARMS = """
from dataclasses import replace
from functools import partial
import numpy as np
from pytest_claims import Arm, Data, DataSet, Split, arm

def blobs():
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 4, 2400)
    centres = np.random.default_rng(6).normal(0, 2, (4, 8))
    return {"x": (centres[labels] + rng.normal(size=(2400, 8))).astype("f4"), "y": labels.astype("i4")}

def read(path):
    with np.load(path, allow_pickle=False) as file:
        return dict(file)

def pool(arrays):
    return arrays["x"]

def split(arrays, tier, seed, *, shuffled=False, leaking=False):
    rng = np.random.default_rng(seed)
    rows = rng.permutation(2400).astype("i4")
    labels = rng.permutation(arrays["y"]) if shuffled else arrays["y"]
    train, validation = rows[:1200], rows[1200:]
    if leaking:
        train = rows
    return Split(train, validation, labels[train], labels[validation])

def as_they_are(xp, batch, rows, seed):
    return batch

def dense(input_shape, *, width):
    import keras
    layers = [keras.layers.Dense(width, "relu"), keras.layers.Dense(4, "softmax")]
    return keras.Sequential([keras.Input(input_shape), *layers])

def adam(learning_rate=0.01):
    import keras
    return keras.optimizers.Adam(learning_rate)

def silent(weights, seed):
    return {path: np.zeros_like(values) for path, values in weights.items()}

BLOBS = DataSet("Blobs", "blobs.npz", read=read, stand_in=blobs, how_to_get="Make them.")
LEARNING = Arm(Data(BLOBS, pool, split, as_they_are), partial(dense, width=128), adam,
               "sparse_categorical_crossentropy", 8, 64)
learning = arm(LEARNING)
constant = arm(replace(LEARNING, initial_weights=silent, optimizer=partial(adam, 0.0), epochs=1))
SHUFFLED = replace(LEARNING, data=replace(LEARNING.data, split=partial(split, shuffled=True)))
shuffled = arm(SHUFFLED)
LEAK = partial(split, shuffled=True, leaking=True)
leaking = arm(replace(SHUFFLED, epochs=40, data=replace(LEARNING.data, split=LEAK)))
"""

AT_CHANCE = """
import pytest
pytestmark = pytest.mark.section("Controls")

@pytest.mark.claim("X01", "It is at chance.", tiers="fast")
def test_chance({arm}, judge):
    assert judge({arm}.final("val_accuracy"), within=(0.22, 0.28))
"""


@pytest.mark.controls
@pytest.mark.parametrize(
    ("arm", "outcome", "verdict"),
    [
        ("constant", {"passed": 1}, "supported"),
        ("shuffled", {"passed": 1}, "supported"),
        # The planted faults: labels that can be learned, and validation rows among the training rows.
        ("learning", {"failed": 1}, "refuted"),
        ("leaking", {"failed": 1}, "refuted"),
    ],
)
def test_only_what_cannot_be_learned_is_at_chance(catalogue, arm, outcome, verdict):
    catalogue.pytester.makeconftest(ARMS)
    catalogue.pytester.makepyfile(test_controls=AT_CHANCE.format(arm=arm))
    catalogue.run_apart("-m", "fast").assert_outcomes(**outcome)
    [claim] = catalogue.record()["claims"]
    assert claim["verdict"] == verdict
