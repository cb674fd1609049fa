"""Quantities of runs: one number per seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pytest_claims import by_tier, ratio, slope, statistics, steps
from pytest_claims.record.build import curves
from pytest_claims.store.store import Run
from pytest_claims.verdicts.parts import Part
from pytest_claims.verdicts.runs import Runs, runs_from

LOSSES = np.array([[0.9, 0.4, 0.6, 0.5], [0.8, 0.7, 0.3, 0.7]])
ACCURACIES = np.array([[0.5, 0.8, 0.7, 0.9], [0.6, 0.6, 0.9, 0.8]])


def runs(losses=LOSSES, seeds=(0, 1), name="a", tier="fast"):
    histories = {"val_cross_entropy": losses, "cross_entropy": losses, "val_accuracy": ACCURACIES}
    return Runs(name, tier, seeds, histories, {"norm": [1.0, 2.0], "weights": [[1.0], [2.0]]})


def measured(*by_seed):
    kept = [Run("f", "a", "fast", "measurement", seed, {}, {}, values, {}, 0.1) for seed, values in enumerate(by_seed)]
    return runs_from("a", "fast", kept)


@pytest.mark.parametrize(
    ("method", "arguments", "expected", "unit"),
    [
        ("first", {}, [0.9, 0.8], "nats"),
        ("final", {}, [0.5, 0.7], "nats"),
        ("lowest", {}, [0.4, 0.3], "nats"),
        ("lowest", {"from_epoch": 4}, [0.5, 0.7], "nats"),
        ("highest", {}, [0.9, 0.8], "nats"),
        ("mean_of_last", {"num_epochs": 2}, [0.55, 0.5], "nats"),
        ("mean_of_last", {"num_epochs": by_tier(fast=2, full=4)}, [0.55, 0.5], "nats"),
        ("epoch_of_lowest", {}, [2, 3], "epochs"),
        ("rise_after_minimum", {}, [0.1, 0.4], "nats"),
        ("largest_step", {}, [0.2, 0.4], "nats"),
        ("epochs_until", {"below": 0.45}, [2, 3], "epochs"),
        ("epochs_until", {"below": 0.35}, [4, 3], "epochs"),
    ],
)
def test_each_quantity_is_what_its_name_says(method, arguments, expected, unit):
    quantity = getattr(runs(), method)("val_cross_entropy", **arguments)
    np.testing.assert_allclose(quantity.values, expected)
    assert quantity.unit == unit
    assert quantity.label.endswith(": a")


def test_accuracies_are_fractions_with_their_own_unit():
    assert runs().final("val_accuracy").unit == "accuracy"


def test_a_loss_that_diverged_is_infinite_and_never_the_lowest():
    losses = np.array([[0.9, 0.4, np.nan, np.nan], [np.nan] * 4])
    found = runs(losses)
    assert found.final("val_cross_entropy").values.tolist() == [np.inf, np.inf]
    assert found.lowest("val_cross_entropy").values[0] == 0.4
    assert found.epoch_of_lowest("val_cross_entropy").values[0] == 2
    assert np.isnan(found.rise_after_minimum("val_cross_entropy").values[1])


def test_a_pair_is_lost_by_the_run_that_diverged_and_by_neither_if_both_did():
    healthy = runs()
    one = runs(np.array([[np.nan] * 4, LOSSES[1]]), name="b")
    difference = one.final("val_cross_entropy") - healthy.final("val_cross_entropy")
    assert difference.values.tolist() == [np.inf, 0.0]
    both = one.final("val_cross_entropy") - one.final("val_cross_entropy")
    assert np.isnan(both.values[0])


def test_differences_and_ratios_are_paired_and_named():
    a, b = runs(), runs(LOSSES / 2, name="b")
    difference = a.final("val_cross_entropy") - b.final("val_cross_entropy")
    np.testing.assert_allclose(difference.values, [0.25, 0.35])
    assert difference.label == "val_cross_entropy, last epoch: a − b"
    quotient = ratio(b.final("val_cross_entropy"), a.final("val_cross_entropy"))
    np.testing.assert_allclose(np.exp(quotient.values), 0.5)
    assert (quotient.kind, quotient.unit) == ("ratio", "ratio")
    within = ratio(a.final("val_cross_entropy"), a.lowest("val_cross_entropy"))
    assert within.label == "val_cross_entropy, last epoch / val_cross_entropy, lowest: a"


def test_a_multiple_of_a_quantity_keeps_its_unit():
    half = 0.5 * runs().final("val_cross_entropy")
    np.testing.assert_allclose(half.values, [0.25, 0.35])
    assert half.label == "val_cross_entropy, last epoch: 0.5 × a"


def test_slope_is_the_change_per_dose_of_each_seed():
    arms = [runs(LOSSES * factor, name=str(factor)) for factor in (1, 2, 3)]
    change = slope([0, 1, 2], [arm.final("val_cross_entropy") for arm in arms], per="dose")
    np.testing.assert_allclose(change.values, [0.5, 0.7])
    assert change.kind == "difference"


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"seeds": (0, 2)}, "not paired: seeds (0, 1) and (0, 2)"),
        ({"tier": "full"}, "is of the fast tier, .* of the full tier"),
    ],
)
def test_what_is_not_paired_is_refused(other, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace(")", r"\)")):
        runs().final("val_cross_entropy") - runs(**other).final("val_cross_entropy")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            lambda: runs().final("val_acc"),
            "a records no 'val_acc', only cross_entropy, val_accuracy, val_cross_entropy",
        ),
        (lambda: runs().measured("nrm"), "a has no measurement 'nrm', only norm, weights"),
        (lambda: runs().measured("weights"), "is 1-dimensional, not a number"),
        (
            lambda: measured({"size": [1.0]}, {"size": [1.0, 2.0]}).measured("size"),
            "cannot be read as one number per seed",
        ),
        (lambda: measured({"size": 10**400}).measured("size"), "cannot be read as one number per seed: .*too large"),
        (lambda: measured({}).measured("size"), "a has no measurement 'size', only none"),
        (
            lambda: measured({"size": 1.0}, {"mass": 1.0}),
            "a has the measurements size for seed 0, and mass for seed 1; expected the same names for every seed",
        ),
        (lambda: runs().mean_of_last("val_accuracy", 9), "has 4 epochs, not 9"),
        (lambda: runs().final("val_accuracy") - runs().final("val_cross_entropy"), "is in 'accuracy' and .* in 'nats'"),
        (lambda: runs().final("val_accuracy").between(0.4, 0.2), "the lower bound comes first"),
        (lambda: ratio(runs(-LOSSES).final("val_cross_entropy"), runs().final("val_cross_entropy")), "negative values"),
        (
            lambda: slope([0, 1], [runs().final("val_accuracy")], per="dose"),
            "a dose for each of three or more quantities, not 2 and 1",
        ),
        (lambda: 2 * ratio(runs().final("val_accuracy"), runs().final("val_accuracy")), "no plain quantity"),
    ],
)
def test_misuse_says_what_is_there(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


def test_curves_are_the_mean_and_the_spread_over_seeds():
    stored = [
        Run("f", "a", "fast", "stacked", seed, {}, {"loss": history}, {}, {}, 1.0)
        for seed, history in enumerate([[1.0, 2.0], [3.0, float("nan")]])
    ]
    curve = curves(stored)["loss"]
    assert curve["mean"] == [2.0, None]
    assert curve["low"] == [pytest.approx(2 - np.sqrt(2), rel=1e-4), None]
    assert curve["runs"] == [[1.0, 2.0], [3.0, None]]


def test_a_run_that_has_not_turned_or_arrived_is_known_to_be_later():
    losses = np.array([[0.9, 0.4, 0.6, 0.5], [0.8, 0.7, 0.5, 0.3]])
    assert runs(losses).epoch_of_lowest("val_cross_entropy").at_least.tolist() == [False, True]
    assert runs(losses).epochs_until("val_cross_entropy", below=0.35).at_least.tolist() == [True, False]


def test_what_may_be_later_makes_a_difference_larger_or_smaller():
    early = runs(np.array([[0.4, 0.9], [0.4, 0.9]])).epoch_of_lowest("val_cross_entropy")
    late = runs(np.array([[0.9, 0.4], [0.4, 0.9]])).epoch_of_lowest("val_cross_entropy")
    assert (late - early).at_least.tolist() == [True, False]
    assert not (late - early).at_most.any()
    assert (early - late).at_most.tolist() == [True, False]
    assert (early - -1.0 * late).at_least.tolist() == [True, False]


def test_a_difference_remembers_what_it_was_made_of():
    first, last = runs().first("val_cross_entropy"), runs().final("val_cross_entropy")
    assert (last - first).operands == (last, first)
    assert first.operands == ()


def marks_of(quantity):
    rule = statistics.SuperiorityRule("greater", 0.0)
    part = Part(quantity, rule, 0.0, statistics.fixed_look(len(quantity.seeds)))
    return [tuple(mark.values()) for mark in part.record(part.decision(1))["marks"]]


def test_a_quantity_tells_which_places_of_which_curve_it_is_about():
    assert marks_of(runs().first("val_accuracy")) == [("val_accuracy", ["first"], None)]
    assert marks_of(runs().rise_after_minimum("val_cross_entropy")) == [("val_cross_entropy", ["lowest", "last"], None)]
    assert marks_of(runs().mean_of_last("val_accuracy", 2)) == [("val_accuracy", [], 2)]
    gap = runs().highest("val_accuracy") - runs().final("val_accuracy")
    assert marks_of(gap) == [("val_accuracy", ["highest"], None), ("val_accuracy", ["last"], None)]
    assert marks_of(runs().final("val_accuracy") - runs().final("val_accuracy")) == marks_of(
        runs().final("val_accuracy")
    )
    assert marks_of(runs().measured("norm")) == []


def test_a_quantity_of_another_name_is_about_the_metric_and_no_longer_about_the_place():
    other = replace(runs().final("val_accuracy"), name="val_accuracy, epoch 2")
    assert marks_of(other) == [("val_accuracy", [], None)]
    assert marks_of(other - other) == [("val_accuracy", [], None)]


def test_steps_are_differences_between_neighbours():
    first, lowest, last = (getattr(runs(), name)("val_cross_entropy") for name in ("first", "lowest", "final"))
    np.testing.assert_allclose([step.values for step in steps([first, lowest, last])], [[-0.5, -0.5], [0.1, 0.4]])
    with pytest.raises(ValueError, match="two or more quantities, not 1"):
        steps([first])


def test_runs_of_different_data_are_not_compared():
    one, other = (
        Runs(data, "fast", (0, 1), {"val_cross_entropy": LOSSES}, {}, data).final("val_cross_entropy")
        for data in ("digits", "reviews")
    )
    with pytest.raises(ValueError, match="are of different data"):
        one - other
    with pytest.raises(ValueError, match="are of different data"):
        ratio(one, other)
    assert (one - one).data == "digits"


def test_what_needs_no_data_is_compared_with_anything():
    histories = {"val_cross_entropy": LOSSES}
    of_data = Runs("a", "fast", (0, 1), histories, {}, "digits").final("val_cross_entropy")
    without = Runs("b", "fast", (0, 1), histories, {}).final("val_cross_entropy")
    assert (without - of_data).data == "digits"


def test_a_claim_cannot_change_the_numbers_that_others_are_judged_by():
    stored = [Run("f", "a", "fast", "fit", seed, {}, {"val_accuracy": [0.5]}, {}, {}, 1.0) for seed in (0, 1)]
    with pytest.raises(ValueError, match="read-only"):
        runs_from("a", "fast", stored).history("val_accuracy")[:] = 1.0
