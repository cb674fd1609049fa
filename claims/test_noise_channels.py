"""Lecture section 2: noise channels and feature selection. One test per assertion."""

import pytest

from pytest_claims import slope

pytestmark = pytest.mark.section("Noise channels and feature selection", 2)

# The level that the accuracy has reached: its mean over the second half of training. A single epoch of RMSprop
# fluctuates by some tenths of a point, which the mean evens out.
PLATEAU = 5

# Differences below a fifth of a point are what one run shows from epoch to epoch: nobody would call them lower.
LOWER = 0.002

# "The more, the lower": per 784 further channels at least half of that.
LOWER_PER_784 = 0.001

# "Nothing changes" means: by less than a third of the point that noise is said to cost.
NOTHING = 0.003


@pytest.mark.claim(
    "C01",
    "White-noise channels beside the pixels lower the validation accuracy, compared with as many all-zero channels.",
    source="L A N",
)
def test_noise_channels_lower_accuracy(mnist_zeros, mnist_noise, judge):
    cost_of_noise = mnist_zeros.mean_of_last("val_accuracy", PLATEAU) - mnist_noise.mean_of_last(
        "val_accuracy", PLATEAU
    )

    verdict = judge(cost_of_noise, above=LOWER)

    assert verdict


@pytest.mark.claim("C03", "The more noise channels there are, the lower is the validation accuracy.", source="L")
def test_more_noise_channels_lower_accuracy_further(
    mnist_baseline, mnist_noise_196, mnist_noise, mnist_noise_1568, judge
):
    arms = [mnist_baseline, mnist_noise_196, mnist_noise, mnist_noise_1568]
    change = slope([0, 0.25, 1, 2], [runs.mean_of_last("val_accuracy", PLATEAU) for runs in arms], per="784 channels")

    verdict = judge(change, below=-LOWER_PER_784)

    assert verdict


@pytest.mark.claim("C04", "All-zero channels beside the pixels leave the validation accuracy as it is.", source="L A")
def test_zero_channels_change_nothing(mnist_baseline, mnist_zeros, mnist_zeros_pixel_weights, judge):
    plain = mnist_baseline.mean_of_last("val_accuracy", PLATEAU)
    as_keras_draws = mnist_zeros.mean_of_last("val_accuracy", PLATEAU) - plain
    # Glorot's initial weights are smaller where there are more inputs: with the plain network's, only zeros are added.
    with_equal_weights = mnist_zeros_pixel_weights.mean_of_last("val_accuracy", PLATEAU) - plain

    unchanged = judge(as_keras_draws, within=(-NOTHING, NOTHING))
    unchanged_with_equal_weights = judge(with_equal_weights, within=(-NOTHING, NOTHING))

    assert unchanged & unchanged_with_equal_weights
