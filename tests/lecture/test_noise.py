"""Mutual information of known tables, selection that rejects noise, and reviews that only some words tell about."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from fixtures.noise_channels.ablation import CENTRE, without_centre
from fixtures.noise_channels.commonest_words import accuracy_by_words
from fixtures.noise_channels.selection import (
    mutual_information,
    pool_of_selected_channels,
    selected_by_information,
    shares_selected,
)
from tests.helpers.samples import global_state, opinions, pictures

SEED = 900
NUM_IMAGES = 3_000
TELLING_TOKEN = 2_000


@pytest.fixture(scope="module")
def images():
    return pictures(NUM_IMAGES)


@pytest.fixture(scope="module")
def reviews():
    return opinions(TELLING_TOKEN)


def some_channels(num_noise, share, rng, num_examples=2_000):
    """Labels, and 50 channels that tell them in a share of the examples, before others that are noise."""
    labels = rng.integers(10, size=num_examples)
    noise = rng.integers(8, size=(num_examples, num_noise))
    telling = np.where(
        rng.random((num_examples, 50)) < share, labels[:, None] % 8, rng.integers(8, size=(num_examples, 50))
    )
    return np.concatenate([telling, noise], axis=1).astype(np.uint8), labels


def test_mutual_information_of_known_tables():
    rng = np.random.default_rng(0)
    labels = rng.integers(10, size=20_000)
    channels = np.stack([labels % 8, labels % 2, 0 * labels, rng.integers(8, size=20_000)], axis=1)
    (found,) = mutual_information(channels.astype(np.uint8), labels[None])
    shares = np.bincount(labels % 8) / len(labels)
    assert found[0] == pytest.approx(-(shares * np.log(shares)).sum())
    assert found[1] == pytest.approx(np.log(2), abs=1e-3)
    assert found[2] == pytest.approx(0, abs=1e-9)
    # What counts give too much on average: degrees of freedom over twice the number of examples.
    assert found[3] == pytest.approx(63 / 40_000, rel=0.5)


def test_mutual_information_is_that_of_scikit_learn():
    rng = np.random.default_rng(1)
    channels, labels = some_channels(5, 0.3, rng)
    labellings = np.stack([labels, rng.permutation(labels)])
    expected = [[mutual_info_score(given, channel) for channel in channels.T] for given in labellings]
    np.testing.assert_allclose(mutual_information(channels, labellings), expected, atol=1e-9)


def test_selection_keeps_what_tells_and_rejects_noise():
    rng = np.random.default_rng(0)
    channels, labels = some_channels(200, 0.3, rng)
    selected = selected_by_information(channels, labels, rng)
    assert selected[:50].all()
    assert selected[50:].mean() < 0.02
    assert selected_by_information(channels, rng.permutation(labels), rng).mean() < 0.02


def test_any_noise_passes_a_selection_once_in_ten_times():
    rng = np.random.default_rng(0)
    passed = [selected_by_information(*some_channels(10, 0.0, rng, num_examples=300), rng).any() for _ in range(60)]
    assert 1 <= sum(passed) <= 14  # binomial: outside it once in a hundred times


def test_selected_channels_of_images(images):
    state = global_state()
    shares = shares_selected(images, "fast", SEED)
    assert shares == shares_selected(images, "fast", SEED)
    assert global_state() == state
    assert shares["noise_rejected"] > 0.99
    # The first four columns are bright in every class, the last six dark in all.
    assert shares["pixels_kept"] == pytest.approx(18 / 28, abs=0.03)


@pytest.mark.parametrize("tier", ["fast", "full"])
def test_pool_holds_selected_channels(images, tier):
    pool = pool_of_selected_channels(images, tier=tier)
    assert pool.dtype == np.uint8
    assert pool.shape == (NUM_IMAGES, pytest.approx(18 * 28, abs=12))
    columns = {column.tobytes() for column in images["x_train"].reshape(NUM_IMAGES, -1).T}
    assert sum(column.tobytes() not in columns for column in pool.T) <= 3


def test_selection_looks_at_no_image_that_validates(images):
    scrambled = images["x_train"].copy()
    scrambled[int(0.8 * NUM_IMAGES) :] = 255 - scrambled[int(0.8 * NUM_IMAGES) :]
    changed = pool_of_selected_channels({**images, "x_train": scrambled}, tier="full")
    kept = int(0.8 * NUM_IMAGES)
    assert (changed[:kept] == pool_of_selected_channels(images, tier="full")[:kept]).all()


def test_centre_is_left_out_and_noise_stays(images):
    pool, rows = images["x_train"].reshape(NUM_IMAGES, -1)[:5], np.arange(5, dtype=np.int32)
    inputs = without_centre(np, pool, rows, np.uint32(SEED), channels=196)
    assert inputs.shape == (5, 784)
    assert CENTRE.reshape(28, 28)[7:21, 7:21].all()
    assert CENTRE.sum() == 196
    assert (inputs[:, :588] == (pool * np.float32(1 / 255))[:, ~CENTRE]).all()
    assert inputs[:, 588:].std() > 0.2


def test_telling_word_is_found_and_only_where_it_is_known(reviews):
    known, unknown = (accuracy_by_words(reviews, "fast", SEED, num_words=words) for words in (2_100, 1_000))
    assert known == accuracy_by_words(reviews, "fast", SEED, num_words=2_100)
    assert known["accuracy"] > 0.9
    assert unknown["accuracy"] < 0.65
