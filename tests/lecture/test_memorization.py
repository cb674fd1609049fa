"""Images to learn by heart are as few, and their labels as random, as they say; a look-up keeps nothing of its fit."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from fixtures.memorization.kept_fit import share_of_fit_kept
from fixtures.memorization.little_data import little_noise_split, little_split, noise_alone, noise_split
from fixtures.quantities import gap_at_epoch
from pytest_claims.verdicts.runs import Runs
from tests.helpers.samples import global_state, pictures

SEED = 900
NUM_IMAGES = 5_000


@pytest.fixture(scope="module")
def images():
    return pictures(NUM_IMAGES)


@pytest.mark.parametrize(("tier", "num_fitted"), [("fast", 500), ("full", 2_000)])
def test_little_splits_have_labels_of_their_own_or_random_ones(images, tier, num_fitted):
    shuffled, true = (little_split(images, tier, SEED, shuffled_labels=flag) for flag in (True, False))
    assert (len(shuffled.train_rows), len(shuffled.validation_rows)) == (num_fitted, 750)
    assert (shuffled.train_rows == true.train_rows).all()
    assert (true.train_targets == images["y_train"][true.train_rows]).all()
    assert (shuffled.train_targets == true.train_targets).mean() == pytest.approx(0.1, abs=0.05)
    assert not (little_split(images, tier, SEED + 1, shuffled_labels=False).train_rows == true.train_rows).all()


@pytest.mark.parametrize(
    ("draw", "tier", "num_fitted"), [(little_noise_split, "fast", 500), (noise_split, "full", 2_000)]
)
def test_noise_shows_nothing_of_the_images_or_their_labels(images, draw, tier, num_fitted):
    state = global_state()
    split = draw(images, tier, SEED)
    assert global_state() == state
    assert len(split.train_rows) == len(split.train_targets) == num_fitted
    assert np.bincount(split.train_targets, minlength=10).min() > 0.07 * num_fitted
    assert (split.train_targets == images["y_train"][split.train_rows]).mean() == pytest.approx(0.1, abs=0.03)
    assert not (draw(images, tier, SEED + 1).train_targets == split.train_targets).all()
    pool = images["x_train"].reshape(NUM_IMAGES, -1)
    one, again = (noise_alone(np, batch, split.train_rows[:9], np.uint32(SEED)) for batch in (pool[:9], 0 * pool[:9]))
    assert one.shape == (9, 784)
    assert (one == again).all()
    assert one.mean() == pytest.approx(0.5, abs=0.02)
    assert len(np.unique(one)) > 0.99 * one.size


def trained(images, logits):
    rows = np.arange(1_000)
    return SimpleNamespace(
        inputs=lambda rows: images["x_train"].reshape(NUM_IMAGES, -1)[rows] / 255,
        logits=logits,
        split=SimpleNamespace(train_rows=rows, train_targets=images["y_train"][rows]),
        seed=SEED,
    )


@pytest.mark.parametrize("kind", ["shift", "noise"])
def test_look_up_of_images_keeps_nothing_and_counting_columns_most(images, kind):
    inputs = trained(images, None).inputs(np.arange(1_000))
    known = {image.tobytes(): label for image, label in zip(inputs, images["y_train"], strict=False)}

    def look_up(inputs):
        return np.eye(10)[[known.get(image.tobytes(), 0) for image in inputs]]

    def count_columns(inputs):
        bright = (inputs.reshape(-1, 28, 28).mean(axis=1) > 0.3).sum(axis=1)
        return np.eye(10)[np.clip(np.rint((bright - 4) / 2).astype(int), 0, 9)]

    assert share_of_fit_kept(trained(images, look_up), kind=kind) == pytest.approx(0, abs=0.05)
    assert share_of_fit_kept(trained(images, count_columns), kind=kind) > 0.5


def test_gap_is_that_of_its_epoch():
    histories = {"accuracy": [[0.2, 0.6]] * 2, "val_accuracy": [[0.1, 0.2]] * 2}
    given = Runs("given", "fast", (0, 1), {metric: np.array(values) for metric, values in histories.items()}, {})
    assert gap_at_epoch(given, 2).values == pytest.approx([0.4, 0.4])
    assert (gap_at_epoch(given, 2) - gap_at_epoch(given, 1)).values == pytest.approx([0.3, 0.3])
