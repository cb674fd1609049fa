"""Pools: the inputs that all runs on a data set share, made once in a process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any

import numpy as np

from pytest_claims.data.sets import Arrays

_POOLS_KEPT = 4  # the sets of a session in a few encodings; a pool takes up to hundreds of megabytes


def pool_made_once(pool: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """Decorate a function of a data set's arrays, so that the same arrays and options give the very same array.

    All arms on a data set then share one copy in memory, and one on the device.
    """
    kept: deque[tuple[Arrays, dict[str, Any], np.ndarray]] = deque(maxlen=_POOLS_KEPT)
    defaults = {name: option.default for name, option in list(signature(pool).parameters.items())[1:]}

    @wraps(pool)
    def kept_pool(arrays: Arrays, **given: Any) -> np.ndarray:
        options = defaults | given
        for known_arrays, known_options, made in kept:
            if known_arrays is arrays and known_options == options:
                return made
        made = pool(arrays, **options)
        kept.append((arrays, options, made))
        return made

    return kept_pool
