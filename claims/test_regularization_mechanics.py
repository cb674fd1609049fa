"""Lecture section 10: regularization, what Keras' penalties and dropout do. One test per assertion."""

import pytest

from fixtures.degrees import MUCH_HIGHER
from pytest_claims import ratio

pytestmark = pytest.mark.section("Regularization", 10)


# "Roughly half": nearer to a half than to a quarter or three quarters.
ROUGHLY_HALF = (0.375, 0.625)

# Of the mask that the notes print that is asked in whole quarters. Masks that Keras draws are as small, and chance may
# make some of them look so: "usually" is asked of those.
TWO_QUARTERS = 2

# A share "at random": beside a zeroed feature as many are zeroed as anywhere, in whole percent.
SHARES_ZEROED = {
    "dropped": "share of features zeroed",
    "beside_in_pass": "share zeroed of features that were in the pass before",
    "beside_in_example": "share zeroed of features that are in the example before",
    "beside_in_feature": "share zeroed of features behind a zeroed one",
}

# What stays the same, or is made up for, does so to two decimals: rates are not chosen more finely.
UNCHANGED, RATE_20, RATE_50 = "1.00", "0.20", "0.50"

# What weights would have to be multiplied by to make up for a share of 0.2 or 0.5 of dropped features: 1 / (1 - rate).
UP_TO_SCALE_20, UP_TO_SCALE_50 = 1.25, 2.0

# What the penalty takes from a weight in an update, relative to weight decay: where that is least, and where most.
TAKEN = ("least", "most")


@pytest.mark.claim(
    "R09a",
    "Keras adds an L2 penalty in training only, so that its loss there is much higher than in testing.",
    source="L",
    expected="refuted",
    because="""Keras adds the penalty in testing, too: the loss there is {2.estimate} nats above the mean
    cross-entropy. Training and testing compute the same loss. With the same weights and data both report {1.a.mean}
    nats.""",
)
def test_penalty_is_in_training_loss_only(losses_with_l2, judge):
    in_training = losses_with_l2.measured("in_training", label="loss in training", unit="nats")
    in_testing = losses_with_l2.measured("in_testing", label="loss in testing", unit="nats")
    prediction_loss = losses_with_l2.measured("prediction_loss", label="mean cross-entropy", unit="nats")

    much_higher = judge(ratio(in_training, in_testing), above=MUCH_HIGHER)
    no_penalty_in_testing = judge(in_testing - prediction_loss, exactly=0)

    assert much_higher & no_penalty_in_testing


@pytest.mark.claim(
    "R09b",
    "The training loss that Keras reports of the network with the L2 penalty ends much above its validation loss.",
    source="L",
    expected="refuted",
    because="""The training loss ends at {1.a.mean} nats, below the validation loss of {1.b.mean} and not above it.
    Both contain the same penalty, so the penalty cannot separate them. The network overfits, which lowers the
    training loss and raises the validation loss.""",
)
def test_training_loss_with_penalty_ends_higher(imdb_l2, judge):
    verdict = judge(ratio(imdb_l2.final("loss"), imdb_l2.final("val_loss")), above=MUCH_HIGHER)

    assert verdict


@pytest.mark.claim("R10", "The L2 penalty adds 0.002·w² to the loss for every weight of a layer.", source="L B")
def test_l2_penalty_adds_squares(losses_with_l2, single_weights, judge):
    in_training = losses_with_l2.measured("in_training", label="loss in training", unit="nats")
    prediction_loss = losses_with_l2.measured("prediction_loss", label="mean cross-entropy", unit="nats")
    penalty = losses_with_l2.measured("penalty", label="0.002·w², summed", unit="nats")

    of_all = judge(in_training - prediction_loss - penalty, exactly=0)
    of_each = judge(single_weights.measured("l2", label="largest deviation from 0.002·w²"), exactly=0)

    assert of_all & of_each


@pytest.mark.claim(
    "R16a", "In training, dropout sets the stated share of a layer's features to zero, at random.", source="L B"
)
def test_dropout_zeroes_stated_share(dropout_20, dropout_50, judge):
    shares_20, shares_50 = (
        [rate.measured(name, label=label, unit="share") for name, label in SHARES_ZEROED.items()]
        for rate in (dropout_20, dropout_50)
    )

    at_20, at_50 = judge.each(shares_20, about="20 %"), judge.each(shares_50, about="50 %")

    assert at_20 & at_50


