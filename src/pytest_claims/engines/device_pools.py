"""Pools of inputs on the device. Each is sent there once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_claims.data.sets import Arrays
from pytest_claims.engines.data_checks import checked_pool

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Successive arms mostly share a pool. More pools would only cost memory.
NUM_KEPT = 3


class Pool:
    """A pool in the forms that training uses.

    Parameters
    ----------
    host
        The pool as its arms make it, in its own dtype.
    """

    def __init__(self, host: np.ndarray) -> None:
        import jax

        self.host = host
        self.device = jax.device_put(host)

    @cached_property
    def sparse(self) -> csr_array | None:
        """The pool as a sparse matrix. ``None`` if it is dense, or if this version of JAX cannot train on one."""
        try:
            from pytest_claims.engines.sparse_layer import sparse_pool
        except (ImportError, AttributeError):  # the module uses private names of JAX
            return None
        return sparse_pool(self.host)


class Pools:
    """The most recently used pools, by the identity of their arrays."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, int], tuple[Arrays, Pool]] = OrderedDict()

    def get(self, make: Callable[[Arrays], np.ndarray], arrays: Arrays) -> Pool:
        """Give the pool that `make` makes from the arrays.

        An entry keeps a reference to `arrays`, so that no other object can get their identity.
        """
        key = (make, id(arrays))
        if key not in self._kept:
            host = checked_pool(make(arrays))
            same = (pool for _, pool in self._kept.values() if _same_memory(pool.host, host))
            self._kept[key] = arrays, next(same, None) or Pool(host)
        self._kept.move_to_end(key)
        while len(self._kept) > NUM_KEPT:
            self._kept.popitem(last=False)
        return self._kept[key][1]


def _same_memory(a: np.ndarray, b: np.ndarray) -> bool:
    """True if two arrays are the same view of the same memory."""
    first, second = a.__array_interface__, b.__array_interface__
    return all(first[name] == second[name] for name in ("data", "shape", "strides", "typestr"))
