"""Clock faces show the time that they say, and what is measured on them finds what is there."""

from __future__ import annotations

import numpy as np
import pytest

from fixtures.feature_engineering import clock_faces, telling_the_time
from fixtures.feature_engineering.clock_faces import DIAL, SIZE, draw_faces, look_up, minutes_apart, told_by_look_up
from fixtures.feature_engineering.clock_table import angles_of_tips
from fixtures.feature_engineering.telling_the_time import (
    Score,
    Task,
    examples_to_reach,
    hours_and_minutes,
    needed,
    smallest_network,
)
from pytest_claims.verdicts.runs import Runs
from tests.helpers.samples import global_state

EVERY_MINUTE = np.arange(DIAL)


@pytest.fixture
def faces():
    return draw_faces(EVERY_MINUTE, np.random.default_rng(0))


@pytest.fixture
def still(monkeypatch):
    """Faces that all have the same centre and hands."""
    monkeypatch.setattr(clock_faces, "LARGEST_SHIFT", 0.0)
    monkeypatch.setattr(clock_faces, "LARGEST_STRETCH", 0.0)


def test_representations_have_the_shapes_and_ranges_they_say(faces):
    assert faces.pixels.shape == (DIAL, SIZE * SIZE)
    assert (faces.tips.shape, faces.angles.shape) == ((DIAL, 4), (DIAL, 2))
    assert faces.pixels.min() == 0
    assert 0.9 < faces.pixels.max() <= 1
    assert faces.angles.min() >= 0
    assert faces.angles.max() < 2 * np.pi


@pytest.mark.parametrize(("minute", "hour_hand", "minute_hand"), [(0, 0, 0), (180, 90, 0), (615, 307.5, 90)])
def test_hands_stand_where_they_do_on_a_clock(faces, minute, hour_hand, minute_hand):
    np.testing.assert_allclose(np.degrees(faces.angles[minute]), [hour_hand, minute_hand], atol=1e-9)


def test_tips_are_seen_from_the_centre_with_x_rightwards_and_y_upwards(still):
    at_three = draw_faces(np.array([180]), np.random.default_rng(0)).tips[0]
    np.testing.assert_allclose(at_three, [0.5 * 7, 0, 0, 0.85 * 7], atol=1e-9)


