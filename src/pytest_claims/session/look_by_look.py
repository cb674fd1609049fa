"""Training and judging look by look: only claims that are undecided go on to the next look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from pytest_claims.catalogue.claims import Claim
from pytest_claims.planning.seed_schedule import SeedSchedule
from pytest_claims.verdicts.judge import Judge
from pytest_claims.verdicts.runs import Runs, runs_from

if TYPE_CHECKING:
    from pytest_claims.planning.plan import Key, Plan
    from pytest_claims.statistics import Look
    from pytest_claims.training.progress import Progress
    from pytest_claims.training.trainer import Trainer

FAILURES = (Exception, pytest.skip.Exception, pytest.fail.Exception, pytest.xfail.Exception)
"""What may end a test or a measurement; pytest's own are no `Exception`."""


class LookByLook:
    """Trains what claims need at their first look, then what the undecided ones need at the next.

    Parameters
    ----------
    plan
        The arms, and the store.
    trainer
        Trains what the store lacks.
    schedule
        The looks of claims, and the seeds of each.
    judges
        By the id of its test, the judge that a claim was given last; filled here.
    """

    def __init__(self, plan: Plan, trainer: Trainer, schedule: SeedSchedule, judges: dict[str, Judge]) -> None:
        self.looks: dict[str, Look] = {}
        """By the id of its test, the look that a claim has come to."""
        self._plan = plan
        self._trainer = trainer
        self._schedule = schedule
        self._judges = judges
        self._runs: dict[tuple[str, Key, tuple[int, ...]], Runs] = {}

    def train(self, claims: Sequence[Claim], progress: Progress, *, stored_alone: bool) -> list[Claim]:
        """Train for the first look of all, then for the next look of those still undecided.

        With `stored_alone` a claim stops before the first look whose runs are not all stored. Returns the claims that
        came to no look.
        """
        undecided = list(claims)
        for index in range(self._schedule.num_looks(claims)):
            undecided = [claim for claim in undecided if index < len(self._schedule.looks(claim))]
            if stored_alone:
                undecided = [claim for claim in undecided if not self._plan.missing(self._wanted(index, [claim]))]
            self.looks |= {claim.item.nodeid: self._schedule.looks(claim)[index] for claim in undecided}
            self._trainer.train(self._wanted(index, undecided), progress)
            undecided = [claim for claim in undecided if not self._is_decided(claim)]
        return [claim for claim in claims if claim.item.nodeid not in self.looks]

    def judge_for(self, claim: Claim) -> Judge:
        """A judge at the look that the claim has come to."""
        judge = Judge(claim.tier, self.looks[claim.item.nodeid], self._schedule.looks(claim))
        self._judges[claim.item.nodeid] = judge
        return judge

    def runs_for(self, claim: Claim) -> Callable[[str], Runs]:
        """What gives the runs of an arm by its name, as many as the look of the claim has seeds."""
        return lambda name: self._runs_of(claim, name)

    def _runs_of(self, claim: Claim, name: str) -> Runs:
        key = self._plan.keys_of(claim)[name]
        seeds = self._schedule.seeds(self.looks[claim.item.nodeid].num_seeds)
        if key in self._trainer.failures and self._plan.missing({key: seeds}):
            error = self._trainer.failures[key]
            raise ValueError(f"arm {name!r} could not be trained: {error}") from error
        shown = self._plan.names_of(claim)[name]
        if (shown, key, seeds) not in self._runs:
            stored = self._plan.store.runs(key, seeds)
            self._runs[shown, key, seeds] = runs_from(shown, claim.tier, stored)
        return self._runs[shown, key, seeds]

    def _wanted(self, index: int, claims: Sequence[Claim]) -> dict[Key, tuple[int, ...]]:
        return self._schedule.wanted_at(index, self._plan, claims)

    def _is_decided(self, claim: Claim) -> bool:
        """Whether the claim comes to a decision at its look. A claim that fails here fails as a test, and says why."""
        judge = self.judge_for(claim)
        values: dict[str, Any] = {"judge": judge, "claims_tier": claim.tier}
        try:
            values |= {name: self._runs_of(claim, name) for name in claim.sources}
            claim.item.obj(**{name: values[name] for name in claim.item._fixtureinfo.argnames})
        except FAILURES:  # told when the test proper runs
            pass
        return judge.asserted is None or judge.asserted.verdict != "inconclusive"
