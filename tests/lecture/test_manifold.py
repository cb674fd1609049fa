"""Measurements of the manifold hypothesis find what was planted, and nothing where nothing is."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from fixtures.data import changed_digits
from fixtures.data.splits import mnist_split
from fixtures.data.stand_ins import digits
from fixtures.manifold import answers_kept, autoencoder, discrete_problem, distances, layers
from fixtures.manifold.intrinsic_dimension import DIMENSION_ESTIMATORS, maximum_likelihood, neighbour_distances
from fixtures.manifold.intrinsic_dimension import two_nearest_neighbours as two_neighbours
from fixtures.manifold.points import (
    largest_step_of_paths,
    number_of_arrays,
    random_words,
    shares_passing,
    shuffled_within,
    uniform_arrays,
)
from pytest_claims.support.randomness import generator
from pytest_claims.support.vocabulary import at_tier


def curved(dimension: int, num_points: int = 2_000, seed: int = 0) -> np.ndarray:
    """Points of a curved manifold of known dimension in 40-dimensional space."""
    rng = np.random.default_rng(seed)
    flat = rng.random((num_points, dimension))
    return np.sin(flat @ rng.normal(size=(dimension, 40)))


@pytest.mark.parametrize("estimator", DIMENSION_ESTIMATORS)
@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_dimension_of_a_curved_manifold_is_found(estimator, dimension):
    # Both estimators are biased downwards by the manifold's edges, the more the higher its dimension.
    estimate = DIMENSION_ESTIMATORS[estimator](neighbour_distances(curved(dimension)))

    assert estimate == pytest.approx(dimension, rel=0.15)


def test_estimates_are_those_of_scikit_dimension():
    points = np.zeros((2_000, 50))
    rng = np.random.default_rng(0)
    points[:, :3] = rng.random((2_000, 3))

    # scikit-dimension 0.5.0: TwoNN().fit(points).dimension_
    assert two_neighbours(neighbour_distances(points)) == pytest.approx(2.9261007871384543, rel=1e-3)


def test_likelihood_agrees_with_its_formula_on_one_point():
    distances = np.arange(1, 21, dtype=float)[None]

    expected = np.mean([1 / np.mean([np.log(k / j) for j in range(1, k)]) for k in range(10, 21)])

    assert maximum_likelihood(distances) == pytest.approx(expected)


def test_points_upon_another_are_left_out():
    points = curved(2)

    assert len(neighbour_distances(np.concatenate([points, points[:100]]))) == len(points) - 100


def test_points_of_the_same_kind_pass_and_others_do_not():
    rng = np.random.default_rng(0)
    basis = rng.normal(size=(5, 120))
    known, held_out, alike, noise = (rng.normal(size=(n, 5)) @ basis for n in (1_000, 600, 200, 200))
    noise = rng.normal(0, noise.std(), noise.shape)
    known, held_out, alike = (points + rng.normal(0, 0.1, points.shape) for points in (known, held_out, alike))

    passing, failing = (shares_passing(known, held_out, points) for points in (alike, noise))

    for score in ("distance", "residual"):
        assert passing[f"{score}_passing"] > 0.9
        assert passing[f"{score}_passing_held_out"] > 0.9
        assert failing[f"{score}_passing"] == 0


def test_random_arrays_have_all_greys_equally_often():
    arrays = uniform_arrays(200, np.random.default_rng(0))

    counts = np.bincount(np.rint(arrays * 255).astype(int).ravel(), minlength=256)
    assert counts.min() > 0.8 * counts.mean()


@pytest.mark.parametrize(("log10_more", "outnumber"), [(82, 1.0), (1_806, 1.0), (1_807, 0.0)])
def test_arrays_are_counted_exactly(log10_more, outnumber):
    assert number_of_arrays(None, "fast", 0, log10_more=log10_more) == {"outnumber": outnumber}


def test_shuffling_keeps_each_point_s_values():
    points = np.random.default_rng(0).random((5, 30))

    shuffled = shuffled_within(points, np.random.default_rng(1))

    assert (np.sort(shuffled) == np.sort(points)).all()
    assert (shuffled != points).any(axis=1).all()


def test_random_words_keep_lengths_and_about_keep_frequencies():
    rng = np.random.default_rng(0)
    reviews = (rng.random((3_000, 60)) < np.linspace(0.02, 0.3, 60)).astype(np.uint8)
    reviews[:, 0] = reviews[:, 1]  # two words that always go together

    drawn = random_words(reviews, np.random.default_rng(1))

    assert (drawn.sum(axis=1) == reviews.sum(axis=1)).all()
    assert drawn.mean(axis=0) == pytest.approx(reviews.mean(axis=0), abs=0.05)
    assert abs(np.corrcoef(drawn[:, 0], drawn[:, 1])[0, 1]) < 0.1


def test_largest_step_on_a_line_is_the_gap():
    points = np.array([[0.0], [1.0], [2.0], [6.0]])

    # Pairs 0-1, 0-2, 0-6, 1-2, 1-6, 2-6: largest steps 1, 1, 4, 1, 4, 4 of distances 1, 2, 6, 1, 5, 4.
    assert largest_step_of_paths(points) == pytest.approx(np.median([1, 1 / 2, 4 / 6, 1, 4 / 5, 1]))


def test_paths_are_short_on_a_curve_and_not_in_noise():
    angles = np.random.default_rng(0).uniform(0, 2 * np.pi, 500)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)

    assert largest_step_of_paths(circle) < 0.1
    assert largest_step_of_paths(np.random.default_rng(0).random((500, 784))) > 0.9


def test_bits_are_different_words_and_labels_have_the_structure_they_say():
    from sklearn.linear_model import LogisticRegression

    for structured, low, high in ((True, 0.95, 1.0), (False, 0.45, 0.6)):
        bits, labels = discrete_problem.bits_and_labels(3_000, structured, np.random.default_rng(0))
        assert len(np.unique(bits, axis=0)) == 3_000
        assert set(np.unique(bits)) == {-1.0, 1.0}
        assert low <= LogisticRegression(C=100.0).fit(bits, labels).score(bits, labels) <= high


def test_moving_by_whole_pixels_and_by_nothing():
    image = np.zeros((1, 28, 28))
    image[0, 10, 12] = 1
    flat = image.reshape(1, -1)

    down_and_left = changed_digits.moved(flat, np.array([[1.0, -1.0]]), np.zeros(1)).reshape(28, 28)
    turned = changed_digits.moved(flat, np.zeros((1, 2)), np.array([np.pi / 2])).reshape(28, 28)

    assert changed_digits.moved(flat, np.zeros((1, 2)), np.zeros(1)) == pytest.approx(flat, abs=1e-9)
    assert np.unravel_index(down_and_left.argmax(), (28, 28)) == (11, 11)
    # A quarter turn about the centre, 13.5: (-3.5, -1.5) becomes (∓1.5, ±3.5).
    assert np.unravel_index(turned.argmax(), (28, 28)) in [(12, 17), (15, 10)]


def test_nothing_comes_in_from_the_image_beside():
    images = np.stack([np.zeros(784), np.ones(784)])

    moved = changed_digits.moved(images, np.full((2, 2), 5.0), np.full(2, 0.3))

    assert moved[0].max() == 0


@pytest.mark.parametrize("kind", changed_digits.SLIGHT)
def test_larger_changes_change_more(kind):
    images = digits()["x_train"][:200].reshape(200, -1).astype(np.float32) / 255

    changes = [
        np.abs(changed_digits.changed(images, kind, multiple, generator(0, "test")) - images).mean()
        for multiple in answers_kept.MULTIPLES
    ]

    assert changes == sorted(changes)
    assert changes[0] > 0


def test_fifths_hold_the_same_classes_and_rise_in_distance():
    arrays = digits()
    fifths = distances.fifths_by_distance(arrays, tier="fast", seed=0)
    labels = mnist_split(arrays, "fast", 0).validation_targets

    counts = np.array([np.bincount(labels[fifths == fifth], minlength=10) for fifth in range(5)])
    assert (counts.max(axis=0) - counts.min(axis=0)).max() <= 1


def test_probe_finds_separable_classes_and_nothing_in_noise():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(10), 40)
    features = rng.normal(size=(400, 20))

    assert layers.probe_accuracy(features, labels, np.random.default_rng(1)) == pytest.approx(0.1, abs=0.06)
    features[:, :10] += 10 * np.eye(10)[labels]
    assert layers.probe_accuracy(features, labels, np.random.default_rng(1)) > 0.95


def test_layers_are_those_of_the_network():
    weights = {"0/kernel": np.array([[1.0, -1.0]]), "0/bias": np.array([0.0, 1.0])}

    outputs = layers.layer_outputs(weights, np.array([[2.0], [-3.0]]), 1)

    assert outputs.tolist() == [[2.0, 0.0], [0.0, 4.0]]


def untrained_autoencoder(arrays: dict[str, np.ndarray]) -> SimpleNamespace:
    """What `midpoints_passing` sees of a trained autoencoder, with random weights."""
    rng = np.random.default_rng(0)
    shapes = [(784, 128), (128, 16), (16, 128), (128, 784)]
    weights = {f"{rank}/kernel": rng.normal(0, shape[0] ** -0.5, shape) for rank, shape in enumerate(shapes)}
    weights |= {f"{rank}/bias": np.zeros(shape[1]) for rank, shape in enumerate(shapes)}
    pool = arrays["x_train"].reshape(len(arrays["x_train"]), -1)
    return SimpleNamespace(
        arrays=arrays, tier="fast", seed=0, weights=weights, inputs=lambda rows: pool[rows].astype(np.float32) / 255
    )


def test_held_out_digits_pass_as_often_as_the_bar_says():
    shares = autoencoder.midpoints_passing(untrained_autoencoder(digits()))

    assert shares["digits_distance"] == pytest.approx(autoencoder.PASSING, abs=0.05)
    assert shares["digits_classifier"] == pytest.approx(autoencoder.PASSING, abs=0.05)


def test_pairs_are_of_different_classes():
    labels = np.repeat(np.arange(10), 20)

    first, second = autoencoder.pairs_of_different_classes(labels, 500, np.random.default_rng(0))

    assert len(first) == len(second) == 500
    assert (labels[first] != labels[second]).all()


def test_images_that_midpoints_are_measured_by_are_among_those_of_the_run():
    images = digits()
    split = autoencoder.fewer_inputs_as_targets(images, "fast", 900)
    # As the measurement draws them.
    whole = mnist_split(images, "fast", 900)
    known = whole.train_rows[: at_tier(autoencoder.NUM_KNOWN, "fast")]
    held_out = whole.validation_rows[: autoencoder.NUM_HELD_OUT]
    assert set(known) < set(split.train_rows)
    assert set(held_out) < set(split.validation_rows)
    assert not set(split.train_rows) & set(split.validation_rows)
