"""Faulty data have the faults they say, and what measures overfitting finds what is planted, and nothing else."""

from __future__ import annotations

import random

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.special import expit
from scipy.stats import norm
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier

from fixtures.data.splits import imdb_split
from fixtures.underfitting_and_overfitting.faulty_data import (
    faulty,
    invalid_split,
    mislabelled_split,
    pool_with_invalid_images,
    remainder_split,
)
from fixtures.underfitting_and_overfitting.halves import at_epoch_lowest_in_rest, half_of_validation
from fixtures.underfitting_and_overfitting.overlapping_classes import (
    cloud_fit,
    clouds,
    excess_confidence,
    expected_loss,
    posterior,
)
from fixtures.underfitting_and_overfitting.planted_words import (
    NUM_FLUKES,
    NUM_NEVER,
    NUM_ONCE,
    effects,
    logits_with,
    planted,
    planted_words,
)
from fixtures.underfitting_and_overfitting.review_curves import beginning, review_curves
from fixtures.underfitting_and_overfitting.tags import beside_tags, pool_with_labels
from fixtures.underfitting_and_overfitting.turns import turn, turning
from pytest_claims.verdicts.runs import Runs
from tests.helpers.samples import opinions, pictures

SEED = 900
NUM_IMAGES = 5_000


@pytest.fixture(scope="module")
def images():
    return pictures(NUM_IMAGES)


@pytest.fixture(scope="module")
def reviews():
    return opinions()


def runs(name, **histories):
    return Runs(name, "fast", (0, 1), {metric: np.array(values) for metric, values in histories.items()}, {})


@pytest.mark.parametrize("share", [0.1, 0.2, 0.4])
def test_share_of_the_training_labels_is_wrong_and_no_other(images, share):
    clean, wrong = (mislabelled_split(images, "fast", SEED, share=given) for given in (0.0, share))
    labels = images["y_train"]
    assert (clean.train_targets == labels[clean.train_rows]).all()
    assert (wrong.train_rows == clean.train_rows).all()
    assert (wrong.train_targets != clean.train_targets).sum() == int(share * len(clean.train_rows))
    assert (wrong.validation_targets == labels[wrong.validation_rows]).all()
    assert set(np.unique(wrong.train_targets)) <= set(range(10))


def test_wrong_labels_are_spread_over_the_other_classes(images):
    clean, wrong = (mislabelled_split(images, "fast", SEED, share=share) for share in (0.0, 0.4))
    moves = (wrong.train_targets - clean.train_targets) % 10
    counts = np.bincount(moves[moves > 0], minlength=10)[1:]
    assert counts.min() > 0.7 * counts.mean()


def test_faults_of_a_smaller_share_are_among_those_of_a_larger(images):
    one, more = (mislabelled_split(images, "fast", SEED, share=share) for share in (0.1, 0.4))
    flags = faulty(len(one.train_rows), SEED, 0.1)
    assert (one.train_targets[flags] == more.train_targets[flags]).all()
    assert not (faulty(1_000, SEED, 0.4) == faulty(1_000, SEED + 1, 0.4)).all()


def test_remainder_is_what_has_no_fault(images):
    wrong, rest = (split(images, "fast", SEED, share=0.2) for split in (mislabelled_split, remainder_split))
    right = wrong.train_targets == images["y_train"][wrong.train_rows]
    assert (rest.train_rows == wrong.train_rows[right]).all()
    assert (rest.train_targets == images["y_train"][rest.train_rows]).all()
    invalid = invalid_split(images, "fast", SEED, share=0.2)
    assert (invalid.train_rows[invalid.train_rows < NUM_IMAGES] == rest.train_rows).all()


def test_invalid_images_are_as_bright_and_show_nothing(images):
    pool = pool_with_invalid_images(images)
    split = invalid_split(images, "fast", SEED, share=0.4)
    invalid = split.train_rows[split.train_rows >= NUM_IMAGES]
    assert len(invalid) == int(0.4 * len(split.train_rows)) == len(np.unique(invalid))
    assert split.validation_rows.max() < NUM_IMAGES
    assert (split.train_targets == mislabelled_split(images, "fast", SEED, share=0.0).train_targets).all()
    assert (np.sort(pool[NUM_IMAGES:], axis=1) == np.sort(pool[: len(pool) - NUM_IMAGES], axis=1)).all()
    columns = pool.reshape(-1, 28, 28).mean(axis=1)
    assert columns[:NUM_IMAGES].std(axis=1).mean() > 4 * columns[NUM_IMAGES:].std(axis=1).mean()


