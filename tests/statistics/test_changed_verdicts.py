"""The number of verdicts that are likely to change is the exact quantile."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from pytest_claims.statistics import most_likely_changed


@pytest.mark.parametrize("num", [1, 20, 300])
@pytest.mark.parametrize("stability", [0.5, 0.77, 0.98, 0.9995, 1.0])
def test_of_equally_stable_verdicts_the_number_is_binomial(num, stability):
    assert most_likely_changed([stability] * num) == stats.binom.ppf(0.95, num, 1 - stability)


def test_of_verdicts_of_any_stability_it_is_what_counting_all_outcomes_gives():
    stabilities = np.random.default_rng(3).uniform(0.3, 1.0, size=9)
    probabilities = np.zeros(10)
    for changed in itertools.product([False, True], repeat=9):
        chances = (1 - s if has_changed else s for s, has_changed in zip(stabilities, changed, strict=True))
        probabilities[sum(changed)] += math.prod(chances)
    for level in (0.5, 0.9, 0.95, 0.999):
        assert most_likely_changed(stabilities, level=level) == np.argmax(np.cumsum(probabilities) >= level)


@pytest.mark.parametrize(("stability", "limit"), [(0.95, 0), (0.949, 1)])
def test_at_the_level_itself_no_change_is_allowed(stability, limit):
    assert most_likely_changed([stability]) == limit


def test_without_verdicts_nothing_changes():
    assert most_likely_changed([]) == 0
