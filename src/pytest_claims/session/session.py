"""The session: one object with the shared state of pytest's hooks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from pytest_claims.catalogue.claims import Claim, id_of, is_claim, mark_of, read_claim
from pytest_claims.catalogue.mark_problems import problems
from pytest_claims.planning.seed_schedule import SeedSchedule
from pytest_claims.session import selection
from pytest_claims.session.given import Given, read_given, read_stability
from pytest_claims.session.options import Options
from pytest_claims.session.outcomes import Outcomes
from pytest_claims.session.terminal import Output, Summary
from pytest_claims.session.workers import Published, is_worker, publish, publish_error, received, worker_of
from pytest_claims.support.errors import ClaimsError
from pytest_claims.support.text import file_of

if TYPE_CHECKING:
    from pytest_claims.planning.data_sets import DataSets
    from pytest_claims.planning.plan import Plan
    from pytest_claims.session.look_by_look import LookByLook
    from pytest_claims.verdicts.judge import Judge

HOW_TO_RESUME = (
    "interrupted: finished runs are saved. Run the same command again to resume, or with --claims-stored to judge the "
    "saved runs"
)

SESSION = pytest.StashKey["ClaimsSession"]()


@contextmanager
def usage_errors() -> Iterator[None]:
    """Turn a user's error into `pytest.UsageError`, which pytest reports without a traceback."""
    try:
        yield
    except ClaimsError as error:
        raise pytest.UsageError(str(error)) from error


def session_of(config: pytest.Config) -> ClaimsSession:
    """The claims session of a pytest session."""
    return config.stash[SESSION]