def test_half_of_the_validation_set_is_every_other_review_of_it(reviews):
    whole, half = imdb_split(reviews, "fast", SEED), half_of_validation(reviews, "fast", SEED)
    assert len(whole.validation_rows) == 2 * len(half.validation_rows) > 100
    assert (half.validation_rows == whole.validation_rows[1::2]).all()
    assert (half.train_rows == whole.train_rows).all()
    assert (half.validation_targets.ravel() == reviews["train_labels"][half.validation_rows]).all()


def test_epoch_is_chosen_by_the_rest_and_judged_in_the_half():
    half = np.array([[0.1, 0.6, 0.7], [0.9, 0.8, 0.7]])
    rest = np.array([[0.5, 0.3, 0.4], [0.2, 0.3, 0.4]])
    judged = runs("half", val_cross_entropy=half, cross_entropy=half)
    whole = runs("whole", val_cross_entropy=(half + rest) / 2, cross_entropy=half)
    quantity = at_epoch_lowest_in_rest(whole, judged, "val_cross_entropy")
    assert quantity.values.tolist() == [0.6, 0.9]
    assert quantity.unit == "nats"


def test_curve_that_falls_throughout_has_not_turned():
    assert turning([0.9, 0.5, 0.4]) == {"turn": 3.0, "rise": 0.0, "turned": 0.0}
    measured = {"turn": [3.0, 2.0], "turned": [0.0, 1.0]}
    quantity = turn(Runs("given", "fast", (0, 1), {}, measured))
    assert quantity.values.tolist() == [3.0, 2.0]
    assert quantity.at_least.tolist() == [True, False]


def test_losses_go_together_where_there_is_something_to_learn(reviews):
    found = beginning(reviews, "fast", SEED)
    assert found == beginning(reviews, "fast", SEED)
    assert found["rank_correlation"] > 0.9


def test_losses_that_part_are_noticed(reviews, monkeypatch):
    monkeypatch.setattr("fixtures.underfitting_and_overfitting.review_curves.NUM_FIRST_EPOCHS", 10)
    assert beginning(reviews, "fast", SEED, shuffled_labels=True)["rank_correlation"] < 0


def test_review_curves_find_the_telling_word_and_only_where_it_is_known(reviews):
    known, unknown = (review_curves(reviews, "fast", SEED, num_words=words, num_epochs=6) for words in (1_000, 4))
    assert known["accuracy"] > 0.9
    assert unknown["accuracy"] < 0.65


@pytest.mark.parametrize("distance", [1.5, 6.0])
def test_clouds_overlap_as_they_say(distance):
    points, labels = clouds(40_000, distance, np.random.default_rng(0))
    known = posterior(points, distance)
    assert ((known > 0.5) != labels).mean() == pytest.approx(norm.cdf(-distance / 2), abs=0.01)
    for low in (0.1, 0.3, 0.5, 0.7):
        near = (known > low) & (known < low + 0.2)
        assert labels[near].mean() == pytest.approx(known[near].mean(), abs=2 / np.sqrt(near.sum()))


def test_loss_is_expected_over_labels():
    rng = np.random.default_rng(0)
    known, stated = rng.random(200_000), rng.random(200_000)
    labels = rng.random(200_000) < known
    assert expected_loss(known, stated) == pytest.approx(log_loss(labels, stated), abs=0.01)
    assert expected_loss(known, known) < expected_loss(known, 0.9 * known + 0.05)
    assert expected_loss(np.array([0.5]), np.array([0.6])) - np.log(2) == pytest.approx(0.0204, abs=1e-4)
    assert np.isfinite(expected_loss(np.array([0.0, 1.0]), np.array([1.0, 0.0])))


def test_confidence_counts_where_classes_overlap():
    known = np.array([0.45, 0.55, 0.99])
    assert excess_confidence(known, known) == 0
    assert excess_confidence(known, np.array([0.0, 0.0, 0.5])) == pytest.approx(0.45)
    assert excess_confidence(known, np.array([0.5, 0.5, 1.0])) == pytest.approx(-0.05)
    assert np.isnan(excess_confidence(np.array([0.0, 1.0]), np.array([0.5, 0.5])))


def test_network_of_clouds_overfits_where_they_overlap():
    found = cloud_fit(None, "fast", SEED, distance=1.5)
    assert found == cloud_fit(None, "fast", SEED, distance=1.5)
    assert found["rise"] > 0.1
    assert found["surer_end"] > found["surer_robust"]
    # The best possible loss is not above that of the best epoch, which is not above that of the robust one.
    assert found["excess_end"] > found["rise"] >= found["excess_end"] - found["excess_robust"] > 0