def test_ink_lies_along_the_hands_only(still):
    image = draw_faces(np.array([180]), np.random.default_rng(0)).pixels.reshape(SIZE, SIZE)
    rows, columns = np.nonzero(image > 1e-9)
    centre = (SIZE - 1) / 2
    right, up = columns - centre, centre - rows
    on_hour_hand = (abs(up) < 1.5) & (right > -1.5) & (right < 0.5 * 7 + 1.5)
    on_minute_hand = (abs(right) < 1.5) & (up > -1.5) & (up < 0.85 * 7 + 1.5)
    assert (on_hour_hand | on_minute_hand).all()
    # The hour hand is twice 1.0 pixels wide, the minute hand twice 0.6.
    assert image[:, SIZE // 2 + 2].sum() == pytest.approx(2.0, abs=0.01)
    assert image[SIZE // 2 - 4].sum() == pytest.approx(1.2, abs=0.01)


def test_no_two_minutes_look_alike(still):
    pixels = draw_faces(EVERY_MINUTE, np.random.default_rng(0)).pixels
    distances = np.linalg.norm(pixels - np.roll(pixels, 1, axis=0), axis=1)
    assert distances.min() > 0.1


def test_faces_of_the_same_minute_differ_and_angles_do_not():
    faces = draw_faces(np.full(20, 100), np.random.default_rng(0))
    assert np.ptp(faces.pixels, axis=0).max() > 0.5
    assert np.ptp(np.linalg.norm(faces.tips[:, 2:], axis=1)) > 0.5
    np.testing.assert_allclose(faces.angles, faces.angles[:1].repeat(20, axis=0), atol=1e-12)


def test_look_up_tells_every_minute_and_notices_a_hand_that_is_off(faces):
    np.testing.assert_array_equal(told_by_look_up(faces.angles), EVERY_MINUTE)
    assert look_up(None, "fast", 900) == {"wrong": 0.0}
    off = faces.angles + np.radians([0.3, 0])
    assert (told_by_look_up(off) != EVERY_MINUTE).all()


def test_minutes_are_counted_round_the_dial():
    told, true = np.array([715, 5, 360, 100]), np.array([5, 715, 0, 100])
    assert minutes_apart(told, true).tolist() == [10, 10, 360, 0]


def test_targets_are_an_hour_and_a_minute():
    targets = hours_and_minutes(np.array([0, 615]))
    assert [np.flatnonzero(row).tolist() for row in targets] == [[0, 12], [10, 12 + 15]]


def test_no_time_is_both_trained_and_tested_on():
    tips, angles = (Task(900, name, 300) for name in ("tips", "angles"))
    assert not set(tips.train_minutes) & set(tips.test_minutes)
    np.testing.assert_array_equal(tips.train_minutes, angles.train_minutes)
    np.testing.assert_allclose(np.arctan2(tips.train[:, 0], tips.train[:, 1]) % (2 * np.pi), angles.train[:, 0])


def test_network_learns_what_angles_say_and_nothing_where_they_say_nothing():
    task = Task(900, "angles", 240)
    assert task.score(240).error < 10
    nonsense = Task(900, "angles", 240)
    nonsense.train = np.random.default_rng(0).permutation(nonsense.train)
    assert nonsense.score(240).error > 120  # by chance 180, a quarter of the dial


def test_parameters_and_computing_are_those_of_the_network(monkeypatch):
    monkeypatch.setattr(telling_the_time, "ITERATIONS", 3)
    score = Task(900, "tips", 30).score(30, 8)
    assert score.parameters == 4 * 8 + 8 + 8 * 72 + 72
    assert score.multiply_adds == (2 * 4 * 8 + 3 * 8 * 72) * 30 * 3


def test_scores_are_those_of_the_seed_and_leave_the_global_generator_alone(monkeypatch):
    monkeypatch.setattr(telling_the_time, "ITERATIONS", 3)
    before = global_state()
    one, again, other = (Task(seed, "pixels", 30).score(30, 4) for seed in (900, 900, 901))
    assert one == again
    assert one.error != other.error
    assert global_state() == before


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ((20, 10, 5), (10.0, "earlier")),
        ((50, 40, 35), (1000.0, "later")),
        ((50, 10, 35), (pytest.approx(10**1.5), "")),
        ((50, 45, 20), (pytest.approx(10**2.6), "")),
    ],
)
def test_examples_are_those_at_which_the_error_is_reached(errors, expected):
    sizes = (10, 100, 1000)
    assert examples_to_reach(dict(zip(sizes, errors, strict=True)).__getitem__, sizes) == expected


@pytest.mark.parametrize(
    ("errors", "expected"), [((20, 10), (4, "earlier")), ((40, 10), (16, "")), ((50, 40), (16, "later"))]
)
def test_smallest_network_is_the_first_that_gets_there(errors, expected):
    scores = {width: Score(error, width, 0.0) for width, error in zip((4, 16), errors, strict=True)}
    score, beyond = smallest_network(scores.__getitem__, (4, 16))
    assert (score.parameters, beyond) == expected


def test_what_was_not_seen_is_marked():
    measured = {"examples": [480.0, 50.0, 30.0], "examples_later": [1.0, 0, 0], "examples_earlier": [0, 0, 1.0]}
    quantity = needed(Runs("clock", "fast", (0, 1, 2), {}, measured), "examples")
    assert quantity.at_least.tolist() == [True, False, False]
    assert quantity.at_most.tolist() == [False, False, True]


def test_angles_of_tips_are_anticlockwise_from_three(monkeypatch):
    assert angles_of_tips(None, "fast", 900) == {"first": 45, "second": 140}
    planted = {"first": (0.7, 0.6), "second": (0.32, -0.38)}
    monkeypatch.setattr("fixtures.feature_engineering.clock_table.TIPS", planted)
    assert angles_of_tips(None, "fast", 900) == {"first": 41, "second": -50}
