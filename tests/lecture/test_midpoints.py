"""Midpoints look like digits where digits vary smoothly, and not where they are apart; a blind score says nothing."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from claims import test_manifold as claims
from fixtures.manifold.autoencoder import CODE, ENCODER
from fixtures.manifold.midpoints import midpoints_beside_controls
from tests.helpers.planted import measured, verdict_of

COLUMNS = np.tile(np.arange(28), 28)
NUM_IMAGES = 600
CLAIMS = {
    "M05a": claims.test_midpoints_of_codes_are_digits,
    "M05b": claims.test_averages_of_pixels_are_no_digits,
    "M13": claims.test_shapes_between_classes_look_like_digits,
}


def codes_along_a_line(decoder):
    """Weights of an autoencoder whose first code is 28 times the mean grey, decoded by one more layer."""
    widths = (784, *ENCODER, CODE, *ENCODER, 784)
    weights = {f"{rank}/kernel": np.zeros(shape) for rank, shape in enumerate(pairwise(widths))}
    weights |= {f"{rank}/bias": np.zeros(width) for rank, width in enumerate(widths[1:])}
    weights["0/kernel"][:, 0] = 1 / 28
    weights["1/kernel"][0, 0] = weights["2/kernel"][0, 0] = 1
    weights["3/kernel"][0], weights["3/bias"][:] = decoder
    return weights


EDGE = (np.full(784, 3.0), -3 * (COLUMNS + 0.5))  # bright left of the column that the code says
LEFT = COLUMNS < 14
GREY = (0.4 * LEFT, np.where(LEFT, -2.8, -50))  # the left half in a grey that the code says


def images_at(codes, decoder):
    """The images that these codes stand for."""
    slope, offset = decoder
    return 1 / (1 + np.exp(-np.clip(np.multiply.outer(codes, slope) + offset, -50, 50)))


def classes_along_a_line(rng):
    """Ten classes, the edge a little further to the right in each: what is between two is a digit of another class."""
    codes = rng.uniform(3, 25, NUM_IMAGES)
    return images_at(codes, EDGE), (codes - 3) * 10 // 22, EDGE


def classes_apart(rng):
    """Two classes, the edge far to the left or far to the right, and nothing between."""
    labels = rng.integers(2, size=NUM_IMAGES)
    return images_at(5 + 18 * labels + rng.uniform(-1, 1, NUM_IMAGES), EDGE), labels, EDGE


def classes_of_grey(rng):
    """Ten greys: the average of two of them is a third."""
    codes = rng.uniform(3, 11, NUM_IMAGES)
    return images_at(codes, GREY), (codes - 3) * 10 // 8, GREY


@cache
def numbers_of(world):
    def measure(seed):
        rng = np.random.default_rng(seed)
        images, labels, decoder = world(rng)
        pool = (255 * images + rng.random(images.shape)).astype(np.uint8)
        trained = SimpleNamespace(
            arrays={"x_train": pool.reshape(-1, 28, 28), "y_train": labels.astype(np.uint8)},
            tier="fast",
            seed=seed,
            weights=codes_along_a_line(decoder),
            inputs=lambda rows: pool[rows].astype(np.float32) / 255,
        )
        return midpoints_beside_controls(trained)

    return measured(measure)


@pytest.mark.parametrize(
    ("world", "verdicts"),
    [
        (classes_along_a_line, {"M05a": "supported", "M05b": "supported", "M13": "supported"}),
        (classes_apart, {"M05a": "refuted", "M13": "refuted"}),
        (classes_of_grey, {"M05b": "refuted", "M13": "supported"}),
    ],
)
def test_claims_follow_the_world(world, verdicts):
    numbers = numbers_of(world)

    assert {name: verdict_of(CLAIMS[name], {"mnist_midpoints": numbers}) for name in verdicts} == verdicts


@pytest.mark.parametrize("name", CLAIMS)
def test_a_score_that_passes_noise_supports_nothing(name):
    rng = np.random.default_rng(900)
    wished = {"code": 0.98, "pixels": 0.1, "digits": 0.95, "halves": 0.1, "noise": 0.7, "scrambled": 1.3}
    numbers = {measure: rng.normal(mean, 0.01, 20) for measure, mean in wished.items()}

    assert verdict_of(CLAIMS[name], {"mnist_midpoints": numbers}) == "refuted"


def test_held_out_digits_pass_about_as_often_as_the_bar_says():
    assert np.mean(numbers_of(classes_along_a_line)["digits"]) == pytest.approx(0.95, abs=0.02)
