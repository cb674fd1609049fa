"""Compares the verdict of each claim with its expected verdict, and keeps the claims' records."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.outcomes import OutcomeException

from pytest_claims.catalogue.claims import Claim, of_kind
from pytest_claims.catalogue.recorded_stability import RecordedStability
from pytest_claims.session.options import Options
from pytest_claims.support.errors import told
from pytest_claims.support.record_types import ClaimRecord, Record
from pytest_claims.support.vocabulary import HOLDS, Kind, kind_of

if TYPE_CHECKING:
    from pytest_claims.planning.pilots import Spread
    from pytest_claims.statistics import Look
    from pytest_claims.verdicts.judge import Judge

PROPERTY = "claim"
"""Name of the user property that sends a claim's record, as plain data, from a worker to the controller."""

STABLE = 0.99
"""Stability from which on a verdict is not to change."""

RERUN = "rerun"
"""Outcome of the report of a test that pytest-rerunfailures runs again."""


class Outcomes:
    """Compares verdicts with expected verdicts, and keeps the records.

    Parameters
    ----------
    options
        The session's options. Expectations apply only to the default seeds and looks.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        # The stability recorded for expected verdicts. The session reads it when the claims are collected.
        self.recorded = RecordedStability()
        self.judges: dict[str, Judge] = {}
        self.records: list[ClaimRecord] = []
        # The tests that have run. pytest-repeat makes several of one claim.
        self.tests: set[str] = set()
        self.written: list[tuple[Record, str]] = []

    def compare(
        self,
        claim: Claim,
        kinds: set[str],
        arms: list[str],
        first_seed: int,
        call: pytest.CallInfo[None],
        report: pytest.TestReport,
    ) -> None:
        """Compare a claim's verdict with the expected one, and add its record to the report.

        An expected verdict other than "supported" is shown as an expected failure, and so is a change that the
        recorded stability allows. Any other unexpected verdict is a failure. So is an exception that does not come from
        asserting the verdict.
        """
        if call.when == "teardown" or (call.when == "setup" and report.passed):
            return
        record = self._record(claim, kind_of(kinds), arms, first_seed)
        judge = self.judges.get(claim.test) if call.when == "call" else None
        if judge is None or judge.asserted is None or judge.dropped or not _comes_from(judge, call.excinfo):
            _not_judged(judge, call, report, record)
        else:
            record = {**record, **judge.asserted.record(), "notes": judge.notes}
            problem = _explain(record)
            self._judged(record, report)
            if problem and self._options.default_protocol and record["outcome"] != "failed":
                _fail(record, report, problem)
        report.user_properties.append((PROPERTY, record))
        # --junitxml writes the properties of the teardown's report, which copies them from the item.
        claim.item.user_properties += [("claim_id", claim.id), ("verdict", record["verdict"])]

    def _judged(self, record: ClaimRecord, report: pytest.TestReport) -> None:
        binding = self._options.default_protocol
        if record["verdict"] != record["expected"] and binding:
            _changed(record, report)
        elif record["verdict"] in HOLDS:
            report.outcome, report.longrepr = "passed", None
        else:
            report.outcome, report.longrepr = "skipped", None
            report.wasxfail = (record["because"] or "") if binding else "expectations apply to the default seeds only"
            record["outcome"] = "xfailed"

    def add_detectable(self, report: pytest.TestReport, spreads: Iterable[Spread], last_look: Look) -> None:
        """Add the smallest detectable effects at the last look to a record; ``None`` for parts without pilot runs."""
        detectable = {spread.quantity: spread.detectable_as_read(last_look) for spread in spreads}
        for name, record in report.user_properties:
            if name == PROPERTY and isinstance(record, dict):
                for part in record["parts"]:
                    part["smallest_detectable_effect"] = detectable.get(part["quantity"])

    def too_many_changes(self) -> list[str]:
        """A line for each tier in which more verdicts changed than their recorded stability makes likely."""
        from pytest_claims.report.words.expectations import changes_in_words

        found = [(record["tier"], record["changed_verdicts"]) for record, _ in self.written]
        return [
            f"too many verdicts changed in the {tier} tier: {changes_in_words(changed)} Look for a cause that they "
            "have in common, such as an arm or a library. Accept new verdicts with `pytest-claims stability`"
            for tier, changed in found
            if self._options.default_protocol and len(changed["claims"]) > (changed["limit"] or 0)
        ]

    def exit_status(self, status: int) -> int:
        """The exit status of a session that would end with `status`: a failure if too many verdicts changed."""
        too_many = status == pytest.ExitCode.OK and self.too_many_changes()
        return pytest.ExitCode.TESTS_FAILED if too_many else status

    def collect(self, report: pytest.TestReport) -> None:
        """Keep the record of a claim from the report of its test: the last one, if another plugin repeats the test."""
        if report.outcome == RERUN:
            return
        records: list[Any] = [value for name, value in report.user_properties if name == PROPERTY]
        for record in records[-1:]:
            self.tests.add(record["test"])
            others = [kept for kept in self.records if (kept["id"], kept["tier"]) != (record["id"], record["tier"])]
            self.records = [*others, record]

    def _record(self, claim: Claim, kind: Kind, arms: list[str], first_seed: int) -> ClaimRecord:
        stand_in, recorded = kind == "stand-in", self.recorded.of(claim.id, claim.tier, kind)
        record: ClaimRecord = {
            "id": claim.id,
            "tier": claim.tier,
            "section": claim.section,
            "statement": claim.statement,
            "source": claim.source,
            "test": claim.test,
            "verdict": "not run",
            "reason": None,
            "expected": claim.expected_on(stand_in=stand_in),
            "expected_stability": recorded.stability if recorded else None,
            "because": claim.because_on(stand_in=stand_in),
            "outcome": "passed",
            "message": None,
            "parts": [],
            "notes": [],
            "arms": arms or list(claim.sources),
            "data": sorted(dataset.name for dataset in claim.datasets),
            "num_seeds": 0,
            "reproduction": None,
            "stability": None,
            "look": None,
            "first_seed": first_seed,
        }
        if claim.revised:
            record["revised"] = claim.revised
        if before := of_kind(claim.before, claim.tier, stand_in=stand_in):
            record["before"] = before
        return record

    def status(self, report: Any) -> tuple[str, str, Any] | None:
        """Category, letter and word of a claim's outcome; ``None`` leaves them to pytest."""
        record = dict(getattr(report, "user_properties", ())).get(PROPERTY)
        if not isinstance(record, dict) or report.when == "teardown" or report.outcome == RERUN:
            return None
        word = record["verdict"].upper()
        if record["outcome"] == "passed":
            return "passed", ".", (word, {"green": True})
        if record["outcome"] == "xfailed":
            compared = "changed" if record["message"] else "not compared"
            found = "as expected" if record["verdict"] == record["expected"] else compared
            return "xfailed", record["verdict"][0], (f"{word} ({found})", {"yellow": True})
        if record["outcome"] == "failed" and record["parts"]:
            return "failed", "F", (f"{word} (unexpected)", {"red": True})
        return None


