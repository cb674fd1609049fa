"""Lecture section 9: improving generalization, by stopping early. One test per assertion."""

import pytest

from fixtures.degrees import AS_GOOD_A_LOSS, CLEARLY_HIGHER, CLEARLY_LOWER
from fixtures.early_stopping.stopped_early import (
    epochs_off,
    loss_kept,
    redundant_epochs,
    redundant_epochs_saved,
    second_lowest_at_end,
)
from fixtures.quantities import at_epochs
from fixtures.revisions import NO_SPREAD, WHOLE_EPOCHS
from pytest_claims import ratio

pytestmark = pytest.mark.section("Improving generalization", 9)

# Epochs: fewer than early stopping has patience for, so that it sees the best epoch from where it ends.
CLOSE_BY = 2.0

# The redundant training is saved if most of it is: more than half of the epochs after the best.
MOST = 0.5

# At the minimum: the lecture's claim is about a training loss below a thousandth of a nat.
FITTED = 1e-3

# Not at all: no better than tossing a coin, to five points, five standard errors of the 2,500 reviews in the fast tier.
NOT_AT_ALL = (0.45, 0.55)


@pytest.mark.claim(
    "I05a",
    "Early stopping keeps a network whose validation loss is close to the lowest of a whole run.",
    source="L",
    expected="inconclusive",
    because="""On images early stopping keeps an epoch within two percent of the best in {2.holds} of {2.seeds}
    runs, on reviews in {1.holds}. In the others the loss dips once more after two worse epochs.""",
    block=300,
    revised=NO_SPREAD,
    before={"fast": "inconclusive", "full": "supported", "stand-in": "inconclusive"},
)
def test_early_stopping_keeps_nearly_the_best(imdb_baseline, mnist_96_96, judge):
    verdict = judge.each(
        [ratio(loss_kept(runs), runs.lowest("val_loss")) for runs in (imdb_baseline, mnist_96_96)],
        below=CLEARLY_HIGHER,
        typical=True,
    )

    assert verdict


@pytest.mark.claim(
    "I05b",
    "The epoch that early stopping goes back to is close to the best epoch of a whole run.",
    source="L",
    expected="inconclusive",
    because="""On images the epoch kept is off by fewer than two in {2.holds} of {2.seeds} runs, on reviews in
    {1.holds}. In the others the loss dips once more after two worse epochs.""",
    block=300,
    revised=NO_SPREAD,
    before="inconclusive",
)
def test_early_stopping_ends_near_the_best_epoch(imdb_baseline, mnist_96_96, judge):
    verdict = judge.each([epochs_off(runs) for runs in (imdb_baseline, mnist_96_96)], below=CLOSE_BY, typical=True)

    assert verdict


@pytest.mark.claim(
    "I06",
    "Early stopping saves the redundant training: what would follow the best epoch.",
    source="L",
    block=300,
    revised=WHOLE_EPOCHS,
    before="supported",
)
def test_early_stopping_saves_redundant_training(imdb_baseline, mnist_96_96, judge):
    saved = [redundant_epochs_saved(runs) - MOST * redundant_epochs(runs) for runs in (imdb_baseline, mnist_96_96)]

    verdict = judge.each(saved, above=0.0, typical=True)

    assert verdict


@pytest.mark.claim(
    "I08a",
    "Training once more, for the best number of epochs, gives as good a network as keeping that epoch's weights.",
    source="L",
    expected="inconclusive",
    because="""The best number of epochs belongs to a run and not to a set-up. Trained once more, from other weights
    in another order, the network is 11 % worse after as many epochs, on average over twenty seeds and from 7 %
    better to 44 % worse: the kept epoch was a dip of its own curve, and where the other run has a spike is chance.
    At its own best epoch it would be as good (0.349 against 0.348). On all the data curves are smoother, and the
    loss is 3 % worse, from 3 % better to 13 % worse.""",
)
def test_retraining_is_as_good_as_keeping_weights(imdb_watched, imdb_scored, imdb_retrained, judge):
    best = imdb_watched.epoch_of_lowest("val_cross_entropy")
    kept, retrained = (at_epochs(runs, "val_cross_entropy", best) for runs in (imdb_scored, imdb_retrained))

    verdict = judge(ratio(retrained, kept), within=AS_GOOD_A_LOSS)

    assert verdict


@pytest.mark.claim(
    "I08b",
    "Training once more for that number of epochs, on the validation data as well, gives at least as good a network.",
    source="L",
    expected="inconclusive",
    because="""With the validation reviews, a quarter more data, training once more makes up for not having chosen
    the epoch by its own curve: 1.8 % better on average. Single seeds are from 8 % better to 9 % worse, so that
    twenty do not show that it is never 2 % worse. On all the data it is 4.7 % worse instead. An epoch of more
    reviews has more updates, so that the same number of epochs goes too far: trained once more, the network is best
    at epoch 3.9, where the number that was found is 4.9. At its own best epoch it would be a little better, at
    0.270 instead of 0.272.""",
)
def test_retraining_on_all_data_is_as_good(imdb_watched, imdb_scored, imdb_retrained_on_all, judge):
    best = imdb_watched.epoch_of_lowest("val_cross_entropy")
    kept, retrained = (at_epochs(runs, "val_cross_entropy", best) for runs in (imdb_scored, imdb_retrained_on_all))

    verdict = judge(ratio(retrained, kept), below=CLEARLY_HIGHER)

    assert verdict


@pytest.mark.claim(
    "I09",
    "Fitted down to the minimum of the training loss, a network does not generalize at all.",
    source="L",
    expected="refuted",
    because="""Fitted down to a training loss of {1.estimate}, the network is right about {2.estimate} of new
    reviews. At its best epoch it is right about {note1.mean}, so overfitting costs little accuracy. It makes the
    network too sure of its errors: the validation cross-entropy ends at {note3.mean} instead of {note2.mean} nats.""",
)
def test_fit_to_minimum_does_not_generalize(imdb_512_512, imdb_majority_class, judge):
    commonest_opinion = imdb_majority_class.measured("val_accuracy", unit="accuracy")

    judge.note(imdb_512_512.highest("val_accuracy"))
    judge.note(imdb_512_512.lowest("val_cross_entropy"))
    judge.note(imdb_512_512.final("val_cross_entropy"))
    fitted = judge(imdb_512_512.final("cross_entropy"), below=FITTED)
    at_chance = judge(imdb_512_512.final("val_accuracy"), within=NOT_AT_ALL, holding=commonest_opinion)

    assert fitted & at_chance


# Early stopping chooses its epoch by the reviews that it is scored on here, and the others choose nothing. The fiftieth
# of "clearly lower" leaves room for that.
@pytest.mark.claim(
    "I12",
    "Early stopping is among the two most effective of four: itself, L2, dropout, a smaller network.",
    source="L",
)
def test_early_stopping_is_one_of_the_most_effective(imdb_baseline, imdb_l2, imdb_dropout, imdb_4_4, judge):
    others_at_end = second_lowest_at_end([imdb_l2, imdb_dropout, imdb_4_4])

    verdict = judge(ratio(loss_kept(imdb_baseline), others_at_end), below=CLEARLY_LOWER)

    assert verdict
