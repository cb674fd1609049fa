"""Lecture section 10: regularization. One test per assertion."""

import pytest

from fixtures.degrees import CLEARLY_LOWER, LATER, MORE_SEVERELY, MORE_SLOWLY, MUCH_LESS, MUCH_LOWER, NOISIER
from fixtures.quantities import dead_units, roughness, slope_after_minimum
from fixtures.revisions import STUCK, TEN_SEEDS, WHOLE_EPOCHS
from pytest_claims import ratio

pytestmark = pytest.mark.section("Regularization", 10)

# "After one or two epochs", as a rounded figure.
ONE_OR_TWO_EPOCHS = (0.5, 2.5)

# The first fall of the loss is a steep bend: trend, and no noise. But the larger network jumps most in its first
# epochs: so noise is measured once with them, and once from the baseline's turn on.
FROM_EPOCH = 4

# "Near zero": the lecture's plots end near 0.05. "Very quickly": in the first half of the twenty epochs.
NEAR_ZERO = 0.05
VERY_QUICKLY = 10.5

# A fit is "impeded" where its loss ends higher by at least a fifth, as overfitting is "more severe".
IMPEDED = MORE_SEVERELY


@pytest.mark.claim(
    "R01",
    "The 4-4 network starts overfitting later than the 16-16 network.",
    source="L B",
    block=300,
    revised=WHOLE_EPOCHS,
    before="supported",
)
def test_smaller_network_overfits_later(imdb_4_4, imdb_baseline, judge):
    delay = imdb_4_4.epoch_of_lowest("val_cross_entropy") - imdb_baseline.epoch_of_lowest("val_cross_entropy")

    verdict = judge(delay, above=LATER, typical=True)

    judge.note(dead_units(imdb_4_4))
    judge.note(dead_units(imdb_4_4, 1))

    assert verdict


@pytest.mark.claim(
    "R24",
    "The 4-4 network starts overfitting after about six epochs, the 16-16 network after about four.",
    source="L B",
    expected="refuted",
    because="""The 4-4 network turns after {1.estimate} epochs in the typical run, the 16-16 network after
    {2.estimate}. Single runs of 4-4 turn anywhere from epoch {1.min} to {1.max}. It depends on which
    of its few units live.""",
    block=300,
    revised=WHOLE_EPOCHS,
    before="refuted",
)
def test_epochs_in_which_overfitting_starts(imdb_4_4, imdb_baseline, judge):
    smaller = judge(imdb_4_4.epoch_of_lowest("val_cross_entropy"), about="6", typical=True)
    baseline = judge(imdb_baseline.epoch_of_lowest("val_cross_entropy"), about="4", typical=True)

    judge.note(dead_units(imdb_4_4))
    judge.note(dead_units(imdb_4_4, 1))

    assert smaller & baseline


@pytest.mark.claim(
    "R02",
    "Once it overfits, the 4-4 network degrades more slowly than the 16-16 network.",
    source="L B",
    expected={"full": "inconclusive"},
    because="""The 4-4 network degrades more slowly in {1.holds} of {1.seeds} pairs. But some of its runs turn too
    late for their slope to be seen.""",
    block=300,
    revised=STUCK,
    before={"fast": "supported", "full": "supported", "stand-in": "inconclusive"},
)
def test_smaller_network_degrades_more_slowly(imdb_4_4, imdb_baseline, judge):
    slope = slope_after_minimum(imdb_4_4, "val_cross_entropy")
    # A slope may be zero, of which there is no ratio: so five sixths of the baseline's are taken away.
    more_than_baseline = slope - MORE_SLOWLY * slope_after_minimum(imdb_baseline, "val_cross_entropy")

    verdict = judge(more_than_baseline, below=0.0, typical=True)

    assert verdict


