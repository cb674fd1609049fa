"""What tests of fixtures share: small data of known truth in the layouts of the data sets, and what must not change."""

from __future__ import annotations

import numpy as np

ORDINARY_TOKEN = 4


def pictures(num_images: int) -> dict[str, np.ndarray]:
    """Images in the layout of MNIST: bright left of a column that belongs to the class."""
    rng = np.random.default_rng(0)
    labels = rng.integers(10, size=num_images).astype(np.uint8)
    left = np.arange(28)[None, None, :] < 2 * labels[:, None, None] + 4
    images = (left * rng.integers(128, 256, (num_images, 28, 28))).astype(np.uint8)
    return {"x_train": images, "y_train": labels}


def opinions(telling_token: int = ORDINARY_TOKEN) -> dict[str, np.ndarray]:
    """Reviews in the layout of IMDB, of which the fifth token, this one or the next, says what they are."""
    rng = np.random.default_rng(0)
    num_reviews, length = 8_000, 20
    labels = rng.integers(2, size=num_reviews).astype(np.uint8)
    tokens = rng.integers(10, 1_000, (num_reviews, length)).astype(np.uint32)
    tokens[:, 0], tokens[:, 5] = 1, labels + np.uint32(telling_token)
    offsets = np.arange(num_reviews + 1) * length
    return {"train_tokens": tokens.ravel(), "train_offsets": offsets, "train_labels": labels}


def global_state() -> tuple[bytes, int]:
    """The state of NumPy's global generator: a few draws move its position and leave its key as it is."""
    _, key, position, *_ = np.random.get_state()  # noqa: NPY002  # that it is left alone is the question
    return key.tobytes(), position