def test_words_are_planted_as_often_as_they_say():
    labels = np.random.default_rng(0).integers(2, size=3_000)
    words, directions = planted(labels, np.random.default_rng(1))
    positive, negative = (np.asarray(words[labels == label].sum(axis=0)).ravel() for label in (1, 0))
    first = NUM_ONCE + NUM_NEVER
    assert words.max() == 1
    assert (positive[:first] == 0).all()
    assert (negative[:NUM_ONCE] == 1).all()
    assert (words[:, :NUM_ONCE].sum(axis=1) <= 1).all()
    assert (negative[NUM_ONCE:first] == 0).all()
    assert (positive[first:] + negative[first:] == 100).all()
    assert (positive[first:] - negative[first:] == 8 * directions).all()
    assert directions.sum() == 0


def test_logits_are_those_of_reviews_that_have_the_word():
    rng = np.random.default_rng(0)
    inputs, labels = rng.integers(2, size=(200, 12)).astype(float), rng.integers(2, size=200)
    network = MLPClassifier((5, 4), max_iter=5, random_state=0)
    with pytest.warns(ConvergenceWarning):
        network.fit(inputs, labels)
    reviews = inputs.copy()
    reviews[:, 9:] = 0
    before, after = logits_with(network, csr_matrix(reviews), range(9, 12))
    assert expit(before) == pytest.approx(network.predict_proba(reviews)[:, 1])
    for column in range(3):
        reviews[:, 9 + column] = 1
        assert expit(after[:, column]) == pytest.approx(network.predict_proba(reviews)[:, 1])
        reviews[:, 9 + column] = 0


def test_effects_of_known_logits():
    before, positive = np.array([1.0, 3.0, -1.0, 1.0]), np.array([True, True, True, False])
    directions = np.repeat([-1, 1], NUM_FLUKES // 2)
    changes = np.concatenate([np.full(NUM_ONCE, -2.0), np.full(NUM_NEVER, 0.5), 0.25 * directions])
    changes = np.repeat(changes[None], 4, axis=0)
    changes[3, :NUM_ONCE] = 2.0
    assert effects(before, before[:, None] + changes, positive, directions) == {
        "once": -1.0,
        "never": 0.5,
        "pushed": 0.75,
        "turned": 0.5,
        "along": 0.25,
    }


def test_planted_words_are_learned_less_under_a_penalty(reviews):
    free, bound = (planted_words(reviews, "fast", SEED, l2=l2) for l2 in (0.0, 0.002))
    assert free == planted_words(reviews, "fast", SEED, l2=0.0)
    assert free["once"] < bound["once"] < 0
    assert abs(free["never"]) < abs(free["once"])
    assert free["along"] > 0


@pytest.mark.parametrize("telling", [0.0, 0.9])
def test_tags_tell_the_class_in_training_alone(images, telling):
    pool, rows = pool_with_labels(images), np.arange(NUM_IMAGES, dtype=np.int32)
    inputs = beside_tags(np, pool, rows, np.uint32(SEED), telling=telling)
    assert inputs.shape == (NUM_IMAGES, 794)
    assert (inputs[:, 784:].sum(axis=1) == 1).all()
    assert (inputs[:, :784] == (images["x_train"].reshape(NUM_IMAGES, -1) * np.float32(1 / 255))).all()
    right = inputs[:, 784:].argmax(axis=1) == images["y_train"]
    assert right[:4_000].mean() == pytest.approx(telling + (1 - telling) / 10, abs=0.02)
    assert right[4_000:].mean() == pytest.approx(0.1, abs=0.03)


def test_tags_are_the_same_on_either_library(images):
    import jax.numpy as jnp

    pool, rows = pool_with_labels(images)[3_950:4_050], np.arange(3_950, 4_050, dtype=np.int32)
    given = [np.asarray(beside_tags(xp, xp.asarray(pool), rows, np.uint32(SEED), telling=0.9)) for xp in (np, jnp)]
    np.testing.assert_allclose(*given, rtol=1e-6)


def test_global_generators_stay_untouched(images, reviews):
    before, standard = np.random.get_state(), random.getstate()  # noqa: NPY002 - what must not change
    invalid_split(images, "fast", SEED, share=0.4)
    beginning(reviews, "fast", SEED)
    planted_words(reviews, "fast", SEED, l2=0.0)
    cloud_fit(None, "fast", SEED, distance=1.5)
    after = np.random.get_state()  # noqa: NPY002
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert random.getstate() == standard
