"""Lecture section 1: generalization, underfitting and overfitting. One test per assertion."""

import numpy as np
import pytest

from fixtures.degrees import CLEARLY_HIGHER, FEW, LOWER_ACCURACY, MORE_SEVERELY, TURNED, U_SHAPED
from fixtures.revisions import EVERY_STEP, NO_SPREAD, SPLIT, TEN_SEEDS
from fixtures.underfitting_and_overfitting.halves import at_epoch_lowest_in_rest
from fixtures.underfitting_and_overfitting.turns import turn
from pytest_claims import ratio

pytestmark = pytest.mark.section("Generalization: underfitting and overfitting", 1)

# "Go together" is what is commonly called a very strong rank correlation.
TOGETHER = 0.8

# Where either class is as likely, a model that is surer by a tenth says 60 to 40. To be so wrong costs 0.02 nats,
# ln(1 / 2√(0.6·0.4)).
TOO_SURE = 0.1
COSTS = 0.02

# A change of log odds by a tenth moves a probability of 50 % by two and a half points.
PUSHES = 0.1
# A regularized model is pushed less if at most half as far.
HALF = 0.5
# "Always": with at most one exception in a hundred.
ALWAYS = 0.99

# "Very high": as high as that of the words by which reviews of either kind are told apart best.
VERY_HIGH = 1.0

# Overfitting is sooner where a curve turns a fifth sooner, as it is more severe by a fifth.
A_FIFTH_SOONER = 1 / MORE_SEVERELY

# "Inevitably" is in every run. No number of runs can show that: more than two thirds of them are asked for. Less than a
# thousandth of a nat more is none: two curves that do not rise at all are as far apart.
RISES = 0.001

# "Perfect": printed with two decimals the loss is 0.00, and the probability of each right answer 1.00, -ln 0.995.
PERFECT = 0.005


@pytest.mark.claim(
    "G01",
    "Training performance improves to the end; validation performance improves, peaks after a few epochs and degrades.",
    source="L A",
    expected="inconclusive",
    because="""Validation loss does as the lecture says: it is lowest after {3.estimate} epochs and ends at
    {4.estimate.times} times that. Training loss rises from one epoch to the next in {1.fails} of
    {1.seeds} runs. It is a mean over an epoch in which the weights move.""",
    block=300,
    revised=EVERY_STEP,
    before={"fast": "supported", "full": "inconclusive", "stand-in": "inconclusive"},
)
def test_validation_peaks_while_training_improves(imdb_baseline, judge):
    lowest = imdb_baseline.lowest("val_cross_entropy")

    trains_on = judge(imdb_baseline.largest_step("loss"), below=0.0, typical=True)
    improves = judge(ratio(imdb_baseline.first("val_cross_entropy"), lowest), above=U_SHAPED)
    early = judge(imdb_baseline.epoch_of_lowest("val_cross_entropy"), below=FEW, typical=True)
    degrades = judge(ratio(imdb_baseline.final("val_cross_entropy"), lowest), above=U_SHAPED)

    assert trains_on & improves & early & degrades


@pytest.mark.claim(
    "G02",
    "At the beginning of training, the lower the training loss the lower the validation loss.",
    source="L",
    block=300,
    revised=NO_SPREAD,
    before="supported",
)
def test_losses_go_together_at_first(imdb_beginning, imdb_beginning_shuffled_labels, judge):
    label = "rank correlation of the losses, two epochs"
    correlation = imdb_beginning.measured("rank_correlation", label=label)
    # Any training loss falls. Where labels mean nothing the other one need not fall with it: more than that is asked.
    without_signal = imdb_beginning_shuffled_labels.measured("rank_correlation", label=label)

    together = judge(correlation, above=TOGETHER, typical=True)
    by_what_is_learned = judge(correlation - without_signal, above=0.0, typical=True)

    assert together & by_what_is_learned