def _changed(record: ClaimRecord, report: pytest.TestReport) -> None:
    """Report a verdict other than the expected one: a failure, or an expected failure if its stability allows it."""
    from pytest_claims.report.words.sentences import sentence

    stability = record["expected_stability"]
    recorded = "" if stability is None else f" (recorded stability {stability * 100:.4g} %)"
    message = f"expected {record['expected']}, got {record['verdict']}{recorded}"
    # An inconclusive verdict contradicts no other. Any two others of one claim contradict each other.
    contradicts = "inconclusive" not in (record["expected"], record["verdict"])
    record["message"] = message
    if contradicts or stability is None or stability >= STABLE:
        report.outcome = record["outcome"] = "failed"
        report.longrepr = f"{record['id']}: {message}\n{record['statement']}\n{sentence(record)}"
    else:
        report.outcome, record["outcome"], report.longrepr = "skipped", "xfailed", None
        report.wasxfail = message


def _explain(record: ClaimRecord) -> str:
    """Fill the fields of an explanation. If the record lacks one, leave the text out and return what is wrong."""
    from pytest_claims.report.words.explanations import filled

    try:
        record["because"] = record["because"] and filled(record["because"], record)
    except ValueError as error:
        record["because"] = None
        return str(error)
    return ""


def _fail(record: ClaimRecord, report: pytest.TestReport, message: str) -> None:
    report.outcome = "failed"
    report.longrepr = f"{record['id']}: {message}"
    vars(report).pop("wasxfail", None)  # with it pytest would not count the test as failed
    record["outcome"], record["message"] = "failed", message


def _comes_from(judge: Judge, excinfo: pytest.ExceptionInfo[BaseException] | None) -> bool:
    """True if a test passed or failed by asserting its verdict, not by another assertion or exception."""
    if excinfo is None:
        return True
    raised_at = excinfo.traceback[-1].lineno + 1
    refused = judge.asserted is not None and judge.asserted.verdict != "supported"
    return refused and excinfo.errisinstance(AssertionError) and raised_at == judge.asserted_line


def _not_judged(
    judge: Judge | None, call: pytest.CallInfo[None], report: pytest.TestReport, record: ClaimRecord
) -> None:
    record["because"] = None
    if call.excinfo is None:
        message = "the claim asserted no verdict: end it with `assert verdict`"
        if judge is not None and judge.asserted is not None and judge.dropped:
            message = f"judged and not asserted: {'; '.join(judge.dropped)}. Join the parts of a claim with &"
        _fail(record, report, message)
        record["reason"] = "error"
        return
    message = told(call.excinfo.value)
    if isinstance(call.excinfo.value, OutcomeException):  # of pytest.skip and pytest.fail, whose text says it all
        message = message.removeprefix(f"{call.excinfo.typename}: ")
    outcome, reason = ("skipped", "not run") if report.skipped else ("error", "error")
    record["outcome"], record["reason"], record["message"] = outcome, reason, message
