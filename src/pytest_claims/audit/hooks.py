"""Pytest's hooks for the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_claims.audit import PROPERTY
from pytest_claims.session import selection
from pytest_claims.session.workers import is_worker

if TYPE_CHECKING:
    from pytest_claims.session.session import ClaimsSession


class AuditHooks:
    """Audits if the mark expression asks for it, and keeps the record.

    Parameters
    ----------
    session
        The pytest run's claims.
    """

    def __init__(self, session: ClaimsSession) -> None:
        self.session = session
        # The records of runs that this process or its workers have audited.
        self.carried: list[dict[str, Any]] = []
        # The records of tiers, and their files.
        self.written: list[Any] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Add the audited runs to the tests, and have the terminal count them, since no file holds them."""
        if tiers := selection.audited_tiers(self.session.config):
            with self.session.reporting_usage_errors(items):
                from pytest_claims.audit.items import audit_items

                audited = audit_items(self.session, tiers)
                items += audited
                reporter: Any = self.session.config.pluginmanager.get_plugin("terminalreporter")
                if hasattr(reporter, "_numcollected"):
                    reporter._numcollected += len(audited)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the records of audited runs, from this process or a worker."""
        if report.when == "call" and not is_worker(self.session.config):
            carried: list[Any] = [value for name, value in report.user_properties if name == PROPERTY]
            self.carried += carried

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the record."""
        if self.carried:
            from pytest_claims.audit.items import write

            partial = selection.is_partial(self.session.config, session)
            self.written = write(self.carried, self.session.options.report, partial=partial)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the comparisons, and where the record is."""
        for record, path in self.written:
            from pytest_claims.audit.items import summary_line

            terminalreporter.write_sep("=", f"audit, {record['tier']} tier")
            for line in (*map(summary_line, record["arms"]), f"record: {path}"):
                terminalreporter.write_line(line)
