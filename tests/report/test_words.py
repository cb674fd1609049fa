"""Sentences and numbers: they say what the record holds, whatever the verdict in it."""

from __future__ import annotations

import itertools

import pytest

from pytest_claims.report.drawings.overview import advantage
from pytest_claims.report.words import header, numbers, sentences
from tests.helpers.report_sample import claim, event, exact, log, part

INF, NAN = float("inf"), float("nan")
VERDICTS = ("supported", "refuted", "inconclusive")
NUMBERS = {  # estimate, low and high of an interval, for a claim that asks for more than 0.002
    "above": (0.0093, 0.0071, 0.0115),
    "below": (-0.0093, -0.0115, -0.0071),
    "straddles": (0.0025, 0.0001, 0.0049),
}
SAID = {"above": "lies wholly above that", "below": "lies wholly below that", "straddles": "reaches across that"}


def placed(where: str, **changes):
    estimate, low, high = NUMBERS[where]
    return part(estimate=estimate, low=low, high=high, **changes)


@pytest.mark.parametrize(("where", "verdict", "side"), list(itertools.product(SAID, VERDICTS, ("greater", "less"))))
def test_a_sentence_on_superiority_says_where_the_interval_lies(where, verdict, side):
    sentence = sentences.sentence(claim("C", placed(where, verdict=verdict, alternative=side)))
    right = {"above": "greater", "below": "less"}.get(where)
    agreed = "inconclusive" if right is None else "supported" if right == side else "refuted"

    assert sentence.startswith(verdict.capitalize())
    assert SAID[where] in sentence
    assert [phrase for phrase in SAID.values() if phrase in sentence] == [SAID[where]]
    reserved = "from the interval alone" in sentence or "would decide" in sentence
    assert reserved == (verdict != agreed)


@pytest.mark.parametrize(
    ("low", "high", "said", "agreed"),
    [
        (-0.001, 0.001, "lies wholly within that range", "supported"),
        (0.004, 0.006, "lies wholly outside that range", "refuted"),
        (0.001, 0.006, "reaches across that", "inconclusive"),
    ],
)
@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_sentence_on_equivalence_says_where_the_interval_lies(low, high, said, agreed, verdict):
    numbers = {"estimate": (low + high) / 2, "low": low, "high": high, "margin": [-0.003, 0.003]}
    sentence = sentences.sentence(claim("C", part("equivalence", verdict, alternative="within", **numbers)))

    assert said in sentence
    assert ("from the interval alone" in sentence or "would decide" in sentence) == (verdict != agreed)


@pytest.mark.parametrize("alternative", ["usually", "reliably"])
@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize(("count", "agreed"), [(20, "supported"), (0, "refuted"), (11, "inconclusive")])
def test_a_sentence_on_an_event_counts_runs(alternative, verdict, count, agreed):
    threshold = 0.5 if alternative == "usually" else 2 / 3
    sentence = sentences.sentence(claim("C", event(count, alternative=alternative, margin=threshold, verdict=verdict)))

    assert f"it happened in {count} of 20 runs" in sentence
    assert ("half of the runs" if alternative == "usually" else "two thirds of the runs") in sentence
    assert ("from the interval alone" in sentence or "would decide" in sentence) == (verdict != agreed)


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize(("value", "said"), [(7850.0, "just that"), (7690.0, "which is not that")])
def test_a_sentence_on_arithmetic_compares_the_numbers(verdict, value, said):
    sentence = sentences.sentence(claim("C", exact(value, 7850.0, verdict)))
    agreed = "supported" if value == 7850.0 else "refuted"

    assert f"{value:.0f}, {said}" in sentence
    assert ("from the interval alone" in sentence or "would decide" in sentence) == (verdict != agreed)


def test_a_sentence_on_several_parts_counts_their_verdicts():
    mixed = claim("C", part(), placed("straddles", verdict="inconclusive"))

    assert sentences.sentence(mixed) == "Inconclusive: of 2 parts, 1 supported, 1 inconclusive."
    assert sentences.sentence(claim("C", part(), part())) == "Supported: each of its 2 parts is supported."


def test_values_that_differ_where_one_is_expected_are_told_as_a_range():
    several = exact(7690.0, 7850.0, "refuted") | {"low": 7650.0, "high": 7850.0, "num_seeds": 3, "values": [7650.0] * 3}

    assert "the values over 3 seeds reach from 7650 to 7850, which is not that" in sentences.sentence(
        claim("C", several)
    )


@pytest.mark.parametrize(
    ("unit", "value"), [("accuracy", NAN), ("ratio", INF), ("ratio", 0.0)], ids=["no number", "no ratio", "nil ratio"]
)
def test_a_collapsed_run_is_told_and_the_interval_no_longer_said_to_decide(unit, value):
    collapsed = part(unit=unit, values=[0.01, value, 0.02, 0.01], num_seeds=4, seeds=[0, 1, 2, 3])
    whole = part(unit=unit)

    assert "1 of 4 runs collapsed, so that the share of runs" in sentences.sentence(claim("C", collapsed))
    assert "collapsed" not in sentences.sentence(claim("C", whole))


def test_an_interval_that_ends_on_its_margin_does_not_lie_beyond_it():
    assert "reaches across" in sentences.sentence(claim("C", part(low=0.002, verdict="inconclusive")))
    assert "reaches across" in sentences.sentence(claim("C", part(high=0.002, low=0.001, verdict="inconclusive")))


