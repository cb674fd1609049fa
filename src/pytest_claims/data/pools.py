"""Pools: the inputs that all runs on a data set share. A process makes each pool once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any

import numpy as np

from pytest_claims.data.sets import Arrays

_POOLS_KEPT = 4  # enough for a session's data sets in a few encodings; a pool may take hundreds of megabytes


def pool_made_once(pool: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """Make a function of a data set's arrays return the same object for the same arrays and options.

    All arms on a data set then share one copy in memory, and one copy on the device.
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
