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

Key = str
"""The fingerprint of the runs of an arm in one tier. Two arms of one name have two, two names of one arm have one."""


@dataclass(frozen=True)
class Planned:
    """An arm (or a measurement) as it is trained in one tier.

    Parameters
    ----------
    name
        By which people know it, and the store finds earlier times of its runs.
    source, tier
        What is trained.
    fingerprint
        Hash of all that determines its runs: by it claims ask for them.
    declaration
        The arm as readable, JSON-able data.
    located
        Its data set, if it has one.
    """

    name: str
    source: Source
    tier: Tier
    fingerprint: Key
    declaration: dict[str, Any]
    located: Located | None

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
    arms
        What is trained, by fingerprint.
    """

    store: Store
    engine: str
    semantics: int
    pilot: Pilot
    arms: dict[Key, Planned] = field(default_factory=dict)
    # By the id of a claim's test, the fingerprints of its arms by its arguments.
    _keys: dict[str, dict[str, Key]] = field(default_factory=dict)
    # By the identity of a declaration, which `Planned` keeps alive, so that each is hashed once.
    _by_source: dict[tuple[int, Tier], Planned] = field(default_factory=dict)

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
            arms = {name: self._planned(name, source, claim.tier, located) for name, source in claim.sources.items()}
            self.adopt(claim, arms)
        return lacking

    def adopt(self, claim: Claim, arms: Mapping[str, Planned]) -> None:
        """Plan the arms of one claim, given by its arguments."""
        for planned in arms.values():
            self.arms.setdefault(planned.fingerprint, planned)
        self._keys[claim.item.nodeid] = {name: planned.fingerprint for name, planned in arms.items()}

    def keys_of(self, claim: Claim) -> dict[str, Key]:
        """The fingerprints of a claim's arms, by its arguments; none of a claim that is not planned."""
        return self._keys.get(claim.item.nodeid, {})

    def names_of(self, claim: Claim) -> dict[str, str]:
        """By a claim's arguments, names that tell its arms from all others of the plan in its tier.

        Where two modules call different arms by one name, the module stands behind it.
        """
        keys = self.keys_of(claim)
        home = claim.item.nodeid.partition("::")[0]
        return {name: f"{name} ({home})" if self._is_ambiguous(name, keys[name]) else name for name in keys}

    def _is_ambiguous(self, name: str, key: Key) -> bool:
        return any(
            other.get(name, key) != key and self.arms[other[name]].tier == self.arms[key].tier
            for other in self._keys.values()
        )

    def _planned(self, name: str, source: Source, tier: Tier, data: Mapping[DataSet, Located | None]) -> Planned:
        from pytest_claims.fingerprint.declarations import describe

        known = self._by_source.get((id(source), tier))
        if known is not None:
            return known
        dataset = dataset_of(source)
        located = data[dataset] if dataset is not None else None
        data_hash = located.content_hash if located else ""
        digest = identity(name, source, tier, data_hash, self.engine, self.semantics)
        planned = Planned(name, source, tier, digest, describe(source, tier=tier), located)
        self._by_source[id(source), tier] = planned
        return planned

    def kinds_of_data(self, claim: Claim) -> set[str]:
        """Of which kind the data of a claim's arms are, real or a stand-in; none where it needs no data."""
        planned = [self.arms[key] for key in self.keys_of(claim).values()]
        return {arm.located.kind for arm in planned if arm.located}

    def missing(self, wanted: Mapping[Key, Iterable[int]]) -> dict[Key, tuple[int, ...]]:
        """Of the seeds wanted of each arm, those that the store lacks."""
        missing = {}
        for key, seeds in wanted.items():
            absent = sorted(set(seeds) - self.store.seeds(key))
            if absent:
                missing[key] = tuple(absent)
        return missing

    def seconds_per_run(self, key: Key) -> float | None:
        """What a run of the arm takes, from earlier ones; ``None`` where nobody knows."""
        planned = self.arms[key]
        engine = engine_of(planned.source, self.engine)
        seen = self.store.seconds_per_run(planned.name, planned.tier, engine)
        piloted = self.pilot.seconds_per_run.get(planned.name, {}).get(planned.tier)
        return seen or (piloted if self.engine == "stacked" else None)

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
