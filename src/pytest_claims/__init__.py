"""Put the assertions of a machine-learning lecture to the test, over many seeded training runs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_claims.arms import Arm, Data, Measurement, Split, arm, at_tier, by_tier, keeps_values
    from pytest_claims.data import DataSet
    from pytest_claims.quantities import Quantity, ratio, slope, steps

__version__ = "0.1.0"

__all__ = [
    "Arm",
    "Data",
    "DataSet",
    "Measurement",
    "Quantity",
    "Split",
    "arm",
    "at_tier",
    "by_tier",
    "keeps_values",
    "ratio",
    "slope",
    "steps",
]

_HOME = {
    **dict.fromkeys(["Arm", "Data", "Measurement", "Split", "arm", "at_tier", "by_tier", "keeps_values"], "arms"),
    **dict.fromkeys(["Quantity", "ratio", "slope", "steps"], "quantities"),
    "DataSet": "data",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that loading the plugin stays quick."""
    if name in _HOME:
        return getattr(import_module(f"pytest_claims.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
