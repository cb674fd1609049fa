"""Words that all packages share: tiers, values that differ between tiers, and verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

Tier = Literal["fast", "full"]

TIERS: tuple[Tier, ...] = ("fast", "full")

T = TypeVar("T")


@dataclass(frozen=True)
class ByTier(Generic[T]):
    """A value that differs between the tiers. Made by `by_tier`."""

    fast: T
    full: T


def by_tier(*, fast: T, full: T) -> ByTier[T]:
    """Give a value for each tier, where the size of the data changes what can be asked.

    Examples
    --------
    >>> at_tier(by_tier(fast=10, full=50), "full")
    50
    """
    return ByTier(fast, full)


def at_tier(value: ByTier[T] | T, tier: Tier) -> T:
    """The value that holds in `tier`; a value that is not `by_tier` holds in both.

    Examples
    --------
    >>> at_tier(20, "fast")
    20
    """
    if isinstance(value, ByTier):
        return value.fast if tier == "fast" else value.full
    return value


VERDICTS = ("supported", "refuted", "inconclusive", "compatible", "incompatible")

HOLDS = ("supported", "compatible")
"""Verdicts with which a claim passes, and which need no explanation."""
