"""Lecture section 5: training data. One test per assertion."""

import pytest

from fixtures.degrees import CLEARLY_HIGHER, CLEARLY_LOWER, LOWER_ACCURACY
from fixtures.revisions import ONE_MARGIN
from fixtures.training_data.loss_on_test import best_on_test, on_test
from pytest_claims import ratio, steps

pytestmark = pytest.mark.section("Training data", 5)

# A fifth less: what half as many examples again would gain, 1 / √1.5.
A_FIFTH_LESS = 0.8

# A fit: nine tenths of the variance are explained. A failure: a constant would have been as good. Of digits, a network
# that is more often wrong than right has failed.
FITS, AS_A_CONSTANT = 0.9, 0.0
HALF = 0.5


@pytest.mark.claim(
    "D01a", "Each time there are more training digits, the lowest loss that is reached is lower.", source="L"
)
def test_more_digits_lower_loss(mnist_share_1, mnist_share_3, mnist_share_10, mnist_share_32, mnist_share_100, judge):
    sizes = [mnist_share_1, mnist_share_3, mnist_share_10, mnist_share_32, mnist_share_100]

    verdict = judge.each(steps([runs.lowest("val_cross_entropy") for runs in sizes]), below=0.0)

    assert verdict


@pytest.mark.claim(
    "D01b", "Each time there are more training digits, the highest accuracy that is reached is higher.", source="L"
)
def test_more_digits_higher_accuracy(
    mnist_share_1, mnist_share_3, mnist_share_10, mnist_share_32, mnist_share_100, judge
):
    sizes = [mnist_share_1, mnist_share_3, mnist_share_10, mnist_share_32, mnist_share_100]

    verdict = judge.each(steps([runs.highest("val_accuracy") for runs in sizes]), above=0.0)

    assert verdict


@pytest.mark.claim(
    "D01c", "Each time there are more training reviews, the lowest loss that is reached is lower.", source="L"
)
def test_more_reviews_lower_loss(imdb_share_1, imdb_share_3, imdb_share_10, imdb_share_32, imdb_share_100, judge):
    sizes = [imdb_share_1, imdb_share_3, imdb_share_10, imdb_share_32, imdb_share_100]

    verdict = judge.each(steps([runs.lowest("val_cross_entropy") for runs in sizes]), below=0.0)

    assert verdict


@pytest.mark.claim(
    "D01d", "Each time there are more training reviews, the highest accuracy that is reached is higher.", source="L"
)
def test_more_reviews_higher_accuracy(imdb_share_1, imdb_share_3, imdb_share_10, imdb_share_32, imdb_share_100, judge):
    sizes = [imdb_share_1, imdb_share_3, imdb_share_10, imdb_share_32, imdb_share_100]

    verdict = judge.each(steps([runs.highest("val_accuracy") for runs in sizes]), above=0.0)

    assert verdict


@pytest.mark.claim(
    "D02a", "As many more images, all with wrong labels, raise the lowest loss that is reached.", source="L"
)
def test_wrong_additions_raise_loss(mnist_mislabelled_added, mnist_share_50, judge):
    change = ratio(mnist_mislabelled_added.lowest("val_cross_entropy"), mnist_share_50.lowest("val_cross_entropy"))

    verdict = judge(change, above=CLEARLY_HIGHER)

    assert verdict


@pytest.mark.claim(
    "D02b",
    "As many more images, all with wrong labels, lower the highest accuracy that is reached.",
    source="L",
    block=300,
    revised=ONE_MARGIN + "Of accuracy it is three tenths of a point, not half of one.",
    before="supported",
)
def test_wrong_additions_lower_accuracy(mnist_mislabelled_added, mnist_share_50, judge):
    lost = mnist_share_50.highest("val_accuracy") - mnist_mislabelled_added.highest("val_accuracy")

    verdict = judge(lost, above=LOWER_ACCURACY)

    assert verdict


