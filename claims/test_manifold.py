"""Lecture section 4: the manifold hypothesis. One test per assertion."""

import pytest

from fixtures.revisions import NO_SPREAD
from pytest_claims import ratio, slope, steps

pytestmark = pytest.mark.section("The manifold hypothesis", 4)

# "Hardly any": fewer than one in a hundred. Digits themselves must pass the same test nine times in ten.
HARDLY_ANY = 0.01
DIGITS_PASS = 0.9

# "Low": fewer dimensions than a tenth of the 784 pixels; and, since estimates from so few points have a ceiling, half
# of what the same estimator says of the same numbers without their structure. "Well below" is that half, too.
LOW = 78.4
WELL_BELOW = 0.5
ESTIMATORS = ("two_neighbours", "likelihood")

# "The same digit": 19 of 20 answers are kept, which leaves room for images that were a toss-up before.
SAME = 0.95
CHANGES = ("shift", "rotation", "noise")

# A gap: a tenth wider than on the way through a flat, connected space. Samples of such a space differ by a fiftieth;
# two clusters as far apart as each is wide have gaps wider by a half.
GAP = 1.1

# Shorter steps than between arrays without structure: by a tenth at least, which their fluctuation from sample to
# sample, a hundredth, is far below.
SHORTER = 0.9

# Dimensions of reviews are read beside those of spheres, for estimates of many dimensions from few points are far too
# low. "Low" is a tenth of the inputs, as for digits. The control: twice as many dimensions are read as more by a tenth.
AS_MANY = 1.0
TOLD_APART = 1.1

# "Is a digit": fails at most twice as often as held-out digits, of which the bar fails one in twenty. "Usually not" and
# "still like a digit": less or more than half pass. The score counts only if it fails what is no digit: less than one
# in twenty passes, which is to say that the nearest twentieth is farther than the bar.
IS_A_DIGIT = 0.9
HALF = 0.5
BAR = 1.0

# Two points: as many errors as the network makes on all digits when it was trained on all data.
SURER = 0.02

# Nearer to one dimension than to two, or nearer to two.
ONE_OR_TWO = 1.5

# Accuracies on 10,000 new words fluctuate by half a point; the catalogue allows two. With structure the network must
# come nearer to certainty than to guessing.
LEARNED_BY_HEART = 0.99
GUESSING = (0.48, 0.52)
GENERALIZES = 0.75


def score_tells_digits(midpoints, judge):
    """Digits pass for digits; less than a twentieth of noise and of digits with scrambled pixels does."""
    digits = midpoints.measured("digits", label="held-out digits that pass", unit="share")
    controls = [midpoints.measured(name, label=f"nearest of {name} / bar") for name in ("noise", "scrambled")]
    return judge(digits, above=DIGITS_PASS) & judge.each(controls, above=BAR)


def only_fitted(words, judge):
    """Words are learned by heart, and of others the labels are guessed."""
    fitted, guessed = (words.measured(name, unit="accuracy") for name in ("accuracy", "val_accuracy"))
    # The typical network: most learn all words.
    return judge(fitted, above=LEARNED_BY_HEART, typical=True) & judge(guessed, within=GUESSING)


@pytest.mark.claim(
    "M01",
    "Hardly any 28×28 array of uint8 looks like a digit.",
    source="L A",
    block=300,
    revised=NO_SPREAD,
    before="supported",
)
def test_random_arrays_are_no_digits(random_arrays, judge):
    scores = ("distance", "residual")
    arrays = [random_arrays.measured(f"{score}_passing", unit="share") for score in scores]
    digits = [random_arrays.measured(f"{score}_passing_held_out", unit="share") for score in scores]

    verdict = judge.each(arrays, below=HARDLY_ANY, typical=True) & judge.each(digits, above=DIGITS_PASS)

    assert verdict


@pytest.mark.claim("M02", "Digits lie on a subspace of few dimensions.", source="L A")
def test_digits_have_few_dimensions(digit_dimensions, judge):
    def measured(name):
        return [digit_dimensions.measured(f"{name}_{estimator}") for estimator in ESTIMATORS]

    contrasts = measured("shuffled") + measured("noise")
    shares = [ratio(digits, contrast) for digits, contrast in zip(measured("digits") * 2, contrasts, strict=True)]

    verdict = judge.each(measured("digits"), below=LOW) & judge.each(shares, below=WELL_BELOW)

    assert verdict


@pytest.mark.claim(
    "M03",
    "The subspace of digits is continuous: a slightly changed digit is still the same digit.",
    source="L A",
    expected={"fast": "refuted"},
    because={
        "fast": """Shifted by one pixel, {1.estimate} of the digits keep their answer, and {1.margin} are asked for.
        A dense network does not know neighbouring pixels, and few images do not teach it that shifts are harmless.
        Rotated digits keep {2.estimate} of their answers, and noisy digits {3.estimate}.""",
    },
)
def test_slightly_changed_digits_are_the_same(mnist_looked_into, judge):
    def kept(change):
        names = [f"kept_{change}_{multiple}" for multiple in ("0.5", "1", "2", "4")]
        return [mnist_looked_into.measured(name, unit="share") for name in names]

    slight = judge.each([kept(change)[1] for change in CHANGES], above=SAME)
    growing = [slope([0, 1, 2, 3], kept(change), per="doubling of the change") for change in CHANGES]

    assert slight & judge.each(growing, below=0.0)


