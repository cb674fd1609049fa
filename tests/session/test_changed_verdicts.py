"""A verdict may change as often as its recorded stability says; what changes more often fails."""

from __future__ import annotations

import json

import pytest

from pytest_claims.cli.main import main

SUPPORTED = "judge(high.measured('accuracy'), above=0.55)"
REFUTED = "judge(high.measured('accuracy'), below=0.55)"
UNDECIDED = "judge(vague.measured('accuracy'), above=0.5)"

THREE = "".join(
    f"""
@pytest.mark.claim("A0{number}", "Vague is high.")
def test_vague_{number}(vague, high, judge):
    assert judge({arm}.measured("accuracy"), above=0.4)
"""
    for number, arm in enumerate(("{0}", "{1}", "high"), start=1)
)
"""Three claims that are expected to be supported. The first two are on arms to be named."""


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")


def remember(catalogue, verdict, *stabilities, kind="real"):
    """Write a stability file for the claims A01, A02 and so on, in the fast tier."""
    entries = {
        f"A0{number}": {"fast": {kind: {"verdict": verdict, "stability": stability}}}
        for number, stability in enumerate(stabilities, start=1)
    }
    file = catalogue.path / "fixtures" / "stability.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(entries))
    return file


def claim(catalogue, body, expected):
    catalogue.claim(body=body, expected=expected, because="Numbers are as they are.")


@pytest.mark.parametrize(
    ("expected", "body", "verdict"),
    [("supported", UNDECIDED, "inconclusive"), ("inconclusive", SUPPORTED, "supported")],
)
def test_a_change_that_the_recorded_stability_allows_is_told_and_fails_nothing(catalogue, expected, body, verdict):
    claim(catalogue, body, expected)
    remember(catalogue, expected, 0.8)
    result = catalogue.run("-m", "fast", "-v")
    result.assert_outcomes(xfailed=1)
    assert result.ret == 0
    message = f"expected {expected}, got {verdict} (recorded stability 80 %)"
    result.stdout.fnmatch_lines(
        [
            f"*{verdict.upper()} (changed)*",
            f"1 claim: 1 {verdict}; 1 changed",
            "1 of 1 verdict changed (A01); recorded stability foretells 0.2, and at most 1 (95 %).",
            f"  A01: {message}",
        ]
    )
    [found] = catalogue.record()["claims"]
    assert (found["outcome"], found["message"]) == ("xfailed", message)


@pytest.mark.parametrize(
    ("expected", "body", "stability"),
    [
        ("supported", REFUTED, 0.6),
        ("refuted", SUPPORTED, 0.6),
        ("supported", UNDECIDED, 0.99),
        ("inconclusive", SUPPORTED, 0.9985),
    ],
)
def test_a_contradiction_fails_and_so_does_the_change_of_a_stable_verdict(catalogue, expected, body, stability):
    claim(catalogue, body, expected)
    remember(catalogue, expected, stability)
    result = catalogue.run("-m", "fast")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(f"*expected {expected}, got * (recorded stability {stability * 100:.4g} %)*")


def test_stability_on_stand_ins_allows_no_change_on_real_data(catalogue):
    claim(catalogue, UNDECIDED, "supported")
    remember(catalogue, "supported", 0.6, kind="stand-in")
    catalogue.run("-m", "fast").assert_outcomes(failed=1)


@pytest.mark.parametrize(
    ("changed", "status"), [(("high", "vague"), 0), (("vague", "vague"), 1)], ids=["as many", "more"]
)
@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["one process", "workers"])
def test_the_session_fails_if_more_verdicts_changed_than_stability_makes_likely(catalogue, changed, status, workers):
    catalogue.write(test_numbers=THREE.format(*changed))
    remember(catalogue, "supported", 0.9, 0.9, 0.99)
    run = catalogue.run_apart if workers else catalogue.run
    result = run("-m", "fast", *workers)
    num_changed = changed.count("vague")
    result.assert_outcomes(passed=3 - num_changed, xfailed=num_changed)
    assert result.ret == status
    ids = "(A01, A02)" if status else "(A02)"
    sentence = f"{num_changed} of 3 verdicts changed {ids}; recorded stability foretells 0.2, and at most 1 (95 %)."
    result.stdout.fnmatch_lines(sentence)
    failed = f"FAILED: too many verdicts changed in the fast tier: {sentence} Look for a cause*"
    (result.stdout.fnmatch_lines if status else result.stdout.no_fnmatch_line)(failed)
    record = catalogue.record()["changed_verdicts"]
    assert record == {"claims": ids[1:-1].split(", "), "num_compared": 3, "foretold": 0.21, "limit": 1}


def test_an_interrupted_session_stays_interrupted_though_too_many_verdicts_changed(catalogue):
    catalogue.write(test_numbers=THREE.format("vague", "vague").replace("assert judge(high", 'pytest.exit("enough")#'))
    remember(catalogue, "supported", 0.9, 0.9)
    result = catalogue.run("-m", "fast")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines("FAILED: too many verdicts changed in the fast tier: 2 of 2 *")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--claims-first-seed=300", "recorded stability foretells 0.2, and at most 1 (95 %)."),
        ("--claims-seeds=5", "stability is recorded for other numbers of seeds."),
    ],
)
def test_under_other_seeds_changes_are_told_and_nothing_fails(catalogue, options, told):
    catalogue.write(test_numbers=THREE.format("vague", "vague"))
    remember(catalogue, "supported", 0.9, 0.9, 0.99)
    result = catalogue.run("-m", "fast", "-v", options)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*INCONCLUSIVE (not compared)*", f"2 of 3 verdicts changed (A01, A02); {told}"])
    result.stdout.no_fnmatch_line("*FAILED*")


