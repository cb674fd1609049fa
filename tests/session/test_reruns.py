"""A claim that runs again is one claim: its last record counts."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pytest_claims.session.outcomes import PROPERTY, Outcomes

RERUNS = """
import pytest
from _pytest.runner import runtestprotocol

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    for attempt in range(3):
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        again = attempt < 2 and any(report.failed for report in reports)
        for report in reports:
            if again and report.failed:
                report.outcome = {outcome!r}
            item.ihook.pytest_runtest_logreport(report=report)
        if not again:
            return True
"""


def report(outcome: str, *, test: str = "test_a.py::test_high[fast]", verdict: str = "refuted") -> SimpleNamespace:
    record = {"test": test, "id": test[10:], "tier": "fast", "verdict": verdict, "outcome": "failed", "parts": [{}]}
    return SimpleNamespace(outcome=outcome, when="call", user_properties=[(PROPERTY, record)])


@pytest.mark.parametrize("outcome", ["rerun", "failed"])
def test_a_claim_that_runs_again_is_one_claim_with_its_last_record(outcome):
    outcomes = Outcomes(None)
    for one in (report(outcome), report("passed", test="test_a.py::test_low[fast]"), report(outcome)):
        outcomes.collect(one)
    outcomes.collect(report("passed", verdict="supported"))
    assert [(kept["test"][-10:], kept["verdict"]) for kept in outcomes.records] == [
        ("_low[fast]", "refuted"),
        ("high[fast]", "supported"),
    ]


def test_a_rerun_is_no_failure_and_its_status_is_left_to_others():
    assert Outcomes(None).status(report("rerun")) is None
    assert Outcomes(None).status(report("failed"))[0] == "failed"


@pytest.mark.parametrize("outcome", ["rerun", "failed"])
def test_a_refuted_claim_that_runs_three_times_is_one_row(catalogue, outcome):
    catalogue.claim(body="judge(high.measured('accuracy'), below=0.55)")
    conftest = catalogue.path / "conftest.py"
    conftest.write_text(conftest.read_text() + RERUNS.replace("{outcome!r}", repr(outcome)))
    result = catalogue.run()
    result.stdout.fnmatch_lines("1 claim: 1 refuted; 1 unexpected")
    assert [claim["id"] for claim in catalogue.record()["claims"]] == ["A01"]
    assert (catalogue.path / "reports" / "claims.html").read_text(encoding="utf-8").count('id="A01"') == 1


REPEATS = """
def pytest_generate_tests(metafunc):
    metafunc.fixturenames.append("step")
    metafunc.parametrize("step", [1, 2], indirect=True)

@pytest.fixture
def step(request):
    pass
"""


@pytest.mark.parametrize("workers", [[], ["-n", "1"]])
def test_a_claim_whose_test_another_plugin_repeats_is_one_claim_of_a_whole_report(catalogue, workers):
    catalogue.claim(body="judge(high.measured('accuracy'), below=0.55)")
    conftest = catalogue.path / "conftest.py"
    conftest.write_text("import pytest\n" + conftest.read_text() + REPEATS)
    result = catalogue.run("-m", "fast", *workers)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines("1 claim: 1 refuted; 1 unexpected")
    record = catalogue.record()
    assert ([claim["id"] for claim in record["claims"]], record["partial"]) == (["A01"], False)
