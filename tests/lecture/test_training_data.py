"""Subsets hold what they say, faults are where they should be, and measurements find what was planted and no more."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from fixtures.data.mnist import mnist_pool
from fixtures.data.splits import imdb_split, mnist_split
from fixtures.training_data import faults, missing_values, sampled_regions
from fixtures.training_data.faults import (
    NOISY_PIXELS,
    WRONG,
    another_class,
    half_added,
    mislabelled_added,
    noisy_added,
    pool_with_noisy_images,
    some_wrong,
    wrong_left_out,
)
from fixtures.training_data.loss_on_test import best_on_test, cross_entropy_on_test
from fixtures.training_data.missing_values import blocks_and_means, incomplete
from fixtures.training_data.sampled_regions import (
    excess,
    extra_points,
    grid,
    height,
    inside_and_outside,
    line,
    points_in,
    posterior,
    turned_digits,
    wave,
)
from fixtures.training_data.subsets import subset_split
from pytest_claims.verdicts.runs import Runs
from tests.helpers.samples import global_state

SEED = 900
NUM_IMAGES = 4_000


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    greys = rng.integers(0, 256, (NUM_IMAGES, 28, 28), dtype=np.uint8)
    return {"x_train": greys, "y_train": rng.integers(0, 10, NUM_IMAGES).astype(np.uint8)}


@pytest.fixture(scope="module")
def opinions():
    return {"train_labels": np.random.default_rng(0).integers(0, 2, 5_000).astype(np.uint8)}


@pytest.fixture(params=["digits", "opinions"])
def whole(request, images, opinions):
    """A data set, how it is split, and the right targets of its rows."""
    if request.param == "digits":
        return images, mnist_split, images["y_train"].astype(np.int32)
    return opinions, imdb_split, opinions["train_labels"].astype(np.float32)[:, None]


def test_subsets_are_nested_and_validation_stays(whole):
    arrays, split, right = whole
    everything = split(arrays, "fast", SEED)
    smaller, larger = (subset_split(arrays, "fast", SEED, whole=split, share=share) for share in (0.1, 0.5))
    assert set(smaller.train_rows) < set(larger.train_rows) < set(everything.train_rows)
    assert len(set(smaller.train_rows)) == round(0.1 * len(everything.train_rows))
    for subset in (smaller, larger):
        assert len(subset.train_rows) == len(everything.train_rows)
        assert (subset.train_targets == right[subset.train_rows]).all()
        assert (subset.validation_rows == everything.validation_rows).all()
        assert (subset.validation_targets == right[subset.validation_rows]).all()


def test_subsets_are_filled_evenly_and_no_further_than_asked(whole):
    arrays, split, _ = whole
    subset = subset_split(arrays, "fast", SEED, whole=split, share=0.01, filled=0.1)
    _, counts = np.unique(subset.train_rows, return_counts=True)
    assert len(subset.train_rows) == round(0.1 * len(split(arrays, "fast", SEED).train_rows))
    assert counts.max() - counts.min() <= 1


def test_subsets_of_other_seeds_are_others(whole):
    arrays, split, _ = whole
    one, other = (subset_split(arrays, "full", seed, whole=split, share=0.1) for seed in (900, 901))
    assert set(one.train_rows) != set(other.train_rows)


def test_wrong_labels_are_as_many_as_said_and_the_same_in_smaller_subsets(whole):
    arrays, split, right = whole
    faulty = partial(some_wrong, whole=split)
    smaller, larger = (subset_split(arrays, "fast", SEED, whole=faulty, share=share) for share in (0.5, 1.0))
    given = dict(zip(larger.train_rows, larger.train_targets.ravel(), strict=True))
    wrong = (larger.train_targets != right[larger.train_rows]).mean()
    assert wrong == pytest.approx(WRONG, abs=0.03)
    assert [given[row] for row in smaller.train_rows] == smaller.train_targets.ravel().tolist()
    assert (larger.validation_targets == right[larger.validation_rows]).all()


def test_what_is_left_without_wrong_labels_is_all_that_is_right(images):
    faulty, left = some_wrong(images, "fast", SEED, whole=mnist_split), wrong_left_out(images, "fast", SEED)
    right = images["y_train"]
    assert set(left.train_rows) == set(faulty.train_rows[faulty.train_targets == right[faulty.train_rows]])
    assert (left.train_targets == right[left.train_rows]).all()
    assert len(left.train_rows) == len(faulty.train_rows)


def test_another_class_is_any_but_the_own():
    targets = np.repeat(np.arange(10, dtype=np.int32), 1_000)
    given = another_class(targets, np.random.default_rng(0))
    counts = np.histogram2d(targets, given, bins=10)[0]
    assert (np.diag(counts) == 0).all()
    assert counts[~np.eye(10, dtype=bool)].min() > 60
    assert given.dtype == targets.dtype


def test_half_with_faults_is_added_to_the_clean_half(images):
    clean = subset_split(images, "fast", SEED, whole=mnist_split, share=0.5)
    added = half_added(len(mnist_split(images, "fast", SEED).train_rows), SEED)
    mislabelled, noisy = (split(images, "fast", SEED) for split in (mislabelled_added, noisy_added))
    right = images["y_train"][mislabelled.train_rows]
    assert set(mislabelled.train_rows[~added]) == set(noisy.train_rows[~added]) == set(clean.train_rows)
    assert (mislabelled.train_targets[~added] == right[~added]).all()
    assert (mislabelled.train_targets[added] != right[added]).all()
    assert (noisy.train_rows[added] == mislabelled.train_rows[added] + NUM_IMAGES).all()
    assert (noisy.train_targets == right).all()
    assert (mislabelled.validation_targets == images["y_train"][mislabelled.validation_rows]).all()
    assert noisy.validation_rows.max() < NUM_IMAGES


def test_noisy_images_keep_a_fifth_of_their_pixels(images):
    clean, noisy = np.split(pool_with_noisy_images(images), 2)
    assert (clean == mnist_pool(images)).all()
    # A grey drawn anew is the old one once in 256 times.
    assert (noisy != clean).mean() == pytest.approx(NOISY_PIXELS * 255 / 256, abs=0.002)
    assert np.bincount(noisy[noisy != clean], minlength=256).min() > 0


def runs(name, validated, on_test):
    history = {"val_cross_entropy": np.array(validated)[:, None], "cross_entropy": np.zeros((len(validated), 1))}
    return Runs(name, "fast", range(len(validated)), history, {"test_cross_entropy": on_test})


def test_best_is_chosen_by_validation_and_scored_on_test():
    one, other = runs("one", [0.1, 0.4], [0.9, 0.8]), runs("other", [0.3, 0.2], [0.5, 0.7])
    assert best_on_test([one, other]).values.tolist() == [0.9, 0.7]


@pytest.mark.parametrize(("logit", "expected"), [(0.0, np.log(2)), (30.0, 0.0), (-30.0, 30.0)])
def test_cross_entropy_on_test_is_that_of_the_logits(logit, expected):
    labels = np.array([0, 1, 1, 0, 1] * 1_000, np.uint8)
    tokens = np.where(labels == 1, 5, 4).astype(np.uint32)
    arrays = {"test_labels": labels, "test_tokens": tokens, "test_offsets": np.arange(len(labels) + 1)}
    trained = SimpleNamespace(
        arrays=arrays,
        weights={"0/kernel": np.zeros((6, 1))},
        seed=SEED,
        tier="fast",
        logits=lambda inputs: logit * (inputs[:, [5]] - inputs[:, [4]]),
    )
    assert cross_entropy_on_test(trained) == pytest.approx(expected, abs=1e-6)


def test_halves_of_the_square_are_near_and_far():
    points = {region: points_in(region, 2_000, np.random.default_rng(0)) for region in ("all", "near", "far")}
    heights = {region: np.abs(height(chosen)) for region, chosen in points.items()}
    assert all(chosen.shape == (2_000, 2) and np.abs(chosen).max() <= 1 for chosen in points.values())
    assert heights["near"].max() < heights["far"].min()
    assert (heights["all"] < heights["far"].min()).mean() == pytest.approx(0.5, abs=0.03)


def test_the_truth_has_no_excess_and_its_opposite_all_of_it():
    truth = posterior(grid())
    assert excess(truth, truth) == {"cross_entropy": pytest.approx(0), "error": 0}
    assert excess(1 - truth, truth)["error"] == pytest.approx(np.abs(2 * truth - 1).mean())
    ninth = excess(np.array([0.1]), np.array([0.9]))
    assert ninth == {"cross_entropy": pytest.approx(0.8 * np.log(9)), "error": pytest.approx(0.8)}


def test_labels_are_drawn_from_the_posterior():
    above, on = np.array([[0.0, 1.0]]), np.array([[0.0, 0.0]])
    assert posterior(above) == pytest.approx(1)
    assert posterior(on) == pytest.approx(0.5)


def test_points_near_the_boundary_help_and_the_same_points_do_not(monkeypatch):
    found = extra_points(None, "fast", SEED)
    monkeypatch.setattr(sampled_regions, "points_in", lambda _, num, rng: points_in("all", num, rng))
    alike = extra_points(None, "fast", SEED)
    for score in ("error", "cross_entropy"):
        assert found[f"{score}_near"] < 0.7 * found[f"{score}_far"]
        assert 0.6 < alike[f"{score}_near"] / alike[f"{score}_far"] < 1 / 0.6


def constant_outside(inputs):
    return np.sin(np.pi * inputs / 2).clip(-1, 1) * (np.abs(inputs) < 1) + np.sign(inputs) * (np.abs(inputs) >= 1)


def test_extrapolation_is_told_from_interpolation():
    bent, straight, flat = (
        inside_and_outside(None, "fast", SEED, truth=truth) for truth in (wave, line, constant_outside)
    )
    assert min(bent["inside"], straight["inside"], flat["inside"]) > 0.9
    assert bent["outside"] < 0
    assert straight["outside"] > 0.5
    assert flat["outside"] > bent["outside"]


def pictures_of(turning):
    """Images of bars: upright or lying ones, which a quarter turn exchanges, or dots and rings, which none does."""
    labels = np.arange(NUM_IMAGES) % 2
    at = np.arange(28) - 13.5
    radius = np.hypot(*np.meshgrid(at, at))
    shapes = (
        [np.abs(np.meshgrid(at, at)[axis]) < 3 for axis in (0, 1)] if turning else [radius < 5, np.abs(radius - 9) < 2]
    )
    pictures = np.stack([np.where(shape & (radius < 12), 255, 0) for shape in shapes]).astype(np.uint8)
    return {"x_train": pictures[labels], "y_train": labels.astype(np.uint8)}


def test_turning_matters_to_bars_and_not_to_rings():
    turned, same = (turned_digits(pictures_of(turning), "fast", SEED) for turning in (True, False))
    assert turned["inside"] > 0.9
    assert turned["outside"] < 0.6
    assert min(same.values()) > 0.9


def test_features_are_means_of_blocks_beside_those_of_training_images(images):
    pool = blocks_and_means(images)
    features, means = pool[:, : missing_values.NUM_FEATURES], pool[:, missing_values.NUM_FEATURES :]
    assert features[5, 8] == np.rint(images["x_train"][5, 4:8, 4:8].mean())
    known = features[: NUM_IMAGES * 4 // 5]
    assert np.abs(means[0] - known.mean(axis=0)).max() <= 0.5
    white = {**images, "x_train": images["x_train"].copy()}
    white["x_train"][NUM_IMAGES * 4 // 5 :] = 255
    assert (blocks_and_means(white)[0, missing_values.NUM_FEATURES :] == means[0]).all()


@pytest.mark.parametrize("filled", [0.0, -1.0, None])
def test_missing_features_are_filled_and_the_others_kept(images, filled):
    pool = blocks_and_means(images)
    features, means = (pool / np.float32(255))[:, :49], (pool / np.float32(255))[:, 49:]
    given = incomplete(np, pool, np.arange(NUM_IMAGES), np.uint32(SEED), filled=filled)
    lost = ~np.isclose(given, features)
    expected = np.broadcast_to(means if filled is None else np.float32(filled), features.shape)
    assert lost.mean() == pytest.approx(missing_values.MISSING, abs=0.02)
    assert given[lost] == pytest.approx(expected[lost])
    assert (incomplete(np, pool, np.arange(NUM_IMAGES), np.uint32(901), filled=filled) != given).any()


@pytest.mark.parametrize("filled", [0.0, None])
def test_missing_features_are_the_same_in_jax(images, filled):
    import jax.numpy as jnp

    pool, rows = blocks_and_means(images)[:50], np.arange(50)
    expected = incomplete(np, pool, rows, np.uint32(SEED), filled=filled)
    found = incomplete(jnp, jnp.asarray(pool), jnp.asarray(rows), jnp.uint32(SEED), filled=filled)
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-6)


@pytest.mark.parametrize(
    "measure", [extra_points, partial(inside_and_outside, truth=wave), turned_digits], ids=["points", "wave", "turned"]
)
def test_same_seed_gives_the_same_numbers_and_another_others(measure, monkeypatch, images):
    monkeypatch.setattr(sampled_regions, "NUM_SAMPLES", 1)
    monkeypatch.setattr(sampled_regions, "NUM_TURNED", 200)
    state = global_state()
    first = measure(images, "fast", 900)
    assert measure(images, "fast", 900) == first
    assert measure(images, "fast", 901) != first
    assert global_state() == state


def test_splits_and_pools_leave_the_global_generator_alone(images):
    state = global_state()
    some = partial(some_wrong, whole=mnist_split)
    for split in (mislabelled_added, noisy_added, wrong_left_out, partial(subset_split, whole=some, share=0.1)):
        first, again = split(images, "fast", SEED), split(images, "fast", SEED)
        assert (first.train_targets == again.train_targets).all()
        assert (first.train_rows == again.train_rows).all()
    faults.pool_with_noisy_images({**images})
    assert global_state() == state
