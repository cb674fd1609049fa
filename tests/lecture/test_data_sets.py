"""MNIST and IMDB: what is accepted as such, how Keras' own file is converted, and which rows a run sees."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fixtures.data.imdb import IMDB, IMDB_LAYOUT, convert_imdb, imdb_pool, read_imdb
from fixtures.data.mnist import MNIST, idx_md5, mnist_pool, read_mnist
from fixtures.data.splits import imdb_split, lecture_rows, mnist_split
from pytest_claims.data.locate import locate
from pytest_claims.data.sets import Arrays
from pytest_claims.support.errors import ClaimsError

needs_data = pytest.mark.skipif(
    not os.environ.get("CLAIMS_DATA"), reason="CLAIMS_DATA does not name a directory with the real data sets"
)

NUM_REVIEWS = 25_000


def npz(arrays: Arrays) -> io.BytesIO:
    file = io.BytesIO()
    np.savez(file, **arrays)
    file.seek(0)
    return file


def reviews(num_reviews: int = NUM_REVIEWS, **changes: Any) -> dict[str, np.ndarray]:
    """Two tokens per review, in the layout of IMDB."""
    part = {
        "tokens": np.tile(np.array([1, 20], np.uint32), num_reviews),
        "offsets": np.arange(0, 2 * num_reviews + 1, 2),
        "labels": np.arange(num_reviews, dtype=np.uint8) % 2,
    }
    both = {f"{name}_{key}": array.copy() for name in ("train", "test") for key, array in part.items()}
    return both | {"words": np.array(b"the")} | changes


# Identity


@needs_data
@pytest.mark.parametrize("dataset", [MNIST, IMDB], ids=["MNIST", "IMDB"])
def test_real_data_are_accepted(dataset: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # so that it is not remembered from before

    found = locate(dataset, directory=Path(os.environ["CLAIMS_DATA"]))

    assert (found.kind, found.origin) == ("real", "directory")


@needs_data
def test_mnist_in_another_order_is_refused() -> None:
    arrays = dict(read_mnist(Path(os.environ["CLAIMS_DATA"]) / "mnist.npz"))
    arrays["x_train"] = arrays["x_train"][::-1]

    with pytest.raises(ValueError, match="found x_train with another content than MNIST's"):
        read_mnist(npz(arrays))


def test_images_that_are_not_mnist_are_refused() -> None:
    images = {
        "x_train": np.zeros((60_000, 28, 28), np.uint8),
        "y_train": np.zeros(60_000, np.uint8),
        "x_test": np.zeros((10_000, 28, 28), np.uint8),
        "y_test": np.zeros(10_000, np.uint8),
    }

    with pytest.raises(ValueError, match=r"another content than MNIST's.*expected 6bbc9ace898e44ae57da46a324031adb"):
        read_mnist(npz(images))


def test_identity_is_that_of_the_idx_file_with_its_header() -> None:
    import hashlib

    file = bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9])  # magic, one axis, of three, big-endian; then the labels

    assert idx_md5(np.array([7, 8, 9], np.uint8)) == hashlib.md5(file, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    ("name", "where", "value", "said"),
    [
        ("train_offsets", 0, 1, "found train_offsets that do not divide the 50,000 tokens"),
        ("train_offsets", -1, 49_999, "found train_offsets that do not divide"),
        ("test_offsets", 5, 8, "found test_offsets that do not divide"),
        ("train_tokens", 4, 2, "expected reviews that start with 1"),
        ("train_tokens", 5, 88_587, "found train_tokens between 1 and 88587; expected reviews"),
        ("test_tokens", 5, 0, "found test_tokens between 0 and 20"),
        ("train_labels", 0, 1, r"found train_labels that count \[12499 12501\]"),
        ("test_labels", 0, 2, "found test_labels that count"),
    ],
)
def test_reviews_that_do_not_fit_together_are_refused(name: str, where: int, value: int, said: str) -> None:
    arrays = reviews()
    read_imdb(npz(arrays))  # as they are, they do

    arrays[name][where] = value

    with pytest.raises(ValueError, match=said):
        read_imdb(npz(arrays))


def test_pickled_imdb_in_a_directory_is_refused_by_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "imdb.npz", x_train=np.array([[1], [2, 3]], dtype=object))

    with pytest.raises(ClaimsError, match=r"imdb\.npz cannot be used as IMDB: it is a pickle.*SHA-256"):
        locate(IMDB, directory=tmp_path)


def test_keras_own_imdb_becomes_what_keras_loads(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    stored: dict[str, Any] = {}
    for part in ("train", "test"):
        texts = np.empty(7, dtype=object)
        texts[:] = [rng.integers(1, 30, size=length).tolist() for length in range(2, 9)]
        stored |= {f"x_{part}": texts, f"y_{part}": rng.integers(2, size=7)}
    np.savez(tmp_path / "imdb.npz", **stored)

    arrays = convert_imdb(io.BytesIO((tmp_path / "imdb.npz").read_bytes()))

    expected = _as_keras_loads(stored)
    for part in ("train", "test"):
        texts, labels = expected[part]
        found = np.split(arrays[f"{part}_tokens"], arrays[f"{part}_offsets"][1:-1])
        assert [text.tolist() for text in found] == texts
        assert arrays[f"{part}_labels"].tolist() == labels
    assert {name: array.dtype.str[1:] for name, array in arrays.items()} == {
        name: np.dtype(dtype).str[1:] if dtype != "S" else "S1" for name, (dtype, _) in IMDB_LAYOUT.items()
    }


def _as_keras_loads(stored: dict[str, Any]) -> dict[str, tuple[list[list[int]], list[int]]]:
    """What `keras.datasets.imdb.load_data` does with its file by default: shuffle, mark the start, shift by 3."""
    rng = np.random.RandomState(113)
    loaded = {}
    for part in ("train", "test"):
        order = np.arange(len(stored[f"x_{part}"]))
        rng.shuffle(order)
        texts = [[1] + [rank + 3 for rank in stored[f"x_{part}"][i]] for i in order]
        loaded[part] = texts, stored[f"y_{part}"][order].tolist()
    return loaded


# Pools


def test_mnist_pool_is_a_view_of_the_training_images() -> None:
    arrays = {"x_train": np.arange(2 * 28 * 28, dtype=np.uint16).reshape(2, 28, 28)}

    assert mnist_pool(arrays).shape == (2, 784)
    assert np.shares_memory(mnist_pool(arrays), arrays["x_train"])
    assert mnist_pool(arrays) is mnist_pool(arrays)


def test_imdb_pool_marks_the_words_of_each_review_and_maps_rare_ones_to_2() -> None:
    arrays = {"train_tokens": np.array([1, 4, 4, 9, 1, 5], np.uint32), "train_offsets": np.array([0, 4, 6])}

    pool = imdb_pool(arrays, num_words=6)

    assert pool.tolist() == [[0, 1, 1, 0, 1, 0], [0, 1, 0, 0, 0, 1]]
    assert pool.dtype == np.uint8


# Splits

MNIST_LIKE = {"y_train": np.random.default_rng(0).integers(10, size=60_000, dtype=np.uint8)}
IMDB_LIKE = {"train_labels": np.random.default_rng(0).integers(2, size=25_000, dtype=np.uint8)}


def test_full_tier_validates_on_the_last_rows_whatever_the_seed() -> None:
    for seed in (0, 1):
        split = mnist_split(MNIST_LIKE, "full", seed)

        assert split.train_rows.tolist() == list(range(48_000))
        assert split.validation_rows.tolist() == list(range(48_000, 60_000))
    assert len(imdb_split(IMDB_LIKE, "full", 0).validation_rows) == 10_000


@pytest.mark.parametrize(
    ("split", "arrays", "first_validation_row", "sizes"),
    [(mnist_split, MNIST_LIKE, 48_000, (6_000, 3_000)), (imdb_split, IMDB_LIKE, 15_000, (5_000, 2_500))],
    ids=["MNIST", "IMDB"],
)
def test_fast_tier_draws_a_subset_of_each_part(
    split: Any, arrays: Arrays, first_validation_row: int, sizes: tuple[int, int]
) -> None:
    drawn = [split(arrays, "fast", seed) for seed in range(3)]

    for one in drawn:
        assert (len(np.unique(one.train_rows)), len(np.unique(one.validation_rows))) == sizes
        assert one.train_rows.max() < first_validation_row <= one.validation_rows.min()
        assert one.train_rows.dtype == one.validation_rows.dtype == np.int32
    assert not np.array_equal(drawn[0].train_rows, drawn[1].train_rows)
    assert np.array_equal(drawn[2].train_rows, split(arrays, "fast", 2).train_rows)


def test_fast_subsets_cover_the_part_evenly() -> None:
    counts = np.zeros(100)
    for seed in range(400):
        train, _ = lecture_rows(100, "fast", seed, validation_split=0.2, fast=(40, 10))
        counts[train] += 1

    # Each of the 80 rows is in half of the subsets; 400 fair coins lie 10 off on average.
    assert np.abs(counts[:80] - 200).max() < 50
    assert counts[80:].max() == 0


def test_small_set_gives_three_quarters_of_a_part_so_that_seeds_still_differ() -> None:
    train, validation = lecture_rows(1000, "fast", 0, validation_split=0.2, fast=(6_000, 100))

    assert (len(train), len(validation)) == (600, 100)


def test_targets_belong_to_their_rows() -> None:
    digits, moods = mnist_split(MNIST_LIKE, "fast", 5), imdb_split(IMDB_LIKE, "fast", 5)

    assert digits.train_targets.dtype == np.int32
    assert np.array_equal(digits.validation_targets, MNIST_LIKE["y_train"][digits.validation_rows])
    assert moods.train_targets.dtype == np.float32
    assert np.array_equal(moods.train_targets[:, 0], IMDB_LIKE["train_labels"][moods.train_rows])
    assert moods.train_targets.shape == (5_000, 1)


def test_shuffled_labels_are_a_permutation_of_all_labels_that_belongs_to_the_seed() -> None:
    true, shuffled, other = (
        mnist_split(MNIST_LIKE, "full", seed, shuffled_labels=on) for seed, on in [(0, False), (0, True), (1, True)]
    )
    together = [np.concatenate([split.train_targets, split.validation_targets]) for split in (true, shuffled, other)]

    assert np.array_equal(np.bincount(together[0]), np.bincount(together[1]))
    assert np.mean(together[0] == together[1]) == pytest.approx(0.1, abs=0.01)
    assert np.mean(together[1] == together[2]) == pytest.approx(0.1, abs=0.01)
    assert np.mean(true.validation_targets == shuffled.validation_targets) == pytest.approx(0.1, abs=0.02)


def test_shuffled_labels_leave_the_rows_as_they_are() -> None:
    true, shuffled = (mnist_split(MNIST_LIKE, "fast", 3, shuffled_labels=on) for on in (False, True))

    assert np.array_equal(true.train_rows, shuffled.train_rows)
    assert np.array_equal(true.validation_rows, shuffled.validation_rows)