@pytest.mark.claim(
    "M04a",
    "Any two digits are connected by a path of digits, each a small step away.",
    source="L A",
    block=300,
    revised="""The largest step was compared with half of the direct way. That number depends on how many points there
    are. A flat, connected space of thirteen dimensions fails, too. Two separate clusters do as well as one. Now the
    largest step is measured by the distances from both ends to their nearest neighbours. It is compared with that in
    a flat space of as many points and dimensions.""",
    before="refuted",
)
def test_digits_are_connected_by_small_steps(digit_gaps, judge):
    digits, flat, apart = (digit_gaps.measured(name, label=f"gap, {name}") for name in ("digits", "flat", "apart"))
    judge.note(digit_gaps.measured("dimension", label="dimensions of the flat space"))

    verdict = judge(ratio(digits, flat), below=GAP) & judge(ratio(apart, flat), above=GAP)

    assert verdict


@pytest.mark.claim(
    "M04b",
    "Paths between digits have smaller steps than between arrays without structure, and gain more from more points.",
    source="L A",
)
def test_paths_of_digits_are_smoother_than_of_noise(digit_paths, judge):
    digits, shuffled, noise = (digit_paths.measured(name) for name in ("digits", "shuffled", "noise"))
    denser = digit_paths.measured("digits_denser") - digit_paths.measured("noise_denser")

    verdict = judge.each([ratio(digits, shuffled), ratio(digits, noise)], below=SHORTER) & judge(denser, below=0.0)

    assert verdict


@pytest.mark.claim(
    "M05a",
    "A point midway between two digits on their latent manifold is a digit.",
    source="L A",
    block=300,
    revised="""A classifier's certainty was a second score. It knows no digits: most of uniform noise and of digits with
    scrambled pixels pass. It is left out. The distance to the nearest digit is kept, and its controls are parts.""",
    before={"fast": "refuted", "full": "refuted", "stand-in": "refuted"},
    expected={"fast": "inconclusive", "full": "refuted"},
    because="""Of the midpoints {1.estimate} pass for digits, where more than {1.margin} are asked for. Of held-
    out digits {2.estimate} pass. The autoencoder blurs what lies between two digits.""",
)
def test_midpoints_of_codes_are_digits(mnist_midpoints, judge):
    midpoints = mnist_midpoints.measured("code", label="midpoints of codes that pass", unit="share")

    verdict = judge(midpoints, above=IS_A_DIGIT) & score_tells_digits(mnist_midpoints, judge)

    assert verdict


@pytest.mark.claim(
    "M05b",
    "The average of two digits' pixels usually is no digit.",
    source="L A",
    block=300,
    revised="""A classifier's certainty was a second score. It knows no digits: most of uniform noise and of digits with
    scrambled pixels pass. It is left out. The distance to the nearest digit is kept, and its controls are parts.""",
    before={"fast": "refuted", "full": "refuted", "stand-in": "refuted"},
    expected="refuted",
    because="""By the distance to the nearest digit {1.estimate} of averages pass for digits. An average of two
    digits is near to both. What a person sees at once this score does not.""",
)
def test_averages_of_pixels_are_no_digits(mnist_midpoints, judge):
    averages = mnist_midpoints.measured("pixels", label="averages of pixels that pass", unit="share")

    verdict = judge(averages, below=HALF) & score_tells_digits(mnist_midpoints, judge)

    assert verdict


@pytest.mark.claim(
    "M06", "What can be interpolated is generalized to: the nearer to the training digits, the surer.", source="L A"
)
def test_digits_near_training_digits_are_recognized(mnist_looked_into, judge):
    errors = [mnist_looked_into.measured(f"error_in_fifth_{fifth}", unit="share") for fifth in range(5)]

    growing = slope(range(5), errors, per="fifth further away")

    verdict = judge(errors[-1] - errors[0], above=SURER) & judge(growing, above=0.0)

    assert verdict


@pytest.mark.claim(
    "M07",
    "Each layer disentangles the data a little further.",
    source="L",
)
def test_each_layer_disentangles(mnist_deep, judge):
    probes = [mnist_deep.measured(f"probe_{layers}", unit="accuracy") for layers in range(5)]
    learned = probes[-1] - mnist_deep.measured("probe_untrained", unit="accuracy")

    verdict = judge.each(steps(probes), above=0.0) & judge(learned, above=0.0)

    assert verdict


