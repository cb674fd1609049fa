"""Pytest's hooks for the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_claims.audit import PROPERTY
from pytest_claims.session import selection
from pytest_claims.session.terminal import Summary
from pytest_claims.session.workers import is_worker

if TYPE_CHECKING:
    from pytest_claims.session.session import ClaimsSession


class AuditHooks:
    """Audits if the mark expression asks for it, and keeps the record.

    Parameters
    ----------
    session
        The claims session.
    """

    def __init__(self, session: ClaimsSession) -> None:
        self.session = session
        # The records of runs that this process or its workers have audited.
        self.run_records: list[dict[str, Any]] = []
        # The record of each audited tier, and a line about its file.
        self.written: list[Any] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Add the audited runs to the tests. Called once, after `ClaimsHooks` has read the claims."""
        if tiers := selection.audited_tiers(self.session.config):
            with self.session.reporting_usage_errors(items):
                from pytest_claims.audit.items import audit_items

                audited = audit_items(self.session, tiers)
                items += audited
                # The terminal counts tests by file, and these have no file.
                reporter: Any = self.session.config.pluginmanager.get_plugin("terminalreporter")
                if hasattr(reporter, "_numcollected"):
                    reporter._numcollected += len(audited)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the records of audited runs. Called for each test report, also for those of workers."""
        if report.when == "call" and not is_worker(self.session.config):
            records: list[Any] = [value for name, value in report.user_properties if name == PROPERTY]
            self.run_records += records

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the record of each audited tier. Called once per process, after all tests."""
        if self.run_records:
            from pytest_claims.audit.items import write

            partial = selection.is_partial(self.session.config, session)
            self.written = write(self.run_records, self.session.options.report, partial=partial)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the comparisons and the path of each record. Called when pytest prints its summary."""
        for record, place in self.written:
            from pytest_claims.audit.items import summary_line

            summary = Summary(terminalreporter)
            summary.title(f"audit, {record['tier']} tier")
            summary.write(*map(summary_line, record["arms"]), place)
