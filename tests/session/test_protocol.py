"""A claim's body runs under pytest's own protocol, at each look as in the end; what is skipped is not planned."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest


def arms_in(store):
    with closing(sqlite3.connect(store)) as connection:
        return {name for (name,) in connection.execute("SELECT DISTINCT arm FROM runs")}


VAGUE = "judge(vague.measured('accuracy'), above=self.margin)"


@pytest.mark.parametrize(
    "setup",
    [
        "def setup_method(self):\n        self.margin = 0.5\n",
        "@pytest.fixture(autouse=True)\n    def margin_set(self):\n        self.margin = 0.5\n",
        "@classmethod\n    def setup_class(cls):\n        cls.margin = 0.5\n",
    ],
    ids=["setup_method", "an automatic fixture", "setup_class"],
)
def test_a_claim_that_needs_a_setup_comes_to_its_last_look(catalogue, setup):
    catalogue.write(
        test_numbers=f"class TestNumbers:\n    {setup}\n"
        '    @pytest.mark.claim("A01", "Vague is high.", expected="inconclusive", because="It scatters.")\n'
        f"    def test_vague(self, vague, judge):\n        assert {VAGUE}\n"
    )
    catalogue.run().assert_outcomes(xfailed=1)
    [claim] = catalogue.record()["claims"]
    assert (claim["verdict"], claim["num_seeds"], claim["look"]["last"]) == ("inconclusive", 20, True)


def test_trials_are_counted_nowhere(catalogue):
    catalogue.claim(
        body="judge(vague.measured('accuracy'), above=0.5)", expected="inconclusive", because="It scatters."
    )
    result = catalogue.run("--junitxml=results.xml", "-rA")
    result.assert_outcomes(xfailed=1)
    assert (catalogue.path / "results.xml").read_text().count('name="claim_id"') == 1
    assert len(catalogue.record()["claims"]) == 1


@pytest.mark.parametrize(
    "mark", ["@pytest.mark.skip", '@pytest.mark.skipif(True, reason="later")', '@pytest.mark.skipif("1 == 1")']
)
def test_what_a_mark_skips_is_neither_planned_nor_trained(catalogue, mark):
    mark = mark.replace('skipif("1 == 1")', 'skipif("1 == 1", reason="later")')
    catalogue.write(
        test_numbers='@pytest.mark.claim("A01", "High is high.")\ndef test_high(high, judge):\n'
        "    assert judge(high.measured('accuracy'), above=0.55)\n\n"
        f'{mark}\n@pytest.mark.claim("A02", "Low is low.")\ndef test_low(low, judge):\n'
        "    assert judge(low.measured('accuracy'), below=0.55)\n"
    )
    result = catalogue.run()
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines("claims: 1 claims, 1 arms*")
    assert arms_in(catalogue.store) == {"high"}
    assert {claim["id"]: claim["verdict"] for claim in catalogue.record()["claims"]}["A02"] == "not run"


def test_all_claims_skipped_is_no_error(catalogue):
    catalogue.write(
        test_numbers='@pytest.mark.skip\n@pytest.mark.claim("A01", "High is high.")\ndef test_high(high, judge):\n'
        "    assert judge(high.measured('accuracy'), above=0.55)\n"
    )
    result = catalogue.run()
    assert result.ret == 0
    result.assert_outcomes(skipped=1)


LEAVES = """
import pytest, sys

class Stop(BaseException):
    pass

def leave(arrays, tier, seed):
    {leave}

leaving = arm(Measurement(leave))
"""


@pytest.mark.parametrize(
    ("leave", "told"),
    [
        ("sys.exit('no such file')", "SystemExit: no such file"),
        ("raise Stop('enough')", "Stop: enough"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("pytest.exit('enough')", "Exit: enough"),
    ],
)
def test_a_measurement_that_leaves_fails_the_claims_of_that_arm_alone(catalogue, leave, told):
    conftest = catalogue.path / "conftest.py"
    conftest.write_text(conftest.read_text() + LEAVES.format(leave=leave))
    catalogue.write(
        test_numbers='@pytest.mark.claim("A01", "High is high.")\ndef test_high(high, judge):\n'
        "    assert judge(high.measured('accuracy'), above=0.55)\n\n"
        '@pytest.mark.claim("A02", "It leaves.")\ndef test_leaving(leaving, judge):\n'
        "    assert judge(leaving.measured('accuracy'), above=0.55)\n\n"
        '@pytest.mark.claim("A03", "It leaves, too.")\ndef test_exit(low, judge):\n'
        "    raise SystemExit(3)\n"
    )
    result = catalogue.run()
    result.assert_outcomes(passed=1, failed=1, errors=1)
    result.stdout.fnmatch_lines(f"*arm 'leaving' could not be trained: {told} (conftest.py:*, in leave)*")
    verdicts = {claim["id"]: claim["verdict"] for claim in catalogue.record()["claims"]}
    assert verdicts == {"A01": "supported", "A02": "not run", "A03": "not run"}


TWO = """
@pytest.mark.claim("A01", "High is high.")
def test_high(high, judge):
    assert judge(high.measured("accuracy"), above=0.55)

