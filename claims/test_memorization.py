"""Lecture section 3: the nature of generalization. One test per assertion."""

import pytest

from pytest_claims import by_tier

pytestmark = pytest.mark.section("The nature of generalization", 3)

# Knowing how frequent each label is lowers the loss from ln 10 = 2.3026 to 2.3012 and no further. A fall of 0.05 nats
# is more than thirty times that: it is learned from the images.
FALLS = 0.05

# 10 % as a share of 12,000 validation images has a standard error of 0.27 points, the extreme of fifty epochs lies two
# or three of them away; always saying "1" scores 11.2 %. The 2,000 to 3,000 images of the fast tier have twice the
# standard error.
LOWEST = by_tier(fast=0.07, full=0.09)
HIGHEST = by_tier(fast=0.13, full=0.12)

# Improving by a hundredth of a nat is seven times what knowing the labels' frequencies is worth.
IMPROVES = 0.01


@pytest.mark.claim(
    "N01",
    "With shuffled labels the training loss still goes down steadily, in a relatively small network.",
    source="L A N",
)
def test_shuffled_labels_are_fitted(mnist_shuffled_labels, judge):
    fall = mnist_shuffled_labels.final("loss") - mnist_shuffled_labels.first("loss")
    largest_step = mnist_shuffled_labels.largest_step("loss")

    falls = judge(fall, below=-FALLS)
    steadily = judge(largest_step, below=0.0)

    assert falls & steadily


@pytest.mark.claim("N02", "With shuffled labels the validation accuracy stays at about 10 %.", source="L B")
def test_shuffled_labels_validate_at_chance(mnist_shuffled_labels, judge):
    never_below = judge(mnist_shuffled_labels.lowest("val_accuracy"), above=LOWEST)
    never_above = judge(mnist_shuffled_labels.highest("val_accuracy"), below=HIGHEST)

    assert never_below & never_above


@pytest.mark.claim("N03", "With shuffled labels the validation loss never improves.", source="L A")
def test_shuffled_labels_never_improve_validation_loss(mnist_shuffled_labels, judge):
    best_later = mnist_shuffled_labels.lowest("val_loss", from_epoch=2) - mnist_shuffled_labels.first("val_loss")

    verdict = judge(best_later, above=-IMPROVES)

    assert verdict
