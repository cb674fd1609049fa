"""The pytest plugin: options, marks, fixtures and hooks, each of which hands over to the session object."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import pytest

from pytest_claims.audit.hooks import AuditHooks
from pytest_claims.catalogue.claims import mark_of, tiers_of
from pytest_claims.session.session import ClaimsSession, session_of, usage_errors
from pytest_claims.support.vocabulary import TIERS, Tier

if TYPE_CHECKING:
    from pytest_claims.verdicts.judge import Judge

MARKS = (
    "claim(id, statement, *, source, expected, because, tiers, seeds): an assertion of the lecture, over several runs",
    "section(title, number): the section of the lecture that a claim belongs to, and its place there",
    "fast: claims on small subsets of the data (added to claims by the plugin)",
    "audit: stored runs, trained again by keras.Model.fit: of the fast tier; `audit and full` of the full one",
    "controls: whether the machinery does what it should, at length (runs only when asked for)",
    "full: claims on all the data (added to claims by the plugin; runs only when asked for)",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and settings of the suite."""
    group = parser.getgroup("claims", "claims about training runs")
    group.addoption("--claims-data", metavar="DIR", help="directory with the data sets (default: $CLAIMS_DATA)")
    group.addoption("--claims-engine", metavar="NAME", default="stacked", help="stacked (default) or fit")
    group.addoption("--claims-executor", metavar="dask://HOST:PORT", help="train on the workers of a Dask scheduler")
    group.addoption(
        "--claims-store", metavar="FILE", help="where runs are kept (default: $CLAIMS_STORE or .claims/runs.sqlite)"
    )
    group.addoption("--claims-fresh", action="store_true", help="start a new store; the old one is moved aside")
    group.addoption("--claims-runs", metavar="FILE", help="judge published runs again: no data needed, nothing trained")
    group.addoption("--claims-stored", action="store_true", help="judge what the store holds, and train nothing")
    group.addoption("--claims-seeds", metavar="N", help="judge once, on N seeds, instead of at the tier's looks")
    group.addoption("--claims-first-seed", metavar="N", default="0", help="first seed of the block (default: 0)")
    group.addoption("--claims-report", metavar="DIR", help="where reports are written (default: reports)")
    group.addoption("--claims-against", metavar="FILE.json", help="an older record: the report says what has changed")
    group.addoption("--claims-audit-seed", metavar="N", help="what fixes the draw of -m audit (default: drawn anew)")
    parser.addini("claims_lecture", "title of the lecture, for the report", default="")
    parser.addini("claims_assertions", "file that lists the lecture's assertions, for the report", default="")
    parser.addini("claims_pilot", "file of what pilot runs have shown: seconds per run", default="fixtures/pilot.json")


def pytest_configure(config: pytest.Config) -> None:
    """Register marks and hooks."""
    for mark in MARKS:
        config.addinivalue_line("markers", mark)
    with usage_errors():
        session = ClaimsSession(config)
    # Registered before the others and so called behind them: an audit draws from the claims that they have read.
    config.pluginmanager.register(AuditHooks(session), "claims-audit-hooks")
    config.pluginmanager.register(ClaimsHooks(session), "claims-hooks")


# Asked before pytest_configure, which registers the other hooks; and before xdist, which always has an answer.
@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Say what ``-n auto`` means for claims."""
    from pytest_claims.session.workers import num_workers

    return num_workers(config)


@pytest.fixture
def claims_tier(request: pytest.FixtureRequest) -> Tier:
    """The tier that a claim is tested in."""
    tier: Tier = request.param
    return tier


@pytest.fixture
def claims_runs(request: pytest.FixtureRequest, claims_tier: Tier) -> Callable[[str], Any]:
    """Gives the runs of an arm by its name, those of the seeds that this claim has come to."""
    return session_of(request.config).runs_for(request.node)


@pytest.fixture
def judge(request: pytest.FixtureRequest, claims_tier: Tier) -> Judge:
    """Judges quantities at the look that this claim has come to."""
    return session_of(request.config).judge_for(request.node)


class ClaimsHooks:
    """Pytest's hooks, delegated to the session."""

    def __init__(self, session: ClaimsSession) -> None:
        self.session = session

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """Start a new store if one is asked for."""
        with usage_errors():
            self.session.start()

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Make one test of each tier."""
        mark = mark_of(metafunc.definition)
        if mark and "claims_tier" in metafunc.fixturenames:
            tiers = [tier for tier in tiers_of(mark) if tier in TIERS]
            parameters = [pytest.param(tier, marks=getattr(pytest.mark, tier)) for tier in tiers]
            metafunc.parametrize("claims_tier", parameters, indirect=True)

    @pytest.hookimpl(wrapper=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None]:
        """Check the claims and deselect what only runs when asked for."""
        self.session.select(items)
        yield
        self.session.collected = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Plan, and train what is missing, before the first test."""
        self.session.prepare(session)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Compare a claim's verdict with the expected one."""
        report = yield
        self.session.compare(item, call, report)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect what claims have come to, from this process or another."""
        self.session.collect(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: Any) -> tuple[str, str, Any] | None:
        """Show a verdict by its own word."""
        return self.session.outcomes.status(report)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker process knows of the plan."""
        self.session.take_over(getattr(node, "workeroutput", {}))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the report."""
        self.session.finish(session)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the table of verdicts."""
        self.session.summarize(terminalreporter)
