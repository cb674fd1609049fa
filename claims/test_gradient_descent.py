"""Lecture section 7: getting a fit. One test per assertion."""

import pytest

from pytest_claims import by_tier

pytestmark = pytest.mark.section("Getting a fit", 7)

# The lecture's figures for a learning rate of 1.
REACHED = (0.20, 0.40)

# "Quickly": within the first half of training; so the second half, or the last ten epochs, is looked at.
LAST = by_tier(fast=5, full=10)

# A network that trains comes near to what logistic regression reaches, 93 % on all the data, or leaves it behind; an
# eighth of the data is allowed five points less.
TRAINS = by_tier(fast=0.85, full=0.90)


@pytest.mark.claim(
    "F01",
    "At a learning rate of 1, training and validation accuracy quickly reach 20 % to 40 %.",
    source="L",
    # Which runs end just above or below 20 % depends on the last bits of the arithmetic.
    expected={"fast": ("inconclusive", "supported"), "full": "inconclusive", "stand-in": ("refuted", "inconclusive")},
    because="""RMSprop divides each step by the size of the gradient: at a rate of 1 its first step changes every
    weight by about 3, where the initial ones are below 0.07. Nearly all hidden units end up negative for every image,
    and a unit that is never active has no gradient and stays so: looked at after 20 epochs on all the data, 507 and
    508 of 512 units are dead, and three or four of the ten digits are ever named. How many units are left, and so
    whether a run comes to rest at 13 % or at 27 %, is chance: on all the data 17 of 30 runs are in the range
    named by training accuracy, 16 by validation accuracy.""",
)
def test_learning_rate_1_reaches_20_to_40_percent(mnist_learning_rate_1, judge):
    training = mnist_learning_rate_1.mean_of_last("accuracy", LAST).between(*REACHED)
    validation = mnist_learning_rate_1.mean_of_last("val_accuracy", LAST).between(*REACHED)

    # Runs end up in different places, whose mean may be where no run is: so runs are counted.
    assert judge(training, usually=True) & judge(validation, usually=True)


@pytest.mark.claim(
    "F02",
    "At a learning rate of 1, the accuracies cannot get past 40 %.",
    source="L B",
    expected={"fast": "refuted", "stand-in": ("refuted", "inconclusive")},
    because="""Units die one after the other (F01), and an epoch's end is early on a subset. After the 375 updates of
    the first epoch on all the data the networks get 20 % of the validation images right, and no later epoch is better
    than 40 %. After the 47 updates of the first epoch on a subset they still get 58 % right, on average over 20 runs;
    over the last five epochs the same runs are between 17 % and 31 %.""",
)
def test_learning_rate_1_stays_below_40_percent(mnist_learning_rate_1, judge):
    training = judge(mnist_learning_rate_1.highest("accuracy"), below=REACHED[1])
    validation = judge(mnist_learning_rate_1.highest("val_accuracy"), below=REACHED[1])

    assert training & validation


@pytest.mark.claim("F03", "At a learning rate of 0.01 the same network trains.", source="L B N")
def test_learning_rate_1e_2_trains(mnist_learning_rate_1e_2, judge):
    training = judge(mnist_learning_rate_1e_2.final("accuracy"), above=TRAINS)
    validation = judge(mnist_learning_rate_1e_2.final("val_accuracy"), above=TRAINS)

    assert training & validation
