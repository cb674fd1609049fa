"""The plan: the runs that the selected claims need, those missing from the store, and their cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_claims.catalogue.arms import Arm, Source, dataset_of
from pytest_claims.engines.base import DEFAULT, semantics_of
from pytest_claims.engines.conditions import Conditions, conditions, in_words, material
from pytest_claims.planning.data_sets import DataSets
from pytest_claims.support.errors import ClaimsError
from pytest_claims.support.record_types import EngineRecord
from pytest_claims.support.text import duration, file_of
from pytest_claims.support.vocabulary import Tier, at_tier

if TYPE_CHECKING:
    from pytest_claims.catalogue.claims import Claim
    from pytest_claims.data.sets import DataSet, Located
    from pytest_claims.planning.pilots import Pilot
    from pytest_claims.store.store import Store

Key = str
"""The fingerprint of an arm's runs in one tier. It depends on the arm's declaration, not on its name."""


@dataclass(frozen=True)
class Planned:
    """An arm (or a measurement) as it is trained in one tier.

    Parameters
    ----------
    name
        The arm's name in reports. The store finds run times of earlier versions by it.
    source, tier
        The declared arm or measurement, and its tier.
    fingerprint
        Hash of everything that determines the runs. The store finds the runs by it.
    declaration
        The arm as readable data for JSON.
    located
        The arm's data set, if it has one.
    conditions
        What deviates from the settings and golden steps that the package expects.
    """

    name: str
    source: Source
    tier: Tier
    fingerprint: Key
    declaration: dict[str, Any]
    located: Located | None
    conditions: Conditions = field(default_factory=dict)

    @property
    def num_epochs(self) -> int:
        """Epochs of one run; a measurement counts as one."""
        return at_tier(self.source.epochs, self.tier) if isinstance(self.source, Arm) else 1


NO_ENGINE = "measurement"
"""The engine's name in runs of measurements, which no engine trains."""


def engine_of(source: Source, engine: str) -> str:
    """The engine of a run: `engine` for an arm, `NO_ENGINE` for a measurement."""
    return engine if isinstance(source, Arm) else NO_ENGINE


def conditions_of(source: Source, engine: str) -> Conditions:
    """What deviates in this process from what the package expects of an engine's libraries."""
    return conditions(engine, trained=isinstance(source, Arm))


def identity(
    name: str, source: Source, tier: Tier, data_hash: str, engine: str, deviating: Conditions | None = None
) -> str:
    """The fingerprint of the runs of an arm by an engine, or of a measurement, which needs no engine.

    `deviating` is what `conditions_of` gives, or nothing for runs that were made as the package expects.
    """
    from pytest_claims.fingerprint.fingerprint import Computation, fingerprint

    semantics = semantics_of(engine) if isinstance(source, Arm) else 1
    computation = Computation(engine_of(source, engine), semantics, material(deviating or {}))
    return fingerprint(source, tier=tier, data_hash=data_hash, computation=computation, name=name)


def _check_schedule(name: str, source: Source, tier: Tier) -> None:
    for what in ("epochs", "batch_size") if isinstance(source, Arm) else ():
        value: Any = at_tier(getattr(source, what), tier)
        if type(value) is not int or value < 1:
            raise ClaimsError(
                f"arm {name!r} has {what}={value!r} in the {tier} tier: expected a whole number from 1 on"
            )