@pytest.mark.claim("A02", "Vague is high.", expected="inconclusive", because="It scatters.")
def test_vague(vague, judge):
    {before}
    assert judge(vague.measured("accuracy"), above=0.5)
"""


def test_pytest_exit_in_a_claim_ends_the_session_after_the_claims_before_it(catalogue):
    catalogue.write(test_numbers=TWO.format(before="pytest.exit('enough')"))
    result = catalogue.run("-m", "fast")
    assert result.ret == 2
    result.stdout.fnmatch_lines(["A01 * supported *", "1 claim: 1 supported; all as expected", "*Exit: enough*"])


def test_what_an_arm_cannot_import_skips_the_claims_that_need_it(catalogue):
    conftest = catalogue.path / "conftest.py"
    conftest.write_text(conftest.read_text() + LEAVES.format(leave="pytest.importorskip('no_such_module')"))
    catalogue.write(
        test_numbers='@pytest.mark.claim("A01", "It leaves.")\ndef test_leaving(leaving, judge):\n    assert leaving\n'
    )
    catalogue.run("-m", "fast", "-rs").assert_outcomes(skipped=1)


WATCHING = """
def pytest_exception_interact():
    raise RuntimeError("as the debugger of --pdb")

@pytest.fixture(scope="session", autouse=True)
def once():
    with open("set-up", "a") as file:
        file.write("x")
"""


def test_a_trial_sets_up_the_session_once_and_never_stops_in_the_debugger(catalogue):
    conftest = catalogue.path / "conftest.py"
    conftest.write_text("import pytest\n" + conftest.read_text() + WATCHING)
    catalogue.write(test_numbers=TWO.format(before="pass"))
    catalogue.run("-m", "fast").assert_outcomes(passed=1, xfailed=1)
    assert (catalogue.path / "set-up").read_text() == "x"


RENAMING = """
import pytest

@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    for item in items:
        item._nodeid = f"{item._nodeid}@group"
"""


@pytest.mark.skipif(pytest.version_tuple >= (9, 2), reason="this pytest lets nobody change the id of a test")
def test_claims_are_found_though_another_plugin_gives_their_tests_other_ids(catalogue):
    catalogue.pytester.makepyfile(renaming=RENAMING)
    catalogue.pytester.syspathinsert()
    catalogue.claim()
    result = catalogue.run("-p", "renaming")
    result.assert_outcomes(passed=1)
    [claim] = catalogue.record()["claims"]
    assert (claim["verdict"], claim["test"]) == ("supported", "test_numbers.py::test_high[fast]")


REVERSING = """
import pytest

@pytest.hookimpl({hook})
def pytest_collection_modifyitems(items):
    items.reverse()
    {then}
"""


@pytest.mark.parametrize(("hook", "then"), [("trylast=True", "return"), ("wrapper=True, tryfirst=True", "yield")])
def test_record_has_the_lectures_order_though_another_plugin_changes_the_order_of_the_tests(catalogue, hook, then):
    catalogue.pytester.makepyfile(reversing=REVERSING.format(hook=hook, then=then))
    catalogue.pytester.syspathinsert()
    catalogue.write(
        test_numbers="".join(
            f"""
@pytest.mark.claim("{name}", "High is high.")
def test_{name}(high, judge):
    assert judge(high.measured("accuracy"), above=0.55)
"""
            for name in ("A01", "A02", "A03")
        )
    )
    result = catalogue.run("-p", "reversing", "-v")
    result.stdout.fnmatch_lines(["*test_A03*SUPPORTED*", "*test_A01*SUPPORTED*"])
    assert [claim["id"] for claim in catalogue.record()["claims"]] == ["A01", "A02", "A03"]
