"""What a user gets who has made a mistake: a line that says what was received, what was expected, what to do."""

from __future__ import annotations

import pytest

GOOD = """
@pytest.mark.claim("A01", "High is high.")
def test_high(high, judge):
    assert judge(high.measured("accuracy"), above=0.55)
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"A01", "High is high."', "", "*test_high?fast?: a claim without an id: write @pytest.mark.claim*"),
        ('"A01", "High is high."', '"", "High is high."', "*a claim without an id*"),
        ('"A01", "High is high."', '"A01"', "*claim A01 has no statement*"),
        (
            '"High is high."',
            '"High is \\ud83d high."',
            "*the text 'High is ?ud83d high.' has half of a surrogate pair*",
        ),
        ('"High is high."', '"High.", source="\\udc80"', "*the text '?udc80' has half of a surrogate pair*"),
        ('"High is high."', '"High \\x1b[31m is high."', "*the text 'High ?x1b?31m is high.' has a control character*"),
        (
            "@pytest.mark.claim",
            "@pytest.mark.parametrize('high', [1])\n@pytest.mark.claim",
            "*takes no mark 'parametrize': write a claim with an id of its own for each value*",
        ),
        ('"High is high."', '"High is high.", tiers="fst"', "*claim A01: unknown tier 'fst', known are fast, full"),
        ('"High is high."', '"High is high.", expectd="refuted"', "*claim A01: unknown keyword 'expectd'*"),
        ('"High is high."', '"High is high.", expected="wrong"', "*expected='wrong' is no verdict*"),
        ('"High is high."', '"High is high.", expected="refuted"', "*does not say why: add because*"),
        (
            '"High is high."',
            '"High is high.", expected="refuted", because={"fast": "Low is low."}',
            "*expects 'refuted' (full) and does not say why: add because={'full': '…'}*",
        ),
        (
            '"High is high."',
            '"High is high.", expected={"stand-in": "refuted"}, because={"full": "Low is low."}',
            "*expects 'refuted' (stand-in) and does not say why: add because={'stand-in': '…'}*",
        ),
        ('"High is high."', '"High is high.", because={"slow": "Low."}', "*because by 'slow', known are*"),
        (
            '"High is high."',
            '"High is high.", because={"fast": "\\x1b[31m"}',
            "*the text '?x1b?31m' has a control character*",
        ),
        ('"High is high."', '"High is high.", expected=None', "*expected=None is no verdict*"),
        (
            '"High is high."',
            '"High is high.", expected={"fast": ("supported", "inconclusive")}',
            "*expected=('supported', 'inconclusive') is a list of verdicts. Name the one that came out; *",
        ),
        ('"High is high."', '"High is high.", expected={}', "*expected={} names no verdict*"),
        ('"High is high."', '"High is high.", tiers=()', "*tiers=() names no tier*"),
        ('"High is high."', '"High is high.", tiers=5', "*tiers=5 names no tier*"),
        ('"High is high."', '"High is high.", seeds=1', "*seeds=1 is no number of seeds, 2 or more"),
        ('"High is high."', '"High is high.", seeds="ten"', "*seeds='ten' is no number of seeds, 2 or more"),
        ("@pytest.mark.claim", "@pytest.mark.xfail\n@pytest.mark.claim", "*a claim takes no mark 'xfail'*"),
        ('@pytest.mark.claim("A01", "High is high.")', "", "*takes judge or an arm and is no claim*"),
        ("high, judge", "hgh, judge", "*there is no arm 'hgh'; did you mean 'high'?"),
        ("high, judge", "zzz, judge", "*there is no arm 'zzz'; known are high, low, vague, wide"),
        ("high, judge", "high, tmp_path, judge", "*'tmp_path' is no arm: a claim takes arms, measurements and judge*"),
        ("high, judge", "high", "*a claim takes judge among its arguments*"),
    ],
)
def test_misdeclared_claim_stops_the_run_before_anything_is_trained(catalogue, old, new, message):
    assert old in GOOD
    catalogue.write(test_numbers=GOOD.replace(old, new))
    result = catalogue.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(message)
    assert not catalogue.store.exists()


def test_claim_without_a_section(catalogue):
    catalogue.pytester.makepyfile(test_numbers="import pytest\n" + GOOD)
    result = catalogue.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*a claim without a section: add pytestmark = pytest.mark.section*")


def test_claim_in_a_test_case_of_unittest(catalogue):
    catalogue.write(
        test_numbers="import unittest\nclass TestNumbers(unittest.TestCase):\n"
        '    @pytest.mark.claim("A01", "High is high.")\n    def test_high(self):\n        pass\n'
    )
    result = catalogue.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*which pytest gives to no method of a unittest.TestCase: leave out the base*")


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[[assertion", "*lecture.toml is no TOML: *"),
        (b"\xff\xfe", "*lecture.toml is no TOML: *"),
        (b"section = 5", "*lecture.toml: a ?[[]section]] has 5; expected *"),
        (b"x = 1", "*lecture.toml has tables ?[[]x]]; known are *"),
    ],
)
def test_damaged_list_of_assertions_is_named_before_anything_is_trained(catalogue, content, message):
    catalogue.write(test_numbers=GOOD)
    catalogue.pytester.makeini("[pytest]\nclaims_assertions = lecture.toml")
    (catalogue.path / "lecture.toml").write_bytes(content)
    result = catalogue.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(message)
    assert not catalogue.store.exists()


@pytest.mark.parametrize("option", [[], ["--claims-against=old.json"]], ids=["pilot", "against"])
def test_brackets_without_end_are_no_json(catalogue, option):
    catalogue.write(test_numbers=GOOD)
    (catalogue.path / "fixtures").mkdir()
    (catalogue.path / ("old.json" if option else "fixtures/pilot.json")).write_text(DEEP)
    result = catalogue.run(*option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*RecursionError*" if not option else "*old.json is no complete JSON file*")


@pytest.mark.parametrize("content", ["[]", DEEP], ids=["list", "deep"])
@pytest.mark.parametrize("name", ["controls.json", "audit-fast.json", "claims-fast.json"])
def test_damaged_file_among_the_reports_costs_no_report(catalogue, name, content):
    catalogue.write(test_numbers=GOOD)
    (catalogue.path / "reports").mkdir()
    (catalogue.path / "reports" / name).write_text(content)
    catalogue.run().assert_outcomes(passed=1)
    assert catalogue.record()["claims"][0]["verdict"] == "supported"


def test_id_used_twice(catalogue):
    catalogue.write(test_one=GOOD, test_two=GOOD)
    result = catalogue.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*claim id 'A01' is used 2 times: test_one.py::test_high, test_two.py::test_high")


def test_arm_hidden_by_a_fixture_of_its_name(catalogue):
    catalogue.write(test_numbers="@pytest.fixture\ndef high(low): return low\n" + GOOD)
    result = catalogue.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*there are 2 arms of the name 'high'*")


def test_two_arms_of_one_name(catalogue):
    catalogue.write(test_numbers="from conftest import low as high\n" + GOOD)
    result = catalogue.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*there are 2 arms of the name 'high'*")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--claims-seeds", "1"], "*--claims-seeds takes a whole number from 2 on, not '1'"),
        (["--claims-seeds", "0"], "*--claims-seeds takes a whole number from 2 on, not '0'"),
        (["--claims-seeds", "-3"], "*--claims-seeds takes a whole number from 2 on, not '-3'"),
        (["--claims-seeds", "many"], "*--claims-seeds takes a whole number from 2 on, not 'many'"),
        (["--claims-first-seed", "x"], "*--claims-first-seed takes a whole number from 0 on, not 'x'"),
        (
            ["--claims-engine", "stackd"],
            "*unknown engine 'stackd', expected one of fit, stacked. Did you mean 'stacked'?",
        ),
    ],
)
def test_bad_option(catalogue, options, message):
    catalogue.write(test_numbers=GOOD)
    result = catalogue.run(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(message)


def test_store_that_is_no_store_is_left_as_it_is(catalogue):
    catalogue.write(test_numbers=GOOD)
    (catalogue.path / "notes.txt").write_text("not a store, but somebody's notes\n" * 100)
    result = catalogue.run("--claims-store", "notes.txt")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*notes.txt*")
    assert (catalogue.path / "notes.txt").read_text().startswith("not a store")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('raise ValueError("no such number")', "ValueError: no such number (test_numbers.py:*, in broken)"),
        ("return 0.5", "its measurement gave 0.5; expected a mapping of names to numbers*"),
        ("return None", "its measurement gave None; expected a mapping of names to numbers*"),
        ("return [('accuracy', 0.5)]", "its measurement gave [[]('accuracy', 0.5)[]]; expected a mapping*"),
        ("return {1: 0.5}", "its measurement gave {1: 0.5}; expected a mapping of names to numbers*"),
        (
            "return {'accuracy': np.random.default_rng().random()}",
            "*made again with seed 0. Draw from numpy*",
        ),
        ("return {'accuracy': np.random.random()}", "*made again with seed 0. Draw from numpy*"),
        ("return {'accuracy': [0.5, time.perf_counter()]}", "*made again with seed 0. Draw from numpy*"),
    ],
)
def test_measurement_that_fails_is_told_by_the_claims_that_need_it_alone(catalogue, body, told):
    catalogue.write(
        test_numbers=GOOD
        + """
