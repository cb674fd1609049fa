"""Named streams of random numbers."""

from __future__ import annotations

import pytest

from pytest_claims.support.randomness import generator
from tests.helpers.samples import global_state


def first(*arguments: str | int) -> float:
    seed, *words = arguments
    return generator(int(seed), *words).random()


def test_same_seed_and_words_give_the_same_stream() -> None:
    assert first(1, "order", 2) == first(1, "order", 2)


@pytest.mark.parametrize("other", [(2, "order", 2), (1, "order", 3), (1, "orders", 2), (1, "order", "2"), (1, "order")])
def test_other_seed_or_words_give_another_stream(other: tuple[str | int, ...]) -> None:
    assert first(1, "order", 2) != first(*other)


def test_stream_is_the_same_on_every_machine() -> None:
    assert generator(7, "weights", "0/kernel").integers(2**32, size=3).tolist() == [2257347754, 1390072925, 2507827416]


def test_global_generator_is_left_alone() -> None:
    before = global_state()
    generator(0, "order").random(5)

    assert global_state() == before


def test_negative_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="non-negative integer, got -1"):
        generator(-1)
