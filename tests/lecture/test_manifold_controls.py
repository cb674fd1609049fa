"""Measurements of section 4 tell what is connected, or of few dimensions, from what is not; and so do their claims."""

from __future__ import annotations

import numpy as np
import pytest

from claims import test_manifold as claims
from fixtures.manifold import discrete_problem
from fixtures.manifold.gaps import flat_points, gaps_between_digits, largest_gap
from fixtures.manifold.intrinsic_dimension import DIMENSION_ESTIMATORS as ESTIMATORS
from fixtures.manifold.intrinsic_dimension import neighbour_distances
from fixtures.manifold.points import points_on_sphere, reviews_beside_spheres
from tests.helpers.planted import measured, verdict_of


def images_of(points, seed):
    """Points of a flat space as images in the layout of MNIST: distances stay as they are, but for their unit."""
    rng = np.random.default_rng(seed)
    axes, _ = np.linalg.qr(rng.normal(size=(784, points.shape[1])))
    images = (points - points.mean(axis=0)) @ axes.T
    greys = np.rint(127.5 + 127 * images / abs(images).max()).astype(np.uint8)
    return {"x_train": greys.reshape(-1, 28, 28), "y_train": np.zeros(len(points), np.uint8)}


# Paths without a gap.


def test_gap_on_a_line_is_told_in_units_of_the_farther_neighbour():
    # Neighbours are 1, 1, 1, 3 and 3 away. Of six pairs across, the largest step is 5, and 5 / 3 in that unit.
    points = np.array([[0.0], [1.0], [2.0], [7.0], [10.0]])

    assert largest_gap(points) == pytest.approx(5 / 3)
    assert largest_gap(np.concatenate([points, points[:2]])) == pytest.approx(5 / 3)


@pytest.mark.parametrize("dimension", [3, 13])
def test_two_clusters_have_a_gap_and_one_has_none(dimension):
    one = largest_gap(flat_points(600, dimension, np.random.default_rng(900)))
    two = largest_gap(flat_points(600, dimension, np.random.default_rng(900), gap=1.0))

    assert two > 1.25 * one


@pytest.mark.parametrize(("gap", "verdict"), [(None, "supported"), (1.0, "refuted")])
def test_digits_are_connected_if_they_are_one_cluster_and_not_if_they_are_two(gap, verdict):
    def world(seed):
        points = flat_points(400, 5, np.random.default_rng(seed), gap)
        return gaps_between_digits(images_of(points, seed), "fast", seed)

    assert verdict_of(claims.test_digits_are_connected_by_small_steps, {"digit_gaps": measured(world)}) == verdict


# Few dimensions.


def test_points_of_a_sphere_have_length_one_and_look_alike_from_all_sides():
    points = points_on_sphere(4_000, 2, np.random.default_rng(900))

    assert np.linalg.norm(points, axis=1) == pytest.approx(np.ones(4_000))
    assert points.T @ points / 4_000 == pytest.approx(np.eye(3) / 3, abs=0.02)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_estimators_tell_a_sphere_from_one_of_twice_the_dimension(estimator):
    readings = [
        ESTIMATORS[estimator](neighbour_distances(points_on_sphere(1_000, d, np.random.default_rng(900))))
        for d in (200, 400, 2_000)
    ]

    assert readings[0] * claims.TOLD_APART < readings[1]
    assert readings[1] * claims.TOLD_APART < readings[2]


def texts(has_word):
    """Reviews in the layout of IMDB, from which of the words 10 and on each of them has: shape (reviews, words)."""
    tokens = [np.concatenate([[1], 10 + np.flatnonzero(review)]) for review in has_word]
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in tokens])])
    labels = np.zeros(len(tokens), np.uint8)
    return {"train_tokens": np.concatenate(tokens), "train_offsets": offsets, "train_labels": labels}


def words_of_a_place(rng):
    """Each review is a place in a square, and has the words that are used around there: two dimensions."""
    reviews, words = rng.random((500, 1, 2)), rng.random((1, 290, 2))
    return np.linalg.norm(reviews - words, axis=2) < 0.3


def words_by_chance(rng):
    """Each word comes by chance, independently of the others: as many dimensions as words."""
    return rng.random((500, 290)) < 0.25


@pytest.mark.parametrize(("world", "verdict"), [(words_of_a_place, "supported"), (words_by_chance, "refuted")])
def test_reviews_have_few_dimensions_if_a_place_says_it_all_and_not_if_words_come_by_chance(world, verdict):
    found = measured(
        lambda seed: reviews_beside_spheres(texts(world(np.random.default_rng(seed))), "fast", seed, num_words=300)
    )

    assert verdict_of(claims.test_reviews_have_few_dimensions, {"dimensions_beside_spheres": found}) == verdict


# Discrete problems.


def test_parity_changes_with_each_of_its_bits_and_with_no_other():
    bits = np.random.default_rng(900).choice([-1.0, 1.0], (500, 20))
    flipped = [discrete_problem.parity(np.where(np.arange(20) == bit, -bits, bits), 3) for bit in range(20)]
    unchanged = [(labels == discrete_problem.parity(bits, 3)).mean() for labels in flipped]

    assert unchanged == [0, 0, 0] + 17 * [1]


@pytest.mark.parametrize(("num_bits", "verdict"), [(1, "refuted"), (20, "supported")])
def test_parity_is_only_fitted_if_it_is_of_many_bits(num_bits, verdict):
    found = measured(lambda seed: discrete_problem.parity_problem(None, "fast", seed, num_bits=num_bits))

    assert verdict_of(claims.test_parity_is_only_fitted, {"words_of_parity": found}) == verdict


def scattered(mean):
    return np.random.default_rng(900).normal(mean, 0.01 * mean, 20)


@pytest.mark.parametrize(
    ("claim", "arm", "numbers"),
    [
        (claims.test_digits_are_connected_by_small_steps, "digit_gaps", {"digits": 1, "flat": 1, "apart": 1}),
        (
            claims.test_reviews_have_few_dimensions,
            "dimensions_beside_spheres",
            {f"{of}_{by}": 10 if of == "reviews" else 80 for of in ("reviews", "tenth", "fifth") for by in ESTIMATORS},
        ),
    ],
)
def test_claim_is_not_supported_by_a_measure_that_fails_its_control(claim, arm, numbers):
    measurements = {name: scattered(mean) for name, mean in ({"dimension": 13} | numbers).items()}

    assert verdict_of(claim, {arm: measurements}) == "refuted"