def test_a_claim_before_its_last_look_has_not_changed(catalogue):
    claim(catalogue, UNDECIDED, "supported")
    remember(catalogue, "supported", 0.9)
    catalogue.run("-m", "fast", "--claims-seeds=10")
    result = catalogue.run("-m", "fast", "--claims-stored")
    result.assert_outcomes(xfailed=1)
    assert catalogue.record("partial")["changed_verdicts"]["num_compared"] == 0


@pytest.mark.parametrize("workers", [[], ["-n", "1"]])
def test_a_mark_and_a_file_that_disagree_are_told_by_name_before_anything_is_trained(catalogue, workers):
    claim(catalogue, UNDECIDED, {"fast": "inconclusive", "stand-in": "refuted"})
    remember(catalogue, "supported", 0.9)
    result = catalogue.run_apart("-m", "full", *workers)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    told = (
        "*claim A01 (fast tier, real data): its mark expects 'inconclusive', and fixtures/stability.json records "
        "'supported'. If the mark is right, delete the claim's line*"
    )
    (result.stdout if workers else result.stderr).fnmatch_lines(told)
    assert not catalogue.store.exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "*Expecting property name*"),
        ("[1]", "*has no attribute 'items'*"),
        ('{"A01": {"fats": {}}}', "*found 'fats'; expected one of fast, full*"),
        ('{"A01": {"fast": {"true": {}}}}', "*found 'true'; expected one of real, stand-in*"),
        ('{"A01": {"fast": {"real": {"verdict": "right", "stability": 1}}}}', "*found 'right'; expected one of *"),
        (
            '{"A01": {"fast": {"real": {"verdict": "refuted", "stability": 99}}}}',
            "*found the stability 99; expected a *",
        ),
        ('{"A01": {"fast": {"real": {"verdict": "refuted"}}}}', "*missing*'stability'*"),
    ],
)
def test_a_faulty_stability_file_is_refused_with_what_is_wrong(catalogue, content, told):
    catalogue.claim()
    remember(catalogue, "supported").write_text(content)
    result = catalogue.run("-m", "fast")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        f"*stability.json is not a stability file ({told}): write it with `pytest-claims stability`"
    )


def record_stability(catalogue, *records):
    output = catalogue.path / "fixtures" / "stability.json"
    files = [str(catalogue.path / "reports" / record) for record in records]
    return main(["stability", *files, f"--output={output}"]), output


def test_the_command_records_verdicts_and_a_changed_mark_then_runs_as_expected(catalogue, capsys):
    claim(catalogue, UNDECIDED, {"full": "inconclusive"})
    catalogue.run("-m", "fast or full")
    capsys.readouterr()
    status, output = record_stability(catalogue, "claims-fast.json", "claims-full.json")
    assert status == 0
    assert capsys.readouterr().out.splitlines() == [
        f"wrote {output}",
        "change expected= in the marks of:",
        "A01 (fast tier, real data): supported → inconclusive",
    ]
    entry = json.loads(output.read_text(encoding="utf-8"))["A01"]
    recorded = catalogue.record("claims-fast")["claims"][0]["stability"]["probability"]
    assert entry["fast"] == {"real": {"verdict": "inconclusive", "stability": recorded}}
    assert entry["full"]["real"]["verdict"] == "inconclusive"
    assert catalogue.run("-m", "fast").ret == pytest.ExitCode.USAGE_ERROR
    claim(catalogue, UNDECIDED, "inconclusive")
    result = catalogue.run("-m", "fast")
    result.stdout.fnmatch_lines(["1 claim: 1 inconclusive; all as expected", "0 of 1 verdict changed; recorded *"])


def test_the_command_keeps_what_it_has_no_newer_verdict_of(catalogue):
    catalogue.claim()
    remember(catalogue, "supported", 0.7, 0.8)
    catalogue.run("-m", "fast")
    _, output = record_stability(catalogue, "claims-fast.json")
    entries = json.loads(output.read_text(encoding="utf-8"))
    assert entries["A01"]["fast"]["real"]["stability"] > 0.9
    assert entries["A02"]["fast"]["real"]["stability"] == 0.8


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--claims-first-seed=300"], "is of seeds from 300 on, looked at after [10, 20]; expected seeds from 0 on"),
        (["--claims-seeds=5"], "is of seeds from 0 on, looked at after [5]; expected seeds from 0 on"),
        (["--claims-stored"], "has claims that were not judged at their last look: A01"),
    ],
)
def test_the_command_refuses_verdicts_that_are_no_expectation(catalogue, capsys, options, told):
    claim(catalogue, UNDECIDED, "inconclusive")
    catalogue.run("-m", "fast", "--claims-seeds=10")
    catalogue.run("-m", "fast", *options)
    status, output = record_stability(catalogue, "partial.json")
    assert status == 2
    assert told in capsys.readouterr().err
    assert not output.exists()
