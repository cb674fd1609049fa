"""How much a word weighs is measured on reviews that lack it, and telling words are found."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from fixtures.underfitting_and_overfitting import weights_of_words as measured
from fixtures.underfitting_and_overfitting.weights_of_words import mean_changes, weights_of_words
from tests.helpers.samples import global_state, opinions

SEED = 900


@pytest.fixture(scope="module")
def reviews():
    """Reviews in which two words tell the class, and all others tell nothing."""
    return opinions()


def test_changes_are_those_of_reviews_that_lack_the_word(monkeypatch):
    after = np.array([[2.0, 9.0, 9.0], [4.0, 1.0, 9.0]])
    monkeypatch.setattr(measured, "logits_with", lambda network, reviews, words: (np.array([1.0, 2.0]), after))
    reviews = csr_matrix([[0, 1, 1], [0, 0, 1]])
    assert mean_changes(None, reviews, range(3)).tolist() == [1.5, -1.0, 0.0]


def test_word_seen_once_weighs_less_than_telling_words_and_more_than_others(reviews, monkeypatch):
    before = global_state()
    beside_others = weights_of_words(reviews, "fast", SEED)
    assert beside_others == weights_of_words(reviews, "fast", SEED)
    assert global_state() == before
    assert beside_others["once"] > beside_others["telling"]
    monkeypatch.setattr(measured, "NUM_TELLING", 2)
    beside_telling = weights_of_words(reviews, "fast", SEED)
    assert 0 < beside_telling["once"] < beside_telling["telling"] / 2
    assert beside_telling["lighter"] == beside_others["lighter"] > 0.5


def test_heavier_word_is_seen_to_be(reviews, monkeypatch):
    found = weights_of_words(reviews, "fast", SEED)
    planted = measured.planted

    def in_a_hundred(labels, rng):
        words, directions = planted(labels, rng)
        words = words.tolil()
        for word in range(measured.NUM_ONCE):
            words[rng.choice(np.flatnonzero(labels == 0), 100, replace=False), word] = 1
        return words.tocsr(), directions

    monkeypatch.setattr(measured, "planted", in_a_hundred)
    heavy = weights_of_words(reviews, "fast", SEED)
    assert heavy["once"] > 2 * found["once"]
    assert heavy["lighter"] > found["lighter"]
