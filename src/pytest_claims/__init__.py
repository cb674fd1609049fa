"""Put the assertions of a machine-learning lecture to the test, over many seeded training runs.

A catalogue of claims imports the names below and nothing else of this package.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_claims.catalogue.arms import Arm, Data, Measurement, Split, arm, keeps_values
    from pytest_claims.catalogue.published_logs import claim_on, read_logs
    from pytest_claims.data.npz import Layout, read_npz
    from pytest_claims.data.pools import pool_made_once
    from pytest_claims.data.sets import Arrays, DataSet
    from pytest_claims.engines.base import ENGINES, create, known_warnings
    from pytest_claims.support.randomness import generator
    from pytest_claims.support.vocabulary import ByTier, Tier, at_tier, by_tier
    from pytest_claims.verdicts.doses import slope, steps
    from pytest_claims.verdicts.quantities import Quantity, ratio
    from pytest_claims.verdicts.runs import Runs

__version__ = "0.1.0"

_HOME = {
    "Arm": "catalogue.arms",
    "Arrays": "data.sets",
    "ByTier": "support.vocabulary",
    "Data": "catalogue.arms",
    "DataSet": "data.sets",
    "ENGINES": "engines.base",
    "Layout": "data.npz",
    "Measurement": "catalogue.arms",
    "Quantity": "verdicts.quantities",
    "Runs": "verdicts.runs",
    "Split": "catalogue.arms",
    "Tier": "support.vocabulary",
    "arm": "catalogue.arms",
    "at_tier": "support.vocabulary",
    "by_tier": "support.vocabulary",
    "claim_on": "catalogue.published_logs",
    "create": "engines.base",
    "generator": "support.randomness",
    "keeps_values": "catalogue.arms",
    "known_warnings": "engines.base",
    "pool_made_once": "data.pools",
    "ratio": "verdicts.quantities",
    "read_logs": "catalogue.published_logs",
    "read_npz": "data.npz",
    "slope": "verdicts.doses",
    "steps": "verdicts.doses",
}
"""The module of each public name, without the package's own name before it."""

__all__ = [  # imported when first used
    "ENGINES",
    "Arm",
    "Arrays",
    "ByTier",
    "Data",
    "DataSet",
    "Layout",
    "Measurement",
    "Quantity",
    "Runs",
    "Split",
    "Tier",
    "arm",
    "at_tier",
    "by_tier",
    "claim_on",
    "create",
    "generator",
    "keeps_values",
    "known_warnings",
    "pool_made_once",
    "ratio",
    "read_logs",
    "read_npz",
    "slope",
    "steps",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that loading the plugin stays quick."""
    if name in _HOME:
        return getattr(import_module(f"pytest_claims.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
