"""Checks of an arm's pool and splits. JAX forgives most of what does not fit, and trains on something else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from pytest_claims.catalogue.arms import Split
from pytest_claims.engines.base import Job
from pytest_claims.support.vocabulary import at_tier


def checked_pool(given: Any) -> np.ndarray:
    """Return a pool as an array of finite numbers.

    JAX cuts off imaginary parts and all bits of an integer beyond 32.

    Raises
    ------
    ValueError
        There are no rows, or something else than finite real numbers, or an integer beyond 32 bits.
    """
    pool = np.asarray(given)
    problem = ""
    if pool.ndim == 0 or pool.dtype.kind in "cmMOSU":
        problem = f"{pool.dtype} of shape {pool.shape}"
    elif pool.dtype.kind == "f" and not np.isfinite(pool).all():
        problem = "NaN or infinity among them"
    elif pool.dtype.itemsize == 8 and pool.dtype.kind in "iu" and pool.size:
        kept = np.iinfo(f"{pool.dtype.kind}4")
        if pool.min() < kept.min or pool.max() > kept.max:
            problem = f"integers from {pool.min()} to {pool.max()}, beyond 32 bits"
    if problem:
        raise ValueError(f"the data's pool must give finite real numbers of shape (num_rows, ...), got {problem}.")
    return pool


def splits_of(job: Job) -> Iterator[tuple[int, Split]]:
    """Make the split of each seed. That of the first is made twice, to see that the seed determines it.

    Raises
    ------
    ValueError
        The two differ, as where a split is drawn without the seed.
    """
    make = at_tier(job.arm.data.split, job.tier)
    for seed in job.seeds:
        split = make(job.arrays, job.tier, seed)
        if seed == job.seeds[0]:
            _check_same(split, make(job.arrays, job.tier, seed), seed)
        yield seed, split


def _check_same(one: Split, other: Split, seed: int) -> None:
    for name in ("train_rows", "validation_rows", "train_targets", "validation_targets"):
        if np.asarray(getattr(one, name, None)).tobytes() != np.asarray(getattr(other, name, None)).tobytes():
            raise ValueError(
                f"the data's split gave other {name} when it was called again for seed {seed}. Draw from the seed, "
                "such as np.random.default_rng(seed)."
            )


def check_split(split: Split, num_rows: int) -> None:
    """Check that a split names rows of its pool of `num_rows`, and has a finite target for each.

    JAX takes the nearest row for one that is not there, and the first targets where there are too many.

    Raises
    ------
    ValueError
        The rows are no row numbers, or there are none. The targets are not as many, or not finite. Rows are in both
        sets, and the split does not say so.
    """
    if not isinstance(split, Split):
        raise ValueError(f"the data's split must return a Split, got {type(split).__name__}.")
    for name, rows, targets in (
        ("train", split.train_rows, split.train_targets),
        ("validation", split.validation_rows, split.validation_targets),
    ):
        if not isinstance(rows, np.ndarray) or rows.ndim != 1 or rows.dtype.kind not in "iu":
            received = f"{rows.dtype} of shape {rows.shape}" if isinstance(rows, np.ndarray) else type(rows).__name__
            raise ValueError(
                f"the split's {name} rows must be an integer array of shape (num_rows,), got {received}. Of a Boolean "
                "mask take np.flatnonzero(mask)."
            )
        _check_targets(name, targets, len(rows))
        if len(rows) == 0 or rows.min() < 0 or rows.max() >= num_rows:
            received = f"{len(rows)} rows" + (f" from {rows.min()} to {rows.max()}" if len(rows) else "")
            raise ValueError(
                f"the split's {name} rows must be at least one and lie in 0 to {num_rows - 1}, got {received}. "
                "Correct the data's split."
            )
    in_train = np.zeros(num_rows, bool)
    in_train[split.train_rows] = True
    if (both := split.validation_rows[in_train[split.validation_rows]]).size and not split.overlapping:
        raise ValueError(
            f"{both.size} of the split's {len(split.validation_rows)} validation rows are train rows, too, such as row "
            f"{both[0]}. Split the rows, or write Split(..., overlapping=True) if this is meant."
        )


def _check_targets(name: str, targets: Any, num_rows: int) -> None:
    if targets is None:
        return
    if isinstance(targets, np.ma.MaskedArray):
        raise ValueError(f"the split's {name} targets are a masked array. Leave out the rows that have no target.")
    if not isinstance(targets, np.ndarray) or targets.ndim == 0 or len(targets) != num_rows:
        received = f"shape {targets.shape}" if isinstance(targets, np.ndarray) else type(targets).__name__
        raise ValueError(
            f"the split has {num_rows} {name} rows, and its {name} targets are an array of {num_rows}, too; got "
            f"{received}. Take the targets of the same rows."
        )
    if targets.dtype.kind not in "biuf" or not np.isfinite(targets).all():
        raise ValueError(
            f"the split's {name} targets must be finite numbers, got {targets.dtype} with NaN, infinity or something "
            "else among them. Leave out the rows that have no target."
        )