class ClaimsSession:
    """The claims of one pytest session, and everything that its hooks share.

    Parameters
    ----------
    config
        Pytest's configuration. The session stores itself in its stash.
    """

    def __init__(self, config: pytest.Config) -> None:
        config.stash[SESSION] = self
        self.config = config
        self.options = Options.from_config(config)
        # The seeds of each look at a claim.
        self.schedule = SeedSchedule(self.options.num_seeds, self.options.first_seed)
        # The selected claims that can run, by the ids of their tests, in the lecture's order.
        self.claims: dict[str, Claim] = {}
        # True once all tests are collected without an error. The session plans nothing before.
        self.collected = False
        # The records of claims that have run.
        self.outcomes = Outcomes(self.options)
        # The older record and the lecture's assertions, read before training.
        self.given = Given()
        # Start of the session, in seconds since 1970.
        self._started = time.time()
        # Prints to the terminal before the tests.
        self._output = Output(config)
        # The plan and the looks; made after the claims are collected.
        self._plan: Plan | None = None
        self._looks: LookByLook | None = None
        # Ids of the tests of all selected claims, including those that cannot run.
        self._order: list[str] = []
        # The tests of all collected claims, selected or not.
        self._tests: list[pytest.Function] = []
        # True if another plugin has left out claims.
        self._narrowed = False
        # The record's data on the plan: from this process, or merged from all workers.
        self._published: Published | None = None
        # A user's error in a worker.
        self._error = ""

    def start(self) -> None:
        """Read the files for the report, and start a new store if the options ask. Runs before any worker starts."""
        if is_worker(self.config) or selection.runs_no_test(self.config):
            return
        self.given = read_given(self.config, self.options)
        if self.options.fresh:
            from pytest_claims.store.store import Store

            with Store.open(self.options.store, fresh=True) as store:
                if store.message:
                    self._output.say(store.message)

    # Collection: the claims and their plan.

    def select(self, items: list[pytest.Item]) -> None:
        """Read the claims among the tests, and deselect those that nobody asked for."""
        with self.reporting_usage_errors(items):
            self._select(items)

    def prepare(self, session: pytest.Session) -> None:
        """Plan the selected claims, and train the missing runs, look by look."""
        with self.reporting_usage_errors(session.items):
            self._prepare(session)

    @contextmanager
    def reporting_usage_errors(self, items: list[Any]) -> Iterator[None]:
        """On a user's error run no test. The controller reports the error of a worker."""
        try:
            with usage_errors():
                yield
        except pytest.UsageError as error:
            items.clear()  # pytest calls pytest_collection_finish also after an error; it must not train then
            if not is_worker(self.config):
                raise
            publish_error(self.config, str(error))

    def _select(self, items: list[pytest.Item]) -> None:
        tests = [item for item in items if isinstance(item, pytest.Function) and is_claim(item)]
        if messages := problems(tests):
            raise ClaimsError("\n".join(messages))
        selection.deselect(items, self.config)
        selected = set(map(id_of, items))
        for item in tests:
            item.extra_keyword_matches.add(mark_of(item).args[0])  # type: ignore[union-attr]
        claims = [read_claim(item) for item in tests]
        self.outcomes.recorded = read_stability(self.config, claims)
        # In the lecture's order, after tests that are no claims.
        claims = sorted((one for one in claims if one.test in selected), key=lambda claim: claim.section_number)
        self._tests = tests
        self.claims = {claim.test: claim for claim in claims}
        items[:] = [item for item in items if id_of(item) not in self.claims] + [claim.item for claim in claims]

    def _prepare(self, session: pytest.Session) -> None:
        # Other plugins may have left out tests, or have put them into another order.
        kept = set(map(id_of, session.items))
        dropped = [claim.item for id_, claim in self.claims.items() if id_ not in kept]
        self._narrowed = selection.matches_marks(self.config, dropped)
        self.claims = {id_: claim for id_, claim in self.claims.items() if id_ in kept}
        self._order = list(self.claims)
        # pytest calls this hook also after a failed collection, for instance after an invalid mark expression.
        if not self.claims or session.testsfailed or not self.collected:
            return
        dry_run = selection.runs_no_test(self.config)
        if dry_run and not self.config.getoption("collectonly"):
            return
        # pytest says of these tests that they are skipped, and nothing is trained for them.
        self.claims = {id_: claim for id_, claim in self.claims.items() if not selection.is_skipped(claim.item)}
        plan, data = self._make_plan(dry_run=dry_run)
        if not dry_run:
            self._take_processors()
            self._train(plan, data)

    def _make_plan(self, *, dry_run: bool) -> tuple[Plan, DataSets]:
        """Make the plan, skip the claims that lack data, and describe the plan on the terminal."""
        from pytest_claims.session.session_plan import make_plan, plan_lines

        pilot = self.config.rootpath / self.config.getini("claims_pilot")
        plan, data, lacking = make_plan(self.options, pilot, self.claims.values(), offline=dry_run)
        self._plan = plan
        for claim, reason in lacking:
            self._skip(claim, reason)
        claims, published = self.claims.values(), self.options.published
        self._output.say(*plan_lines(plan, data, claims, self.schedule, published=published, every_claim=dry_run))
        return plan, data

    def _skip(self, claim: Claim, reason: str) -> None:
        claim.item.add_marker(pytest.mark.skip(reason=reason))
        del self.claims[claim.test]

    def _take_processors(self) -> None:
        """Give a worker its share of the processors, before a library takes all."""
        worker = worker_of(self.config)
        if worker is None:
            return
        from pytest_claims.engines.processors import can_bind, divide_processors, take_one

        divide_processors(worker.index, worker.count)
        if not can_bind():
            self._output.say(
                "this system cannot bind a process to processors: it divides them among the workers itself"
            )
        take_one(worker.index, worker.count)

    def _train(self, plan: Plan, data: DataSets) -> None:
        """Train look by look, before the first test. Then publish the record's data on the plan."""
        from pytest_claims.engines.base import name_backend
        from pytest_claims.session.look_by_look import LookByLook
        from pytest_claims.session.reports import arms_of
        from pytest_claims.session.trainers import trainer_of

        name_backend(self.options.engine)
        trainer = trainer_of(plan, self.options, worker_of(self.config))
        self._looks = LookByLook(plan, trainer, self.schedule, self.outcomes.judges)
        claims = list(self.claims.values())
        for claim in self._looks.train(claims, self._output.progress(), self.options):
            self._skip(claim, "not all of the runs of a look that it needs are there")
        wanted = self.schedule.wanted(plan, self.claims.values(), self._looks.looks)
        self._published = Published(
            arms=arms_of(plan, self.claims.values(), wanted, trainer.failures),
            data=data.record(),
            engine=plan.engine_record(),
            order=self._order,
            known=sorted({mark_of(item).args[0] for item in self._tests}),  # type: ignore[union-attr]
            num_trained=trainer.num_trained,
            files=sorted({file_of(item.nodeid) for item in self._tests}),
            narrowed=self._narrowed,
        )
        if is_worker(self.config):
            publish(self.config, self._published)

    # Values of the fixtures.

    def judge_for(self, item: pytest.Item) -> Judge:
        """A judge at the claim's current look."""
        assert self._looks is not None
        return self._looks.judge_for(self.claims[id_of(item)])

    def runs_for(self, item: pytest.Item) -> Callable[[str], Any]:
        """A function from an arm's name to its runs, for the seeds of the claim's current look."""
        assert self._looks is not None
        return self._looks.runs_for(self.claims[id_of(item)])

    # Outcomes, and the report.

    def compare(self, item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
        """Compare a claim's verdict with the expected one, and add its record to the test report."""
        if self._looks is not None and self._looks.is_trying:
            report.wasxfail = ""  # so that --pdb does not stop in a trial
        elif isinstance(item, pytest.Function) and mark_of(item):
            claim = self.claims.get(id_of(item)) or read_claim(item)
            kinds = self._plan.kinds_of_data(claim) if self._plan else set()
            names = self._plan.names_of(claim) if self._plan else {}
            spreads = self._plan.pilot.spreads_of(claim.id, claim.tier, kinds) if self._plan else []
            self.outcomes.compare(claim, kinds, list(names.values()), self.schedule.first_seed(claim), call, report)
            self.outcomes.add_detectable(report, spreads, self.schedule.looks(claim)[-1])

    def collect(self, report: pytest.TestReport) -> None:
        """Keep the record of a claim from the report of its test."""
        if not is_worker(self.config):
            self.outcomes.collect(report)
            if isinstance(report.longrepr, str):
                report.longrepr = self._output.encodable(report.longrepr)

    def take_over(self, workeroutput: dict[str, Any]) -> None:
        """Merge the data or the error that a worker has published."""
        published, error = received(workeroutput)
        if published is not None:
            self._published = published.merged(self._published)
        self._error = error or self._error

    def finish(self, session: pytest.Session) -> None:
        """Close the store; in the process with all outcomes, write the reports."""
        if self._plan is not None:
            self._plan.store.close()
        if self._error:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        if is_worker(self.config):
            return
        if session.exitstatus == pytest.ExitCode.INTERRUPTED and not self._published:
            self._say_how_to_resume()
        if self.outcomes.records and self._published:
            self._write_reports(session, self._published)
        session.exitstatus = self.outcomes.exit_status(session.exitstatus)

    def _say_how_to_resume(self) -> None:
        """Print the hint if training was interrupted. A controller of workers has no plan and checks for the store."""
        if self.options.trains and (self._plan is not None or self.options.store.exists()):
            self._output.say(HOW_TO_RESUME)

    def _write_reports(self, session: pytest.Session, published: Published) -> None:
        from pytest_claims.session.reports import Reports

        missing = set(published.order) - self.outcomes.tests
        partial = selection.is_partial(self.config, session) or self.options.stored or published.narrowed
        reports = Reports(self.config, self.options, published, self._started, partial or bool(missing), self.given)
        self.outcomes.written = reports.write(self.outcomes.records)

    def summarize(self, summary: Summary) -> None:
        """Print the table of verdicts and the path of each report."""
        if self._error:
            summary.write(f"ERROR: {self._error}", red=True)
        if self.outcomes.written:
            from pytest_claims.report.terminal import table

            for record, line in self.outcomes.written:
                summary.title(f"claims, {record['tier']} tier")
                summary.write(table(record, width=summary.width, color=summary.color), line)
        summary.write(*(f"FAILED: {line}" for line in self.outcomes.too_many_changes()), red=True)
