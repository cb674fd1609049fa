"""The judge, and what its verdicts say."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from pytest_claims import by_tier, slope
from pytest_claims.statistics import fixed_look, looks
from pytest_claims.support.json_numbers import dumped, encoded
from pytest_claims.verdicts.judge import Judge
from pytest_claims.verdicts.quantities import Quantity

SEEDS = tuple(range(12))
NOISE = np.random.default_rng(3).normal(0, 0.01, len(SEEDS))


def quantity(mean=0.5, *, kind="plain", unit="nats", name="loss, last epoch"):
    return Quantity(mean + NOISE, SEEDS, name, "a", unit, kind, "fast")


@pytest.fixture
def judge():
    return Judge("fast", fixed_look(len(SEEDS)))


def test_margin_may_differ_by_tier(judge):
    margin = by_tier(fast=0.4, full=0.6)
    assert judge(quantity(), above=margin).verdict == "supported"
    assert Judge("full", fixed_look(len(SEEDS)))(quantity(), above=margin).verdict == "refuted"


def test_bounds_and_printed_figures(judge):
    assert judge(quantity(), within=(0.4, 0.6)).verdict == "supported"
    assert judge(quantity(), about="0.5").verdict == "supported"
    assert judge(quantity(), about="0.7").verdict == "refuted"


def test_ratios_are_judged_and_shown_as_ratios(judge):
    verdict = judge(quantity(np.log(0.5), kind="ratio", unit="ratio"), below=0.6)
    [part] = verdict.record()["parts"]
    assert verdict.verdict == "supported"
    assert part["estimate"] == pytest.approx(0.5, abs=0.01)
    assert part["low"] < part["estimate"] < part["high"] < part["margin"] == 0.6
    assert verdict.record()["reproduction"]["count"] == len(SEEDS)


def test_a_note_is_recorded_in_the_unit_that_people_read_and_is_no_part_of_the_verdict(judge):
    judge.note(quantity(np.log(0.5), kind="ratio", unit="ratio"))
    verdict = judge(quantity(), above=0.4)

    assert bool(verdict)
    assert judge.dropped == []
    assert len(verdict.record()["parts"]) == 1
    [note] = judge.notes
    assert note["quantity"] == "loss, last epoch: a"
    assert note["seeds"] == list(SEEDS)
    assert note["values"] == pytest.approx(0.5 * np.exp(NOISE))


def test_a_note_of_anything_but_a_quantity_is_refused(judge):
    with pytest.raises(ValueError, match=r"judge.note\(\) takes a quantity of runs, not float"):
        judge.note(0.5)


def test_operands_are_recorded_with_their_units(judge):
    a, b = (replace(quantity(mean, unit="accuracy"), subject=name) for mean, name in ((0.6, "a"), (0.5, "b")))
    [part] = judge(a - b, above=0.05).record()["parts"]
    assert [(operand["unit"], operand["difference"]) for operand in part["operands"]] == [("accuracy", False)] * 2


def test_each_of_several_quantities_is_judged_by_the_same_rule(judge):
    steps = [quantity(0.5), quantity(0.4), quantity(0.3)]
    assert judge.each(steps, above=0.2).verdict == "supported"
    verdict = judge.each(steps, above=0.35)
    assert verdict.verdict == "refuted"
    assert [part["verdict"] for part in verdict.record()["parts"]] == ["supported", "supported", "refuted"]
    with pytest.raises(ValueError, match="it got none"):
        judge.each([], above=0.2)


def test_a_run_that_ended_too_early_stands_against_a_decision_only(judge):
    never, always = np.zeros(len(SEEDS), bool), np.ones(len(SEEDS), bool)
    later = quantity(5.0, kind="difference", unit="epochs")
    assert judge(replace(later, at_least=always, at_most=never), above=0.5).verdict == "supported"
    doubtful = judge(replace(later, at_least=never, at_most=always), above=0.5)
    assert (doubtful.verdict, doubtful.reason) == ("inconclusive", "censored")
    [part] = doubtful.record()["parts"]
    assert part["censored"]["count"] == len(SEEDS)
    assert (part["at_least"], part["at_most"]) == (None, [True] * len(SEEDS))


def test_slope_has_pages_trend_test_beside_it(judge):
    doses = [quantity(mean, name="loss") for mean in (0.5, 0.4, 0.3)]
    [part] = judge(slope([0, 1, 2], doses, per="step"), below=0.0).record()["parts"]
    assert part["trend_pvalue"] < 0.001
    assert [operand["values"][0] for operand in part["operands"]] == pytest.approx(list(NOISE[0] + (0.5, 0.4, 0.3)))


def test_stability_is_that_of_the_whole_schedule():
    clear = Judge("fast", fixed_look(12), looks("fast"))(quantity(0.5), above=0.4).record()["stability"]
    assert clear == {"probability": 1.0, "hangs_on_seeds": []}


def test_seeds_on_which_a_verdict_hangs_are_named():
    """17 of 20 runs do not show that an event usually happens; 17 of 19 would."""
    values = np.where(np.arange(20) < 17, 0.3, 0.9)
    event = Quantity(values, tuple(range(20)), "accuracy", "a", "accuracy", "plain", "fast").between(0.2, 0.4)
    verdict = Judge("fast", fixed_look(20))(event, usually=True)
    assert verdict.verdict == "inconclusive"
    assert verdict.record()["stability"]["hangs_on_seeds"] == [17, 18, 19]


def test_a_run_that_ended_too_early_counts_no_more_where_its_seed_is_left_out(judge):
    later = quantity(5.0, kind="difference", unit="epochs")
    never, last = np.zeros(len(SEEDS), bool), np.arange(len(SEEDS)) == len(SEEDS) - 1
    doubtful = judge(replace(later, at_least=never, at_most=last), above=0.5)
    assert (doubtful.verdict, doubtful.reason) == ("inconclusive", "censored")
    assert doubtful.record()["stability"]["hangs_on_seeds"] == [SEEDS[-1]]


def test_bounds_must_hold_what_a_constant_predictor_scores(judge):
    accuracy = quantity(0.105, unit="accuracy", name="val_accuracy, last epoch")
    accuracy = replace(accuracy, values=0.105 + NOISE / 20)
    constant = replace(accuracy, values=np.full(len(SEEDS), 0.112), subject="always one")
    assert judge(accuracy, within=(0.09, 0.12), holding=constant).verdict == "supported"
    with pytest.raises(ValueError, match=r"leave out 'val_accuracy.*always one', which is 0.112 to 0.112: widen"):
        judge(accuracy, within=(0.09, 0.11), holding=constant)
    with pytest.raises(ValueError, match="holding= goes with within="):
        judge(accuracy, above=0.09, holding=constant)


def test_exact_claims_are_arithmetic(judge):
    same = Quantity(np.zeros(12), SEEDS, "parameters", "a − b", "", "difference", "fast")
    assert judge(same, exactly=0).verdict == "supported"
    assert judge(same, exactly=1).verdict == "refuted"


def test_events_are_counted():
    seeds = tuple(range(20))
    judge = Judge("fast", fixed_look(20))

    def happens(count):
        values = np.where(np.arange(20) < count, 0.3, 0.9)
        return Quantity(values, seeds, "accuracy", "a", "accuracy", "plain", "fast").between(0.2, 0.4)

    assert judge(happens(18), usually=True).verdict == "supported"
    assert judge(happens(17), usually=True).verdict == "inconclusive"
    assert judge(happens(20), reliably=True).verdict == "supported"
    assert judge(happens(2), usually=True).verdict == "refuted"


def test_a_claim_of_parts_is_refuted_by_one_and_undecided_by_one(judge):
    yes, no = judge(quantity(), above=0.4), judge(quantity(), above=0.6)
    undecided = judge(quantity(), above=0.5)
    assert (yes & yes).verdict == "supported"
    assert (yes & no).verdict == "refuted"
    assert (yes & undecided).verdict == "inconclusive"
    assert (undecided & no).verdict == "refuted"
    assert len((yes & no & undecided).parts) == 3


def test_a_part_refutes_a_claim_of_several_at_its_share_of_the_level():
    judge = Judge("fast", fixed_look(30))
    values = Quantity(np.linspace(-0.01, 0.01, 30), tuple(range(30)), "loss", "a", "nats", "plain", "fast")
    sure = judge(values, above=-0.1)
    barely = judge(values, above=sure.record()["parts"][0]["high"] + 0.0005)
    assert barely.verdict == "refuted"
    # Among fifty parts it would have to be refuted at a fiftieth of the level.
    for _ in range(49):
        sure = sure & judge(values, above=-0.1)
    assert (sure & barely).verdict == "inconclusive"


def test_the_verdict_asserted_last_is_the_claims(judge):
    joined = judge(quantity(), above=0.4) & judge(quantity(), above=0.6)
    assert judge.asserted is None
    assert not joined
    assert judge.asserted is joined


def test_records_are_plain_json_even_where_numbers_are_not_finite(judge):
    values = NOISE.copy()
    values[0], values[1] = np.inf, np.nan
    broken = Quantity(values, SEEDS, "loss", "a − b", "nats", "difference", "fast")
    record = judge(broken, below=1.0).record()
    [part] = record["parts"]
    assert part["values"][0] == np.inf
    assert np.isnan(part["values"][1])
    assert {type(value) for value in part["values"]} == {float}
    assert json.loads(dumped(encoded(record))) == encoded(record)
    assert part["collapsed"]["count"] == 2


def test_repr_fits_what_pytest_shows(judge):
    verdict = judge(quantity(name="val_cross_entropy, lowest from epoch 2 on, " * 10), above=0.6)
    assert len(repr(verdict)) < 240
    assert repr(verdict).startswith("<refuted (missed), 1 part: val_cross_entropy")


def test_reproduction_counts_the_single_runs_in_which_all_parts_hold(judge):
    verdict = judge(quantity(), above=0.5) & judge(quantity(), below=0.51)
    holds = (NOISE > 0) & (NOISE < 0.01)
    assert verdict.record()["reproduction"]["count"] == holds.sum()


@pytest.mark.parametrize(
    ("low_mean", "factor", "reason"),
    [
        (0.9, 0.8, "smaller"),  # nearer, but not by a fifth
        (1.1, 0.8, "reversed"),
        (1.0, 0.8, "missed"),  # neither nearer nor farther is shown
    ],
)
def test_difference_of_multiples_is_reversed_only_if_the_plain_difference_is(judge, low_mean, factor, reason):
    one, other = quantity(low_mean), quantity(1.0)
    verdict = judge(replace(one, values=low_mean + NOISE[::-1]) - factor * other, below=0.0)
    [part] = verdict.record()["parts"]

    assert (verdict.verdict, verdict.reason) == ("refuted", reason)
    assert part["plain"] == pytest.approx(low_mean + NOISE[::-1] - (1.0 + NOISE))


def test_zero_is_no_multiple(judge):
    with pytest.raises(ValueError, match="its factor is 0"):
        0 * quantity()


def test_slope_keeps_the_flags_of_runs_that_ended_too_early(judge):
    flags = np.arange(len(SEEDS)) < 2
    doses = [quantity(mean, name="loss") for mean in (0.5, 0.4, 0.3)]
    doses[0] = replace(doses[0], at_least=flags)
    doses[2] = replace(doses[2], at_least=~flags)
    steep = slope([0, 1, 2], doses, per="step")

    # A larger number at the lowest dose makes the slope steeper downwards, one at the highest dose flatter.
    np.testing.assert_array_equal(steep.at_most, flags)
    np.testing.assert_array_equal(steep.at_least, ~flags)
    assert judge(steep, above=-0.5).verdict == "inconclusive"
