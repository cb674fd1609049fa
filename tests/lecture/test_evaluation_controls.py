"""Claims on choices and scores come out otherwise in worlds in which they are false."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from claims import test_evaluation as claims
from fixtures.data import stand_ins
from fixtures.evaluation import choices, folds
from fixtures.evaluation.choices import chosen_by_test, chosen_by_validation
from tests.helpers.planted import measured, verdict_of
from tests.helpers.samples import ORDINARY_TOKEN, opinions

NUM_SEEDS = 16


@pytest.fixture(scope="module")
def texts():
    return stand_ins.reviews()


@pytest.fixture
def quick(monkeypatch):
    """Classifiers are fitted to few reviews: what choosing leaks is a matter of the sets that choose."""
    for name in ("NUM_FITTED", "NUM_FITTED_TO_TEST"):
        monkeypatch.setattr(choices, name, 200)


def verdict(claim, arm, measure, data):
    return verdict_of(claim, {arm: measured(lambda seed: measure(data, "fast", seed), NUM_SEEDS)})


# Tuning.

ON_TEST = (claims.test_tuning_on_the_test_set_flaws_the_measure, "tuning_on_test", chosen_by_test)
ON_VALIDATION = (claims.test_more_tuning_leaks_more, "tuning", chosen_by_validation)


@pytest.mark.parametrize("claim", [ON_TEST, ON_VALIDATION], ids=["E12", "E03"])
def test_tuning_leaks_where_configurations_differ(claim, texts, quick):
    assert verdict(*claim, texts) == "supported"


@pytest.mark.parametrize("claim", [ON_TEST, ON_VALIDATION], ids=["E12", "E03"])
def test_a_choice_among_equals_does_not_leak(claim, texts, quick, monkeypatch):
    drawn = choices.configurations
    monkeypatch.setattr(choices, "configurations", lambda rng: drawn(rng)[:1] * choices.NUM_CONFIGURATIONS)

    assert verdict(*claim, texts) == "refuted"


def test_one_choice_among_three_leaks_much_on_a_small_validation_set(texts, quick, monkeypatch):
    monkeypatch.setattr(choices, "VALIDATION_SIZE", 20)

    assert verdict(*ON_VALIDATION, texts) == "refuted"


def test_what_is_chosen_on_the_test_set_is_scored_on_other_reviews(texts, monkeypatch):
    scores = chosen_by_test(texts, "fast", 900)

    assert scores == chosen_by_test(texts, "fast", 900)
    assert scores != chosen_by_test(texts, "fast", 901)
    # A single configuration is scored by luck alone: 1,000 reviews, and as many others.
    assert scores["test_1"] == pytest.approx(scores["new_1"], abs=0.06)
    assert scores["test_100"] > scores["test_10"] > scores["test_1"]
    monkeypatch.setattr(choices, "VALIDATION_SIZE", 1_000)  # a single test set
    scores = chosen_by_test(texts, "fast", 900)
    assert scores["test_1"] != scores["new_1"]


# Hold-out scores.


class TellingWord(ClassifierMixin, BaseEstimator):
    """Reads the word that tells what a review is, and is wrong at a rate that each training draws anew."""

    def __init__(self, wrong):
        self.wrong = wrong

    def fit(self, inputs, labels):
        self.classes_ = np.unique(labels)
        self.rng_ = np.random.default_rng(int((inputs.indices * np.arange(len(inputs.indices))).sum()))
        self.rate_ = self.rng_.uniform(*self.wrong)
        return self

    def predict(self, inputs):
        positive = inputs[:, [ORDINARY_TOKEN + 1]].toarray()[:, 0] > 0
        return (positive ^ (self.rng_.random(len(positive)) < self.rate_)).astype(int)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        pytest.param((0.2, 0.2), "supported", id="as often wrong after each training"),
        pytest.param((0.006, 0.006), "refuted", id="hardly ever wrong"),
        pytest.param((0.0, 0.5), "refuted", id="training is a matter of luck"),
    ],
)
def test_score_depends_heavily_on_the_shuffle_unless_hardly_any_answer_is_wrong_or_training_is_luck(
    wrong, expected, monkeypatch
):
    monkeypatch.setattr(folds, "_logistic", lambda: TellingWord(wrong))
    claim = claims.test_hold_out_score_depends_on_shuffle

    assert verdict(claim, "shuffled_scores", folds.shuffles, opinions()) == expected
