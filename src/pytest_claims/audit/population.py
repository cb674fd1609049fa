"""The population of an audit, which is the stored runs behind the verdicts, and the draw from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

import numpy as np

from pytest_claims.audit.retraining import ENGINE
from pytest_claims.catalogue.arms import Arm
from pytest_claims.planning.data_sets import DataSets
from pytest_claims.planning.pilots import Pilot
from pytest_claims.planning.plan import Plan, Planned
from pytest_claims.store.store import Run, Store
from pytest_claims.support.errors import ClaimsError
from pytest_claims.support.vocabulary import Tier

if TYPE_CHECKING:
    from pytest_claims.catalogue.claims import Claim
    from pytest_claims.session.session import ClaimsSession
    from pytest_claims.support.record_types import DataRecord, EngineRecord

NOT_STORED = "of no arm as it is declared today are all runs on these data and seeds stored"
NOT_TRAINED = "its claims need no training"


@dataclass(frozen=True)
class Population:
    """The runs of one tier that can be audited.

    Parameters
    ----------
    engine, data
        Name and semantics of the engine that trained the runs, and the data sets.
    arms, runs
        Each arm, and its stored runs from the first seed on, by the arm's name.
    sections, not_audited
        By section, the names of its arms, or the reason why it has none.
    """

    engine: EngineRecord
    data: list[DataRecord]
    arms: dict[str, Planned]
    runs: dict[str, list[Run]]
    sections: dict[str, list[str]]
    not_audited: dict[str, str]


def population(session: ClaimsSession, tier: Tier, *, offline: bool) -> Population:
    """Find the runs of a tier behind the selected claims. This only reads the store.

    The population contains an arm if the store holds the runs of at least its first look. It contains no measurements,
    since they train no network.

    Raises
    ------
    ClaimsError
        If there are no such runs, or if the auditing engine itself has trained them.
    """
    options = session.options
    if options.engine == ENGINE:
        raise ClaimsError(
            f"an audit retrains runs of another engine with {ENGINE!r}: leave out --claims-engine={ENGINE}"
        )
    run_first = f"An audit retrains only stored runs: run `pytest -m {tier}` first, with the same data and options"
    if not options.store.is_file():
        raise ClaimsError(f"there is nothing to audit: there is no store {options.store}. {run_first}")
    claims = [claim for claim in session.claims.values() if claim.tier == tier]
    data, arms, runs = DataSets(options.data), dict[str, Planned](), dict[str, list[Run]]()
    with Store.open(options.store, read_only=True) as store:
        plan = Plan(store, options.engine, Pilot())
        lacking = plan.add(claims, data, offline=offline)
        first, last = (session.schedule.wanted_at(index, plan, claims) for index in (0, -1))
        keys = {
            name: plan.keys_of(claim)[argument] for claim in claims for argument, name in plan.names_of(claim).items()
        }
        for name, key in keys.items():
            seeds = list(takewhile(store.seeds(key).__contains__, last[key]))
            if isinstance(plan.arms[key].source, Arm) and len(seeds) >= len(first[key]):
                arms[name] = plan.arms[key]
                runs[name] = store.runs(key, seeds)
    declared = _arms_by_section(plan, claims)
    sections = {section: sorted(names & arms.keys()) for section, names in declared.items() if names & arms.keys()}
    reasons = {section: NOT_STORED if names else NOT_TRAINED for section, names in declared.items()}
    not_audited = {section: reason for section, reason in reasons.items() if section not in sections}
    if not sections:
        why = "; ".join(sorted({reason for _, reason in lacking} or set(not_audited.values())))
        raise ClaimsError(f"there is nothing to audit of the {tier} tier in {options.store}: {why}. {run_first}")
    return Population(plan.engine_record(), data.record(), arms, runs, sections, not_audited)


def _arms_by_section(plan: Plan, claims: Iterable[Claim]) -> dict[str, set[str]]:
    sections: dict[str, set[str]] = {}
    for claim in claims:
        names = plan.names_of(claim)
        arms = {names.get(name, name) for name, source in claim.sources.items() if isinstance(source, Arm)}
        sections.setdefault(claim.section, set()).update(arms)
    return sections


@dataclass(frozen=True)
class Sample:
    """A drawn run: its arm, its seed, and the sections of the lecture that it represents."""

    arm: str
    seed: int
    sections: tuple[str, ...]


def draw(sections: Mapping[str, Sequence[str]], seeds: Mapping[str, Sequence[int]], audit_seed: int) -> list[Sample]:
    """Draw an arm for each section, and a seed for each arm.

    A section gets an arm that no earlier section has. If there is none, an arm of an earlier section represents both,
    since its runs are the same in both. The integer `audit_seed` fixes the draw, whatever the order of the arms.

    Examples
    --------
    >>> seeds = dict.fromkeys(["noise", "small", "large"], range(10))
    >>> draw({"Noise": ["noise"], "Capacity": ["small", "large"]}, seeds, audit_seed=1)
    [Sample(arm='large', seed=5, sections=('Capacity',)), Sample(arm='noise', seed=7, sections=('Noise',))]
    """
    rng = np.random.default_rng(audit_seed)
    sections_of: dict[str, list[str]] = {}
    for section, arms in sorted(sections.items()):
        candidates = sorted(set(arms) - sections_of.keys()) or sorted(arms)
        sections_of.setdefault(candidates[rng.integers(len(candidates))], []).append(section)
    return [
        Sample(name, int(sorted(seeds[name])[rng.integers(len(seeds[name]))]), tuple(stands_for))
        for name, stands_for in sorted(sections_of.items())
    ]