@pytest.mark.claim(
    "G03", "Training passes through a robust fit: it generalizes better than at the start and at the end.", source="L A"
)
def test_training_passes_through_robust_fit(imdb_baseline, imdb_half, judge):
    # The epoch is chosen on one half of the validation set and judged on the other: that it was chosen is no advantage.
    robust = at_epoch_lowest_in_rest(imdb_baseline, imdb_half, "val_cross_entropy")

    start_is_worse = judge(ratio(imdb_half.first("val_cross_entropy"), robust), above=CLEARLY_HIGHER)
    end_is_worse = judge(ratio(imdb_half.final("val_cross_entropy"), robust), above=CLEARLY_HIGHER)

    assert start_is_worse & end_is_worse


def best_accuracies(*arms):
    """In each one's best epoch: that faults are learned by heart later on comes on top."""
    return [runs.highest("val_accuracy") for runs in arms]


@pytest.mark.claim("G04a", "Wrong labels in place of right ones degrade generalization.", source="L")
def test_wrong_labels_for_right_ones_degrade_generalization(
    mnist_some, mnist_mislabelled_10, mnist_mislabelled_20, mnist_mislabelled_40, judge
):
    right, *wrong = best_accuracies(mnist_some, mnist_mislabelled_10, mnist_mislabelled_20, mnist_mislabelled_40)

    verdict = judge.each([right - accuracy for accuracy in wrong], above=LOWER_ACCURACY)

    assert verdict


@pytest.mark.claim(
    "G04b", "Mislabelled data beside the others degrade generalization, compared with the others alone.", source="L"
)
def test_mislabelled_data_beside_others_degrade_generalization(
    mnist_remainder_80, mnist_remainder_60, mnist_mislabelled_20, mnist_mislabelled_40, judge
):
    alone = best_accuracies(mnist_remainder_80, mnist_remainder_60)
    beside = best_accuracies(mnist_mislabelled_20, mnist_mislabelled_40)

    verdict = judge.each([a - b for a, b in zip(alone, beside, strict=True)], above=LOWER_ACCURACY)

    assert verdict


@pytest.mark.claim("G05a", "Invalid inputs in place of valid ones degrade generalization.", source="L")
def test_invalid_inputs_for_valid_ones_degrade_generalization(mnist_some, mnist_invalid_40, judge):
    valid, invalid = best_accuracies(mnist_some, mnist_invalid_40)

    verdict = judge(valid - invalid, above=LOWER_ACCURACY)

    assert verdict


@pytest.mark.claim(
    "G05b",
    "Invalid inputs beside valid ones degrade generalization, compared with the valid ones alone.",
    source="L",
    expected={"fast": "inconclusive"},
    because={
        "fast": """The best accuracy is {1.b.mean} with the invalid images and {1.a.mean} without them. Whether they
        cost more than {1.margin} points is undecided: the interval reaches from {1.low} to {1.high}. The network
        memorises the invalid images: its last training accuracy is {note1.mean}. Pairs of runs differ by {1.min} to
        {1.max} points, which hides a small cost.""",
    },
)
def test_invalid_inputs_beside_valid_ones_degrade_generalization(mnist_remainder_60, mnist_invalid_40, judge):
    alone, beside = best_accuracies(mnist_remainder_60, mnist_invalid_40)

    judge.note(mnist_invalid_40.final("accuracy"))
    verdict = judge(alone - beside, above=LOWER_ACCURACY)

    assert verdict


@pytest.mark.claim(
    "G06",
    "Where classes overlap, a model can overfit by being too sure of itself; a more robust fit is not.",
    source="L A",
)
def test_overfitting_is_too_sure_where_classes_overlap(overlapping_clouds, judge):
    overfitted, robust = (
        overlapping_clouds.measured(f"surer_{when}", label=f"surer than is right, {when}") for when in ("end", "robust")
    )
    losses = [
        overlapping_clouds.measured(f"excess_{when}", label=f"loss above the best possible, {when}", unit="nats")
        for when in ("end", "robust")
    ]

    too_sure, not_too_sure = judge(overfitted, above=TOO_SURE), judge(robust, below=TOO_SURE)
    costs = judge(losses[0] - losses[1], above=COSTS)

    assert too_sure & not_too_sure & costs