@dataclass
class Plan:
    """The arms that the selected claims need.

    Parameters
    ----------
    store
        The store of finished runs.
    engine
        The engine's name.
    pilot
        Pilot measurements. They give the seconds per run of arms without stored runs.
    arms
        The arms and measurements, by fingerprint.
    """

    store: Store
    engine: str
    pilot: Pilot
    arms: dict[Key, Planned] = field(default_factory=dict)
    # For the id of each claim's test: the fingerprints of the claim's arms, by the test's argument names.
    _keys: dict[str, dict[str, Key]] = field(default_factory=dict)
    # By the identity of a declaration, so that each is hashed once. `Planned` keeps the declaration alive.
    _by_source: dict[tuple[int, Tier], Planned] = field(default_factory=dict)

    def __post_init__(self) -> None:
        semantics_of(self.engine)  # there is such an engine

    @property
    def semantics(self) -> int:
        """The version of the engine's numbers."""
        return semantics_of(self.engine)

    def add(self, claims: Iterable[Claim], data: DataSets, *, offline: bool) -> list[tuple[Claim, str]]:
        """Plan the arms of claims. Returns the claims whose data are missing, each with how to get the data."""
        lacking = []
        for claim in claims:
            located = {dataset: data.locate(dataset, offline=offline) for dataset in claim.datasets}
            absent = [dataset for dataset, where in located.items() if where is None]
            if claim.tier == "full" and (
                absent or any(where.kind == "stand-in" for where in located.values() if where)
            ):
                ways = " ".join(sorted({dataset.how_to_get for dataset in claim.datasets}))
                lacking.append((claim, f"the full tier needs the real data. {ways}".strip()))
                continue
            if absent:
                raise ClaimsError(f"{absent[0].name} was not found and has no stand-in. {absent[0].how_to_get}")
            arms = {name: self._planned(name, source, claim.tier, located) for name, source in claim.sources.items()}
            self.adopt(claim, arms)
        return lacking

    def adopt(self, claim: Claim, arms: Mapping[str, Planned]) -> None:
        """Plan the arms of one claim, by the test's argument names."""
        for planned in arms.values():
            self.arms.setdefault(planned.fingerprint, planned)
        self._keys[claim.test] = {name: planned.fingerprint for name, planned in arms.items()}

    def keys_of(self, claim: Claim) -> dict[str, Key]:
        """The fingerprints of a claim's arms, by the test's argument names; empty if the claim is not planned."""
        return self._keys.get(claim.test, {})

    def names_of(self, claim: Claim) -> dict[str, str]:
        """For each argument name of a claim's test, an arm name that is unique in the plan and the tier.

        If two modules give different arms the same name, the module is added to the name.
        """
        keys = self.keys_of(claim)
        home = file_of(claim.test)
        return {name: f"{name} ({home})" if self._is_ambiguous(name, keys[name]) else name for name in keys}

    def _is_ambiguous(self, name: str, key: Key) -> bool:
        return any(
            keys.get(name, key) != key and self.arms[keys[name]].tier == self.arms[key].tier
            for keys in self._keys.values()
        )

    def _planned(self, name: str, source: Source, tier: Tier, data: Mapping[DataSet, Located | None]) -> Planned:
        from pytest_claims.fingerprint.declarations import describe

        known = self._by_source.get((id(source), tier))
        if known is not None:
            return known
        _check_schedule(name, source, tier)
        dataset = dataset_of(source)
        located = data[dataset] if dataset is not None else None
        data_hash = located.content_hash if located else ""
        deviating = conditions_of(source, self.engine)
        digest = identity(name, source, tier, data_hash, self.engine, deviating)
        planned = Planned(name, source, tier, digest, describe(source, tier=tier), located, deviating)
        self._by_source[id(source), tier] = planned
        return planned

    def kinds_of_data(self, claim: Claim) -> set[str]:
        """The kinds of data of a claim's arms, ``"real"`` or ``"stand-in"``; empty if the claim needs no data."""
        planned = [self.arms[key] for key in self.keys_of(claim).values()]
        return {arm.located.kind for arm in planned if arm.located}

    def engine_record(self) -> EngineRecord:
        """The engine, and what deviates from what the package expects, in words, if something does."""
        lines = {line for planned in self.arms.values() for line in in_words(self.engine, planned.conditions)}
        record: EngineRecord = {"name": self.engine, "semantics": self.semantics}
        if lines:
            record["deviations"] = sorted(lines)
        return record

    def missing(self, wanted: Mapping[Key, Iterable[int]]) -> dict[Key, tuple[int, ...]]:
        """The wanted seeds of each arm that the store lacks."""
        missing = {}
        for key, seeds in wanted.items():
            absent = sorted(set(seeds) - self.store.seeds(key))
            if absent:
                missing[key] = tuple(absent)
        return missing

    def seconds_per_run(self, key: Key) -> float | None:
        """Seconds per run of the arm, from earlier or pilot runs; ``None`` if there are none."""
        planned = self.arms[key]
        engine = engine_of(planned.source, self.engine)
        seen = self.store.seconds_per_run(planned.name, planned.tier, engine)
        piloted = self.pilot.seconds_per_run.get(planned.name, {}).get(planned.tier)
        return seen or (piloted if self.engine == DEFAULT else None)

    def cost(self, missing: Mapping[Key, tuple[int, ...]]) -> tuple[float, int]:
        """Seconds for the runs with known run time, and the number of the other runs."""
        seconds, unknown = 0.0, 0
        for key, seeds in missing.items():
            each = self.seconds_per_run(key)
            if each is None:
                unknown += len(seeds)
            else:
                seconds += each * len(seeds)
        return seconds, unknown

    def cost_line(self, missing: Mapping[Key, tuple[int, ...]]) -> str:
        """The cost of missing runs in words."""
        seconds, unknown = self.cost(missing)
        known = f"about {duration(seconds)}"
        if not unknown:
            return known
        num_runs = sum(len(seeds) for seeds in missing.values())
        return "time unknown" if unknown == num_runs else f"{known} and {unknown} runs of unknown length"