@pytest.mark.claim(
    "R03",
    "The 512-512 network starts overfitting almost at once, after one or two epochs.",
    source="L B",
    expected="inconclusive",
    because="""The 512-512 network is best after {1.estimate} epochs in the typical run, and after one or two in
    {1.holds} of {1.seeds}. Its validation loss jumps, so that it is chance which early epoch is
    lowest.""",
    block=300,
    revised=WHOLE_EPOCHS + " " + TEN_SEEDS,
    before="inconclusive",
)
def test_larger_network_overfits_at_once(imdb_512_512, judge):
    verdict = judge(imdb_512_512.epoch_of_lowest("val_cross_entropy"), within=ONE_OR_TWO_EPOCHS, typical=True)

    assert verdict


@pytest.mark.claim(
    "R04",
    "The 512-512 network overfits more severely than the 16-16 network.",
    source="L B",
    expected={"fast": "inconclusive", "stand-in": "refuted"},
    because="""The larger network's loss rises by {1.a.mean} nats, where 1.2 times the smaller one's rise is
    {1.b.mean}. How much further depends on how much the smaller one has left to learn by heart.""",
    block=300,
    revised=TEN_SEEDS,
    before={"fast": "inconclusive", "full": "supported", "stand-in": "inconclusive"},
)
def test_larger_network_overfits_more_severely(imdb_512_512, imdb_baseline, judge):
    rise = imdb_512_512.rise_after_minimum("val_cross_entropy")
    more_than_baseline = rise - MORE_SEVERELY * imdb_baseline.rise_after_minimum("val_cross_entropy")

    verdict = judge(more_than_baseline, above=0.0)

    assert verdict


@pytest.mark.claim(
    "R05a",
    "The validation loss of the 512-512 network is noisier than that of the 16-16 network, over all epochs.",
    source="L B",
    expected={"fast": "inconclusive"},
    because="""The larger network's curve is {1.estimate.times} times as rough, the mean over {1.seeds} seeds. On
    few reviews the smaller network's curve jumps as well.""",
    block=300,
    revised=TEN_SEEDS,
    before={"fast": "inconclusive", "full": "supported", "stand-in": "inconclusive"},
)
def test_larger_network_is_noisier(imdb_512_512, imdb_baseline, judge):
    larger, baseline = (roughness(runs, "val_cross_entropy", from_epoch=1) for runs in (imdb_512_512, imdb_baseline))

    verdict = judge(ratio(larger, baseline), above=NOISIER)

    assert verdict


@pytest.mark.claim(
    "R05b",
    "The validation loss of the 512-512 network is noisier than that of the 16-16 network once both have turned.",
    source="L B",
    expected={"fast": "inconclusive"},
    because="""The larger network's curve is {1.estimate.times} times as rough, the mean over {1.seeds} seeds. On
    few reviews the smaller network's curve jumps as well.""",
    block=300,
    revised=TEN_SEEDS,
    before={"fast": "inconclusive", "full": "supported", "stand-in": "inconclusive"},
)
def test_larger_network_is_noisier_after_the_turn(imdb_512_512, imdb_baseline, judge):
    larger, baseline = (
        roughness(runs, "val_cross_entropy", from_epoch=FROM_EPOCH) for runs in (imdb_512_512, imdb_baseline)
    )

    verdict = judge(ratio(larger, baseline), above=NOISIER)

    assert verdict


@pytest.mark.claim(
    "R06",
    "The 512-512 network gets its training loss near zero very quickly.",
    source="L B",
    because="""The larger network's training loss is near zero after {1.estimate} epochs in the typical run,
    {2.estimate.fall} epochs before that of the smaller.""",
    block=300,
    revised=WHOLE_EPOCHS + " " + TEN_SEEDS,
    before={"fast": "supported", "full": "inconclusive", "stand-in": "supported"},
)
def test_larger_network_fits_very_quickly(imdb_512_512, imdb_baseline, judge):
    epochs = imdb_512_512.epochs_until("loss", below=NEAR_ZERO)

    quickly = judge(epochs, below=VERY_QUICKLY, typical=True)
    sooner = judge(epochs - imdb_baseline.epochs_until("loss", below=NEAR_ZERO), below=-LATER, typical=True)

    assert quickly & sooner


