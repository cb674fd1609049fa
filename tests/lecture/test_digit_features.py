"""Hand-made features are what they are called: loops, strokes, histograms."""

from __future__ import annotations

import numpy as np
import pytest

from fixtures.data.splits import mnist_split
from fixtures.feature_engineering.digit_features import (
    FEW,
    SMALLEST_LOOP,
    few_split,
    hand_made,
    histograms,
    loops,
    mnist_pool_with_features,
    strokes,
)
from tests.helpers.samples import global_state

INKED = 255


def blank():
    return np.zeros((28, 28), np.uint8)


def ring(image, top, left, side):
    image[top : top + side, left : left + side] = INKED
    image[top + 1 : top + side - 1, left + 1 : left + side - 1] = 0
    return image


def diamond(image, row, column):
    """A ring whose pixels touch at their corners only, around an area of 5 pixels."""
    for down, right in ((-2, 0), (-1, 1), (0, 2), (1, 1), (2, 0), (1, -1), (0, -2), (-1, -1)):
        image[row + down, column + right] = INKED
    return image


def test_loops_are_counted_image_by_image():
    one, two = ring(blank(), 5, 5, 6), ring(ring(blank(), 2, 2, 5), 15, 15, 8)
    opened = ring(blank(), 5, 5, 6)
    opened[5, 7] = 0
    counts, areas = loops(np.stack([one, blank(), two, opened, diamond(blank(), 10, 10)]))
    assert counts.tolist() == [1, 0, 2, 0, 1]
    assert areas.tolist() == [16, 0, 9 + 36, 0, 5]


def test_loops_in_the_corner_or_at_the_edge_are_not_the_outside():
    full = ring(blank(), 0, 0, 28)
    split = blank()
    split[14] = INKED  # two regions, both of which reach the edge
    counts, areas = loops(np.stack([full, split]))
    assert counts.tolist() == [1, 0]
    assert areas.tolist() == [26 * 26, 0]


def test_gaps_are_no_loops():
    gap, loop = ring(blank(), 5, 5, 3), blank()
    loop[5:8, 5 : 5 + SMALLEST_LOOP + 2] = INKED
    loop[6, 6 : 6 + SMALLEST_LOOP] = 0
    assert loops(np.stack([gap, loop]))[0].tolist() == [0, 1]


def test_strokes_count_how_often_a_line_comes_upon_ink():
    counts = strokes(ring(blank(), 5, 10, 6)[None])[0]
    rows, columns = counts[:28], counts[28:]
    assert rows.tolist() == [0] * 5 + [1, 2, 2, 2, 2, 1] + [0] * 17
    assert columns.tolist() == [0] * 10 + [1, 2, 2, 2, 2, 1] + [0] * 12
    whole = strokes(np.full((1, 28, 28), INKED, np.uint8))
    assert (whole == 1).all()


def test_histograms_are_means_of_rows_and_columns():
    image = blank()
    image[3, :14] = 200
    features = histograms(image[None])[0]
    assert features[3] == 100
    assert features[:28].sum() == 100
    assert features[28:] == pytest.approx([200 / 28] * 14 + [0] * 14)


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    images = np.where(rng.random((1_500, 28, 28)) < 0.5, INKED, 0).astype(np.uint8)
    return {"x_train": images, "y_train": rng.integers(10, size=1_500).astype(np.uint8)}


def test_pool_has_pixels_and_then_the_features_of_the_same_image(arrays, monkeypatch):
    monkeypatch.setattr("fixtures.feature_engineering.digit_features.BLOCK", 400)
    pool = mnist_pool_with_features(arrays)
    assert (pool.shape, pool.dtype) == ((1_500, 784 + 114), np.uint8)
    np.testing.assert_array_equal(pool[:, :784], arrays["x_train"].reshape(-1, 784))
    for row in (0, 399, 1_499):
        np.testing.assert_array_equal(pool[row, 784:], hand_made(arrays["x_train"][row : row + 1])[0])


def test_features_that_exceed_a_byte_are_as_large_as_it_holds():
    image = blank()
    image[:, ::2] = INKED  # 14 strokes in every row
    assert hand_made(image[None])[0, 2 : 2 + 28].tolist() == [255] * 28


@pytest.mark.parametrize("tier", ["fast", "full"])
def test_few_images_are_drawn_from_those_that_train(arrays, tier):
    before = global_state()
    few, again, whole = few_split(arrays, tier, 900), few_split(arrays, tier, 900), mnist_split(arrays, tier, 900)
    assert len(set(few.train_rows)) == FEW
    assert set(few.train_rows) <= set(whole.train_rows)
    np.testing.assert_array_equal(few.train_rows, again.train_rows)
    np.testing.assert_array_equal(few.train_targets, arrays["y_train"][few.train_rows])
    np.testing.assert_array_equal(few.validation_rows, whole.validation_rows)
    assert few.train_rows.tolist() != few_split(arrays, tier, 901).train_rows.tolist()
    assert global_state() == before
