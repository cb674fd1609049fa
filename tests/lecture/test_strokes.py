"""Local dimensions of strokes find one direction in a line, two in a disc, and both in a drawn eight."""

from __future__ import annotations

import numpy as np
import pytest

from claims import test_manifold as claims
from fixtures.manifold.strokes import crossing, dimensions_of_eights, local_dimensions, thinned
from tests.helpers.planted import measured, verdict_of

ROWS, COLUMNS = np.mgrid[:28, :28]
PEN = 1.6  # pixels: half as wide as the stroke
TURN = np.linspace(0, 2 * np.pi, 80)


def drawn(rows, columns):
    """What a pen leaves that goes through these points, given from the middle of the image."""
    return (np.hypot(ROWS[..., None] - 13.5 - rows, COLUMNS[..., None] - 13.5 - columns) < PEN).any(axis=-1)


def eight(width):
    """An eight in one stroke, its loops half as wide as `width`."""
    return drawn(10 * np.sin(TURN), width * np.sin(2 * TURN))


def rings(radius):
    """Two rings above each other, joined by a stroke."""
    upper, lower = (drawn(radius * np.cos(TURN) + off, radius * np.sin(TURN)) for off in (-8.5, 8.5))
    return upper | lower | drawn(np.linspace(-5, 5, 50), 0)


def line(angle):
    """A straight stroke through the middle of the image."""
    along = np.linspace(-11, 11, 100)
    return drawn(along * np.sin(angle), along * np.cos(angle))


def filled(width):
    """A block with two small holes: nothing of it is a stroke."""
    holes = (abs(ROWS - 13) == 4) & (COLUMNS == 14)
    return (abs(ROWS - 13.5) < 11) & (abs(COLUMNS - 13.5) < width + 4) & ~holes


def images_of(drawing, seed=0):
    """A data set in the layout of MNIST, of nothing but eights, each drawn by this function of a size in pixels."""
    sizes = np.random.default_rng(seed).uniform(3.5, 6, 20)
    images = np.stack([drawing(size) for size in sizes])
    return {"x_train": (255 * images).astype(np.uint8), "y_train": np.full(len(images), 8, np.uint8)}


@pytest.mark.parametrize("angle", [0.0, 0.4, np.pi / 4, np.pi / 2, 2.5])
def test_a_line_has_one_dimension_everywhere(angle):
    [thin] = thinned(line(angle)[None])
    points = np.argwhere(thin).astype(float)

    assert len(points) > 10
    assert (local_dimensions(points, points) < 1.25).all()


def test_a_disc_has_two_dimensions_everywhere_inside():
    points = np.argwhere(np.hypot(ROWS - 13.5, COLUMNS - 13.5) < 11).astype(float)
    inside = points[np.hypot(*(points - 13.5).T) < 8]

    assert local_dimensions(points, inside) == pytest.approx(np.full(len(inside), 2.0), abs=0.01)


def test_a_point_alone_has_no_dimension():
    points = np.array([[0.0, 0.0], [20.0, 20.0]])

    assert local_dimensions(points, np.array([[0.0, 0.0], [10.0, 10.0]])).tolist() == [0.0, 0.0]


def test_thinned_strokes_are_one_pixel_wide_and_whole():
    from scipy import ndimage

    ink = eight(5)
    [thin] = thinned(ink[None])

    assert thin.sum() < ink.sum() / 2
    assert (thin <= ink).all()
    assert ndimage.label(thin, np.ones((3, 3)))[1] == 1
    assert ndimage.label(~thin)[1] == 3  # around the digit, and in both loops
    squares = thin[:-1, :-1] & thin[1:, :-1] & thin[:-1, 1:] & thin[1:, 1:]
    assert (abs(np.argwhere(squares) - 13) <= 2).all()  # where strokes cross, a square may be left


def test_crossing_lies_between_two_holes():
    assert crossing(eight(5)) == pytest.approx([13.5, 13.5], abs=1)
    for other in (drawn(8 * np.cos(TURN), 8 * np.sin(TURN)), line(0.3)):
        assert crossing(other) is None


@pytest.mark.parametrize(("drawing", "verdict"), [(eight, "supported"), (rings, "refuted"), (filled, "refuted")])
def test_claim_holds_of_crossing_strokes_and_not_where_nothing_crosses_or_all_is_filled(drawing, verdict, monkeypatch):
    if drawing is filled:  # a block is no stroke, so that it is not thinned to one
        monkeypatch.setattr("fixtures.manifold.strokes.thinned", lambda ink: ink)
    found = measured(lambda seed: dimensions_of_eights(images_of(drawing, seed), "fast", seed))

    assert set(found["usable"]) == {1.0}
    assert verdict_of(claims.test_an_eight_has_two_dimensions_where_it_crosses, {"strokes_of_eights": found}) == verdict
