"""The plan: which runs the selected claims need, which of them are missing, and what those will cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_claims.catalogue.arms import Arm, Source, dataset_of
from pytest_claims.planning.data_sets import DataSets
from pytest_claims.support.errors import ClaimsError
from pytest_claims.support.text import duration
from pytest_claims.support.vocabulary import Tier, at_tier

if TYPE_CHECKING:
    from pytest_claims.catalogue.claims import Claim
    from pytest_claims.data.sets import DataSet, Located
    from pytest_claims.planning.pilots import Pilot
    from pytest_claims.store.store import Store

Key = tuple[str, Tier]
"""An arm's name and a tier."""


@dataclass(frozen=True)
class Planned:
    """An arm (or a measurement) as it is trained in one tier.

    Parameters
    ----------
    name, source, tier
        What is trained.
    fingerprint
        Hash of all that determines its runs.
    declaration
        The arm as readable, JSON-able data.
    located
        Its data set, if it has one.
    """

    name: str
    source: Source
    tier: Tier
    fingerprint: str
    declaration: dict[str, Any]
    located: Located | None

    @property
    def key(self) -> Key:
        """Under which claims ask for it."""
        return self.name, self.tier

    @property
    def num_epochs(self) -> int:
        """Epochs of one run; a measurement counts as one."""
        return at_tier(self.source.epochs, self.tier) if isinstance(self.source, Arm) else 1


NO_ENGINE = "measurement"
"""What stands in the place of an engine's name where nothing is trained."""


def engine_of(source: Source, engine: str) -> str:
    """What makes the runs of an arm or a measurement in a session with this engine."""
    return engine if isinstance(source, Arm) else NO_ENGINE


def identity(name: str, source: Source, tier: Tier, data_hash: str, engine: str, semantics: int) -> str:
    """The fingerprint of an arm's runs by an engine, or of a measurement's, which needs none."""
    from pytest_claims.fingerprint.fingerprint import fingerprint

    return fingerprint(
        source,
        tier=tier,
        data_hash=data_hash,
        engine=engine_of(source, engine),
        semantics=semantics if isinstance(source, Arm) else 1,
        name=name,
    )


@dataclass
class Plan:
    """What the selected claims need.

    Parameters
    ----------
    store
        Where finished runs are.
    engine, semantics
        The engine's name, and the version of what it computes.
    pilot
        What pilot runs have shown, where the store has not seen a run yet.
    """

    store: Store
    engine: str
    semantics: int
    pilot: Pilot
    arms: dict[Key, Planned] = field(default_factory=dict)

    def add(self, claims: Iterable[Claim], data: DataSets, *, offline: bool) -> list[tuple[Claim, str]]:
        """Plan the arms of claims; returns those claims whose data are not to be had, and how to get them."""
        lacking = []
        for claim in claims:
            located = {dataset: data.locate(dataset, offline=offline) for dataset in claim.datasets}
            if claim.tier == "full" and any(found is None or found.kind == "stand-in" for found in located.values()):
                ways = " ".join(sorted({dataset.how_to_get for dataset in claim.datasets}))
                lacking.append((claim, f"the full tier needs the real data. {ways}".strip()))
                continue
            for dataset, found in located.items():
                if found is None:
                    raise ClaimsError(f"{dataset.name} is not here and has no stand-in. {dataset.how_to_get}")
            for name, source in claim.sources.items():
                key = name, claim.tier
                self.arms[key] = self.arms.get(key) or self._planned(name, source, claim.tier, located)
        return lacking

    def _planned(self, name: str, source: Source, tier: Tier, data: Mapping[DataSet, Located | None]) -> Planned:
        from pytest_claims.fingerprint.fingerprint import describe

        dataset = dataset_of(source)
        located = data[dataset] if dataset is not None else None
        data_hash = located.content_hash if located else ""
        digest = identity(name, source, tier, data_hash, self.engine, self.semantics)
        return Planned(name, source, tier, digest, describe(source, tier=tier), located)

    def kinds_of_data(self, claim: Claim) -> dict[str, str]:
        """Of a claim's arms that have data, whether these are real or a stand-in."""
        planned = [self.arms[name, claim.tier] for name in claim.sources if (name, claim.tier) in self.arms]
        return {arm.name: arm.located.kind for arm in planned if arm.located}

    def missing(self, wanted: Mapping[Key, Iterable[int]]) -> dict[Key, tuple[int, ...]]:
        """Of the seeds wanted of each arm, those that the store lacks."""
        missing = {}
        for key, seeds in wanted.items():
            absent = sorted(set(seeds) - self.store.seeds(self.arms[key].fingerprint))
            if absent:
                missing[key] = tuple(absent)
        return missing

    def seconds_per_run(self, key: Key) -> float | None:
        """What a run of the arm takes, from earlier ones; ``None`` where nobody knows."""
        name, tier = key
        engine = engine_of(self.arms[key].source, self.engine)
        seen = self.store.seconds_per_run(name, tier, engine)
        return seen or (self.pilot.seconds_per_run.get(name, {}).get(tier) if self.engine == "stacked" else None)

    def cost(self, missing: Mapping[Key, tuple[int, ...]]) -> tuple[float, int]:
        """Seconds that runs will take as far as known, and the number of runs of which nothing is known."""
        seconds, unknown = 0.0, 0
        for key, seeds in missing.items():
            each = self.seconds_per_run(key)
            if each is None:
                unknown += len(seeds)
            else:
                seconds += each * len(seeds)
        return seconds, unknown

    def cost_line(self, missing: Mapping[Key, tuple[int, ...]]) -> str:
        """The cost in words."""
        seconds, unknown = self.cost(missing)
        known = f"about {duration(seconds)}"
        if not unknown:
            return known
        num_runs = sum(len(seeds) for seeds in missing.values())
        return "time unknown" if unknown == num_runs else f"{known} and {unknown} runs of unknown length"
