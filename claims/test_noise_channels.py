"""Lecture section 2: noise channels and feature selection. One test per assertion."""

import pytest

from fixtures.degrees import LOWER_ACCURACY, SAME_ACCURACY
from fixtures.revisions import NO_SPREAD, ONE_MARGIN
from pytest_claims import slope

pytestmark = pytest.mark.section("Noise channels and feature selection", 2)

# The level that the accuracy has reached: its mean over the second half of training. A single epoch of RMSprop
# fluctuates by some tenths of a point, which the mean evens out.
PLATEAU = 5

# "The more, the lower": per 784 further channels at least a third of what is called lower.
LOWER_PER_784 = 0.001

# A filter lets through fewer than one noise channel in a hundred, and keeps most of the pixels: a threshold that lets
# nothing through is no filter.
REJECTED = 0.99
KEPT = 0.5


@pytest.mark.claim(
    "C01",
    "White-noise channels beside the pixels lower the validation accuracy, compared with as many all-zero channels.",
    source="L A N",
    block=300,
    revised=ONE_MARGIN + "Lower accuracy means three tenths of a point.",
    before="supported",
)
def test_noise_channels_lower_accuracy(mnist_zeros, mnist_noise, judge):
    cost_of_noise = mnist_zeros.mean_of_last("val_accuracy", PLATEAU) - mnist_noise.mean_of_last(
        "val_accuracy", PLATEAU
    )

    verdict = judge(cost_of_noise, above=LOWER_ACCURACY)

    assert verdict


@pytest.mark.claim(
    "C02",
    "White-noise channels cost about one percentage point of validation accuracy.",
    source="L",
    expected={"fast": "refuted", "full": "inconclusive"},
    because={
        "fast": """On small subsets white noise costs {1.estimate} points, much more than one: {1.b.mean} instead of
        {1.a.mean}. With few images the network cannot tell the useless inputs from the digits. Single pairs of runs
        show a cost of {1.min} to {1.max} points.""",
        "full": """On all the data white noise costs {1.estimate} points, and up to {1.margin.high} would be printed
        as one. The interval reaches from {1.low} to {1.high} points, so the claim stays undecided. The cost rounds
        to one point in {1.holds} of {1.seeds} pairs of runs. What noise costs depends on the number of images,
        because they show which inputs are useless.""",
    },
)
def test_noise_channels_cost_one_point(mnist_zeros, mnist_noise, judge):
    cost_of_noise = mnist_zeros.mean_of_last("val_accuracy", PLATEAU) - mnist_noise.mean_of_last(
        "val_accuracy", PLATEAU
    )

    verdict = judge(cost_of_noise, about="1 %")

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

    unchanged = judge(as_keras_draws, within=SAME_ACCURACY)
    unchanged_with_equal_weights = judge(with_equal_weights, within=SAME_ACCURACY)

    assert unchanged & unchanged_with_equal_weights


@pytest.mark.claim(
    "C05",
    "Selecting inputs by their mutual information with the label filters out the noise channels and keeps pixels.",
    source="L",
    expected={"stand-in": "inconclusive"},
    because={
        "stand-in": """On the stand-in the filter keeps a share of {2.estimate} of the pixels, and {2.margin} is
        asked for. The stand-in is made of small digits, whose broad dark margins tell nothing about the label. The
        filter does reject the noise channels, in {1.holds} of {1.seeds} runs.""",
    },
    block=300,
    revised=NO_SPREAD,
    before={"fast": "supported", "full": "supported", "stand-in": "inconclusive"},
)
def test_mutual_information_filters_out_noise(selected_channels, judge):
    rejected = judge(
        selected_channels.measured("noise_rejected", label="noise channels rejected"), above=REJECTED, typical=True
    )
    kept = judge(selected_channels.measured("pixels_kept", label="pixels kept"), above=KEPT, typical=True)

    assert rejected & kept


@pytest.mark.claim(
    "C06",
    "Selecting inputs by mutual information restores the accuracy that noise channels cost.",
    source="L",
    expected={"fast": "inconclusive"},
    because="""Selected inputs do {1.estimate} points better than all with noise, and {2.estimate} points better
    than those beside zeros. Whether that is the same, within three tenths of a point, stays open.
    Zeros beside the pixels make the initial weights smaller (C04).""",
    block=300,
    revised=ONE_MARGIN + "Lower accuracy means three tenths of a point.",
    before={"fast": "inconclusive", "full": "supported", "stand-in": "inconclusive"},
)
def test_selection_restores_accuracy(mnist_selected, mnist_noise, mnist_zeros, judge):
    selected = mnist_selected.mean_of_last("val_accuracy", PLATEAU)

    better_than_noise = judge(selected - mnist_noise.mean_of_last("val_accuracy", PLATEAU), above=LOWER_ACCURACY)
    as_without_noise = judge(selected - mnist_zeros.mean_of_last("val_accuracy", PLATEAU), within=SAME_ACCURACY)

    assert better_than_noise & as_without_noise


@pytest.mark.claim(
    "C07",
    "Ablation finds what can go: without the noise channels accuracy is no lower, without as many pixels it is.",
    source="L",
)
def test_ablation_tells_noise_from_pixels(mnist_noise_196, mnist_baseline, mnist_noise_196_without_centre, judge):
    everything = mnist_noise_196.mean_of_last("val_accuracy", PLATEAU)
    change_without_noise = mnist_baseline.mean_of_last("val_accuracy", PLATEAU) - everything
    change_without_pixels = mnist_noise_196_without_centre.mean_of_last("val_accuracy", PLATEAU) - everything

    not_worse = judge(change_without_noise, above=-LOWER_ACCURACY)
    worse = judge(change_without_pixels, below=-LOWER_ACCURACY)

    assert not_worse & worse


@pytest.mark.claim(
    "C08",
    "Keeping only the commonest 10,000 words is a serviceable selection: three times as many do no better.",
    source="L",
    block=300,
    revised=ONE_MARGIN + "No better means within three tenths of a point, not within a whole one.",
    before="supported",
    because="""Thirty thousand words do {1.estimate} points better than ten thousand. A thousand do {2.estimate}
    points worse. What the rarer words add is little, and more than nothing.""",
    expected={"fast": "inconclusive", "full": "refuted"},
)
def test_commonest_words_are_serviceable(imdb_1000_words, imdb_10000_words, imdb_30000_words, judge):
    fewest, kept, most = (
        runs.measured("accuracy", label="highest validation accuracy", unit="accuracy")
        for runs in (imdb_1000_words, imdb_10000_words, imdb_30000_words)
    )

    as_good = judge(most - kept, within=SAME_ACCURACY)
    # A comparison that sees no difference counts where it sees one: a tenth of the words are too few.
    seen = judge(kept - fewest, above=0.0)

    assert as_good & seen
