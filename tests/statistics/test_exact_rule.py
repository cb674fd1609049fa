"""Printed figures, exact numbers, and slopes over doses."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pytest_claims.statistics import exact, rounding_interval, slopes


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("0.26", (0.255, 0.265)),
        ("0.260", (0.2595, 0.2605)),
        ("1 %", (0.005, 0.015)),
        ("98.5%", (0.9845, 0.9855)),
        ("6", (5.5, 6.5)),
        ("600", (599.5, 600.5)),
        (" 14.5 ", (14.45, 14.55)),
        ("-0.3", (-0.35, -0.25)),
        ("1e-3", (0.0005, 0.0015)),
    ],
)
def test_figure_stands_for_what_rounds_to_it(text, interval):
    assert rounding_interval(text) == interval


@pytest.mark.parametrize("wrong", ["", "one", "about 3", "1,000", "%", "1 % %", "nan", "inf", 0.26, None])
def test_text_that_is_no_figure_is_refused(wrong):
    with pytest.raises(ValueError, match="expected a figure as printed") as refusal:
        rounding_interval(wrong)
    assert repr(wrong) in str(refusal.value)


def test_number_that_is_the_same_at_every_seed_is_supported():
    decision = exact([0.1 + 0.2] * 3, expected=0.3)
    assert (decision.verdict, decision.reason) == ("supported", None)
    assert (decision.estimate.low, decision.estimate.high, decision.estimate.confidence_level) == (
        0.1 + 0.2,
        0.1 + 0.2,
        1,
    )


@pytest.mark.parametrize("values", [[7, 7, 8], [7.0001], [7, np.nan], [np.inf, -np.inf]])
def test_number_that_differs_at_one_seed_is_refuted(values):
    decision = exact(values, expected=7)
    assert (decision.verdict, decision.reason) == ("refuted", "differs")


def test_exact_refuses_an_expectation_that_is_no_number():
    with pytest.raises(ValueError, match="expected must be a finite number; received nan"):
        exact([1.0], expected=float("nan"))


def test_exact_refuses_no_values():
    with pytest.raises(ValueError, match="must be at least 1; received 0"):
        exact([], expected=1)


def test_slopes_agree_with_scipy_seed_by_seed():
    rng, doses = np.random.default_rng(3), np.array([0.0, 0.001, 0.01, 0.1])
    values = rng.normal(size=(6, 4))
    assert slopes(values, doses) == pytest.approx([stats.linregress(doses, row).slope for row in values])


def test_slopes_do_not_depend_on_the_order_of_doses():
    values, doses = np.random.default_rng(4).normal(size=(3, 5)), np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    order = [3, 0, 4, 1, 2]
    assert slopes(values[:, order], doses[order]) == pytest.approx(slopes(values, doses))


@pytest.mark.parametrize("collapsed", [np.nan, np.inf, -np.inf])
def test_collapsed_run_has_no_slope_and_leaves_the_others_theirs(collapsed):
    result = slopes([[0.0, 1.0, 2.0], [0.0, collapsed, 4.0]], [0, 1, 2])
    assert result[0] == pytest.approx(1.0)
    assert np.isnan(result[1])


@pytest.mark.parametrize(
    ("values", "doses", "message"),
    [
        ([1.0, 2.0], [0, 1], r"values must have shape .* received \(2,\) and \(2,\)"),
        ([[1.0, 2.0]], [0, 1, 2], r"received \(1, 2\) and \(3,\)"),
        (np.empty((0, 2)), [0, 1], "at least 1 seed and 2 doses"),
        ([[1.0, 2.0]], [3, 3], r"at least two of them different; received \[3, 3\]"),
        ([[1.0, 2.0]], [0, np.nan], "doses must be finite"),
        ([["a", "b"]], [0, 1], "must be real numbers"),
    ],
)
def test_slopes_refuse_what_has_none(values, doses, message):
    with pytest.raises(ValueError, match=message):
        slopes(values, doses)