@pytest.mark.claim(
    "R16b",
    "At a rate of 0.2, dropout sets roughly half of the features to zero.",
    source="B",
    expected="refuted",
    because="""At a rate of 0.2 dropout sets {1.estimate:2} of the features to zero. The rate is the share that is
    dropped. Only a rate of one half zeroes half of the features (R16a).""",
)
def test_dropout_of_a_fifth_zeroes_half(dropout_20, judge):
    verdict = judge(dropout_20.measured("dropped", label="share of features zeroed", unit="share"), within=ROUGHLY_HALF)

    assert verdict


@pytest.mark.claim(
    "R30",
    "The mask that the notes print for a rate of 0.2, 5 zeros of 20, and others like it have roughly half zeros.",
    source="B",
    expected="refuted",
    because="""The printed mask has 5 zeros of 20, which is a quarter. A rate of 0.2 gives a fifth on average. None of
    {note1.seeds} masks of 20 features that Keras drew has more than {note1.max} of zeros.""",
)
def test_mask_for_a_fifth_is_half_zeros(printed_mask, judge):
    printed = printed_mask.measured("quarters", label="share zeroed in the printed mask, in quarters")
    drawn = printed_mask.measured("zeroed", label="share zeroed of 20 features", unit="share")
    judge.note(drawn)

    of_printed = judge(printed, exactly=TWO_QUARTERS)
    of_drawn = judge(drawn.between(*ROUGHLY_HALF), usually=True)

    assert of_printed & of_drawn


@pytest.mark.claim("R17", "At inference, dropout drops nothing.", source="L B")
def test_dropout_drops_nothing_at_inference(dropout_20, dropout_50, judge):
    of_layers = [rate.measured("layer_at_inference", label="change of features") for rate in (dropout_20, dropout_50)]
    of_networks = [
        rate.measured("network_at_inference", label="change of predictions") for rate in (dropout_20, dropout_50)
    ]

    verdict = judge.each(of_layers + of_networks, exactly=0)

    assert verdict


@pytest.mark.claim(
    "R18",
    "Scaled up in training, a layer's output keeps its expectation under dropout: at inference nothing need be done.",
    source="L",
)
def test_inverted_dropout_keeps_expectation(dropout_20, dropout_50, judge):
    features = [rate.measured("size", label="size, training / inference") for rate in (dropout_20, dropout_50)]
    behind = [
        rate.measured("size_behind", label="size behind, training / inference") for rate in (dropout_20, dropout_50)
    ]

    verdict = judge.each(features + behind, about=UNCHANGED)

    assert verdict


@pytest.mark.claim(
    "R19",
    "Multiplying a layer's output at test time by the dropout rate makes up for dropout in training.",
    source="L",
    expected="refuted",
    because="""At a rate of 0.2 the factor that makes up for dropout is {2.estimate}, not 0.2. It is the share of
    features that are kept, one minus the rate. At a rate of 0.5 both are equal, and the sentence holds: the factor
    is {1.estimate}.""",
)
def test_scaling_by_the_rate_compensates_dropout(dropout_20, dropout_50, judge):
    label = "factor at test time that gives the size in training"

    at_50 = judge(dropout_50.measured("size_unscaled", label=label), about=RATE_50)
    at_20 = judge(dropout_20.measured("size_unscaled", label=label), about=RATE_20)

    assert at_50 & at_20


@pytest.mark.claim(
    "R29a",
    "The lecture's code for dropout drops the stated share of features, at a rate of 0.5 and at one of 0.2.",
    source="L",
    expected="refuted",
    because="""The code draws zeros and ones with equal chance, and knows no rate: it drops {1.estimate} of the
    features. That is the share stated at a rate of 0.5. At a rate of 0.2 it would still drop half.""",
)
def test_dropout_in_numpy_drops_stated_share(numpy_dropout, judge):
    dropped = numpy_dropout.measured("dropped", label="share of features zeroed", unit="share")

    at_50, at_20 = judge(dropped, about="50 %"), judge(dropped, about="20 %")

    assert at_50 & at_20


