"""What tells which rows Keras trains on, and which it validates on, notices other rows."""

from __future__ import annotations

import pytest

from fixtures.evaluation import validation_split
from fixtures.evaluation.validation_split import rows_otherwise, rows_used
from fixtures.networks.keras_alone import double_precision
from tests.helpers.samples import global_state


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(validation_split, "NUMBERS_OF_ROWS", (5,))


def exchanged(divided, arrays, share):
    return divided(arrays, share)[::-1]


def validating_on_all(divided, arrays, share):
    return divided(arrays, share)[0], arrays


def shuffled_before(divided, arrays, share):
    order = [4, 0, 1, 2, 3]
    return divided([None if array is None else array[order] for array in arrays], share)


def test_rows_used_are_told_for_each_share():
    trained, validated = rows_used(5, 0.4, shuffle_seed=0)
    assert trained.tolist() == [True, True, True, False, False]
    assert validated.tolist() == [False, False, False, True, True]


def test_no_row_is_used_otherwise_and_the_global_generator_is_put_back(few):
    before = global_state()
    assert rows_otherwise(None, "fast", 900, share=0.2) == {"trained": 0, "validated": 0, "used_twice_or_never": 0}
    assert global_state() == before


def test_border_within_a_row_is_no_fault(monkeypatch):
    monkeypatch.setattr(validation_split, "NUMBERS_OF_ROWS", (6,))
    assert not any(rows_otherwise(None, "fast", 900, share=0.2).values())


@pytest.mark.parametrize(
    ("split", "expected"),
    [
        (exchanged, {"trained": 5, "validated": 5, "used_twice_or_never": 0}),
        (validating_on_all, {"trained": 0, "validated": 4, "used_twice_or_never": 4}),
        (shuffled_before, {"trained": 2, "validated": 2, "used_twice_or_never": 0}),
    ],
)
def test_rows_that_are_split_otherwise_are_counted(few, monkeypatch, split, expected):
    with double_precision():
        from keras.src.trainers.data_adapters import array_slicing
    divided = array_slicing.train_validation_split

    def planted(arrays, validation_split):
        return split(divided, arrays, validation_split)

    monkeypatch.setattr(array_slicing, "train_validation_split", planted)
    assert rows_otherwise(None, "fast", 900, share=0.2) == expected
