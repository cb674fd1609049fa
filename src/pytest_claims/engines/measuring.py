"""Numbers taken from a trained model."""

from __future__ import annotations

from typing import Any

import numpy as np

from pytest_claims.arms import Arm
from pytest_claims.engines.base import Trained


def measure(arm: Arm, trained: Trained) -> dict[str, Any]:
    """Take an arm's measurements, as plain floats and nested lists, and count the model's parameters.

    Raises
    ------
    ValueError
        If a measurement gives something other than numbers.
    """
    numbers: dict[str, Any] = {"num_parameters": int(trained.model.count_params())}
    for name, measurement in arm.measurements.items():
        try:
            numbers[name] = np.asarray(measurement(trained), dtype=np.float64).tolist()
        except (TypeError, ValueError) as error:
            raise ValueError(f"the measurement {name!r} must give a number or an array of numbers: {error}") from error
    return numbers
