"""Pilots: what claims can see is said before anything is trained."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from pytest_claims.cli.main import main
from pytest_claims.planning.pilots import Pilot, Spread, stays_undecided
from pytest_claims.session.session_plan import spread_line
from pytest_claims.statistics import looks, smallest_detectable_effect

LAST = looks("fast")[-1]
GAIN = Spread("accuracy: a − b", 0.03, 0.01, 10, "superiority", "greater", 0.002, "accuracy", difference=True)
KEPT = Spread("loss: a / b", float(np.log(0.5)), 0.2, 10, "superiority", "less", 0.8, "ratio", difference=False)


def test_scatter_is_taken_at_the_upper_bound_that_a_few_seeds_leave_it():
    """Of samples of ten whose true deviation is 1, four in five have an upper bound of 1 or more."""
    samples = np.random.default_rng(2).normal(size=(4000, 10)).std(axis=1, ddof=1)
    bounds = np.array([replace(GAIN, sd=sd).sd_upper for sd in samples])
    assert (bounds >= 1).mean() == pytest.approx(0.8, abs=0.02)


def test_what_can_be_detected_has_a_power_of_four_in_five():
    effect = GAIN.detectable(LAST) / GAIN.sd_upper
    power = stats.nct.sf(stats.t.isf(LAST.alpha, df=19), df=19, nc=effect * 20**0.5)
    assert power == pytest.approx(0.8, abs=1e-4)


@pytest.mark.parametrize(
    ("mean", "undecided"), [(0.03, False), (0.002 + 0.005, True), (0.002 - 0.005, True), (-0.03, False)]
)
def test_a_claim_near_its_margin_is_likely_to_stay_undecided(mean, undecided):
    assert replace(GAIN, mean=mean).stays_undecided(LAST) is undecided
    assert stays_undecided([replace(GAIN, mean=mean)], LAST) is undecided


def test_where_it_is_as_likely_as_not_to_be_decided_a_test_has_a_power_of_one_half():
    distance = smallest_detectable_effect(GAIN.sd, LAST, power=0.5)
    power = stats.nct.sf(stats.t.isf(LAST.alpha, df=19), df=19, nc=distance / GAIN.sd * 20**0.5)
    assert power == pytest.approx(0.5, abs=1e-4)
    assert replace(GAIN, mean=0.002 + 0.99 * distance).stays_undecided(LAST)
    assert not replace(GAIN, mean=0.002 + 1.01 * distance).stays_undecided(LAST)


@pytest.mark.parametrize(
    ("part", "refutes"),
    [
        (replace(GAIN, mean=-0.03), True),
        (GAIN, False),
        (replace(KEPT, mean=0.0, sd=0.01), True),
        (KEPT, False),
        (replace(GAIN, mean=0.01, sd=0.0001, rule="equivalence", alternative="within", margin=[-0.003, 0.003]), True),
        (replace(GAIN, mean=0.0, sd=0.0001, rule="equivalence", alternative="within", margin=[-0.003, 0.003]), False),
    ],
)
def test_a_part_that_refutes_its_claim_decides_it_whatever_the_others_leave_open(part, refutes):
    left_open = replace(GAIN, mean=0.003)
    assert stays_undecided([part, left_open], LAST) is not refutes


def test_bounds_of_an_equivalence_are_both_margins():
    same = replace(GAIN, mean=0.0, sd=0.0001, rule="equivalence", margin=[-0.003, 0.003])
    assert not same.stays_undecided(LAST)
    assert replace(same, mean=-0.003).stays_undecided(LAST)


def test_line_is_in_the_units_that_people_read():
    assert spread_line(GAIN, LAST) == (
        "with 20 seeds, detects a distance of 1.44 points from the margin +0.20 points; pilot mean +3.00 points"
    )
    assert (
        spread_line(KEPT, LAST) == "with 20 seeds, detects a distance of ×1.33 from the margin ×0.80; pilot mean ×0.50"
    )


def test_pilot_file_comes_back_as_it_was_written(tmp_path):
    pilot = Pilot({"a": {"fast": 1.5}}, {"A01": {"fast": {"real": [GAIN, KEPT]}}})
    pilot.write(tmp_path / "pilot.json")
    assert Pilot.read(tmp_path / "pilot.json") == pilot


def keep_pilot(catalogue):
    """Run ten pilot seeds and keep what they show."""
    catalogue.run("--claims-first-seed", "900", "--claims-seeds", "10")
    (catalogue.path / "fixtures").mkdir()
    output, record = catalogue.path / "fixtures" / "pilot.json", catalogue.path / "reports" / "partial.json"
    assert main(["pilot", f"--store={catalogue.store}", f"--output={output}", f"--record={record}"]) == 0
    return json.loads(output.read_text(encoding="utf-8"))


def test_pilot_seeds_tell_what_a_claim_can_see_before_it_is_run(catalogue):
    catalogue.claim(body="judge(high.measured('accuracy'), above=0.55)")
    assert keep_pilot(catalogue)["spreads"]["A01"]["fast"]["real"][0]["num_seeds"] == 10
    result = catalogue.run("--collect-only")
    result.stdout.fnmatch_lines(
        "claims: A01 ?fast? with 20 seeds, detects a distance of 0.01* from the margin 0.550; pilot mean 0.60?"
    )


def test_a_claim_that_cannot_be_decided_is_named_before_any_time_is_spent(catalogue):
    catalogue.claim(body="judge(vague.measured('accuracy'), above=0.5)", expected="inconclusive", because="vague")
    keep_pilot(catalogue)
    result = catalogue.run()
    result.stdout.fnmatch_lines("claims: likely to stay undecided, according to pilot runs: A01")


def test_record_keeps_what_could_be_detected(catalogue):
    catalogue.claim(body="judge(high.measured('accuracy'), above=0.55)")
    catalogue.run()
    assert catalogue.record()["claims"][0]["parts"][0]["smallest_detectable_effect"] is None
    keep_pilot(catalogue)
    catalogue.run()
    assert 0.005 < catalogue.record()["claims"][0]["parts"][0]["smallest_detectable_effect"] < 0.03


def test_spreads_of_other_claims_are_kept(catalogue):
    catalogue.claim(body="judge(high.measured('accuracy'), above=0.55)")
    keep_pilot(catalogue)
    output = catalogue.path / "fixtures" / "pilot.json"
    pilot = Pilot.read(output)
    pilot.spreads["B02"] = {"full": {"real": [GAIN]}}
    pilot.write(output)
    record = catalogue.path / "reports" / "partial.json"
    assert main(["pilot", f"--store={catalogue.store}", f"--output={output}", f"--record={record}"]) == 0
    assert set(Pilot.read(output).spreads) == {"A01", "B02"}
