"""Seeds come in looks: a claim that is decided asks for no more."""

from __future__ import annotations

import sqlite3
from contextlib import closing


def num_runs(catalogue, arm: str) -> int:
    with closing(sqlite3.connect(catalogue.store)) as connection:
        return connection.execute("SELECT count(*) FROM runs WHERE arm = ?", (arm,)).fetchone()[0]


def test_clear_claim_stops_at_the_first_look(catalogue):
    catalogue.claim(body="judge(high.measured('accuracy'), above=0.55)")
    catalogue.run("-m", "full")
    assert num_runs(catalogue, "high") == 10
    assert catalogue.record()["claims"][0]["num_seeds"] == 10


def test_undecided_claim_goes_on_to_the_next_look(catalogue):
    # One standard deviation above its margin, which ten seeds cannot show at the level of the first look.
    catalogue.claim(body="judge(wide.measured('accuracy'), above=0.498)")
    catalogue.run("-m", "full")
    assert num_runs(catalogue, "wide") > 10
    assert catalogue.record()["claims"][0]["num_seeds"] == num_runs(catalogue, "wide")


def test_hopeless_claim_stops_at_the_last_look(catalogue):
    catalogue.claim(body="judge(vague.measured('accuracy'), above=0.5)")
    catalogue.run("-m", "fast")
    assert num_runs(catalogue, "vague") == 20
    catalogue.run("-m", "full")
    assert num_runs(catalogue, "vague") == 20 + 30


def test_event_is_judged_once_at_the_last_look(catalogue):
    catalogue.claim(body="judge(high.measured('accuracy').between(0.5, 0.7), usually=True)")
    catalogue.run("-m", "full")
    assert num_runs(catalogue, "high") == 30
    assert catalogue.record()["claims"][0]["verdict"] == "supported"


def test_verdict_does_not_depend_on_what_else_the_store_holds(catalogue):
    catalogue.claim(body="judge(high.measured('accuracy'), above=0.55)")
    catalogue.run("--claims-seeds", "25")
    assert num_runs(catalogue, "high") == 25
    catalogue.run()
    assert catalogue.record()["claims"][0]["num_seeds"] == 10


def test_number_of_seeds_can_be_fixed(catalogue):
    catalogue.claim(body="judge(vague.measured('accuracy'), above=0.5)")
    catalogue.run("--claims-seeds", "12")
    assert num_runs(catalogue, "vague") == 12
    record = catalogue.record("partial")
    assert record["looks"] == [12]
    assert record["claims"][0]["parts"][0]["confidence_level"] == 1 - 2 * 0.0005


def test_costly_claim_is_judged_once_on_its_own_number_of_seeds_with_the_whole_alpha(catalogue):
    catalogue.claim(body="judge(vague.measured('accuracy'), above=0.5)", seeds=10)
    catalogue.run("-m", "full")
    assert num_runs(catalogue, "vague") == 10
    assert catalogue.record()["claims"][0]["parts"][0]["confidence_level"] == 1 - 2 * 0.0005


def test_costly_claim_beside_others_uses_no_more_seeds_than_its_own(catalogue):
    vague = 'assert judge(vague.measured("accuracy"), above=0.5)'
    catalogue.write(
        test_numbers=f"""
@pytest.mark.claim("A01", "Costly.", seeds=10)
def test_costly(vague, judge):
    {vague}

@pytest.mark.claim("A02", "Cheap.")
def test_cheap(vague, judge):
    {vague}
"""
    )
    catalogue.run("-m", "full")
    assert [claim["num_seeds"] for claim in catalogue.record()["claims"]] == [10, 30]


CLAIMS = [
    """
@pytest.mark.claim("A01", "Decided at the first look.")
def test_first(wide, high, judge):
    assert judge(high.measured("accuracy") - wide.measured("accuracy"), above=0.02)
""",
    """
@pytest.mark.claim("A02", "Undecided to the end.", expected="inconclusive", because="It scatters.")
def test_last(wide, judge):
    assert judge(wide.measured("accuracy"), above=0.505)
""",
    """
@pytest.mark.claim("A03", "An event.")
def test_event(high, judge):
    assert judge(high.measured("accuracy").between(0.5, 0.7), usually=True)
""",
]


def outcome(catalogue, name="claims"):
    """What a record says of each claim, by its id."""
    return {claim["id"]: claim for claim in catalogue.record(name)["claims"]}


def test_a_claim_comes_out_the_same_alone_among_others_in_any_order_and_on_any_number_of_processes(catalogue):
    catalogue.write(test_numbers="".join(CLAIMS))
    catalogue.run()
    together = outcome(catalogue)
    assert [claim["num_seeds"] for claim in together.values()] == [10, 20, 20]
    for claim_id in together:
        catalogue.store.unlink()
        catalogue.run("-k", claim_id)
        assert outcome(catalogue, "partial") == {claim_id: together[claim_id]}
    catalogue.store.unlink()
    catalogue.run_apart("-n", "2").assert_outcomes(passed=2, xfailed=1)
    assert outcome(catalogue) == together
    catalogue.store.unlink()
    catalogue.write(test_numbers="".join(reversed(CLAIMS)))
    catalogue.run_apart()
    assert outcome(catalogue) == together


def test_two_claims_on_one_arm_train_it_once(catalogue):
    catalogue.write(
        test_numbers="""
@pytest.mark.claim("A01", "High is high.")
def test_high(high, judge):
    assert judge(high.measured("accuracy"), above=0.55)

@pytest.mark.claim("A02", "High is not very high.")
def test_not_very_high(high, judge):
    assert judge(high.measured("accuracy"), below=0.65)
"""
    )
    result = catalogue.run()
    result.stdout.fnmatch_lines("claims: 2 claims, 1 arms, engine stacked: 10 of 10 runs missing*")
    assert num_runs(catalogue, "high") == 10


def test_second_run_measures_nothing(catalogue):
    catalogue.claim()
    catalogue.run()
    result = catalogue.run()
    result.stdout.fnmatch_lines("claims: 1 claims, 1 arms, engine stacked: no run missing*")
    assert catalogue.record()["num_trained"] == 0


def test_collect_only_says_what_is_missing_and_measures_nothing(catalogue):
    catalogue.claim()
    result = catalogue.run("--collect-only", "-m", "full")
    result.stdout.fnmatch_lines("claims: *10 of 10 runs missing at the first look, time unknown; 30 at most*")
    assert not catalogue.store.exists() or num_runs(catalogue, "high") == 0