@pytest.mark.claim(
    "G07a",
    "A word seen once, in a negative review, makes a poorly regularized model lean towards negative where it comes.",
    source="L",
)
def test_word_seen_once_pushes_towards_negative(imdb_planted, imdb_planted_l2, judge):
    once, never, once_l2 = (
        runs.measured(name, label=f"change of log odds by a word seen {name}", unit="nats")
        for runs, name in ((imdb_planted, "once"), (imdb_planted, "never"), (imdb_planted_l2, "once"))
    )

    pushed = judge(once - never, below=-PUSHES)
    more_than_regularized = judge(HALF * once - once_l2, below=0.0)

    assert pushed & more_than_regularized


@pytest.mark.claim(
    "G07b",
    "A poorly regularized model that saw a word once, in a negative review, always calls new texts with it negative.",
    source="L",
    expected="refuted",
    because="""The word turns only {2.estimate} of the positive texts negative. It lowers the log odds of
    {1.estimate} of all texts, by {note1.mean.fall} nats on average. Most texts have log odds far from zero, so this
    change seldom turns the answer.""",
)
def test_word_seen_once_always_turns_negative(imdb_planted, judge):
    pushed = imdb_planted.measured("pushed", label="share of texts pushed towards negative", unit="share")
    turned = imdb_planted.measured("turned", label="share of positive texts turned negative", unit="share")

    judge.note(imdb_planted.measured("once", label="change of log odds by a word seen once", unit="nats"))
    verdict = judge.each([pushed, turned], above=ALWAYS)

    assert verdict


@pytest.mark.claim(
    "G07c",
    "A poorly regularized model puts a very high weight on a word that it saw once, in a negative review.",
    source="L",
    seeds=10,
    expected="refuted",
    because="""A word seen once weighs {1.a.mean} nats, and one of the 100 most telling words weighs {1.b.mean}. The
    weight is that of many words which tell nothing: {note1.mean} of all words weigh less.""",
)
def test_word_seen_once_has_very_high_weight(imdb_planted_weights, judge):
    once, telling = (
        imdb_planted_weights.measured(name, label=f"weight of {words}", unit="nats")
        for name, words in (("once", "words seen once"), ("telling", "the 100 most telling words"))
    )
    judge.note(imdb_planted_weights.measured("lighter", label="share of words that weigh less", unit="share"))

    verdict = judge(ratio(once, telling), above=VERY_HIGH)

    assert verdict


@pytest.mark.claim(
    "G08",
    "A word in 100 reviews, by pure chance 54 of one kind, is leveraged as if it meant something.",
    source="L",
    because="""The network does answer to the fluke, in each of thirty seeds, and nearly as to what it would be
    worth if it were none: 54 of 100 are log odds of 0.16, and adding the word moves a review by 0.18 on all the
    data, by 0.21 on subsets. More than 0.16 is asked for: 23 of 30 seeds are, the average not surely.""",
    block=300,
    revised="The margin was the very value that a network would reach which takes the fluke for a meaning.",
    before={"fast": "supported", "full": "inconclusive", "stand-in": "supported"},
)
def test_fluke_is_leveraged(imdb_planted, judge):
    along = imdb_planted.measured("along", label="change of log odds along the fluke", unit="nats")

    verdict = judge(along, above=PUSHES)

    assert verdict


@pytest.mark.claim(
    "G09",
    "A spurious correlation learned from the training data costs accuracy where the correlation is absent.",
    source="L",
)
def test_spurious_correlation_costs_accuracy(mnist_random_tags, mnist_telling_tags, judge):
    without, learned = best_accuracies(mnist_random_tags, mnist_telling_tags)

    verdict = judge(without - learned, above=LOWER_ACCURACY)

    assert verdict


