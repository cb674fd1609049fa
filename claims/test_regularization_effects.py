"""Lecture section 10: regularization, what it does to weights, to the course of training, and where it helps.

One test per assertion.
"""

import pytest

from fixtures.degrees import AT_ALL, CLEARLY_LOWER, LARGER, LATER, SMALLER
from fixtures.quantities import answering_units, dead_units, lowest_until, ratio_of_ratios
from fixtures.regularization_effects.arms import LARGE_EPOCHS
from fixtures.revisions import STUCK, TEN_SEEDS
from pytest_claims import ratio

pytestmark = pytest.mark.section("Regularization", 10)

# "Small", not only smaller: by at least a tenth, the least that would be seen in a histogram of both networks' weights.
SMALL = 0.9

# "More regularly distributed": of less entropy at the same standard deviation, since a simple model is one whose
# parameters have little entropy. By at least the 0.07 nats that part Laplace's distribution from the normal one: the
# smallest difference between shapes that have names of their own.
LESS_ENTROPY = -0.07

# "Drives weights to zero", and not only some: most of them.
MOST = 0.5

LAYERS = {"norm_0": "first layer", "norm_1": "second layer", "norm_2": "output layer"}

# "Matters less": of the loss a hundredth more is left. Half of a fiftieth, since it is a difference of two gains.
MATTERS_LESS = 1.01


def norm(runs, name="norm"):
    """A norm of weights."""
    return runs.measured(name, label=f"norm of the weights, {LAYERS.get(name, 'hidden layers')}")


def near_zero(runs):
    """The share of weights near zero."""
    return runs.measured("near_zero", label="share of weights nearer to 0 than 0.003", unit="share")


@pytest.mark.claim(
    "R11",
    "Weights under an L2 penalty are smaller and more regularly distributed.",
    source="L",
    expected="inconclusive",
    because="""The weights are smaller by {1.estimate.fall}. They are more regular in shape in {2.holds} of
    {2.seeds} seeds. The penalty draws the weights of a dead unit to zero, and that makes the entropy
    fall.""",
    block=300,
    revised=STUCK + " Smaller has one margin in all claims.",
    before={"fast": "inconclusive", "full": "supported", "stand-in": "inconclusive"},
)
def test_penalty_makes_weights_small_and_regular(imdb_weights_l2, imdb_weights, judge):
    entropies = [
        runs.measured("entropy", label="entropy of the weights at standard deviation 1", unit="nats")
        for runs in (imdb_weights_l2, imdb_weights)
    ]

    smaller = judge(ratio(norm(imdb_weights_l2), norm(imdb_weights)), below=SMALLER, typical=True)
    more_regular = judge(entropies[0] - entropies[1], below=LESS_ENTROPY, typical=True)

    judge.note(dead_units(imdb_weights_l2))
    judge.note(dead_units(imdb_weights_l2, 1))

    assert smaller & more_regular


@pytest.mark.claim("R12", "An L1 penalty drives weights to zero, an L2 penalty only makes them small.", source="L B")
def test_l1_drives_weights_to_zero(imdb_weights, imdb_weights_l1, imdb_weights_l2, imdb_weights_l1_l2, judge):
    with_l1 = judge.each([near_zero(imdb_weights_l1), near_zero(imdb_weights_l1_l2)], above=MOST)
    without_l1 = judge.each([near_zero(imdb_weights_l2), near_zero(imdb_weights)], below=MOST)
    small_with_l2 = judge(ratio(norm(imdb_weights_l2), norm(imdb_weights)), below=SMALL)

    assert with_l1 & without_l1 & small_with_l2


@pytest.mark.claim(
    "R15",
    "Dropout softens overfitting and delays it.",
    source="L B",
    block=300,
    revised=STUCK,
    before="supported",
    because="""With dropout the last loss is {1.estimate.times} times as high, and the curve turns {2.estimate}
    epochs later. Runs whose units die do otherwise.""",
)
def test_dropout_softens_and_delays_overfitting(imdb_dropout, imdb_baseline, judge):
    left = ratio(imdb_dropout.final("val_cross_entropy"), imdb_baseline.final("val_cross_entropy"))
    delay = imdb_dropout.epoch_of_lowest("val_cross_entropy") - imdb_baseline.epoch_of_lowest("val_cross_entropy")

    softer = judge(left, below=CLEARLY_LOWER, typical=True)
    later = judge(delay, above=LATER, typical=True)

    assert softer & later


@pytest.mark.claim(
    "R20a",
    "A network trained with Keras' dropout ends with larger weights, in each layer, than one without.",
    source="L",
    expected="refuted",
    because="""With dropout the first layer ends {1.estimate.fall} smaller. Keras divides what is kept by the
    share kept, so that the next layer has nothing to make up for. The output layer is
    {3.estimate.rise} larger.""",
    block=300,
    revised=STUCK,
    before="refuted",
)
def test_dropout_makes_weights_larger(imdb_weights_dropout, imdb_weights, judge):
    verdict = judge.each(
        [ratio(norm(imdb_weights_dropout, layer), norm(imdb_weights, layer)) for layer in LAYERS],
        above=LARGER,
        typical=True,
    )

    assert verdict