def test_what_did_not_run_says_why():
    assert sentences.sentence(claim("C", message="no data: set CLAIMS_DATA")) == "Not run: no data: set CLAIMS_DATA."


def test_without_numbers_nothing_is_said_of_them():
    lost = part(estimate=None, low=None, high=None, verdict="inconclusive", reason="collapsed")

    assert "no estimate with an interval" in sentences.sentence(claim("C", lost))
    assert "—" not in sentences.sentence(claim("C", lost))


@pytest.mark.parametrize(
    ("changes", "effect", "interval"),
    [
        ({}, "+0.93 points", "[+0.71, +1.15]"),
        ({"estimate": -0.0093, "low": -0.0115, "high": -0.0071}, "−0.93 points", "[−1.15, −0.71]"),
        ({"difference": False, "estimate": 0.9812, "low": 0.98, "high": 0.9824}, "98.12 %", "[98.00, 98.24]"),
        ({"unit": "nats", "difference": False, "estimate": 0.2613, "low": 0.2587, "high": 0.2639, "margin": 0.3},
         "0.2613 nats", "[0.2587, 0.2639]"),
        ({"unit": "nats", "estimate": 0.03, "low": 0.02, "high": 0.04, "margin": 0}, "+0.0300 nats",
         "[+0.0200, +0.0400]"),
        ({"unit": "epochs", "difference": False, "estimate": 5.9, "low": 5.2, "high": 6.6, "margin": 3}, "5.9 epochs",
         "[5.2, 6.6]"),
        ({"unit": "ratio", "difference": False, "estimate": 0.42, "low": 0.3, "high": 0.48, "margin": 0.5}, "×0.42",
         "[×0.30, ×0.48]"),
        ({"unit": "share", "difference": False, "estimate": 0.95, "low": 0.751, "high": 1, "margin": 0.5}, "95 %",
         "[75, 100]"),
        ({"rule": "exact", "unit": "", "difference": False, "estimate": 407050, "low": 407050, "high": 407050,
          "margin": 407050}, "407050", ""),
        ({"estimate": None, "low": None, "high": None}, "—", ""),
    ],
)  # fmt: skip
def test_numbers_are_written_in_the_unit_of_people(changes, effect, interval):
    held = part(**changes)

    assert (sentences.effect(held), sentences.interval(held)) == (effect, interval)


def test_rounding_never_makes_an_interval_touch_its_margin():
    near = part(low=0.0020004, margin=0.002)

    assert sentences.interval(near).startswith("[+0.2000")
    assert sentences.interval(near).split(",")[0] != f"[{numbers.margin(near)}".removesuffix(" points")


@pytest.mark.parametrize("where", list(SAID))
@pytest.mark.parametrize("side", ["greater", "less"])
@pytest.mark.parametrize("unit", ["accuracy", "ratio"])
def test_the_overview_puts_an_interval_on_the_side_that_the_sentence_tells(where, side, unit):
    held = placed(where, alternative=side, unit=unit)
    if unit == "ratio":
        held |= {key: 2 ** (100 * held[key]) for key in ("estimate", "low", "high", "margin")}
        held["values"] = [1.0] * 10
    placement = advantage(held)
    assert placement is not None
    estimate, low, high = placement

    assert low < estimate < high
    on_claims_side = sentences.verdict_of_numbers(held)
    assert on_claims_side == ("supported" if low > 0 else "refuted" if high < 0 else "inconclusive")


@pytest.mark.parametrize(
    ("low", "high"), [(-0.001, 0.002), (0.001, 0.002), (0.002, 0.005), (0.004, 0.006), (-0.005, 0.005)]
)
def test_the_overview_folds_an_equivalence_about_its_middle(low, high):
    held = part(
        "equivalence", estimate=(low + high) / 2, low=low, high=high, margin=[-0.003, 0.003], alternative="within"
    )
    placement = advantage(held)
    assert placement is not None
    _, worst, best = placement

    assert best <= 1
    told = "supported" if worst > 0 else "refuted" if best < 0 else "inconclusive"
    assert told == sentences.verdict_of_numbers(held)


def test_the_overview_draws_no_interval_that_did_not_decide():
    assert advantage(part()) is not None
    assert advantage(part(values=[NAN, *[0.01] * 9])) is None
    assert advantage(exact()) is None


def test_runs_of_one_arm_under_two_names_are_counted_once():
    arms = [
        {"name": name, "fingerprint": fingerprint, "seeds": list(range(num_seeds)), "seconds_per_run": 2.0}
        for name, fingerprint, num_seeds in (("a", "1", 10), ("b", "1", 20), ("c", "2", 10))
    ]
    assert header._all_runs(arms).startswith("30 of 3 arms")
    assert "1 min 0 s" in header._all_runs(arms)
    assert header._all_runs([]).startswith("0 of 0 arms")


@pytest.mark.parametrize(
    ("num_logs", "said"), [(1, "Of 1 published log, 0.05 would"), (19, "Of 19 published logs, 0.95 would")]
)
def test_incompatible_logs_that_chance_brings_are_told(num_logs, said):
    logs = [claim(f"P-{i}", log(2.5, "compatible", 0.45)) for i in range(num_logs)]
    chance = f"with a probability of {(1 - 0.95**num_logs) * 100:.0f} %"

    told = header.incompatible_by_chance([*logs, claim("C01", part()), claim("P-x")])
    assert told.startswith(said)
    assert chance in told
    assert header.incompatible_by_chance([claim("C01", part())]) == ""
