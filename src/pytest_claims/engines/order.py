"""The order in which a run sees its training set."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pytest_claims.support.randomness import generator


def order(seed: int, epoch: int, num_train: int) -> npt.NDArray[np.int32]:
    """Permute the training set for one epoch, shape ``(num_train,)``; batches are its consecutive stretches.

    Examples
    --------
    >>> sorted(order(0, 0, 4).tolist())
    [0, 1, 2, 3]
    """
    return generator(seed, "order", epoch).permutation(num_train).astype(np.int32)
