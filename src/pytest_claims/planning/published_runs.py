"""Plans from a file of published runs, which are judged again without data, training or a deep-learning library."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pytest_claims.catalogue.arms import Source, dataset_of
from pytest_claims.planning.plan import Planned, identity
from pytest_claims.support.errors import ClaimsError
from pytest_claims.support.vocabulary import Tier

if TYPE_CHECKING:
    from pytest_claims.catalogue.claims import Claim
    from pytest_claims.data.sets import Located
    from pytest_claims.planning.data_sets import DataSets
    from pytest_claims.planning.plan import Plan
    from pytest_claims.store.store import Run, Stored


def add_published(plan: Plan, claims: Iterable[Claim], data: DataSets) -> list[tuple[Claim, str]]:
    """Plan claims from the runs of a file. Returns the claims for which the file lacks runs, each with the reason.

    A run belongs to an arm if today's declaration gives the run's fingerprint on the data of the run.
    """
    published = _PublishedRuns(plan)
    lacking = []
    for claim in claims:
        planned = {name: published.planned(name, source, claim.tier) for name, source in claim.sources.items()}
        arms = {name: arm for name, arm in planned.items() if arm is not None}
        if len(arms) < len(planned):
            lacking.append((claim, published.why_not(next(name for name in planned if name not in arms), claim.tier)))
            continue
        plan.adopt(claim, arms)
        for name, source in claim.sources.items():
            dataset, located = dataset_of(source), arms[name].located
            if dataset is not None and located is not None:
                data.adopt(dataset.name, located)
    return lacking


class _PublishedRuns:
    """The fingerprints in a file of runs."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._rows: dict[str, Stored] = {row.fingerprint: row for row in plan.store.summary()}
        self._data_hashes = sorted({row.data_hash or "" for row in self._rows.values()})
        self._planned: dict[tuple[int, Tier], Planned | None] = {}

    def planned(self, name: str, source: Source, tier: Tier) -> Planned | None:
        """The arm with its published runs; ``None`` if they do not match today's declaration."""
        known = id(source), tier
        if known not in self._planned:
            self._planned[known] = self._find(name, source, tier)
        return self._planned[known]

    def _find(self, name: str, source: Source, tier: Tier) -> Planned | None:
        hashes = [""] if dataset_of(source) is None else [data_hash for data_hash in self._data_hashes if data_hash]
        for data_hash in self._most_likely_first(name, hashes):
            fingerprint = identity(name, source, tier, data_hash, self._plan.engine)
            if fingerprint in self._rows:
                [run] = self._plan.store.runs(fingerprint, [min(self._plan.store.seeds(fingerprint))])
                return Planned(name, source, tier, fingerprint, dict(run.declaration), _data_of(run))
        return None

    def _most_likely_first(self, name: str, hashes: list[str]) -> list[str]:
        """Sort data hashes: first those on which runs with this arm name were trained."""
        own = {row.data_hash for row in self._rows.values() if row.arm == name}
        return sorted(hashes, key=lambda data_hash: data_hash not in own)

    def why_not(self, name: str, tier: Tier) -> str:
        """The reason why the file has no runs of an arm."""
        if any((row.arm, row.tier) == (name, tier) for row in self._rows.values()):
            return f"{name} [{tier}] is declared otherwise today than when its published runs were made"
        return f"the published runs hold none of {name} [{tier}]"


def _data_of(run: Run) -> Located | None:
    from pytest_claims.data.sets import Located

    recorded: Any = run.provenance.get("data")
    if not recorded:
        return None
    return Located(recorded["kind"], "published runs", None, _no_arrays, recorded["content_hash"])


def _no_arrays() -> Any:
    raise ClaimsError("a file of published runs has no data: leave out --claims-runs to train")
