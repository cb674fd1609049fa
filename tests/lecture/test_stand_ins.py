"""Stand-ins have the layout of the real sets, leak nothing into validation, and are what their docstrings say."""

from __future__ import annotations

import numpy as np
import pytest

from fixtures.data.imdb import IMDB_LAYOUT
from fixtures.data.mnist import MNIST_LAYOUT
from fixtures.data.splits import imdb_split, mnist_split
from fixtures.data.stand_ins import BAYES_ERROR, Arrays, choose_originals, digits, log_odds, reviews
from pytest_claims.data.sets import content_hash


@pytest.fixture(scope="module")
def images() -> Arrays:
    return digits()


@pytest.fixture(scope="module")
def texts() -> Arrays:
    return reviews()


def test_digits_are_laid_out_as_mnist(images: Arrays) -> None:
    assert {name: array.dtype for name, array in images.items()} == {
        name: np.dtype(dtype) for name, (dtype, _) in MNIST_LAYOUT.items()
    }
    assert images["x_train"].shape == (10_000, 28, 28)
    assert images["x_test"].shape == (2_000, 28, 28)
    assert [len(images["y_train"]), len(images["y_test"])] == [10_000, 2_000]


def test_digits_are_as_bright_and_as_contrasted_as_mnist(images: Arrays) -> None:
    greys = images["x_train"] / 255

    assert greys.mean() == pytest.approx(0.131, abs=0.01)
    assert greys.std() == pytest.approx(0.308, abs=0.01)
    assert (greys > 0).mean() == pytest.approx(0.191, abs=0.01)


def test_every_digit_is_about_as_frequent(images: Arrays) -> None:
    for labels in (images["y_train"][:8_000], images["y_train"][8_000:], images["y_test"]):
        assert np.bincount(labels, minlength=10).min() > 0.06 * len(labels)


def test_no_original_is_in_two_parts() -> None:
    chosen = choose_originals(1_797, np.random.default_rng(0))

    assert [len(rows) for rows in chosen.values()] == [8_000, 2_000, 2_000]
    assert sum(len(np.unique(rows)) for rows in chosen.values()) == len(
        np.unique(np.concatenate(list(chosen.values())))
    )


def test_fast_tier_validates_on_the_images_of_the_validation_originals(images: Arrays) -> None:
    split = mnist_split(images, "fast", 0)

    assert (len(split.train_rows), len(split.validation_rows)) == (6_000, 1_500)
    assert split.train_rows.max() < 8_000 <= split.validation_rows.min()


def test_copies_of_an_original_differ(images: Arrays) -> None:
    flat = images["x_train"].reshape(10_000, -1)

    assert len(np.unique(flat, axis=0)) == len(flat)


def test_reviews_are_laid_out_as_imdb(texts: Arrays) -> None:
    assert set(texts) == set(IMDB_LAYOUT)
    assert [texts[f"train_{name}"].dtype for name in ("tokens", "offsets", "labels")] == [np.uint32, np.int64, np.uint8]
    for part, num_reviews in {"train": 12_000, "test": 2_000}.items():
        tokens, offsets = texts[f"{part}_tokens"], texts[f"{part}_offsets"]
        assert len(texts[f"{part}_labels"]) == len(offsets) - 1 == num_reviews
        assert (offsets[0], offsets[-1]) == (0, len(tokens))
        assert (tokens[offsets[:-1]] == 1).all()
        assert np.delete(tokens, offsets[:-1]).min() == 4
        assert tokens.max() < 30_000
    assert len(texts["words"].item().split(b"\n")) == 29_996


def test_reviews_are_as_long_and_as_balanced_as_imdb(texts: Arrays) -> None:
    lengths = np.diff(texts["train_offsets"])

    assert lengths.mean() == pytest.approx(239, rel=0.03)
    assert np.median(lengths) == pytest.approx(178, rel=0.08)
    assert (texts["train_tokens"] < 10_000).mean() == pytest.approx(0.943, abs=0.03)
    assert texts["train_labels"].mean() == pytest.approx(0.5, abs=0.02)


def test_fast_tier_has_its_sizes_on_the_reviews(texts: Arrays) -> None:
    split = imdb_split(texts, "fast", 0)

    assert (len(split.train_rows), len(split.validation_rows)) == (5_000, 2_500)


def test_posterior_is_calibrated_and_its_error_is_the_documented_one(texts: Arrays) -> None:
    odds = log_odds(texts["train_tokens"], texts["train_offsets"])
    positive = texts["train_labels"] == 1
    probability = 1 / (1 + np.exp(-np.clip(odds, -500, 500)))

    assert np.minimum(probability, 1 - probability).mean() == pytest.approx(BAYES_ERROR, abs=5e-4)
    assert ((odds > 0) != positive).mean() == pytest.approx(BAYES_ERROR, abs=0.008)  # 3 standard errors
    unsure = np.abs(odds) < 2
    assert positive[unsure].mean() == pytest.approx(probability[unsure].mean(), abs=0.04)


@pytest.mark.parametrize("name", ["images", "texts"])
def test_stand_in_is_the_same_at_every_call(name: str, request: pytest.FixtureRequest) -> None:
    again = {"images": digits, "texts": reviews}[name]()

    assert content_hash(again) == content_hash(request.getfixturevalue(name))