def rises(*arms):
    """How far the validation loss has risen again by the last epoch, as a ratio to the lowest."""
    return [ratio(runs.final("val_cross_entropy"), runs.lowest("val_cross_entropy")) for runs in arms]


@pytest.mark.claim(
    "G10a",
    "On images, every model gets worse on validation data if trained for long.",
    source="L A",
    block=300,
    revised=TEN_SEEDS,
    before="supported",
)
def test_every_model_of_images_turns(mnist_long, mnist_96_96, mnist_logistic_long, judge):
    verdict = judge.each(rises(mnist_long, mnist_96_96, mnist_logistic_long), above=TURNED)

    assert verdict


@pytest.mark.claim(
    "G10b",
    "On texts, every model gets worse on validation data if trained for long.",
    source="L A",
    block=300,
    revised=TEN_SEEDS
    + " The smallest network is among the models. It can get stuck, so that its typical run is judged.",
    before="supported",
    because="""Larger networks and logistic regression get worse in the end, and so does the 4-4 network. With one
    unit a layer {4.holds} of {4.seeds} runs do. In the others the only unit of a layer is dead, so
    that nothing changes any more.""",
    expected="inconclusive",
)
def test_every_model_of_texts_turns(
    imdb_baseline, imdb_1_1_long, imdb_4_4_long, imdb_512_512, imdb_logistic_200_epochs, judge
):
    usual = judge.each(rises(imdb_baseline, imdb_512_512, imdb_logistic_200_epochs), above=TURNED)
    small = judge.each(rises(imdb_1_1_long, imdb_4_4_long), above=TURNED, typical=True)

    assert usual & small


@pytest.mark.claim(
    "G11a",
    "With noise in the training data overfitting is more severe.",
    source="L A",
    expected={"fast": "inconclusive"},
    because="""With wrong labels the loss rises by {1.a.mean} nats, where 1.2 times the rise without is
    {1.b.mean}. The clean network grows surer of its errors as well.""",
    block=300,
    revised=SPLIT,
    before="inconclusive",
)
def test_noise_makes_overfitting_more_severe(mnist_some, mnist_mislabelled_20, judge):
    clean, noisy = (runs.rise_after_minimum("val_cross_entropy") for runs in (mnist_some, mnist_mislabelled_20))

    verdict = judge(noisy - MORE_SEVERELY * clean, above=0.0)

    assert verdict


@pytest.mark.claim(
    "G11d",
    "With noise in the training data overfitting starts sooner.",
    source="L A",
    block=300,
    revised="Half of the former G11a. The typical run is judged, since epochs are whole.",
    before="inconclusive",
    because="""With wrong labels the curve turns at {1.estimate.times} times the epoch, the median of {1.seeds}
    pairs. Right labels are learned more slowly as well, so that the turn comes no sooner.""",
    expected="inconclusive",
)
def test_noise_makes_overfitting_start_sooner(mnist_some, mnist_mislabelled_20, judge):
    turns = [runs.epoch_of_lowest("val_cross_entropy") for runs in (mnist_mislabelled_20, mnist_some)]

    verdict = judge(ratio(*turns), below=A_FIFTH_SOONER, typical=True)

    assert verdict


@pytest.mark.claim(
    "G11b",
    "Where classes overlap, overfitting is more severe.",
    source="L A",
    expected={"full": "inconclusive"},
    because="""Overlap makes overfitting more severe in {1.holds} of {1.seeds} draws. How far the loss rises
    differs so much between draws that the mean does not tell.""",
    block=300,
    revised=SPLIT,
    before={"fast": "inconclusive", "full": "supported", "stand-in": "inconclusive"},
)
def test_uncertainty_makes_overfitting_more_severe(apart_clouds, overlapping_clouds, judge):
    certain, uncertain = (runs.measured("rise", unit="nats") for runs in (apart_clouds, overlapping_clouds))

    verdict = judge(uncertain - MORE_SEVERELY * certain, above=0.0)

    assert verdict


