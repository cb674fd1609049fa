"""What measures evaluation finds what was planted, and nothing where nothing was."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold, RepeatedKFold

from fixtures.data import stand_ins
from fixtures.data.imdb import imdb_pool
from fixtures.data.reviews import sparse_reviews
from fixtures.evaluation.accuracies import accuracy_on_test, accuracy_on_training
from fixtures.evaluation.choices import (
    NUM_CONFIGURATIONS,
    SEARCHES,
    chosen_by_validation,
    configurations,
    scores_of_chosen,
)
from fixtures.evaluation.folds import estimates, fits_of_iterated_k_fold, fold_scores, shuffles
from fixtures.evaluation.unequal_classes import imbalanced, ninety_to_ten
from fixtures.evaluation.validation_curves import curve_roughness, roughness
from tests.helpers.samples import global_state


@pytest.fixture(scope="module")
def texts():
    return stand_ins.reviews()


def optimism(scores):
    return np.array([scores[f"validation_{k}"] - scores[f"test_{k}"] for k in SEARCHES])


def test_sparse_reviews_are_those_of_the_pool(texts):
    pool = imdb_pool(texts, num_words=500)

    assert (sparse_reviews(texts, num_words=500).toarray() == pool).all()
    assert sparse_reviews(texts, part="test", num_words=500).shape == (2_000, 500)
    assert sparse_reviews(texts, num_words=500) is sparse_reviews(texts, num_words=500)


# Training and test accuracy.


def trained_to_read_one_word(texts, tier):
    """A network of one unit that answers "positive" where a review has word 50."""
    num_words = 100
    weights = {"0/kernel": np.zeros((num_words, 1))}
    train_rows, pool = np.arange(3_000), imdb_pool(texts, num_words=num_words)
    return SimpleNamespace(
        weights=weights,
        arrays=texts,
        tier=tier,
        seed=900,
        split=SimpleNamespace(train_rows=train_rows, train_targets=texts["train_labels"][train_rows][:, None]),
        inputs=lambda rows: pool[rows].astype(np.float32),
        logits=lambda inputs: inputs[:, [50]] - 0.5,
    )


@pytest.mark.parametrize("tier", ["fast", "full"])
def test_accuracies_are_those_of_the_parts(texts, tier):
    trained = trained_to_read_one_word(texts, tier)
    on_test = sparse_reviews(texts, part="test", num_words=100).toarray()[:, 50] == texts["test_labels"]
    on_training = imdb_pool(texts, num_words=100)[:3_000, 50] == texts["train_labels"][:3_000]

    assert accuracy_on_test(trained) == pytest.approx(on_test.mean(), abs=1e-12)
    assert accuracy_on_training(trained) == pytest.approx(on_training.mean(), abs=1e-12)


def test_fast_tier_tests_on_a_block_of_its_own(texts, monkeypatch):
    monkeypatch.setattr("fixtures.evaluation.accuracies.NUM_TESTED", 500)
    trained = trained_to_read_one_word(texts, "fast")
    scores = {accuracy_on_test(SimpleNamespace(**vars(trained) | {"seed": seed})) for seed in range(900, 905)}

    assert len(scores) > 1


# Choosing by validation scores.


def test_equal_configurations_are_optimistic_by_the_expected_maximum():
    rng = np.random.default_rng(900)
    accuracy, size, num_sets = 0.8, 200, 4_000
    validation = rng.binomial(size, accuracy, (NUM_CONFIGURATIONS, num_sets)) / size

    found = optimism(scores_of_chosen(validation, np.full(NUM_CONFIGURATIONS, accuracy), rng))

    standard_error = np.sqrt(accuracy * (1 - accuracy) / size)
    # Expected largest of k standard normal numbers: 0, 0.846, 1.539, 2.043, 2.508; a skewed binomial's is near.
    assert found / standard_error == pytest.approx([0, 0.846, 1.539, 2.043, 2.508], abs=0.12)


def test_scores_without_luck_are_not_optimistic():
    accuracies = np.linspace(0.5, 0.9, NUM_CONFIGURATIONS)

    scores = scores_of_chosen(np.repeat(accuracies[:, None], 5, axis=1), accuracies, np.random.default_rng(900))

    assert optimism(scores) == pytest.approx(np.zeros(len(SEARCHES)))
    assert scores["test_100"] == pytest.approx(0.9)
    assert scores["test_1"] < scores["test_10"] < scores["test_100"]


def test_configurations_differ():
    drawn = configurations(np.random.default_rng(900))

    assert len({str(sorted(model.get_params().items(), key=str)) for model, _ in drawn}) == NUM_CONFIGURATIONS
    assert all(200 <= num_words <= 2_000 for _, num_words in drawn)


def test_reviews_without_a_mood_leak_all_the_same_when_they_are_searched(texts):
    coins = dict(texts) | {"train_labels": np.random.default_rng(900).permutation(texts["train_labels"])}
    scores = chosen_by_validation(coins, "fast", 900)

    assert [scores["test_1"], scores["test_100"]] == pytest.approx([0.5, 0.5], abs=0.02)
    assert scores["validation_100"] > 0.54


# Hold-out, K-fold, iterated K-fold.


def test_fold_scores_are_those_of_scikit_learn():
    from sklearn.model_selection import cross_val_score

    rng = np.random.default_rng(900)
    inputs, folds = rng.normal(size=(60, 3)), KFold(5, shuffle=True, random_state=0)
    labels = (inputs[:, 0] + rng.normal(size=60) > 0).astype(int)
    expected = cross_val_score(LogisticRegression(), inputs, labels, cv=folds)

    assert fold_scores(LogisticRegression(), inputs, labels, folds) == pytest.approx(expected)


def test_k_fold_of_a_constant_answer_does_not_depend_on_the_shuffle():
    labels = (np.arange(200) < 140).astype(int)
    found = estimates(DummyClassifier(strategy="constant", constant=1), np.zeros((200, 1)), labels, range(100))

    # Each example is held out once, so the average is the share of 1 however they are shuffled. A hold-out score is
    # the share of 1 among 40 of 200 drawn without replacement.
    assert found["k_fold"] == pytest.approx(np.full(100, 0.7))
    assert found["iterated"] == pytest.approx(np.full(100, 0.7))
    assert found["hold_out"].std(ddof=1) == pytest.approx(stats.hypergeom(200, 140, 40).std() / 40, rel=0.22)


def test_k_fold_is_the_first_repetition_of_the_iterated_one():
    rng = np.random.default_rng(900)
    inputs, labels = rng.normal(size=(200, 3)), rng.integers(2, size=200)
    found = estimates(LogisticRegression(), inputs, labels, [1, 2])
    folds = [RepeatedKFold(n_splits=5, n_repeats=repeats, random_state=2) for repeats in (1, 4)]
    once, iterated = (fold_scores(LogisticRegression(), inputs, labels, one) for one in folds)

    assert found["hold_out"][1] == once[0]
    assert found["k_fold"][1] == pytest.approx(once.mean())
    assert found["iterated"][1] == pytest.approx(iterated.mean())
    assert len(iterated) == 20


def test_repetitions_of_a_guess_average_out():
    guess = DummyClassifier(strategy="uniform", random_state=np.random.RandomState(900))
    labels = np.arange(200) % 2
    found = estimates(guess, np.zeros((200, 1)), labels, range(80))

    spreads = {way: scores.std(ddof=1) for way, scores in found.items()}
    assert spreads["hold_out"] == pytest.approx(0.5 / np.sqrt(40), rel=0.2)
    assert spreads["k_fold"] / spreads["hold_out"] == pytest.approx(1 / np.sqrt(5), rel=0.3)
    assert spreads["iterated"] / spreads["k_fold"] == pytest.approx(1 / np.sqrt(4), rel=0.3)


def test_as_many_models_are_trained_as_p_times_k():
    counted = [fits_of_iterated_k_fold(None, "fast", seed) for seed in range(900, 910)]

    assert [one["more_than_p_times_k"] for one in counted] == [0] * 10
    assert len({one["fits"] for one in counted}) > 5


# Nine of one class, one of the other.


def test_imbalanced_data_have_the_documented_posterior_and_ranking():
    separation = 0.75
    features, labels = imbalanced(200_000, separation, np.random.default_rng(900))
    limit = separation / 2 + np.log(9) / separation

    assert labels.mean() == 0.1
    assert roc_auc_score(labels, features[:, 0]) == pytest.approx(stats.norm.cdf(separation / np.sqrt(2)), abs=0.006)
    assert roc_auc_score(labels, features[:, 1]) == pytest.approx(0.5, abs=0.01)
    near = np.abs(features[:, 0] - limit) < 0.15
    assert labels[near].mean() == pytest.approx(0.5, abs=0.08)
    assert ((features[:, 0] > limit) == labels).mean() == pytest.approx(0.9, abs=0.002)


def test_network_ranks_only_where_there_is_something_to_see(monkeypatch):
    seen = ninety_to_ten(None, "fast", 900)
    monkeypatch.setattr("fixtures.evaluation.unequal_classes.SEPARATION", 0.0)
    unseen = ninety_to_ten(None, "fast", 900)
    monkeypatch.setattr("fixtures.evaluation.unequal_classes.SEPARATION", 4.0)
    plain = ninety_to_ten(None, "fast", 900)

    assert [seen["ignorant_accuracy"], seen["ignorant_balanced"]] == [0.9, 0.5]
    assert seen["roc_auc"] > 0.6
    assert unseen["roc_auc"] == pytest.approx(0.5, abs=0.04)
    assert min(plain["accuracy"], plain["balanced"], plain["roc_auc"]) > 0.92


# Validation curves.


def test_roughness_of_lines_and_of_noise():
    epochs = np.arange(2_000)
    noise = np.random.default_rng(900).normal(0, 0.1, (2_000, 100))

    assert roughness((0.3 - 0.01 * epochs)[:, None], 1) == pytest.approx(0, abs=1e-12)
    # Second differences of white noise have a standard deviation of √6, and a normal number's median size is 0.6745.
    for size in (1, 25, 100):
        expected = 0.1 / np.sqrt(size) * np.sqrt(6) * 0.6745
        assert roughness(0.3 * epochs[:, None] + noise, size) == pytest.approx(expected, rel=0.05)
    assert roughness(np.where(epochs == 1_000, 1.0, 0.0)[:, None], 1) == 0


@pytest.mark.parametrize("measure", [chosen_by_validation, shuffles, curve_roughness])
def test_same_seed_gives_the_same_numbers_and_another_others(texts, measure, monkeypatch):
    monkeypatch.setattr("fixtures.evaluation.folds.NUM_SHUFFLES", 2)
    monkeypatch.setattr("fixtures.evaluation.validation_curves.NUM_EPOCHS", 4)
    state = global_state()
    first = measure(texts, "fast", 900)

    assert measure(texts, "fast", 900) == first
    assert measure(texts, "fast", 901) != first
    assert global_state() == state
