"""Pools of inputs on the device, each sent there once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_claims.data.sets import Arrays

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Arms that follow each other mostly share a pool; more would only cost memory.
NUM_KEPT = 3


class Pool:
    """A pool in the forms that training takes it in.

    Parameters
    ----------
    host
        As its arms make it, in its own dtype.
    """

    def __init__(self, host: np.ndarray) -> None:
        import jax

        self.host = host
        self.device = jax.device_put(host)

    @cached_property
    def sparse(self) -> csr_array | None:
        """As a sparse matrix, where little of it is not zero and this version of JAX can train on one."""
        try:
            from pytest_claims.engines.sparse_layer import sparse_pool
        except (ImportError, AttributeError):  # it takes names that JAX does not promise to keep
            return None
        return sparse_pool(self.host)


class Pools:
    """Pools that were used last, kept by the identity of the arrays they come from."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, int], tuple[Arrays, Pool]] = OrderedDict()

    def get(self, make: Callable[[Arrays], np.ndarray], arrays: Arrays) -> Pool:
        """Give the pool that `make` makes of the arrays.

        The kept entry holds on to `arrays`, so that their identity cannot pass to others.
        """
        key = (make, id(arrays))
        if key not in self._kept:
            host = np.asarray(make(arrays))
            same = (pool for _, pool in self._kept.values() if _same_memory(pool.host, host))
            self._kept[key] = arrays, next(same, None) or Pool(host)
        self._kept.move_to_end(key)
        while len(self._kept) > NUM_KEPT:
            self._kept.popitem(last=False)
        return self._kept[key][1]


def _same_memory(one: np.ndarray, other: np.ndarray) -> bool:
    """Tell whether two arrays are views of the same numbers."""
    first, second = one.__array_interface__, other.__array_interface__
    return all(first[name] == second[name] for name in ("data", "shape", "strides", "typestr"))
