"""Ladders of networks are of the sizes they say; flipped labels are found, and only those."""

from __future__ import annotations

import dataclasses
import itertools
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from fixtures.capacity import arms
from fixtures.capacity.answers import says_given_label, says_true_label
from fixtures.capacity.few_images import FEW_IMAGES, FEWER_IMAGES, few_images, flipped
from pytest_claims.support.vocabulary import TIERS, at_tier
from tests.helpers.samples import global_state

# All that is looked at of MNIST: its labels.
LABELS = {"y_train": np.resize(np.arange(10, dtype=np.uint8), 60_000)}


def declared(name: str):
    return getattr(arms, name).__claims_source__


def test_share_of_labels_is_flipped_to_each_other_digit_equally_often():
    labels = np.resize(np.arange(10), 20_000)

    given = flipped(labels, 0.2, np.random.default_rng(0))

    wrong = given != labels
    assert wrong.sum() == 4_000
    # Each digit, and each of the nine others that it became: 4,000 / 90 = 44 expected.
    counts = np.zeros((10, 10), dtype=int)
    np.add.at(counts, (labels[wrong], given[wrong]), 1)
    assert (np.diag(counts) == 0).all()
    assert counts.sum(axis=1).min() > 300
    assert counts[~np.eye(10, dtype=bool)].min() > 15
    assert counts[~np.eye(10, dtype=bool)].max() < 80


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_as_many_labels_are_flipped_as_the_share_says(share):
    labels = np.resize(np.arange(10), 400)
    before = labels.copy()

    given = flipped(labels, share, np.random.default_rng(0))

    assert (given != labels).sum() == share * 400
    assert (labels == before).all()
    assert ((given >= 0) & (given < 10)).all()


def test_flipping_changes_training_labels_alone():
    arrays = LABELS

    clean = few_images(arrays, "fast", 0)
    given = few_images(arrays, "fast", 0, flipped_share=0.2)

    assert (clean.train_rows == given.train_rows).all()
    assert (clean.validation_rows == given.validation_rows).all()
    assert (clean.train_targets == arrays["y_train"][clean.train_rows]).all()
    assert (given.train_targets != clean.train_targets).sum() == 0.2 * len(clean.train_targets)
    assert (given.validation_targets == arrays["y_train"][given.validation_rows]).all()


def test_each_seed_draws_its_own_images_and_labels_in_either_tier():
    before = global_state()

    for tier, sizes in itertools.product(TIERS, (FEW_IMAGES, FEWER_IMAGES)):
        draw = partial(few_images, LABELS, tier, sizes=sizes, flipped_share=0.2)
        first, again, other = (draw(seed) for seed in (0, 0, 1))
        assert (len(first.train_rows), len(first.validation_rows)) == sizes[tier]
        assert (first.train_rows == again.train_rows).all()
        assert (first.train_targets == again.train_targets).all()
        assert (first.train_rows != other.train_rows).any()
        flipped_at = [run.train_targets != LABELS["y_train"][run.train_rows] for run in (first, other)]
        assert (flipped_at[0] != flipped_at[1]).any()
        assert first.train_rows.max() < 48_000 <= first.validation_rows.min()

    assert global_state() == before


def trained_to_say(says) -> SimpleNamespace:
    """What measurements see of a network whose predictions are `says(true, given)` on the training images."""
    split = few_images(LABELS, "fast", 0, flipped_share=0.2)
    said = np.full(60_000, -1)
    said[split.train_rows] = says(LABELS["y_train"][split.train_rows], split.train_targets)
    return SimpleNamespace(
        arrays=LABELS, split=split, inputs=lambda rows: rows, logits=lambda rows: np.eye(10)[said[rows]]
    )


@pytest.mark.parametrize(
    ("says", "true", "given"),
    [
        (lambda true, given: true, 1, 0),
        (lambda true, given: given, 0, 1),
        (lambda true, given: np.where(np.arange(len(true)) % 2, true, given), 0.5, 0.5),
        (lambda true, given: np.full(len(true), 3), 0.1, 0.1),
    ],
    ids=["truth", "labels by heart", "half of them by heart", "always three"],
)
def test_what_a_network_says_of_flipped_images_is_told(says, true, given):
    trained = trained_to_say(says)

    assert says_true_label(trained) == pytest.approx(true, abs=0.08)
    assert says_given_label(trained) == pytest.approx(given, abs=0.08)


@pytest.mark.parametrize(
    ("prefix", "names"),
    [
        ("few", ["4", "8", "16", "32", "64", "32_32"]),
        ("flipped", ["8", "32", "64"]),
        ("imdb", ["1_1", "2_2", "64_64", "1_1_long"]),
    ],
)
def test_networks_have_the_widths_of_their_names(prefix, names):
    for name in names:
        widths = tuple(int(width) for width in name.removesuffix("_long").split("_"))
        assert declared(f"{prefix}_{name}").model.keywords["hidden"] == widths


@pytest.mark.parametrize("prefix", ["few", "flipped"])
def test_arms_of_a_ladder_differ_by_their_model_alone(prefix):
    ladder = [declared(name) for name in vars(arms) if name.startswith(f"{prefix}_") and name != "few_images"]

    assert len(ladder) > 2
    without_model = [{**vars(step), "model": None} for step in ladder]
    assert all(step == without_model[0] for step in without_model)


def test_long_runs_are_three_times_as_long_on_the_fast_tiers_words():
    short, long = declared("imdb_1_1"), declared("imdb_1_1_long")

    assert long.epochs == 3 * short.epochs
    assert at_tier(short.data.pool, "fast").keywords == at_tier(long.data.pool, "full").keywords
    assert long.data.split == short.data.split
    assert (
        dataclasses.replace(
            long, data=short.data, epochs=short.epochs, model=short.model, measurements=short.measurements
        )
        == short
    )
