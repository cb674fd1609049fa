"""The seeds of each look at a claim."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from pytest_claims.catalogue.claims import Claim

if TYPE_CHECKING:
    from pytest_claims.planning.plan import Key, Plan
    from pytest_claims.statistics import Look


class SeedSchedule:
    """The looks and seeds of claims, from the options and the claims.

    Parameters
    ----------
    num_seeds
        A fixed number of seeds, on which claims are judged once. ``None`` takes the looks of the claim's tier.
    first_seed
        First seed of all claims. ``None`` takes the block of each claim.
    """

    def __init__(self, num_seeds: int | None, first_seed: int | None) -> None:
        self._num_seeds = num_seeds
        self._first_seed = first_seed

    def looks(self, claim: Claim) -> tuple[Look, ...]:
        """The looks at a claim, in order."""
        from pytest_claims.statistics import fixed_look, looks

        num_seeds = self._num_seeds or claim.num_seeds
        return (fixed_look(num_seeds),) if num_seeds else looks(claim.tier)

    def num_looks(self, claims: Iterable[Claim]) -> int:
        """The largest number of looks of any claim."""
        return max((len(self.looks(claim)) for claim in claims), default=0)

    def first_seed(self, claim: Claim) -> int:
        """The first seed of a claim."""
        return claim.block if self._first_seed is None else self._first_seed

    def seeds(self, claim: Claim, look: Look) -> tuple[int, ...]:
        """The seeds of a look at a claim."""
        first = self.first_seed(claim)
        return tuple(range(first, first + look.num_seeds))

    def wanted(self, plan: Plan, claims: Iterable[Claim], looks: Mapping[str, Look]) -> dict[Key, tuple[int, ...]]:
        """The seeds that each arm needs for these looks, which are given by the ids of the claims' tests."""
        wanted: dict[Key, set[int]] = {}
        for claim in claims:
            for key in plan.keys_of(claim).values():
                wanted.setdefault(key, set()).update(self.seeds(claim, looks[claim.test]))
        return {key: tuple(sorted(seeds)) for key, seeds in wanted.items()}

    def wanted_at(self, index: int, plan: Plan, claims: Iterable[Claim]) -> dict[Key, tuple[int, ...]]:
        """The seeds that each arm needs for look number `index` of the claims."""
        claims = list(claims)
        return self.wanted(plan, claims, {claim.test: self.looks(claim)[index] for claim in claims})
