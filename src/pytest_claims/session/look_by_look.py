"""Trains and judges look by look. Only undecided claims go on to the next look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.runner import runtestprotocol

from pytest_claims.catalogue.claims import Claim
from pytest_claims.planning.seed_schedule import SeedSchedule
from pytest_claims.session.failures import raise_for
from pytest_claims.session.options import Options
from pytest_claims.verdicts.judge import Judge
from pytest_claims.verdicts.runs import Runs, runs_from

if TYPE_CHECKING:
    from pytest_claims.planning.plan import Key, Plan
    from pytest_claims.statistics import Look
    from pytest_claims.training.progress import Progress
    from pytest_claims.training.trainer import Trainer


class LookByLook:
    """Trains the runs of the claims' first look, then those of the next look for undecided claims.

    Parameters
    ----------
    plan
        The arms, and the store.
    trainer
        Trains missing runs.
    schedule
        The looks of claims, and the seeds of each look.
    judges
        The latest judge of each claim, by the id of the claim's test. `judge_for` fills it.
    """

    def __init__(self, plan: Plan, trainer: Trainer, schedule: SeedSchedule, judges: dict[str, Judge]) -> None:
        self.looks: dict[str, Look] = {}
        """The current look of each claim, by the id of the claim's test."""
        self.is_trying = False
        """True while a test runs only to see if its claim is decided."""
        self._plan = plan
        self._trainer = trainer
        self._schedule = schedule
        self._judges = judges
        self._runs: dict[tuple[str, Key, tuple[int, ...]], Runs] = {}

    def train(self, claims: Sequence[Claim], progress: Progress, options: Options) -> list[Claim]:
        """Train for the first look of all claims, then for the next look of undecided claims.

        On stored runs alone a claim stops before the first look with missing runs. On published runs a claim that lacks
        runs of a look which it needs has no verdict. Returns the claims without any look.
        """
        undecided = list(claims)
        for index in range(self._schedule.num_looks(claims)):
            undecided = [claim for claim in undecided if index < len(self._schedule.looks(claim))]
            if options.stored:
                undecided = [claim for claim in undecided if not self._plan.missing(self._wanted(index, [claim]))]
            if options.published:
                short = [claim for claim in undecided if self._plan.missing(self._wanted(index, [claim]))]
                self.looks = {test: look for test, look in self.looks.items() if test not in {c.test for c in short}}
                undecided = [claim for claim in undecided if claim not in short]
            self.looks |= {claim.test: self._schedule.looks(claim)[index] for claim in undecided}
            self._trainer.train(self._wanted(index, undecided), progress)
            undecided = [claim for claim in undecided if not self._is_decided(claim)]
        return [claim for claim in claims if claim.test not in self.looks]

    def judge_for(self, claim: Claim) -> Judge:
        """A judge at the claim's current look."""
        judge = Judge(claim.tier, self.looks[claim.test], self._schedule.looks(claim))
        self._judges[claim.test] = judge
        return judge

    def runs_for(self, claim: Claim) -> Callable[[str], Runs]:
        """A function from an arm's name to its runs, for the seeds of the claim's current look."""
        return partial(self._runs_of, claim)

    def _runs_of(self, claim: Claim, name: str) -> Runs:
        __tracebackhide__ = True
        key = self._plan.keys_of(claim)[name]
        seeds = self._schedule.seeds(claim, self.looks[claim.test])
        if key in self._trainer.failures and self._plan.missing({key: seeds}):
            raise_for(name, self._trainer.failures[key])
        shown = self._plan.names_of(claim)[name]
        if (shown, key, seeds) not in self._runs:
            stored = self._plan.store.runs(key, seeds)
            self._runs[shown, key, seeds] = runs_from(shown, claim.tier, stored)
        return self._runs[shown, key, seeds]

    def _wanted(self, index: int, claims: Sequence[Claim]) -> dict[Key, tuple[int, ...]]:
        return self._schedule.wanted_at(index, self._plan, claims)

    def _is_decided(self, claim: Claim) -> bool:
        """True if the claim is decided at its look, or asserts no verdict. A claim that raises here fails as a test.

        Pytest itself runs the test, with its setup, its fixtures and its teardown, and nobody hears of the outcome.
        """
        item = claim.item
        # Fixtures of the whole session stay for the tests to come. They belong to the session, and so it is the next.
        session: Any = item.session
        properties = list(item.user_properties)
        self._judges.pop(claim.test, None)
        self.is_trying = True
        try:
            runtestprotocol(item, log=False, nextitem=session)
        except pytest.exit.Exception:  # the test itself will end the session, after the tests before it
            session._setupstate.teardown_exact(session)
        finally:
            self.is_trying = False
            item._report_sections.clear()
            item.user_properties[:] = properties
        judge = self._judges.get(claim.test)
        return judge is None or judge.asserted is None or judge.asserted.verdict != "inconclusive"
