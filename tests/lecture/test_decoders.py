"""Decoders give the same inputs in NumPy and in JAX; the white noise is white, and fixed by seed, row and channel."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy import stats

from fixtures.data.decoders import _mixed, beside_noise, beside_zeros, multi_hot, pixels, white_noise

BATCH = np.random.default_rng(0).integers(0, 256, (8, 20), dtype=np.uint8)
ROWS = np.array([7, 59_999, 0, 1, 2, 30, 31, 7], np.int32)
DECODERS = [pixels, multi_hot, partial(beside_zeros, channels=5), partial(beside_noise, channels=5)]


@pytest.mark.parametrize("decode", DECODERS, ids=["pixels", "multi_hot", "beside_zeros", "beside_noise"])
def test_numpy_and_compiled_jax_give_the_same_bits(decode: Any) -> None:
    import jax

    compiled = jax.jit(partial(decode, jax.numpy))
    for seed in (0, 1, 2**32 - 1):
        here = decode(np, BATCH, ROWS, np.uint32(seed))
        there = np.asarray(compiled(BATCH, ROWS, np.uint32(seed)))

        assert here.dtype == there.dtype == np.float32
        assert here.tobytes() == there.tobytes()


def test_pixels_are_grey_values_from_0_to_1() -> None:
    greys = np.arange(256, dtype=np.uint8)[:, None]

    decoded = pixels(np, greys, None, None)

    np.testing.assert_allclose(decoded, greys / 255, rtol=1e-6)
    assert (decoded.min(), decoded.max()) == (0, 1)


def test_channels_stand_beside_the_pixels() -> None:
    noisy, zeros = (decode(np, BATCH, ROWS, 3, channels=4) for decode in (beside_noise, beside_zeros))

    assert noisy.shape == zeros.shape == (8, 24)
    assert np.array_equal(noisy[:, :20], pixels(np, BATCH, ROWS, 3))
    assert np.array_equal(zeros[:, :20], pixels(np, BATCH, ROWS, 3))
    assert np.array_equal(noisy[:, 20:], white_noise(np, ROWS, 3, channels=4))
    assert not zeros[:, 20:].any()


def test_noise_depends_on_seed_row_and_channel_only() -> None:
    noise = white_noise(np, ROWS, 3, channels=50)

    assert np.array_equal(noise[0], noise[-1])  # row 7 both times, wherever in the batch
    assert np.array_equal(noise[:, :10], white_noise(np, ROWS, 3, channels=10))
    assert not np.isin(noise, white_noise(np, ROWS, 4, channels=50)).any()


def test_bits_are_mixed_as_murmurhash3_does() -> None:
    # MurmurHash3_x86_32 of an empty key is fmix32 of its seed; these are Appleby's for the seeds 0, 1 and 2**32 − 1.
    mixed = _mixed(np, np.array([0, 1, 2**32 - 1], dtype=np.uint32))

    assert mixed.tolist() == [0, 0x514E28B7, 0x81F16F39]


def test_noise_is_uniform() -> None:
    noise = white_noise(np, np.arange(2_000), 0, channels=1_000)

    assert stats.kstest(noise.ravel(), "uniform").pvalue > 1e-3
    assert noise.min() >= 0
    assert noise.max() < 1
    # As many numbers occur twice as in independent draws of 24 bits.
    num_twice = noise.size - np.unique(noise).size
    expected = noise.size - 2**24 * -np.expm1(-noise.size / 2**24)
    assert num_twice == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("neighbour", ["row", "channel", "seed", "transposed"])
def test_noise_of_neighbours_is_uncorrelated(neighbour: str) -> None:
    noise = white_noise(np, np.arange(1_000), 0, channels=1_000)
    other = {
        "row": np.roll(noise, 1, axis=0),
        "channel": np.roll(noise, 1, axis=1),
        "seed": white_noise(np, np.arange(1_000), 1, channels=1_000),
        "transposed": np.roll(noise.T, 1, axis=0),
    }[neighbour]

    standard_error = 1 / np.sqrt(noise.size)
    for bits in (0, 8, 16):  # the leading bits, and those below them
        left, right = (noise * 2**bits) % 1, (other * 2**bits) % 1
        assert abs(np.corrcoef(left.ravel(), right.ravel())[0, 1]) < 4 * standard_error
