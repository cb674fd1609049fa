"""Pools of inputs on the device, each sent there once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from pytest_claims.arms import Arrays

# Arms that follow each other mostly share a pool; more would only cost memory.
NUM_KEPT = 3


class _Pool(NamedTuple):
    arrays: Arrays
    host: np.ndarray
    device: Any


class Pools:
    """Pools that were used last, kept by the identity of the arrays they come from."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, int], _Pool] = OrderedDict()

    def get(self, make: Callable[[Arrays], np.ndarray], arrays: Arrays) -> tuple[np.ndarray, Any]:
        """Give the pool that `make` makes of the arrays, on the host and on the device, in its own dtype.

        The kept entry holds on to `arrays`, so that their identity cannot pass to others.
        """
        import jax

        key = (make, id(arrays))
        if key not in self._kept:
            host = np.asarray(make(arrays))
            same = (pool.device for pool in self._kept.values() if _same_memory(pool.host, host))
            device = next(same, None)
            self._kept[key] = _Pool(arrays, host, jax.device_put(host) if device is None else device)
        self._kept.move_to_end(key)
        while len(self._kept) > NUM_KEPT:
            self._kept.popitem(last=False)
        pool = self._kept[key]
        return pool.host, pool.device


def _same_memory(one: np.ndarray, other: np.ndarray) -> bool:
    """Tell whether two arrays are views of the same numbers."""
    first, second = one.__array_interface__, other.__array_interface__
    return all(first[name] == second[name] for name in ("data", "shape", "strides", "typestr"))
