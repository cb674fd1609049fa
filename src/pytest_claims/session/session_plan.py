"""Makes the plan, and describes it on the terminal before training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_claims.catalogue.claims import Claim
from pytest_claims.planning.seed_schedule import SeedSchedule
from pytest_claims.session.options import Options
from pytest_claims.support.record_types import NumbersRecord
from pytest_claims.support.scale import RATIO, as_read

if TYPE_CHECKING:
    from pytest_claims.planning.data_sets import DataSets
    from pytest_claims.planning.pilots import Pilot, Spread
    from pytest_claims.planning.plan import Key, Plan
    from pytest_claims.statistics import Look


def make_plan(
    options: Options, pilot: Path, claims: Iterable[Claim], *, offline: bool
) -> tuple[Plan, DataSets, list[tuple[Claim, str]]]:
    """Plan the runs of claims; returns the plan, the data sets, and the claims without data, each with the reason."""
    from pytest_claims.planning.data_sets import DataSets
    from pytest_claims.planning.pilots import Pilot
    from pytest_claims.planning.plan import Plan
    from pytest_claims.store.store import Store

    spreads, data = Pilot.read(pilot), DataSets(options.data)
    if offline and not options.published:  # the plan is only shown: nothing is written
        from pytest_claims.store.no_runs import open_to_look

        store = open_to_look(options.store)
    else:
        store = Store.open(options.store, read_only=options.published)
    plan = Plan(store, options.engine, spreads)
    try:
        if options.published:
            from pytest_claims.planning.published_runs import add_published

            return plan, data, add_published(plan, claims, data)
        return plan, data, plan.add(claims, data, offline=offline)
    except BaseException:
        store.close()
        raise


def plan_lines(
    plan: Plan, data: DataSets, claims: Iterable[Claim], schedule: SeedSchedule, *, published: bool, every_claim: bool
) -> list[str]:
    """Describe the plan in lines; with `every_claim` also the smallest detectable effects of each claim."""
    claims = list(claims)
    first, last = (schedule.wanted_at(index, plan, claims) for index in (0, -1))
    last_looks = [(claim, schedule.looks(claim)[-1], plan.kinds_of_data(claim)) for claim in claims]
    lines = []
    if published:
        lines.append("published runs, judged as they are")
    if deviations := plan.engine_record().get("deviations"):
        lines.append(f"kept apart from other runs: {'; '.join(deviations)}")
    lines += _cost_and_data_lines(plan, data, first, last, len(claims))
    return lines + _power_lines(plan.pilot, last_looks, every_claim=every_claim)


def _power_lines(pilot: Pilot, last_looks: Iterable[tuple[Claim, Look, set[str]]], *, every_claim: bool) -> list[str]:
    """With `every_claim`, the effects that claims with pilot runs can detect; else the claims likely to stay undecided.

    `last_looks` has each claim with its last look and the kinds of its data.
    """
    from pytest_claims.planning.pilots import stays_undecided

    lines, undecided = [], []
    for claim, look, kinds in last_looks:
        spreads = pilot.spreads_of(claim.id, claim.tier, kinds)
        lines += [f"{claim.id} [{claim.tier}] {spread_line(spread, look)}" for spread in spreads]
        if stays_undecided(spreads, look):
            undecided.append(claim.id)
    if every_claim:
        return lines
    return [f"likely to stay undecided, according to pilot runs: {', '.join(undecided)}"] if undecided else []


def _cost_and_data_lines(
    plan: Plan,
    data: DataSets,
    first: Mapping[Key, tuple[int, ...]],
    last: Mapping[Key, tuple[int, ...]],
    num_claims: int,
) -> list[str]:
    """The runs needed and missing at the first and the last look, their cost, and the data, in a few lines."""
    now, at_most = plan.missing(first), plan.missing(last)
    num_wanted, num_now, num_at_most = (sum(map(len, seeds.values())) for seeds in (first, now, at_most))
    missing = "no run missing"
    if num_now:
        missing = f"{num_now} of {num_wanted} runs missing at the first look, {plan.cost_line(now)}"
    if num_at_most > num_now:
        missing += f"; {num_at_most} at most, {plan.cost_line(at_most)}"
    lines = [f"{num_claims} claims, {len(first)} arms, engine {plan.engine}: {missing}"]
    if described := data.line():
        lines.append(f"data: {described}")
    return [*lines, *data.notes()]


def spread_line(spread: Spread, look: Look) -> str:
    """The smallest detectable effect at a look, and the mean of the pilot runs, in words."""
    from pytest_claims.report.words.numbers import margin, quantity_value

    mean, effect = as_read(spread.mean, spread.unit), spread.detectable_as_read(look)
    part: NumbersRecord = {
        "rule": spread.rule,
        "margin": spread.margin,
        "unit": spread.unit,
        "difference": spread.difference,
        "estimate": mean,
        "low": None,
        "high": None,
    }
    distance = quantity_value(effect, {**part, "difference": spread.unit != RATIO, "margin": [], "estimate": effect})
    undecided = ": likely to stay undecided" if spread.stays_undecided(look) else ""
    return (
        f"with {look.num_seeds} seeds, detects a distance of {distance.lstrip('+')} from the margin {margin(part)}; "
        f"pilot mean {quantity_value(mean, part)}{undecided}"
    )
