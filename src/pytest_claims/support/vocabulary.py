"""Words that all packages share: tiers, values that differ between tiers, and verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

Tier = Literal["fast", "full"]

TIERS: tuple[Tier, ...] = ("fast", "full")

Kind = Literal["real", "stand-in"]

KINDS: tuple[Kind, ...] = ("real", "stand-in")
"""The kinds of data."""

T = TypeVar("T")


@dataclass(frozen=True)
class ByTier(Generic[T]):
    """A value that differs between the tiers; `by_tier` makes it."""

    fast: T
    full: T


def by_tier(*, fast: T, full: T) -> ByTier[T]:
    """Give one value per tier, for settings that depend on the size of the data.

    Examples
    --------
    >>> at_tier(by_tier(fast=10, full=50), "full")
    50
    """
    return ByTier(fast, full)


def at_tier(value: ByTier[T] | T, tier: Tier) -> T:
    """Return the value for `tier`; a value that `by_tier` did not make holds in both tiers.

    Examples
    --------
    >>> at_tier(20, "fast")
    20
    """
    if isinstance(value, ByTier):
        return value.fast if tier == "fast" else value.full
    return value


def kind_of(kinds: Iterable[str]) -> Kind:
    """Return the kind of data of a claim from the kinds of its data sets: a stand-in if one of them is a stand-in.

    Examples
    --------
    >>> kind_of(["real", "stand-in"]), kind_of([])
    ('stand-in', 'real')
    """
    return "stand-in" if "stand-in" in kinds else "real"


VERDICTS = ("supported", "refuted", "inconclusive", "compatible", "incompatible")

HOLDS = ("supported", "compatible")
"""The verdicts with which a claim passes. They need no explanation."""