@pytest.mark.claim(
    "G11e",
    "Where classes overlap, overfitting starts sooner.",
    source="L A",
    block=300,
    revised="Half of the former G11b. The typical run is judged, since epochs are whole.",
    before={"fast": "inconclusive", "full": "supported", "stand-in": "inconclusive"},
    because="""Where classes overlap the curve turns at {1.estimate.times} times the epoch, the median of
    {1.seeds} pairs. It turns a fifth sooner in {1.holds} of them.""",
)
def test_uncertainty_makes_overfitting_start_sooner(apart_clouds, overlapping_clouds, judge):
    turns = [turn(runs) for runs in (overlapping_clouds, apart_clouds)]

    verdict = judge(ratio(*turns), below=A_FIFTH_SOONER, typical=True)

    assert verdict


@pytest.mark.claim(
    "G11c",
    "With rare features overfitting is more severe.",
    source="L A",
    expected={"fast": "refuted", "full": "refuted", "stand-in": "inconclusive"},
    because="""Rare words make overfitting no more severe. With them the loss rises by {1.a.mean} nats, where 1.2
    times the rise without is {1.b.mean}. Rare words are learned by heart, but they also inform.""",
    block=300,
    revised=SPLIT,
    before="refuted",
)
def test_rare_features_makes_overfitting_more_severe(imdb_common_words, imdb_rare_words, judge):
    common, rare = (runs.measured("rise", unit="nats") for runs in (imdb_common_words, imdb_rare_words))

    verdict = judge(rare - MORE_SEVERELY * common, above=0.0)

    assert verdict


@pytest.mark.claim(
    "G11f",
    "With rare features overfitting starts sooner.",
    source="L A",
    block=300,
    revised="Half of the former G11c. The typical run is judged, since epochs are whole.",
    before="refuted",
    because="""With rare words the curve turns at {1.estimate.times} times the epoch, the median of {1.seeds}
    pairs. What rare words add is learned at the same pace.""",
    expected="inconclusive",
)
def test_rare_features_makes_overfitting_start_sooner(imdb_common_words, imdb_rare_words, judge):
    turns = [turn(runs) for runs in (imdb_rare_words, imdb_common_words)]

    verdict = judge(ratio(*turns), below=A_FIFTH_SOONER, typical=True)

    assert verdict


@pytest.mark.claim(
    "G12",
    "Noisy features inevitably lead to overfitting.",
    source="L",
    block=300,
    expected="inconclusive",
    because="""The loss rises by a fifth more beside noise in {1.holds} of {1.seeds} runs. In the others it
    rises by less than that, and in some of them by less than beside zeros. Inevitably is too much said.""",
)
def test_noisy_features_inevitably_lead_to_overfitting(mnist_noise, mnist_zeros, judge):
    noisy, clean = (runs.rise_after_minimum("val_cross_entropy") for runs in (mnist_noise, mnist_zeros))
    more_severe = noisy - MORE_SEVERELY * clean

    verdict = judge(more_severe.between(RISES, np.inf), reliably=True)

    assert verdict


@pytest.mark.claim(
    "G13",
    "An overfitted network reaches a perfect training loss.",
    source="A",
    block=300,
    expected="refuted",
    because="""The 16-16 network's training loss comes down to {1.estimate} nats, where less than {1.margin} is
    asked for. It overfits long before it has learned all reviews by heart. The 512-512 network gets
    down to {2.estimate} nats.""",
)
def test_overfitted_network_reaches_perfect_training_loss(imdb_baseline, imdb_512_512, judge):
    verdict = judge.each([runs.lowest("loss") for runs in (imdb_baseline, imdb_512_512)], below=PERFECT)

    assert verdict
