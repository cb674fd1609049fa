"""Published runs: judged again without data, without training, and without what trained them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pytest_claims.catalogue.arms import Source, dataset_of
from pytest_claims.support.errors import ClaimsError
from pytest_claims.support.vocabulary import Tier

if TYPE_CHECKING:
    from pytest_claims.catalogue.claims import Claim
    from pytest_claims.data.sets import Located
    from pytest_claims.planning.data_sets import DataSets
    from pytest_claims.planning.plan import Plan, Planned
    from pytest_claims.store.store import Run, Store


def add_published(plan: Plan, claims: Iterable[Claim], data: DataSets) -> list[tuple[Claim, str]]:
    """Plan claims from the runs that a file holds; returns those that it holds too little for, and why.

    Runs are matched by the arm's name and tier, the newest first, whatever the arm declares today; what it declared
    then is compared, and `changed` names the arms that differ.
    """
    lacking = []
    for claim in claims:
        for name, source in claim.sources.items():
            key = name, claim.tier
            found = plan.arms.get(key) or _planned(plan.store, name, source, claim.tier)
            if found is None:
                lacking.append((claim, f"the published runs hold none of {name} [{claim.tier}]"))
                break
            plan.arms[key] = found
            dataset = dataset_of(source)
            if dataset is not None and found.located is not None:
                data.adopt(dataset.name, found.located)
    return lacking


def changed(plan: Plan) -> list[str]:
    """Names of the arms that declare something else today than when the runs were published."""
    import json

    from pytest_claims.fingerprint.fingerprint import describe

    return sorted(
        planned.name
        for planned in plan.arms.values()
        if json.loads(json.dumps(describe(planned.source, tier=planned.tier))) != planned.declaration
    )


def _planned(store: Store, name: str, source: Source, tier: Tier) -> Planned | None:
    from pytest_claims.planning.plan import Planned

    rows = [row for row in store.summary() if (row.arm, row.tier) == (name, tier)]
    if not rows:
        return None
    newest = max(rows, key=lambda row: row.last_created)
    [run] = store.runs(newest.fingerprint, [min(store.seeds(newest.fingerprint))])
    return Planned(name, source, tier, newest.fingerprint, dict(run.declaration), _data_of(run))


def _data_of(run: Run) -> Located | None:
    from pytest_claims.data.sets import Located

    recorded: Any = run.provenance.get("data")
    if not recorded:
        return None
    return Located(recorded["kind"], "published runs", None, _no_arrays, recorded["content_hash"])


def _no_arrays() -> Any:
    raise ClaimsError("published runs come without their data: leave out --claims-runs to train")
