"""Processes divide the work by themselves: each piece is somebody's first, and what is compiled once stays together."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pytest_claims.planning.shares import SEEDS_OF_A_PIECE, Worker, deal, pieces

SEEDS = tuple(range(10))


class Measured(SimpleNamespace):
    """A measurement, which shares no program with any other."""


def divided(costs, count=2, planned=None):
    """The order of the work for each of some processes, where runs of arms cost so many seconds."""
    names = planned or {name: Measured(name=name, source=None) for name in costs}
    pending = dict.fromkeys(costs, SEEDS)
    return [pieces(pending, names, costs.get, Worker(index, count)) for index in range(count)]


def names(order):
    return [name for name, _ in order]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_each_process_would_do_all_of_the_work_if_it_were_alone(count):
    costs = {f"arm{i}": 1.0 + i for i in range(9)}
    for order in divided(costs, count):
        assert sorted((name, seed) for name, seeds in order for seed in seeds) == [
            (name, seed) for name in sorted(costs) for seed in SEEDS
        ]


def test_shares_cost_about_the_same():
    costs = {f"arm{i}": float(1 + i % 7) for i in range(20)}
    shares = deal(costs, {name: Measured(name=name, source=None) for name in costs}, 2)
    assert sorted(shares[0] + shares[1]) == sorted(costs)
    loads = [sum(costs[name] for name in share) for share in shares]
    assert max(loads) - min(loads) <= 1


def test_what_one_program_trains_stays_with_one_process():
    from pytest_claims.catalogue.arms import Arm

    arm = Arm.__new__(Arm)  # only its kind counts
    declared = {
        f"{model}{rate}": SimpleNamespace(
            name=f"{model}{rate}", source=arm, declaration={"model": model, "optimizer": rate, "batch_size": 32}
        )
        for rate in (1, 2, 3)
        for model in ("a", "b")
    }
    first, second = divided(dict.fromkeys(declared, 1.0), planned=declared)
    assert [name[0] for name in names(first)[:3]] == ["a"] * 3
    assert [name[0] for name in names(second)[:3]] == ["b"] * 3


def test_an_arm_that_costs_more_than_its_due_is_cut_into_pieces():
    first, second = divided({"dear": 10.0, "cheap": 1.0})
    assert [seeds for name, seeds in first if name == "dear"] == [SEEDS[:SEEDS_OF_A_PIECE], SEEDS[SEEDS_OF_A_PIECE:]]
    assert [seeds for name, seeds in second if name == "cheap"] == [SEEDS]


def test_arms_of_unknown_cost_count_as_typical_and_are_cut_into_pieces():
    (order, _) = divided({"known": 2.0, "unknown": None, "other": 2.0, "more": None})
    num_seeds = {name: len(seeds) for name, seeds in order}
    assert num_seeds == {"known": 10, "other": 10, "unknown": SEEDS_OF_A_PIECE, "more": SEEDS_OF_A_PIECE}


def test_a_process_begins_with_what_it_has_compiled_whosever_share_it_is():
    costs = {f"arm{i}": float(1 + i) for i in range(9)}
    planned = {name: Measured(name=name, source=None) for name in costs}
    for index in range(2):
        order = pieces(dict.fromkeys(costs, SEEDS), planned, costs.get, Worker(index, 2), {"arm0", "arm3"})
        assert set(names(order)[:2]) == {"arm0", "arm3"}
        assert sorted(names(order)) == sorted(costs)