import time
from functools import partial
import numpy as np
from pytest_claims import Measurement, arm
def broken(arrays, tier, seed):
    BODY
broken_arm = arm(Measurement(broken))

@pytest.mark.claim("A02", "Broken is high.")
def test_broken(broken_arm, judge):
    assert judge(broken_arm.measured("accuracy"), above=0.55)
""".replace("BODY", body)
    )
    result = catalogue.run()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(f"*arm 'broken_arm' could not be trained: {told}")
    by_id = {claim["id"]: claim for claim in catalogue.record()["claims"]}
    assert by_id["A02"]["verdict"] == "not run"
    assert by_id["A01"]["verdict"] == "supported"


SEEDLESS = """
from functools import partial
from pytest_claims import Measurement, arm

def fixed(arrays, tier, seed, *, varying=False):
    curve = [seed if varying else 1.0, 2.0]
    return {"accuracy": 0.9, "rank": -0.9999999999999999, "loss": float("nan"), "curve": curve}

same = arm(Measurement(fixed))
varied = arm(Measurement(partial(fixed, varying=True)))
"""


@pytest.mark.parametrize(
    ("judged", "message"),
    [
        ("same.measured('accuracy'), above=0.5", "*'accuracy: same' is 0.9 at all 10 seeds, and all else in its runs*"),
        ("0.5 * same.measured('accuracy'), above=0.1", "*is 0.45 at all 10 seeds*Draw from the seed*exactly=.*"),
        ("same.measured('accuracy') - 0.5 * same.measured('accuracy'), within=(-1, 1)", "*is 0.45 at all 10 seeds*"),
        ("ratio(same.measured('accuracy'), 0.5 * same.measured('accuracy')), above=0.5", "*is 2 at all 10 seeds*"),
        ("same.measured('rank'), below=0.5", None),
        ("same.measured('accuracy'), exactly=0.9", None),
        ("varied.measured('accuracy'), above=0.5", None),
        ("high.measured('accuracy') - same.measured('accuracy'), below=0", None),
    ],
)
def test_number_that_the_seed_does_not_change_is_refused_unless_it_is_exact(catalogue, judged, message):
    arm = " ".join(name for name in ("same", "varied", "high") if name in judged).replace(" ", ", ")
    claim = f'@pytest.mark.claim("A02", "It is.")\ndef test_it({arm}, judge):\n    assert judge({judged})\n'
    catalogue.write(test_numbers=SEEDLESS + "from pytest_claims import ratio\n\n" + claim)
    result = catalogue.run()

    result.assert_outcomes(passed=message is None, failed=message is not None)
    if message:
        result.stdout.fnmatch_lines(message)
        assert catalogue.record()["claims"][0]["verdict"] == "not run"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("judge(high.measured('accuracy'))", "*takes exactly one of above, below*it got none*"),
        ("judge(high.measured('accuracy'), above=0.1, below=0.9)", "*exactly one of*it got above, below*"),
        ("judge(0.9, above=0.1)", "*judge() takes a quantity of runs, not float*"),
        ("judge(high.measured('acc'), above=0.1)", "*high has no measurement 'acc', only accuracy, twice*"),
        ("judge(high.final('val_loss'), above=0.1)", "*high records no 'val_loss'*"),
        ("judge(high.measured('accuracy', unit='accuracy'), above=55)", "*its margin is 0.55 rather than 55*"),
        ("judge(high.measured('accuracy'), within=0.55)", "*within= takes a pair of bounds, not 0.55*"),
        ("judge(high.measured('accuracy', unit='accuracy'), within=(0.5, 1))", "*within=(0.5, 1) write above=0.5*"),
        (
            "judge(high.measured('accuracy', unit='share'), within=(0, 0.7))",
            "*Instead*write below=0.7*",
        ),
        (
            "judge(high.measured('accuracy') - 0.5, above=0.0)",
            "*a quantity is compared with another quantity, not with 0.5*",
        ),
        ("judge(high.measured('accuracy').between(0, 1), above=0.5)", "*events are judged by usually or reliably*"),
    ],
)
def test_misuse_in_a_claim_fails_that_claim_with_a_reason(catalogue, call, message):
    catalogue.claim(body=call + " if high else None")
    result = catalogue.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(message)


def test_pilot_file_that_is_none(catalogue):
    catalogue.write(test_numbers=GOOD)
    (catalogue.path / "fixtures").mkdir()
    (catalogue.path / "fixtures" / "pilot.json").write_text('{"x": 1}')
    result = catalogue.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*is not a pilot file*write it with `pytest-claims pilot`")


def test_report_directory_that_is_a_file(catalogue):
    catalogue.write(test_numbers=GOOD)
    (catalogue.path / "notes.txt").write_text("notes")
    result = catalogue.run("--claims-report", "notes.txt")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*--claims-report takes a directory*")


def test_showing_fixtures_measures_nothing(catalogue):
    catalogue.write(test_numbers=GOOD)
    catalogue.run("--fixtures")
    assert not catalogue.store.exists()


def test_value_that_pytest_takes_for_a_path_of_tests(catalogue, tmp_path):
    catalogue.claim()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    result = catalogue.run_apart("--claims-report", str(elsewhere))
    assert result.ret == 4
    result.stderr.fnmatch_lines(f"*found no configuration: write --claims-report={elsewhere}")
    catalogue.run_apart(f"--claims-report={elsewhere}").assert_outcomes(passed=1)


def test_a_faulty_mark_expression_trains_nothing(catalogue):
    catalogue.claim()
    result = catalogue.run("-m", "fast and")
    assert result.ret == 4
    assert not catalogue.store.exists()


@pytest.mark.parametrize("schedule", ["epochs=0, batch_size=8", "epochs=2, batch_size=-1", "epochs=2.5, batch_size=8"])
def test_a_schedule_that_trains_nothing_is_refused_before_anything_is_trained(catalogue, schedule):
    conftest = catalogue.path / "conftest.py"
    conftest.write_text(
        conftest.read_text()
        + "\nfrom pytest_claims import Arm, Data\n"
        + "idle = arm(Arm(Data(None, normal, normal, normal), normal, normal, 'mean_squared_error', "
        + f"{schedule}))\n"
    )
    catalogue.write(
        test_idle='@pytest.mark.claim("A01", "It is idle.")\ndef test_idle(idle, judge):\n'
        "    assert judge(idle.final('val_loss'), below=1)\n"
    )
    result = catalogue.run()
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*arm 'idle' has * in the fast tier: expected a whole number from 1 on*"])
