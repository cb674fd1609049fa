"""What an audit may draw from: the runs behind the verdicts that the store holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from pytest_claims.catalogue.arms import Arm
from pytest_claims.support.errors import ClaimsError
from pytest_claims.support.record_types import DataRecord
from pytest_claims.support.vocabulary import Tier

if TYPE_CHECKING:
    from pytest_claims.catalogue.claims import Claim
    from pytest_claims.planning.plan import Key, Plan, Planned
    from pytest_claims.session.session import ClaimsSession
    from pytest_claims.store.store import Run


NOT_STORED = "of no arm as it is declared today are all runs on these data and seeds stored"
NOT_TRAINED = "its claims need no training"


@dataclass
class Population:
    """The runs of one tier that can be audited.

    Parameters
    ----------
    engine
        Name and semantics of what has trained them.
    data
        Which data sets were used.
    arms
        By name, what was trained.
    runs
        By name, its stored runs, from the first seed on.
    sections
        By section, the names of its arms; only sections that have one.
    not_audited
        By section, why it has none.
    """

    engine: dict[str, Any]
    data: list[DataRecord]
    arms: dict[str, Planned] = field(default_factory=dict)
    runs: dict[str, list[Run]] = field(default_factory=dict)
    sections: dict[str, list[str]] = field(default_factory=dict)
    not_audited: dict[str, str] = field(default_factory=dict)

    def seeds(self) -> dict[str, dict[str, list[int]]]:
        """By section and arm, the seeds whose runs are stored."""
        return {
            section: {name: [run.seed for run in self.runs[name]] for name in names}
            for section, names in self.sections.items()
        }


def population(session: ClaimsSession, tier: Tier, *, offline: bool) -> Population:
    """Find the runs of a tier behind the selected claims. The store is only read.

    Raises
    ------
    ClaimsError
        There are none, or they were trained by the engine that audits.
    """
    from pytest_claims.audit.apart import ENGINE
    from pytest_claims.engines.base import semantics_of
    from pytest_claims.planning.data_sets import DataSets
    from pytest_claims.planning.pilots import Pilot
    from pytest_claims.planning.plan import Plan
    from pytest_claims.store.store import Store

    options, semantics = session.options, semantics_of(session.options.engine)
    if options.engine == ENGINE:
        raise ClaimsError(
            f"an audit trains runs of another engine again by {ENGINE!r}: leave out --claims-engine={ENGINE}"
        )
    if not options.store.is_file():
        raise ClaimsError(f"there is nothing to audit: {options.store} is not there. {_run_first(tier)}")
    data = DataSets(options.data)
    with Store.open(options.store, read_only=True) as store:
        plan = Plan(store, options.engine, semantics, Pilot())
        lacking = plan.add(_claims(session, tier), data, offline=offline)
        engine = {"name": options.engine, "semantics": semantics}
        found = _found(session, tier, plan, Population(engine, data.record()))
    if not found.sections:
        reasons = {reason for _, reason in lacking} or set(found.not_audited.values())
        raise ClaimsError(
            f"there is nothing to audit of the {tier} tier in {store.path}: {'; '.join(sorted(reasons))}. "
            f"{_run_first(tier)}"
        )
    return found


def _claims(session: ClaimsSession, tier: Tier) -> list[Claim]:
    return [claim for claim in session.claims.values() if claim.tier == tier]


def _run_first(tier: Tier) -> str:
    return f"An audit trains nothing but what is stored: run `pytest -m {tier}` first, with the same data and options"


def _found(session: ClaimsSession, tier: Tier, plan: Plan, found: Population) -> Population:
    """Fill in the arms whose runs are stored up to their first look at least, and as far as the last one."""
    claims = _claims(session, tier)
    first, last = (session.schedule.wanted_at(index, claims) for index in (0, -1))
    for key, planned in plan.arms.items():
        seeds = _stored_seeds(plan, key, last)
        if isinstance(planned.source, Arm) and len(seeds) >= len(first[key]):
            found.arms[planned.name] = planned
            found.runs[planned.name] = plan.store.runs(planned.fingerprint, seeds)
    for section, names in _arms_by_section(claims).items():
        if stored := [name for name in names if name in found.arms]:
            found.sections[section] = stored
        else:
            found.not_audited[section] = NOT_STORED if names else NOT_TRAINED
    return found


def _stored_seeds(plan: Plan, key: Key, last: Mapping[Key, tuple[int, ...]]) -> list[int]:
    there = plan.store.seeds(plan.arms[key].fingerprint)
    return list(takewhile(there.__contains__, last[key]))


def _arms_by_section(claims: Iterable[Claim]) -> dict[str, list[str]]:
    """By section, the arms that its claims take; measurements need no network, and have nothing to train again."""
    sections: dict[str, list[str]] = {}
    for claim in claims:
        arms = [name for name, source in claim.sources.items() if isinstance(source, Arm)]
        sections.setdefault(claim.section, []).extend(arms)
    return {section: sorted(set(arms)) for section, arms in sections.items()}
