"""Early stopping told from whole runs is Keras' own, and runs that train once more differ in what they should."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from claims import test_early_stopping as claims
from fixtures.early_stopping.splits import scored_split, shuffled_split, watched_split
from fixtures.early_stopping.stopped_early import (
    epochs_off,
    loss_kept,
    redundant_epochs,
    redundant_epochs_saved,
    stopped_early,
)
from fixtures.networks.initial_weights import other_weights
from fixtures.quantities import at_epochs
from pytest_claims.verdicts.runs import Runs
from tests.helpers.planted import verdict_of
from tests.helpers.samples import global_state

LOSSES = np.array(
    [
        [3.0, 2.0, 2.5, 2.1, 1.0, 1.5],  # stops before its best epoch
        [3.0, 2.0, 2.5, 1.0, 1.2, 1.1],
        [6.0, 5.0, 4.0, 3.0, 2.0, 1.0],  # never stops
        [1.0, 1.0, 1.0, 0.5, 0.4, 0.3],  # no lower is no better
    ]
)


def runs_with(losses):
    return Runs("a", "fast", tuple(range(len(losses))), {"val_loss": losses, "val_accuracy": 1 - losses / 10}, {})


def keras_early_stopping(losses, patience):
    """Epochs, counted from 1, that Keras' callback runs, and whose weights it leaves."""
    import keras

    weights = SimpleNamespace(now=0, stop_training=False)
    weights.get_weights = lambda: weights.now
    weights.set_weights = lambda kept: setattr(weights, "now", kept)
    callback = keras.callbacks.EarlyStopping(
        monitor="val_loss", mode="min", patience=patience, restore_best_weights=True
    )
    callback.set_model(weights)
    callback.on_train_begin()
    for epoch, loss in enumerate(losses):
        weights.now = epoch + 1
        callback.on_epoch_end(epoch, {"val_loss": loss})
        if weights.stop_training:
            break
    callback.on_train_end()
    return epoch + 1, weights.now


@pytest.mark.parametrize("patience", [1, 2, 3])
def test_runs_are_stopped_as_keras_stops_them(patience):
    rng = np.random.default_rng(patience)
    noisy = np.linspace(2, 1, 12) + rng.normal(0, 0.3, (40, 12))
    tied = rng.integers(0, 4, (40, 12)).astype(float)
    diverged = np.where(rng.random((40, 12)) < 0.3, np.inf, noisy)
    for losses in (noisy, tied, diverged):
        stopped, kept = stopped_early(losses, patience)
        expected = [keras_early_stopping(run, patience) for run in losses]
        assert list(zip(stopped.tolist(), kept.tolist(), strict=True)) == expected
        assert len(set(stopped.tolist())) > 2


def test_quantities_are_counted_from_whole_runs():
    runs = runs_with(LOSSES)
    assert loss_kept(runs).values.tolist() == [2.0, 1.0, 1.0, 1.0]
    assert epochs_off(runs).values.tolist() == [3, 0, 0, 5]
    assert redundant_epochs(runs).values.tolist() == [1, 2, 0, 0]
    # The first stops at 4, but the fifth epoch is not redundant; the second runs to the end, which is 6.
    assert redundant_epochs_saved(runs).values.tolist() == [1, 0, 0, 0]
    assert redundant_epochs(runs).unit == "epochs"
    assert loss_kept(runs).unit == runs.lowest("val_loss").unit


def test_metric_is_taken_at_each_seeds_epoch():
    runs = runs_with(LOSSES)
    best = runs.epoch_of_lowest("val_loss")
    assert at_epochs(runs, "val_loss", best).values.tolist() == LOSSES.min(axis=1).tolist()
    assert at_epochs(runs, "val_accuracy", best).unit == "accuracy"
    with pytest.raises(ValueError, match="seeds"):
        at_epochs(runs_with(LOSSES[:2]), "val_loss", best)


@pytest.fixture
def reviews():
    return {"train_labels": (np.arange(1_000) % 3 == 0).astype(np.uint8)}


@pytest.mark.parametrize("tier", ["fast", "full"])
def test_no_review_is_scored_that_was_trained_on_or_watched(reviews, tier):
    watched, scored = watched_split(reviews, tier, 900), scored_split(reviews, tier, 900)
    again, on_all = (shuffled_split(reviews, tier, 900, with_validation=given) for given in (False, True))
    np.testing.assert_array_equal(watched.train_rows, scored.train_rows)
    for other in (again, on_all):
        np.testing.assert_array_equal(other.validation_rows, scored.validation_rows)
    known = set(on_all.train_rows.tolist())
    assert known == set(watched.train_rows.tolist()) | set(watched.validation_rows.tolist())
    assert not known & set(scored.validation_rows.tolist())
    assert set(again.train_rows.tolist()) == set(watched.train_rows.tolist())
    assert again.train_rows.tolist() != watched.train_rows.tolist()
    for split in (watched, scored, again, on_all):
        np.testing.assert_array_equal(split.train_targets[:, 0], reviews["train_labels"][split.train_rows])
        np.testing.assert_array_equal(split.validation_targets[:, 0], reviews["train_labels"][split.validation_rows])


def test_other_weights_are_distributed_as_the_first_and_independent_of_them():
    weights = {"0/kernel": np.ones((200, 100), np.float32), "0/bias": np.ones(100, np.float32)}
    before = global_state()
    drawn, again, other = (other_weights(weights, seed) for seed in (900, 900, 901))
    limit = np.sqrt(6 / 300)
    assert abs(drawn["0/kernel"]).max() == pytest.approx(limit, rel=0.01)
    assert drawn["0/kernel"].std() == pytest.approx(limit / np.sqrt(3), rel=0.02)
    assert not drawn["0/bias"].any()
    assert drawn["0/kernel"].dtype == np.float32
    np.testing.assert_array_equal(drawn["0/kernel"], again["0/kernel"])
    assert abs(np.corrcoef(drawn["0/kernel"].ravel(), other["0/kernel"].ravel())[0, 1]) < 0.03
    assert global_state() == before


@pytest.mark.parametrize(
    ("at_end", "expected"),
    [
        pytest.param((0.5, 0.5, 0.5), "supported", id="the best of four"),
        pytest.param((0.5, 0.2, 0.5), "supported", id="the second best"),
        pytest.param((0.2, 0.5, 0.2), "refuted", id="the third best"),
    ],
)
def test_early_stopping_is_among_the_two_most_effective_only_where_two_others_end_higher(at_end, expected):
    luck = np.random.default_rng(900).uniform(0.98, 1.02, size=(20, 1))
    ends = dict(zip(("imdb_l2", "imdb_dropout", "imdb_4_4"), at_end, strict=True))
    worlds = {
        "imdb_baseline": [0.5, 0.3, 0.4, 0.6, 0.8],
        **{arm: [0.4, 0.4, 0.4, 0.4, end] for arm, end in ends.items()},
    }
    curves = {arm: luck * curve for arm, curve in worlds.items()}
    histories = {arm: {"val_loss": curve, "val_cross_entropy": curve} for arm, curve in curves.items()}

    assert verdict_of(claims.test_early_stopping_is_one_of_the_most_effective, {}, histories) == expected
