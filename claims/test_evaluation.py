"""Lecture section 6: evaluating models. One test per assertion."""

import pytest

pytestmark = pytest.mark.section("Evaluating models", 6)

# The common-sense baselines that the lecture names: guessing one of ten digits, one of two opinions.
GUESSING_A_DIGIT = 0.1
GUESSING_AN_OPINION = 0.5

# Beating the best constant answer by five points is beyond any fluctuation of a score on thousands of examples.
BEATS = 0.05


@pytest.mark.claim(
    "E08", "The trained networks beat the common-sense baselines: 0.1 on MNIST, 0.5 on IMDB.", source="A"
)
def test_networks_beat_common_sense(mnist_baseline, mnist_majority_class, imdb_baseline, imdb_majority_class, judge):
    digits, opinions = mnist_baseline.final("val_accuracy"), imdb_baseline.final("val_accuracy")
    commonest_digit = mnist_majority_class.measured("val_accuracy", unit="accuracy")
    commonest_opinion = imdb_majority_class.measured("val_accuracy", unit="accuracy")

    mnist = judge(digits, above=GUESSING_A_DIGIT) & judge(digits - commonest_digit, above=BEATS)
    imdb = judge(opinions, above=GUESSING_AN_OPINION) & judge(opinions - commonest_opinion, above=BEATS)

    assert mnist & imdb
