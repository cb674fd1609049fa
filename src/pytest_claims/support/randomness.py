"""Streams of random numbers. A seed and words name each stream, so no stream depends on earlier draws."""

from __future__ import annotations

import hashlib

import numpy as np


def generator(seed: int, *words: str | int) -> np.random.Generator:
    """Make the generator that belongs to `seed` and `words`.

    The same arguments give the same stream on every machine and in every process. Different words give an independent
    stream. The function leaves NumPy's global generator alone.

    Parameters
    ----------
    seed
        A non-negative integer.
    words
        The purpose of the stream, for instance ``"order", 3``.

    Raises
    ------
    ValueError
        If `seed` is negative.

    Examples
    --------
    >>> first, again = generator(0, "order", 3), generator(0, "order", 3)
    >>> bool(first.integers(1000) == again.integers(1000))
    True
    """
    if seed < 0:
        raise ValueError(f"a seed is a non-negative integer, got {seed}")
    digest = hashlib.sha256(repr(words).encode()).digest()
    return np.random.default_rng(np.random.SeedSequence([seed, *np.frombuffer(digest, dtype="<u4").tolist()]))