@pytest.mark.claim(
    "D02c",
    "As many more images, with right labels but hardly to be made out for noise, raise the lowest loss.",
    source="L",
)
def test_noisy_additions_raise_loss(mnist_noisy_added, mnist_share_50, judge):
    change = ratio(mnist_noisy_added.lowest("val_cross_entropy"), mnist_share_50.lowest("val_cross_entropy"))

    verdict = judge(change, above=CLEARLY_HIGHER)

    assert verdict


@pytest.mark.claim(
    "D02d",
    "As many more images, with right labels but hardly to be made out for noise, lower the highest accuracy.",
    source="L",
    expected={"stand-in": "inconclusive"},
    because="""Half as good as new, noisy images teach the network something and hurt a little: 0.56 points on
    average over twenty seeds, with single pairs from −0.3 to 1.4, so close to the half point asked for that neither
    side is shown. By the loss the harm is clear (D02c). On all the data it is 0.57 points, in every one of thirty
    pairs, from 0.3 to 0.8: a harm beyond doubt, and half a point more or less.""",
    block=300,
    revised=ONE_MARGIN + "Of accuracy it is three tenths of a point, not half of one.",
    before={"fast": "inconclusive", "full": "inconclusive", "stand-in": "supported"},
)
def test_noisy_additions_lower_accuracy(mnist_noisy_added, mnist_share_50, judge):
    lost = mnist_share_50.highest("val_accuracy") - mnist_noisy_added.highest("val_accuracy")

    verdict = judge(lost, above=LOWER_ACCURACY)

    assert verdict


@pytest.mark.claim(
    "D03a", "Correcting wrong labels lowers the loss that is reached; so does leaving them out.", source="L"
)
def test_clean_labels_lower_loss(mnist_some_wrong, mnist_share_100, mnist_wrong_left_out, judge):
    losses = [runs.lowest("val_cross_entropy") for runs in (mnist_share_100, mnist_wrong_left_out)]
    before = mnist_some_wrong.lowest("val_cross_entropy")

    verdict = judge.each([ratio(loss, before) for loss in losses], below=CLEARLY_LOWER)

    assert verdict


@pytest.mark.claim(
    "D03b",
    "Correcting wrong labels raises the accuracy that is reached; so does leaving them out.",
    source="L",
    expected={"stand-in": "inconclusive"},
    because={
        "stand-in": """On the stand-in correcting the labels gains {1.estimate} points, and leaving them out gains
        {2.estimate}. Both intervals contain the limit of {1.margin} points, so the claim stays undecided. The
        stand-in's digits are easier, so wrong labels cost less there. By the loss the gain is clear (D03a).""",
    },
    block=300,
    revised=ONE_MARGIN + "Of accuracy it is three tenths of a point, not half of one.",
    before={"fast": "supported", "full": "supported", "stand-in": "inconclusive"},
)
def test_clean_labels_raise_accuracy(mnist_some_wrong, mnist_share_100, mnist_wrong_left_out, judge):
    accuracies = [runs.highest("val_accuracy") for runs in (mnist_share_100, mnist_wrong_left_out)]
    before = mnist_some_wrong.highest("val_accuracy")

    verdict = judge.each([accuracy - before for accuracy in accuracies], above=LOWER_ACCURACY)

    assert verdict


@pytest.mark.claim(
    "D04a",
    "More points near the decision boundary reduce wrong decisions further than as many far from it.",
    source="L A",
)
def test_points_near_boundary_reduce_errors(points_near_and_far, judge):
    near, far = (points_near_and_far.measured(f"error_{region}", unit="share") for region in ("near", "far"))

    verdict = judge(ratio(near, far), below=A_FIFTH_LESS)

    assert verdict


@pytest.mark.claim(
    "D04b", "More points near the decision boundary reduce the loss further than as many far from it.", source="L A"
)
def test_points_near_boundary_reduce_loss(points_near_and_far, judge):
    near, far = (points_near_and_far.measured(f"cross_entropy_{region}", unit="nats") for region in ("near", "far"))

    verdict = judge(ratio(near, far), below=A_FIFTH_LESS)

    assert verdict