@pytest.mark.claim("R07", "An L2 penalty makes the network much more resistant to overfitting.", source="L B")
def test_l2_penalty_resists_overfitting(imdb_l2, imdb_baseline, judge):
    rise = imdb_l2.rise_after_minimum("val_cross_entropy")
    # A rise may be zero, of which there is no ratio: so half of the baseline's is taken away.
    more_than_half_of_baseline = rise - MUCH_LESS * imdb_baseline.rise_after_minimum("val_cross_entropy")

    verdict = judge(more_than_half_of_baseline, below=0.0)

    assert verdict


@pytest.mark.claim("R08", "The network with the L2 penalty has as many parameters as the one without.", source="L B")
def test_l2_penalty_keeps_number_of_parameters(imdb_l2, imdb_baseline, judge):
    verdict = judge(imdb_l2.num_parameters - imdb_baseline.num_parameters, exactly=0)

    assert verdict


@pytest.mark.claim(
    "R13",
    "Dropout is a clear improvement over the baseline: its lowest validation loss is lower.",
    source="L B",
    expected={"fast": "inconclusive", "full": "refuted"},
    because="""Dropout's lowest loss is {1.estimate.times} times the baseline's in the typical run. It is lower by
    the fiftieth asked for in {1.holds} of {1.seeds} pairs. In the worst pair it is {1.max.times} times
    as high.""",
    block=300,
    revised=STUCK,
    before="inconclusive",
)
def test_dropout_beats_baseline(imdb_dropout, imdb_baseline, judge):
    kept = ratio(imdb_dropout.lowest("val_cross_entropy"), imdb_baseline.lowest("val_cross_entropy"))

    verdict = judge(kept, below=CLEARLY_LOWER, typical=True)

    judge.note(dead_units(imdb_dropout))
    judge.note(dead_units(imdb_dropout, 1))

    assert verdict


@pytest.mark.claim(
    "R14a",
    "Dropout works much better than the L2 penalty, by the validation loss that Keras reports.",
    source="L B",
    because="""Of what separates the two, 0.36 from 0.28, all is the penalty, which Keras adds to the validation loss
    (R14b). Whether the difference is sure to exceed a tenth depends on how many seeds of dropout end with dead units
    (R13).""",
    block=300,
    revised=STUCK,
    before="supported",
)
def test_dropout_beats_l2_by_reported_loss(imdb_dropout, imdb_l2, judge):
    kept = ratio(imdb_dropout.lowest("val_loss"), imdb_l2.lowest("val_loss"))

    verdict = judge(kept, below=MUCH_LOWER, typical=True)

    judge.note(dead_units(imdb_dropout))
    judge.note(dead_units(imdb_dropout, 1))

    assert verdict


@pytest.mark.claim(
    "R14b",
    "Dropout works much better than the L2 penalty, by cross-entropy alone.",
    source="L B",
    expected="refuted",
    because="""Without the penalty the two are alike: dropout's lowest loss is {1.estimate.times} times that of
    L2. The curves that Keras draws compare a loss that holds a penalty with one that holds none.""",
    block=300,
    revised=STUCK,
    before="refuted",
)
def test_dropout_beats_l2_by_cross_entropy(imdb_dropout, imdb_l2, judge):
    kept = ratio(imdb_dropout.lowest("val_cross_entropy"), imdb_l2.lowest("val_cross_entropy"))

    verdict = judge(kept, below=MUCH_LOWER, typical=True)

    assert verdict


@pytest.mark.claim(
    "R31",
    "Regularization impedes the fit to the training data: an L2 penalty, dropout, or a smaller network.",
    source="L B",
    block=300,
)
def test_regularization_impedes_fit(imdb_l2, imdb_dropout, imdb_4_4, imdb_baseline, judge):
    # Without the penalty, as Keras reports it of an epoch: with dropout that is of what the units in use can do.
    by_l2, by_dropout, by_size = (
        ratio(runs.final("cross_entropy"), imdb_baseline.final("cross_entropy"))
        for runs in (imdb_l2, imdb_dropout, imdb_4_4)
    )

    l2 = judge(by_l2, above=IMPEDED)
    # Some of these networks are stuck, which would be a fit that is impeded for another reason.
    others = judge.each([by_dropout, by_size], above=IMPEDED, typical=True)

    assert l2 & others
