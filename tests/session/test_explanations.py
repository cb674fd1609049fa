"""An explanation is that of the tier, filled with the numbers of the session."""

from __future__ import annotations

import pytest

REFUTED = "judge(high.measured('accuracy'), below=0.55)"


def test_the_record_holds_the_filled_text_of_its_tier(catalogue):
    because = {"fast": "It is {1.estimate}.", "full": "On all data it is {1.estimate:0} in {1.fails} runs."}
    catalogue.claim(body=REFUTED, expected="refuted", because=because)
    texts = {}
    for tier in because:
        catalogue.run("-m", tier).assert_outcomes(xfailed=1, deselected=1)
        [claim] = catalogue.record()["claims"]
        texts[tier] = claim["because"]
    assert texts["fast"] == f"It is {claim['parts'][0]['estimate']:.3f}."
    assert texts["full"] == "On all data it is 1 in 10 runs."


def test_an_unknown_field_is_told_and_the_record_is_written(catalogue):
    catalogue.claim(body=REFUTED, expected="refuted", because="It is {1.estimat}.")
    result = catalogue.run("-m", "fast")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines("A01: because= has the field {1.estimat}, *did you mean {1.estimate}[?]*")
    [claim] = catalogue.record()["claims"]
    assert claim["verdict"] == "refuted"
    assert claim["because"] is None
    assert "did you mean {1.estimate}" in claim["message"]


def test_a_missing_number_is_no_failure_on_seeds_without_expectations(catalogue):
    catalogue.claim(body=REFUTED, expected="refuted", because="Seed 3 gives {1.seed3}.")
    assert catalogue.run("-m", "fast").ret == 0
    assert catalogue.record()["claims"][0]["because"].startswith("Seed 3 gives 0.")
    assert catalogue.run("-m", "fast", "--claims-first-seed=900").ret == 0
    assert catalogue.record("partial")["claims"][0]["because"] is None


def test_a_claim_without_a_verdict_has_no_explanation(catalogue):
    catalogue.claim(body="high.measured('no such')", expected="refuted", because="It is {1.estimate}.")
    catalogue.run("-m", "fast")
    assert catalogue.record()["claims"][0]["because"] is None


NOTED = """
@pytest.mark.claim("A01", "High is high.", expected="refuted", because="Low is {note1.median}.")
def test_high(high, low, judge):
    judge.note(low.measured("accuracy"))
    assert judge(high.measured("accuracy"), below=0.55)
"""


@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["one process", "two workers"])
def test_an_arm_of_a_note_is_measured_and_the_note_reaches_the_record_and_the_card(catalogue, options):
    catalogue.write(test_numbers=NOTED)
    result = catalogue.run_apart("-m", "fast", *options)
    result.assert_outcomes(xfailed=1)
    record = catalogue.record()
    [claim] = record["claims"]
    [note] = claim["notes"]
    assert (note["quantity"], note["seeds"]) == ("accuracy: low", list(range(10)))
    assert [arm["seeds"] for arm in record["arms"] if arm["name"] == "low"] == [list(range(10))]
    assert claim["because"].startswith("Low is 0.")
    page = (catalogue.path / "reports" / "claims.html").read_text(encoding="utf-8")
    assert '<dt>Beside the verdict</dt><dd><span class="line">accuracy: low: median 0.' in page
