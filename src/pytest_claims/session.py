"""The session: one object that holds what the hooks share."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from pytest_claims import selection
from pytest_claims.catalogue.claims import Claim, is_claim, mark_of, read_claim
from pytest_claims.catalogue.mark_problems import problems
from pytest_claims.engines.processors import can_bind, divide_processors
from pytest_claims.options import Options
from pytest_claims.outcome import Outcomes
from pytest_claims.output import Output, is_worker
from pytest_claims.protocol import Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_claims.plan import Key, Plan
    from pytest_claims.sharing import Worker
    from pytest_claims.statistics import Look
    from pytest_claims.training import Trainer
    from pytest_claims.verdicts.judge import Judge

FAILURES = (Exception, pytest.skip.Exception, pytest.fail.Exception, pytest.xfail.Exception)
"""What may end a test or a measurement; pytest's own are no `Exception`."""

SESSION = pytest.StashKey["ClaimsSession"]()


def session_of(config: pytest.Config) -> ClaimsSession:
    """The session object of a pytest run."""
    return config.stash[SESSION]


class ClaimsSession:
    """What one pytest run knows of its claims.

    Parameters
    ----------
    config
        Pytest's configuration, in which the session stashes itself.
    """

    def __init__(self, config: pytest.Config) -> None:
        config.stash[SESSION] = self
        self.config = config
        self.options = Options.of(config)
        self.protocol = Protocol(self.options)
        self.started = time.time()
        self.claims: dict[str, Claim] = {}
        self.collected = False
        self.outcomes = Outcomes(self.options)
        self._output = Output(config)
        self.plan: Plan | None = None
        self.context: dict[str, Any] = {}
        self._trainer: Trainer | None = None
        self._looks: dict[str, Look] = {}
        self._runs: dict[tuple[Key, tuple[int, ...]], Any] = {}
        self._order: list[str] = []
        self._known: list[str] = []
        self._partial = False
        self.older: dict[str, Any] | None = None
        self._error = ""

    def start(self) -> None:
        """Read an older record, start a new store if asked for, migrate an old one: once, before any worker starts."""
        if is_worker(self.config) or selection.runs_no_test(self.config):
            return
        if self.options.against:
            self.older = self._read_older(self.options.against)
        from pytest_claims.store.file_checks import is_older

        if self.options.fresh or is_older(self.options.store):
            from pytest_claims.store.store import Store

            with Store.open(self.options.store, fresh=self.options.fresh, read_only=self.options.published) as store:
                if store.message:
                    self._output.say(store.message)

    def _read_older(self, file: Path) -> dict[str, Any]:
        """Read it before anything is trained: what is wrong with it shows at once, and this run may replace it."""
        from pytest_claims.report import read_record

        try:
            return read_record(file)
        except (OSError, ValueError) as error:
            raise pytest.UsageError(f"--claims-against takes an older record such as claims.json: {error}") from error

    # Collection: which claims there are, and what they need.

    def select(self, items: list[pytest.Item]) -> None:
        """Read the claims among the tests, and deselect those that only run when asked for."""
        with self.told_by_controller(items):
            self._select(items)

    def prepare(self, session: pytest.Session) -> None:
        """Plan what the selected claims need, and train what is missing, look by look."""
        with self.told_by_controller(session.items):
            self._prepare(session)

    @contextmanager
    def told_by_controller(self, items: list[Any]) -> Iterator[None]:
        """Let an error of usage end a run in good order: a worker's is told by the controller, and no test runs."""
        try:
            yield
        except pytest.UsageError as error:
            items.clear()  # pytest finishes a collection that has failed as well, and nothing is to be trained then
            if not is_worker(self.config):
                raise
            self.config.workeroutput["claims_error"] = str(error)  # type: ignore[attr-defined]

    def _select(self, items: list[pytest.Item]) -> None:
        tests = [item for item in items if isinstance(item, pytest.Function) and is_claim(item)]
        if found := problems(tests):
            raise pytest.UsageError("\n".join(found))
        selection.deselect(items, self.config)
        selected = {item.nodeid for item in items}
        for item in tests:
            item.extra_keyword_matches.add(mark_of(item).args[0])  # type: ignore[union-attr]
        claims = [read_claim(item) for item in tests if item.nodeid in selected]
        # In the lecture's order, behind tests that are no claims.
        claims.sort(key=lambda claim: claim.section_number)
        self._known = sorted({mark_of(item).args[0] for item in tests})  # type: ignore[union-attr]
        self.claims = {claim.item.nodeid: claim for claim in claims}
        items[:] = [item for item in items if item.nodeid not in self.claims] + [claim.item for claim in claims]

    def _prepare(self, session: pytest.Session) -> None:
        self.claims = {item.nodeid: self.claims[item.nodeid] for item in session.items if item.nodeid in self.claims}
        self._order = list(self.claims)
        # pytest finishes a collection that has failed as well, for instance over a faulty mark expression.
        if not self.claims or session.testsfailed or not self.collected:
            return
        dry_run = selection.runs_no_test(self.config)
        if dry_run and not self.config.getoption("collectonly"):
            return
        self._make_plan(offline=dry_run)
        self._say_plan(dry_run=dry_run)
        if dry_run:
            return
        if is_worker(self.config):
            from pytest_claims.engines.processors import take_one
            from pytest_claims.sharing import Worker

            worker = Worker.of(self.config.workerinput)  # type: ignore[attr-defined]
            divide_processors(worker.index, worker.count)
            if not can_bind():
                self._output.say("this system binds no process to processors: workers share them as it sees fit")
            take_one(worker.index, worker.count)
        self._train_by_looks()
        self._publish()

    def _make_plan(self, *, offline: bool) -> None:
        from pytest_claims.planning import make_plan

        pilot = self.config.rootpath / self.config.getini("claims_pilot")
        self.plan, self._data, lacking = make_plan(self.options, pilot, self.claims.values(), offline=offline)
        for claim, reason in lacking:
            claim.item.add_marker(pytest.mark.skip(reason=reason))
            del self.claims[claim.item.nodeid]

    def _say_plan(self, *, dry_run: bool) -> None:
        from pytest_claims.planning import told

        assert self.plan is not None
        claims, published = self.claims.values(), self.options.published
        self._output.say(*told(self.plan, self._data, claims, self.protocol, published=published, every_claim=dry_run))

    # Training, before the first test.

    def _train_by_looks(self) -> None:
        """Train for the first look of all, then for the next look of those still undecided."""
        from pytest_claims.training import trainer_of

        assert self.plan is not None
        self._trainer = trainer_of(self.plan, self.options, self._worker())
        progress = self._output.progress()
        undecided = list(self.claims.values())
        for index in range(self.protocol.num_looks(undecided)):
            undecided = [claim for claim in undecided if index < len(self.protocol.looks(claim))]
            if self.options.stored:
                undecided = [
                    claim for claim in undecided if not self.plan.missing(self.protocol.wanted_at(index, [claim]))
                ]
            looks = {claim.item.nodeid: self.protocol.looks(claim)[index] for claim in undecided}
            self._looks.update(looks)
            self._trainer.train(self.protocol.wanted_at(index, undecided), progress)
            undecided = [claim for claim in undecided if not self._is_decided(claim)]
        for claim in [claim for claim in self.claims.values() if claim.item.nodeid not in self._looks]:
            claim.item.add_marker(pytest.mark.skip(reason="not all of the runs of its first look are stored yet"))
            del self.claims[claim.item.nodeid]

    def _worker(self) -> Worker | None:
        from pytest_claims.sharing import Worker

        return Worker.of(self.config.workerinput) if is_worker(self.config) else None  # type: ignore[attr-defined]

    def _is_decided(self, claim: Claim) -> bool:
        """Whether the claim comes to a decision at its look. A claim that fails here fails as a test, and says why."""
        judge = self.judge_for(claim.item)
        values: dict[str, Any] = {"judge": judge, "claims_tier": claim.tier}
        try:
            for name in claim.sources:
                values[name] = self.runs_for(claim.item, name)
            claim.item.obj(**{name: values[name] for name in claim.item._fixtureinfo.argnames})
        except FAILURES:  # told when the test proper runs
            pass
        return judge.asserted is None or judge.asserted.verdict != "inconclusive"

    # What the fixtures give to a claim.

    def judge_for(self, item: pytest.Item) -> Judge:
        """A judge at the look that the claim has come to."""
        from pytest_claims.verdicts.judge import Judge

        claim = self.claims[item.nodeid]
        judge = Judge(claim.tier, self._looks[item.nodeid], self.protocol.looks(claim))
        self.outcomes.judges[item.nodeid] = judge
        return judge

    def runs_for(self, item: pytest.Item, name: str) -> Any:
        """The runs of an arm, as many as the look that the claim has come to has seeds."""
        claim = self.claims[item.nodeid]
        assert self.plan is not None
        assert self._trainer is not None
        key = name, claim.tier
        seeds = self.protocol.seeds(self._looks[item.nodeid].num_seeds)
        if key in self._trainer.failures and self.plan.missing({key: seeds}):
            error = self._trainer.failures[key]
            raise ValueError(f"arm {name!r} could not be trained: {error}") from error
        if (key, seeds) not in self._runs:
            from pytest_claims.verdicts.runs import runs_from

            stored = self.plan.store.runs(self.plan.arms[key].fingerprint, seeds)
            self._runs[key, seeds] = runs_from(name, claim.tier, stored)
        return self._runs[key, seeds]

    # Outcomes, and the report.

    def compare(self, item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
        """Compare a claim's verdict with the expected one, and put its record on the report."""
        if isinstance(item, pytest.Function) and mark_of(item):
            claim = self.claims.get(item.nodeid) or read_claim(item)
            kinds = self.plan.kinds_of_data(claim) if self.plan else {}
            spreads = self.plan.pilot.of(claim.id, claim.tier, kinds.values()) if self.plan else []
            self.outcomes.compare(claim, kinds, call, report)
            self.outcomes.add_detectable(report, spreads, self.protocol.looks(claim)[-1])

    def collect(self, report: pytest.TestReport) -> None:
        """Take a claim's record off a report."""
        if not is_worker(self.config):
            self.outcomes.collect(report)

    def status(self, report: Any) -> tuple[str, str, Any] | None:
        """Letter and word of a claim's outcome, in the category that pytest gave it."""
        return self.outcomes.status(report)

    def _publish(self) -> None:
        """Make known what the report needs of the plan; a worker sends it to the controller."""
        from pytest_claims.foresight import project_directories
        from pytest_claims.records import context

        assert self.plan is not None
        assert self._trainer is not None
        wanted = self.protocol.wanted(self.claims.values(), self._looks)
        known = context(self.plan, self._data, self._trainer, wanted)
        self.context = {**known, "order": self._order, "known": self._known, "directories": project_directories()}
        if is_worker(self.config):
            self.config.workeroutput["claims"] = self.context  # type: ignore[attr-defined]

    def take_over(self, workeroutput: dict[str, Any]) -> None:
        """Take over what a worker process has published."""
        from pytest_claims.records import merged

        if "claims" in workeroutput:
            self.context = merged(self.context, workeroutput["claims"])
        self._error = workeroutput.get("claims_error", self._error)

    def finish(self, session: pytest.Session) -> None:
        """Write the report, in the process that holds all outcomes."""
        if self.plan is not None:
            self.plan.store.close()
        if self._error:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        if is_worker(self.config):
            return
        if session.exitstatus == pytest.ExitCode.INTERRUPTED and not self.context:
            self._leave_report()
        if not self.outcomes.records or not self.context:
            return
        from pytest_claims.foresight import remember
        from pytest_claims.records import write_reports

        missing = set(self.context["order"]) - {record["test"] for record in self.outcomes.records}
        self._partial = selection.is_partial(self.config, session) or self.options.stored or bool(missing)
        write_reports(self)
        if self.context["complete"] and session.exitstatus != pytest.ExitCode.INTERRUPTED:
            remember(self.config, self.context, started=self.started)

    def _leave_report(self) -> None:
        """Where training was interrupted, report what can be judged; a controller knows of it by the store alone."""
        from pytest_claims import interruption

        options = self.options
        if options.trains and (self.plan is not None or interruption.has_stored_since(options, self.started)):
            self._output.say(interruption.GO_ON, "judging what is there (Ctrl-C again leaves that out)")
            self._output.say(*interruption.report_stored(self.config))

    @property
    def partial(self) -> bool:
        """Whether only a selection of the claims has run."""
        return self._partial

    def summarize(self, reporter: Any) -> None:
        """Print the table of verdicts and where the report is."""
        if self._error:
            reporter.write_line(f"ERROR: {self._error}", red=True)
        if self.outcomes.written:
            from pytest_claims.report.terminal import table

            for record, path in self.outcomes.written:
                reporter.write_sep("=", f"claims, {record['tier']} tier")
                color = reporter.hasmarkup
                reporter.write_line(table(record, width=min(reporter._tw.fullwidth, 120), color=color))
                reporter.write_line(f"report: {path}")