@pytest.mark.claim(
    "M08",
    "Other natural data lie on few dimensions, too: reviews of films.",
    source="L A",
    block=300,
    revised="""Reviews were compared with copies whose words are independent. The copies have hundreds of dimensions,
    and estimates of so many are far too low. So the ratio was drawn towards 1. Now "few" is a tenth of the inputs, as
    it is for digits. A sphere with so many dimensions is read by the same estimators, from as many points.""",
    before="refuted",
    expected="refuted",
    because="""Reviews have {1.estimate.times} times the dimensions that a tenth of their words would be. The
    other estimator says {2.estimate.times} times. Both tell a sphere of twice the dimensions from that
    of a tenth.""",
)
def test_reviews_have_few_dimensions(dimensions_beside_spheres, judge):
    def beside_tenth(name):
        readings = [[dimensions_beside_spheres.measured(f"{of}_{by}") for by in ESTIMATORS] for of in (name, "tenth")]
        return [ratio(reading, tenth) for reading, tenth in zip(*readings, strict=True)]

    few = judge.each(beside_tenth("reviews"), below=AS_MANY)
    control = judge.each(beside_tenth("fifth"), above=TOLD_APART)

    assert few & control


@pytest.mark.claim(
    "M09", "There are far more 28×28 arrays of uint8 than atoms in the observable universe.", source="L", seeds=2
)
def test_arrays_outnumber_atoms(arrays_and_atoms, judge):
    verdict = judge(arrays_and_atoms.measured("outnumber"), exactly=1)

    assert verdict


@pytest.mark.claim(
    "M10a",
    "A discrete problem without structure to interpolate is fitted and not generalized.",
    source="L",
    block=300,
    revised=NO_SPREAD,
    before="supported",
)
def test_labels_without_structure_are_only_fitted(words_without_structure, words_with_structure, judge):
    known_rule = words_with_structure.measured("val_accuracy", unit="accuracy")

    verdict = only_fitted(words_without_structure, judge) & judge(known_rule, above=GENERALIZES)

    assert verdict


@pytest.mark.claim(
    "M10b",
    "A discrete problem with a rule but nothing to interpolate is fitted and not generalized: the parity of bits.",
    source="L",
)
def test_parity_is_only_fitted(words_of_parity, judge):
    assert only_fitted(words_of_parity, judge)


@pytest.mark.claim(
    "M10c",
    "Any discrete problem is fitted and not generalized: also one whose labels follow a simple rule.",
    source="L",
    block=300,
    expected="refuted",
    because="""Of words that the network has not seen {2.estimate} get the right label. The labels follow a simple
    rule, which can be learned from other words. That a problem is discrete is no obstacle.""",
)
def test_labels_of_a_simple_rule_are_only_fitted(words_with_structure, judge):
    assert only_fitted(words_with_structure, judge)


@pytest.mark.claim(
    "M11",
    "A network is a smooth function of its inputs, since it has to be differentiable: its slope does not jump.",
    source="L",
    seeds=5,
    expected="refuted",
    because="""The slope jumps where a rectifier starts to act, by {1.min} to {1.max} of its largest size. On the way
    from one digit to another a network has {note1.min} to {note1.max} such kinks. Gradient descent needs no more than
    a slope almost everywhere. With a smooth activation in place of the rectifier the slope does not jump.""",
)
def test_slope_does_not_jump(network_at_kinks, judge):
    jump = network_at_kinks.measured("jump", label="largest jump of the slope / largest slope", unit="share")
    judge.note(network_at_kinks.measured("kinks", label="kinks between two digits"))

    verdict = judge(jump, exactly=0)

    assert verdict


@pytest.mark.claim(
    "M12",
    "The shape of an 8 is one-dimensional from close up, and two-dimensional where its strokes cross.",
    source="L",
)
def test_an_eight_has_two_dimensions_where_it_crosses(strokes_of_eights, judge):
    along = strokes_of_eights.measured("along", label="local dimension along the stroke")
    crossing = strokes_of_eights.measured("crossing", label="local dimension at the crossing")
    judge.note(strokes_of_eights.measured("usable", label="eights with two holes", unit="share"))

    verdict = judge(along, below=ONE_OR_TWO) & judge(crossing, above=ONE_OR_TWO)

    assert verdict


@pytest.mark.claim(
    "M13",
    "Shapes between two classes of digits still look like digits.",
    source="L",
    block=300,
    expected={"stand-in": "inconclusive"},
    because={
        "stand-in": """Of midpoints {1.estimate} pass for digits, and of halves of two digits put together {2.estimate}.
    On these digits the score hardly tells such halves from digits."""
    },
)
def test_shapes_between_classes_look_like_digits(mnist_midpoints, judge):
    midpoints, halves = (
        mnist_midpoints.measured(name, label=label, unit="share")
        for name, label in (("code", "midpoints of codes that pass"), ("halves", "halves of two digits that pass"))
    )

    verdict = judge(midpoints, above=HALF) & judge(halves, below=HALF) & score_tells_digits(mnist_midpoints, judge)

    assert verdict