@pytest.mark.claim(
    "D05a", "A network that fits a wave where it was sampled does worse than a constant outside of there.", source="L A"
)
def test_wave_fails_outside(wave_inside_and_outside, judge):
    inside, outside = (wave_inside_and_outside.measured(where, label=f"R² {where}") for where in ("inside", "outside"))

    verdict = judge(inside, above=FITS) & judge(outside, below=AS_A_CONSTANT)

    assert verdict


@pytest.mark.claim(
    "D05b",
    "A network does no more than interpolate, whatever the function: even a straight line it fails to continue.",
    source="L A",
    expected="refuted",
    because="""The network continues the line: outside of the sampled range R² is {2.estimate}. A network of
    rectifiers is piecewise linear, and beyond its last kink it goes on straight. It fails to continue a wave
    (D05a).""",
)
def test_line_fails_outside(line_inside_and_outside, judge):
    inside, outside = (line_inside_and_outside.measured(where, label=f"R² {where}") for where in ("inside", "outside"))

    verdict = judge(inside, above=FITS) & judge(outside, below=AS_A_CONSTANT)

    assert verdict


@pytest.mark.claim(
    "D05c",
    "Of digits turned further than any in training a network gets most wrong, of others most right.",
    source="L A",
)
def test_digits_turned_further_fail(digits_turned, judge):
    inside, outside = (digits_turned.measured(where, unit="accuracy") for where in ("inside", "outside"))

    verdict = judge(inside, above=HALF) & judge(outside, below=HALF)

    assert verdict


@pytest.mark.claim(
    "D06a",
    "Putting means for missing features improves a model over leaving them zero, in loss and accuracy.",
    source="L",
    block=300,
    revised=ONE_MARGIN + "Of accuracy it is three tenths of a point, not half of one.",
    before="supported",
)
def test_imputing_beats_zeros(digits_imputed, digits_left_zero, judge):
    loss = ratio(digits_imputed.lowest("val_cross_entropy"), digits_left_zero.lowest("val_cross_entropy"))
    gained = digits_imputed.highest("val_accuracy") - digits_left_zero.highest("val_accuracy")

    verdict = judge(loss, below=CLEARLY_LOWER) & judge(gained, above=LOWER_ACCURACY)

    assert verdict


@pytest.mark.claim(
    "D06b",
    "Putting means for missing features improves a model over leaving a number that means missing.",
    source="L",
    block=300,
    revised=ONE_MARGIN + "Of accuracy it is three tenths of a point, not half of one.",
    before="supported",
)
def test_imputing_beats_code(digits_imputed, digits_left_coded, judge):
    loss = ratio(digits_imputed.lowest("val_cross_entropy"), digits_left_coded.lowest("val_cross_entropy"))
    gained = digits_imputed.highest("val_accuracy") - digits_left_coded.highest("val_accuracy")

    verdict = judge(loss, below=CLEARLY_LOWER) & judge(gained, above=LOWER_ACCURACY)

    assert verdict


@pytest.mark.claim(
    "D07a",
    "Four times the data, of the same quality, improve a model more than another size, L2 or dropout does.",
    source="L",
)
def test_more_data_gain_most(opinions_more, opinions_as_they_come, opinions_4_4, opinions_l2, opinions_dropout, judge):
    best = best_on_test([opinions_as_they_come, opinions_4_4, opinions_l2, opinions_dropout])

    verdict = judge(on_test(opinions_more) - best, below=0.0)

    assert verdict


@pytest.mark.claim(
    "D07b", "Correcting wrong labels improves a model more than another size, L2 or dropout does.", source="L"
)
def test_better_data_gain_most(
    opinions_cleaned, opinions_as_they_come, opinions_4_4, opinions_l2, opinions_dropout, judge
):
    best = best_on_test([opinions_as_they_come, opinions_4_4, opinions_l2, opinions_dropout])

    verdict = judge(on_test(opinions_cleaned) - best, below=0.0)

    assert verdict
