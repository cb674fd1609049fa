"""The pytest plugin: options, marks, fixtures and hooks. Each hook calls the session object."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import pytest

from pytest_claims.audit.hooks import AuditHooks
from pytest_claims.catalogue.claims import mark_of, tiers_of
from pytest_claims.session.session import ClaimsSession, session_of, usage_errors
from pytest_claims.session.terminal import Summary
from pytest_claims.support.vocabulary import TIERS, Tier

if TYPE_CHECKING:
    from pytest_claims.verdicts.judge import Judge

MARKS = (
    "claim(id, statement, *, source, expected, because, tiers, seeds): an assertion of the lecture, over several runs",
    "section(title, number): the section of the lecture that a claim belongs to, and its place there",
    "fast: claims on small subsets of the data (added to claims by the plugin)",
    "audit: stored runs of the fast tier, retrained by keras.Model.fit; `audit and full`: those of the full tier",
    "controls: long tests of the machinery itself (run only if `-m` names this mark)",
    "full: claims on all the data (added to claims by the plugin; run only if `-m` names this mark)",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add options and settings. Called once, before pytest parses the command line."""
    group = parser.getgroup("claims", "claims about training runs")
    group.addoption("--claims-data", metavar="DIR", help="directory with the data sets (default: $CLAIMS_DATA)")
    group.addoption("--claims-engine", metavar="NAME", default="stacked", help="stacked (default) or fit")
    group.addoption("--claims-executor", metavar="dask://HOST:PORT", help="train on the workers of a Dask scheduler")
    group.addoption(
        "--claims-store", metavar="FILE", help="file of the runs (default: $CLAIMS_STORE or .claims/runs.sqlite)"
    )
    group.addoption("--claims-fresh", action="store_true", help="start a new store; move the old one aside")
    group.addoption("--claims-runs", metavar="FILE", help="judge published runs again, without data or training")
    group.addoption("--claims-stored", action="store_true", help="judge the runs in the store, without training")
    group.addoption("--claims-seeds", metavar="N", help="judge once, on N seeds, instead of at the tier's looks")
    group.addoption("--claims-first-seed", metavar="N", help="first seed of all claims (default: each claim's own)")
    group.addoption("--claims-report", metavar="DIR", help="directory for reports (default: reports)")
    group.addoption("--claims-against", metavar="FILE.json", help="older record; the report lists the changes")
    group.addoption(
        "--claims-audit-seed",
        metavar="N",
        help="seed for choosing the runs that `-m audit` retrains (default: random)",
    )
    parser.addini("claims_lecture", "title of the lecture, for the report", default="")
    parser.addini("claims_assertions", "file that lists the lecture's assertions, for the report", default="")
    parser.addini("claims_stability", "file with the stability of expected verdicts", default="fixtures/stability.json")
    parser.addini("claims_pilot", "file with pilot measurements", default="fixtures/pilot.json")


def pytest_configure(config: pytest.Config) -> None:
    """Register marks and hooks. Called once, after the command line is parsed."""
    for mark in MARKS:
        config.addinivalue_line("markers", mark)
    with usage_errors():
        session = ClaimsSession(config)
    # pytest calls hooks in reverse order of registration. The audit draws from the claims that `ClaimsHooks` has read.
    config.pluginmanager.register(AuditHooks(session), "claims-audit-hooks")
    config.pluginmanager.register(ClaimsHooks(session), "claims-hooks")


# A module-level hook: xdist calls it before pytest_configure registers the others. First, since xdist always answers.
@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Choose the number of workers. Called by xdist for ``-n auto``, before `pytest_configure`."""
    from pytest_claims.session.workers import num_workers

    return num_workers(config)


@pytest.fixture
def claims_tier(request: pytest.FixtureRequest) -> Tier:
    """The tier that a claim is tested in."""
    tier: Tier = request.param
    return tier


@pytest.fixture
def claims_runs(request: pytest.FixtureRequest, claims_tier: Tier) -> Callable[[str], Any]:
    """A function from an arm's name to its runs, for the seeds of the claim's current look."""
    return session_of(request.config).runs_for(request.node)


@pytest.fixture
def judge(request: pytest.FixtureRequest, claims_tier: Tier) -> Judge:
    """Judges quantities at the claim's current look."""
    return session_of(request.config).judge_for(request.node)


class ClaimsHooks:
    """Pytest's hooks; each calls the session."""

    def __init__(self, session: ClaimsSession) -> None:
        self.session = session

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """Start a new store if ``--claims-fresh`` asks for it. Called once per process, before collection."""
        with usage_errors():
            self.session.start()

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Make one test for each tier. Called for each collected test function."""
        mark = mark_of(metafunc.definition)
        if mark and "claims_tier" in metafunc.fixturenames:
            tiers = [tier for tier in tiers_of(mark) if tier in TIERS]
            parameters = [pytest.param(tier, marks=getattr(pytest.mark, tier)) for tier in tiers]
            metafunc.parametrize("claims_tier", parameters, indirect=True)

    # First, to see the tests in the order of the catalogue. pytest-randomly shuffles them in such a wrapper, too.
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None]:
        """Check claims, and deselect tests that nobody asked for. Called once, after all tests are collected."""
        self.session.select(items)
        yield
        self.session.collected = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Plan, and train the missing runs. Called once, after selection and before the first test."""
        self.session.prepare(session)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Compare a claim's verdict with the expected one. Called after setup, call and teardown of each test."""
        report = yield
        self.session.compare(item, call, report)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the records of claims. Called for each test report, also for those of workers."""
        self.session.collect(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: Any) -> tuple[str, str, Any] | None:
        """Show a claim's verdict as its status. Called when the terminal prints a test report."""
        return self.session.outcomes.status(report)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over the plan that a worker has published. Called in xdist's controller when a worker ends."""
        self.session.take_over(getattr(node, "workeroutput", {}))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the report. Called once per process, after all tests."""
        self.session.finish(session)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the table of verdicts. Called after `pytest_sessionfinish`, when pytest prints its summary."""
        self.session.summarize(Summary(terminalreporter))
