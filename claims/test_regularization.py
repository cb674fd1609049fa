"""Lecture section 10: regularization. One test per assertion."""

import pytest

from pytest_claims import ratio

pytestmark = pytest.mark.section("Regularization", 10)

# Epochs are whole: an average of half an epoch is the least that "later" or "sooner" can mean.
LATER = 0.5

# "After one or two epochs", as a rounded figure.
ONE_OR_TWO_EPOCHS = (0.5, 2.5)

# "More severely": by at least a fifth.
MORE_SEVERELY = 1.2

# "Near zero": the lecture's plots end near 0.05. "Very quickly": in the first half of the twenty epochs.
NEAR_ZERO = 0.05
VERY_QUICKLY = 10.5

# "Much more resistant": at most half of the baseline's rise is left.
MUCH_LESS = 0.5

# "A clear improvement": by at least one fiftieth, which can be seen on a plot of both curves.
CLEARLY_LOWER = 0.98

# "Much better": by at least a tenth.
MUCH_LOWER = 0.90


@pytest.mark.claim("R01", "The 4-4 network starts overfitting later than the 16-16 network.", source="L B")
def test_smaller_network_overfits_later(imdb_4_4, imdb_baseline, judge):
    delay = imdb_4_4.epoch_of_lowest("val_cross_entropy") - imdb_baseline.epoch_of_lowest("val_cross_entropy")

    verdict = judge(delay, above=LATER)

    assert verdict


@pytest.mark.claim(
    "R03", "The 512-512 network starts overfitting almost at once, after one or two epochs.", source="L B"
)
def test_larger_network_overfits_at_once(imdb_512_512, judge):
    verdict = judge(imdb_512_512.epoch_of_lowest("val_cross_entropy"), within=ONE_OR_TWO_EPOCHS)

    assert verdict


@pytest.mark.claim("R04", "The 512-512 network overfits more severely than the 16-16 network.", source="L B")
def test_larger_network_overfits_more_severely(imdb_512_512, imdb_baseline, judge):
    rise = imdb_512_512.rise_after_minimum("val_cross_entropy")
    more_than_baseline = rise - MORE_SEVERELY * imdb_baseline.rise_after_minimum("val_cross_entropy")

    verdict = judge(more_than_baseline, above=0.0)

    assert verdict


@pytest.mark.claim("R06", "The 512-512 network gets its training loss near zero very quickly.", source="L B")
def test_larger_network_fits_very_quickly(imdb_512_512, imdb_baseline, judge):
    epochs = imdb_512_512.epochs_until("loss", below=NEAR_ZERO)

    quickly = judge(epochs, below=VERY_QUICKLY)
    sooner = judge(epochs - imdb_baseline.epochs_until("loss", below=NEAR_ZERO), below=-LATER)

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
    "R13", "Dropout is a clear improvement over the baseline: its lowest validation loss is lower.", source="L B"
)
def test_dropout_beats_baseline(imdb_dropout, imdb_baseline, judge):
    kept = ratio(imdb_dropout.lowest("val_cross_entropy"), imdb_baseline.lowest("val_cross_entropy"))

    verdict = judge(kept, below=CLEARLY_LOWER)

    assert verdict


@pytest.mark.claim(
    "R14a", "Dropout works much better than the L2 penalty, by the validation loss that Keras reports.", source="L B"
)
def test_dropout_beats_l2_by_reported_loss(imdb_dropout, imdb_l2, judge):
    kept = ratio(imdb_dropout.lowest("val_loss"), imdb_l2.lowest("val_loss"))

    verdict = judge(kept, below=MUCH_LOWER)

    assert verdict


@pytest.mark.claim("R14b", "Dropout works much better than the L2 penalty, by cross-entropy alone.", source="L B")
def test_dropout_beats_l2_by_cross_entropy(imdb_dropout, imdb_l2, judge):
    kept = ratio(imdb_dropout.lowest("val_cross_entropy"), imdb_l2.lowest("val_cross_entropy"))

    verdict = judge(kept, below=MUCH_LOWER)

    assert verdict