@pytest.mark.claim(
    "R20b",
    "Where training does not rescale what dropout keeps, the network ends with larger weights, in each layer.",
    source="L",
    expected={"fast": "inconclusive", "full": "inconclusive", "stand-in": "refuted"},
    because="""The layers behind dropout grow: the second by {2.estimate.rise}, the output layer by
    {3.estimate.rise}. The first has no dropout before it. It grows by {1.estimate.rise}, too near to
    the twentieth asked for.""",
    block=300,
    revised=STUCK,
    before={"fast": "inconclusive", "full": "supported", "stand-in": "refuted"},
)
def test_classical_dropout_makes_weights_larger(imdb_weights_classical_dropout, imdb_weights, judge):
    verdict = judge.each(
        [ratio(norm(imdb_weights_classical_dropout, layer), norm(imdb_weights, layer)) for layer in LAYERS],
        above=LARGER,
        typical=True,
    )

    assert verdict


@pytest.mark.claim(
    "R21",
    "A weight penalty matters less for a large network than for a small one, and dropout is better for the large one.",
    source="L B",
    expected="inconclusive",
    because="""By their lowest losses neither half is shown. The penalty leaves {1.estimate.times} times as much
    of the large network's loss as of the small one's. Dropout is at {2.estimate.times} times the
    penalty's loss.""",
    block=300,
    revised=STUCK + " " + TEN_SEEDS,
    before="inconclusive",
)
def test_penalty_matters_less_for_large_network(
    imdb_large, imdb_large_l2, imdb_large_dropout, imdb_rate_0, imdb_small_l2, judge
):
    plain, penalized, dropped = (
        lowest_until(runs, "val_cross_entropy", epoch=LARGE_EPOCHS)
        for runs in (imdb_large, imdb_large_l2, imdb_large_dropout)
    )
    small = imdb_small_l2.lowest("val_cross_entropy"), imdb_rate_0.lowest("val_cross_entropy")

    matters_less = judge(ratio_of_ratios((penalized, plain), small), above=MATTERS_LESS, typical=True)
    dropout_preferred = judge(ratio(dropped, penalized), below=CLEARLY_LOWER, typical=True)

    assert matters_less & dropout_preferred


@pytest.mark.claim(
    "R22a",
    "Dropout helps at rates of 0.2 to 0.5 and less beyond: by the lowest validation cross-entropy.",
    source="L B",
    expected="inconclusive",
    because="""By the lowest loss dropout hardly helps: at a rate of 0.2 it is {1.estimate.times} times as high as
    without, at 0.5 {2.estimate.times} times. At 0.7 it is {3.estimate.times} times that at 0.5.""",
    block=300,
    revised=STUCK,
    before={"fast": "inconclusive", "full": "refuted", "stand-in": "inconclusive"},
)
def test_best_loss_by_rate(imdb_rate_0, imdb_rate_20, imdb_rate_50, imdb_rate_70, imdb_rate_90, judge):
    none, usual, upper, beyond, far_beyond = (
        runs.lowest("val_cross_entropy")
        for runs in (imdb_rate_0, imdb_rate_20, imdb_rate_50, imdb_rate_70, imdb_rate_90)
    )

    helps = judge.each([ratio(usual, none), ratio(upper, none)], below=CLEARLY_LOWER, typical=True)
    less_beyond = judge.each([ratio(beyond, upper), ratio(far_beyond, upper)], above=AT_ALL, typical=True)

    judge.note(dead_units(imdb_rate_50))
    judge.note(dead_units(imdb_rate_50, 1))

    assert helps & less_beyond


@pytest.mark.claim(
    "R22b",
    "Dropout helps at rates of 0.2 to 0.5 and less beyond: by the validation cross-entropy after twenty epochs.",
    source="L B",
    expected={"fast": "refuted", "full": "refuted", "stand-in": "inconclusive"},
    because="""The more is dropped, the less is learned by heart. After twenty epochs the loss at a rate of 0.7 is
    {3.estimate.times} times that at 0.5. At 0.9 too little is left to learn from: {4.estimate.times}
    times.""",
    block=300,
    revised=STUCK,
    before="refuted",
)
def test_last_loss_by_rate(imdb_rate_0, imdb_rate_20, imdb_rate_50, imdb_rate_70, imdb_rate_90, judge):
    none, usual, upper, beyond, far_beyond = (
        runs.final("val_cross_entropy")
        for runs in (imdb_rate_0, imdb_rate_20, imdb_rate_50, imdb_rate_70, imdb_rate_90)
    )

    helps = judge.each([ratio(usual, none), ratio(upper, none)], below=CLEARLY_LOWER, typical=True)
    less_beyond = judge.each([ratio(beyond, upper), ratio(far_beyond, upper)], above=AT_ALL, typical=True)

    for runs in (imdb_rate_0, imdb_rate_20, imdb_rate_50, imdb_rate_70):
        judge.note(answering_units(runs))

    assert helps & less_beyond