@pytest.mark.claim(
    "R29b",
    "Its scaling leaves the expectation unchanged: division by 0.5 in training, or multiplication by 0.5 at test time.",
    source="L",
)
def test_dropout_in_numpy_keeps_expectation(numpy_dropout, judge):
    divided = numpy_dropout.measured("size", label="size in training, divided / size at test time")
    multiplied = numpy_dropout.measured("size_at_test_time", label="size at test time, multiplied / size in training")

    verdict = judge.each([divided, multiplied], about=UNCHANGED)

    assert verdict


@pytest.mark.claim(
    "R23",
    "A penalty can be put on a layer's weights, on its biases and on its output: each adds a term of its own.",
    source="B",
)
def test_each_penalty_adds_its_term(regularized_layer, judge):
    differences = [
        regularized_layer.measured(f"{what}_added", label=f"added by penalty on {what}")
        - regularized_layer.measured(f"{what}_terms", label=f"its term, {what}")
        for what in ("weights", "biases", "output", "all")
    ]

    verdict = judge.each(differences, exactly=0)

    assert verdict


@pytest.mark.claim(
    "R25",
    "The L1 penalty adds 0.001·|w| for every weight, and the penalty by both norms adds both terms.",
    source="L B",
)
def test_l1_penalty_adds_sizes(regularized_layer, single_weights, judge):
    of_all = [
        regularized_layer.measured(f"{norm}_added", label=f"added by {norm}")
        - regularized_layer.measured(f"{norm}_terms", label=f"terms of {norm}, summed")
        for norm in ("l1", "l1_l2")
    ]
    of_each = [single_weights.measured(norm, label=f"largest deviation of {norm}") for norm in ("l1", "l1_l2")]

    verdict = judge.each(of_all + of_each, exactly=0)

    assert verdict


@pytest.mark.claim(
    "R26",
    "Inverted dropout, as Keras does it, rescales the weights after each update.",
    source="L",
    expected="refuted",
    because="""An update multiplies weights whose gradient is zero by {1.estimate}: they stay as they are. Inverted
    dropout rescales features, not weights. In training Keras multiplies the kept features by 1.25 at a rate of 0.2,
    and by 2 at 0.5.""",
)
def test_inverted_dropout_rescales_weights(dropout_20, dropout_50, judge):
    label = "factor on weights per update"

    at_20 = judge(dropout_20.measured("weights_factor", label=label), exactly=UP_TO_SCALE_20)
    at_50 = judge(dropout_50.measured("weights_factor", label=label), exactly=UP_TO_SCALE_50)

    assert at_20 & at_50


@pytest.mark.claim(
    "R27", "Without regularization the loss is the mean of the prediction losses over the data set.", source="B"
)
def test_loss_without_penalty_is_mean_prediction_loss(losses_without_penalty, judge):
    prediction_loss = losses_without_penalty.measured("prediction_loss", label="mean cross-entropy", unit="nats")
    in_testing = losses_without_penalty.measured("in_testing", label="loss in testing", unit="nats")
    in_training = losses_without_penalty.measured("in_training", label="loss in training", unit="nats")

    verdict = judge.each([in_testing - prediction_loss, in_training - prediction_loss], exactly=0)

    assert verdict


def is_weight_decay(runs, judge):
    """Judge whether updates are those of weight decay, and take the same share of every weight."""
    taken = [runs.measured(name, label=f"taken from a weight by the penalty / by decay, {name}") for name in TAKEN]

    apart = judge(runs.measured("apart", label="largest difference of a weight from weight decay"), exactly=0)
    same_share = judge.each(taken, exactly=1)

    return apart & same_share


@pytest.mark.claim("R28a", "With plain gradient descent, an L2 penalty is weight decay.", source="L", seeds=5)
def test_penalty_is_weight_decay_in_plain_descent(penalty_in_sgd, judge):
    verdict = is_weight_decay(penalty_in_sgd, judge)

    assert verdict


@pytest.mark.claim(
    "R28b",
    "With RMSprop, as in the lecture, an L2 penalty is weight decay.",
    source="L",
    seeds=5,
    expected="refuted",
    because="""RMSprop divides each gradient by the root of its mean square, and the gradient of the penalty with it. So
    the penalty takes much from a weight with small gradients and little from one with large gradients. Weight decay
    takes the same share of every weight. In one network the penalty takes from {2.seed1} to {3.seed1} times that
    (seed 1).""",
)
def test_penalty_is_weight_decay_in_rmsprop(penalty_in_rmsprop, judge):
    verdict = is_weight_decay(penalty_in_rmsprop, judge)

    assert verdict
