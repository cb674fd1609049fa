"""The record is the same, whatever other plugins are there. ``tox -e pytest84-plugins`` and its like have them."""

from __future__ import annotations

import pytest

from tests.helpers.four_claims import FOUR_CLAIMS

GROUPED = FOUR_CLAIMS.replace("def test_low", '@pytest.mark.xdist_group("low")\ndef test_low')

PLUGINS = {
    "randomly": ["-prandomly", "--randomly-seed=7"],
    "rerunfailures": ["--reruns=2"],
    "cov": ["--cov=."],
    "html": ["--html=tests.html"],
    "timeout": ["--timeout=300"],
}
"""Each plugin, with options that make it do what it is for."""


def have(*plugins: str) -> None:
    """Skip a test that needs other plugins."""
    for plugin in plugins:
        pytest.importorskip(f"pytest_{plugin}")


GROUPS = ("-n2", "--dist=loadgroup")

RECORD = [
    ("test_numbers.py::test_high[fast]", "supported", "passed"),
    ("test_numbers.py::test_low[fast]", "supported", "passed"),
    ("test_numbers.py::test_vague[fast]", "inconclusive", "xfailed"),
    ("test_numbers.py::test_high_is_low[fast]", "refuted", "xfailed"),
]


@pytest.mark.parametrize(
    ("plugins", "options"),
    [*[([plugin], ()) for plugin in PLUGINS], ([], GROUPS), ([*PLUGINS], GROUPS)],
    ids=[*PLUGINS, "groups", "groups and all"],
)
def test_other_plugins_leave_the_record_as_it_is(four, plugins, options):
    have(*plugins)
    four.write(test_numbers=GROUPED)
    result = four.run_apart(*options, *(option for plugin in plugins for option in PLUGINS[plugin]))
    assert result.ret == 0
    assert result.parseoutcomes().keys() <= {"passed", "xfailed", "deselected"}
    claims = four.record()["claims"]
    assert [(claim["test"], claim["verdict"], claim["outcome"]) for claim in claims] == RECORD


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "workers"])
def test_a_refuted_claim_that_pytest_rerunfailures_runs_again_is_one_row(catalogue, workers):
    have("rerunfailures")
    catalogue.claim(body="judge(high.measured('accuracy'), below=0.55)")
    result = catalogue.run_apart("--reruns=2", *workers)
    assert result.ret == 1
    assert {"failed": 1, "rerun": 2}.items() <= result.parseoutcomes().items()
    assert [(claim["id"], claim["verdict"]) for claim in catalogue.record()["claims"]] == [("A01", "refuted")]


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "workers"])
def test_each_group_of_pytest_split_writes_a_partial_record(four, workers):
    have("split")
    groups = []
    for group in (1, 2):
        assert four.run_apart("--splits=2", f"--group={group}", *workers).ret == 0
        record = four.record("partial")
        assert record["partial"]
        groups.append({claim["id"] for claim in record["claims"]})
    assert not (four.path / "reports" / "claims.json").exists()
    assert [len(group) for group in groups] == [2, 2]
    assert groups[0] | groups[1] == {"A01", "A02", "A03", "A04"}
