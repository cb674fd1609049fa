"""Twenty claims are supported in worlds where the lecture is plainly right, and refuted where it is plainly wrong."""

from __future__ import annotations

import pytest

from pytest_claims.support.vocabulary import TIERS
from tests.helpers.planted_worlds import Arm, World, changed, verdict_in

# Drawn from the sorted ids of the 156 claims that are judged by more than ``exactly=``, published logs left out:
# ``np.random.default_rng(18).choice(ids, 20, replace=False)``. Claims that came later do not change the list.
DRAWN = (
    "D01d", "D04b", "E03", "F01a", "F09b", "F10b", "G01", "G11c", "I05b", "I06",
    "I08a", "K06a", "K08a", "K09a", "M05b", "N05", "N06b", "R14a", "R14b", "R15",
)  # fmt: skip

# Losses of a network that turns at epoch 5 of 20.
TURNS = {1: 0.42, 5: 0.28, 20: 0.56}

# The numbers of configurations that are compared.
SEARCHES = (1, 3, 10, 30, 100)

# What a claim notes and does not judge.
NOTED = {"start": 0.03, "step": 1.5, "loss_before": 2.4, "loss_after": 3000.0, "dead_first": 55.0, "dead_last": 62.0}


def shares_of_reviews(*peaks: float) -> World:
    """Networks that saw 1 % to 100 % of the reviews, with their highest accuracies."""
    curves = [{"val_accuracy": {1: peak - 0.1, 8: peak, 20: peak - 0.01}} for peak in peaks]
    return {f"imdb_share_{share}": curve for share, curve in zip((1, 3, 10, 32, 100), curves, strict=True)}


def few_images(*losses: float) -> World:
    """Networks of 4 to 64 units with their lowest losses."""
    curves = [{"val_cross_entropy": {1: 2 * loss, 10: loss, 20: 1.1 * loss}} for loss in losses]
    return {f"few_{units}": curve for units, curve in zip((4, 8, 16, 32, 64), curves, strict=True)}


def optimistic(*scores: float) -> World:
    """Validation scores that chose the best of 1 to 100 configurations."""
    names = (f"validation_{searches}" for searches in SEARCHES)
    return {"tuning": dict(zip(names, scores, strict=True))}


def memorizing(share: float) -> Arm:
    return {"accuracy": {1: 0.1, 50: share}}


def fitting(epoch: int, val_loss: float) -> Arm:
    """A network whose training loss falls below 0.2 about an epoch."""
    return {
        "loss": {1: 0.6, epoch: 0.19, 20: 0.1},
        "cross_entropy": {1: 0.6, epoch: 0.19, 20: 0.1},
        "val_cross_entropy": {1: 0.5, 20: val_loss},
    }


RIGHT: dict[str, World] = {
    "D01d": shares_of_reviews(0.72, 0.78, 0.82, 0.85, 0.87),
    "D04b": {"points_near_and_far": {"cross_entropy_near": 0.03, "cross_entropy_far": 0.08}},
    "E03": {
        "tuning": {
            **optimistic(0.775, 0.782, 0.797, 0.812, 0.827)["tuning"],
            **{f"test_{searches}": 0.775 for searches in SEARCHES},
        }
    },
    "F01a": {
        "mnist_learning_rate_1_units": {
            **{"accuracy": {1: 0.2, 4: 0.3, 20: 0.25}, "val_accuracy": {1: 0.2, 4: 0.3, 20: 0.25}},
            **{"dead_0": 507.0, "answering_0": 4.0},
        }
    },
    "F09b": {"stuck_large_adam": {"usual": 0.12, "tuned": 0.95}},
    "F10b": {"rising_updates": {"raised_1": 0.65, "raised_1e-2": 0.01}, "updates_of_rate_1": NOTED},
    "G01": {"imdb_baseline": {"loss": {1: 0.5, 20: 0.02}, "val_cross_entropy": {1: 0.42, 4: 0.28, 20: 0.56}}},
    "G11c": {"imdb_common_words": {"rise": 0.25}, "imdb_rare_words": {"rise": 0.40}},
    "I05b": {"imdb_baseline": {"val_loss": TURNS}, "mnist_96_96": {"val_loss": TURNS}},
    "I06": {"imdb_baseline": {"val_loss": TURNS}, "mnist_96_96": {"val_loss": TURNS}},
    "I08a": {
        "imdb_watched": {"val_cross_entropy": TURNS},
        "imdb_scored": {"val_cross_entropy": {1: 0.42, 4: 0.283, 5: 0.28, 7: 0.281, 20: 0.56}},
        "imdb_retrained": {"val_cross_entropy": {1: 0.42, 4: 0.283, 5: 0.28, 7: 0.281, 20: 0.56}},
    },
    "K06a": few_images(0.60, 0.30, 0.24, 0.21, 0.20),
    "K08a": {
        "imdb_4_4": fitting(12, val_loss=0.35),
        "imdb_baseline": fitting(8, val_loss=0.50),
        "imdb_64_64": fitting(5, val_loss=0.60),
        "imdb_512_512": fitting(3, val_loss=0.70),
    },
    "K09a": {
        "imdb_logistic_long": {"val_cross_entropy": {1: 0.6, 60: 0.3}},
        "imdb_1_1_long": {"val_cross_entropy": {1: 0.65, 60: 0.4}},
    },
    "M05b": {"mnist_midpoints": {"pixels": 0.1, "digits": 0.95, "noise": 1.6, "scrambled": 1.3}},
    "N05": {
        "little_shuffled_8": memorizing(0.30),
        "little_shuffled_64": memorizing(0.85),
        "little_shuffled_512": memorizing(0.995),
    },
    "N06b": {"little_shuffled_64": {"kept_noise": 0.15}, "little_true_64": {"kept_noise": 0.97}},
    "R14a": {
        "imdb_dropout": {"val_loss": {1: 0.5, 7: 0.28, 20: 0.5}, "dead_0": 1.0, "dead_1": 0.0},
        "imdb_l2": {"val_loss": {1: 0.6, 7: 0.36, 20: 0.4}},
    },
    "R14b": {
        "imdb_dropout": {"val_cross_entropy": {1: 0.5, 7: 0.24, 20: 0.5}},
        "imdb_l2": {"val_cross_entropy": {1: 0.5, 7: 0.28, 20: 0.4}},
    },
    "R15": {
        "imdb_dropout": {"val_cross_entropy": {1: 0.46, 8: 0.28, 20: 0.45}},
        "imdb_baseline": {"val_cross_entropy": {1: 0.42, 4: 0.28, 20: 0.56}},
    },
}
"""A world for each claim in which its sentence is plainly true."""

WRONG: dict[str, dict[str, World]] = {
    "D01d": {
        "3 % of the reviews are worse than 1 %": shares_of_reviews(0.78, 0.72, 0.82, 0.85, 0.87),
        "10 % are worse than 3 %": shares_of_reviews(0.72, 0.82, 0.78, 0.85, 0.87),
        "32 % are worse than 10 %": shares_of_reviews(0.72, 0.78, 0.85, 0.82, 0.87),
        "all are worse than 32 %": shares_of_reviews(0.72, 0.78, 0.82, 0.87, 0.85),
    },
    "D04b": {"points far away do as well": {"points_near_and_far": {"cross_entropy_near": 0.08}}},
    "E03": {
        "a choice among three leaks much": optimistic(0.775, 0.805, 0.820, 0.835, 0.850),
        "three searches leak less than one": optimistic(0.775, 0.755, 0.770, 0.785, 0.800),
        "ten leak less than three": optimistic(0.775, 0.785, 0.765, 0.800, 0.815),
        "thirty leak less than ten": optimistic(0.775, 0.780, 0.810, 0.790, 0.815),
        "a hundred leak less than thirty": optimistic(0.775, 0.780, 0.795, 0.835, 0.815),
    },
    "F01a": {
        "training stays at guessing": {"mnist_learning_rate_1_units": {"accuracy": {1: 0.11, 20: 0.11}}},
        "validation gets there late": {"mnist_learning_rate_1_units": {"val_accuracy": {1: 0.1, 12: 0.1, 20: 0.3}}},
        "validation gets past it": {"mnist_learning_rate_1_units": {"val_accuracy": {1: 0.2, 4: 0.9, 20: 0.9}}},
    },
    "F09b": {
        "no rate and no batch size helps": {"stuck_large_adam": {"tuned": 0.12}},
        "tuning helps half of the way": {"stuck_large_adam": {"tuned": 0.5}},
    },
    "F10b": {"few updates raise the loss": {"rising_updates": {"raised_1": 0.1, "raised_1e-2": 0.01}}},
    "G01": {
        "training gets worse": {"imdb_baseline": {"loss": {1: 0.5, 15: 0.05, 20: 0.1}}},
        "validation never improves": {"imdb_baseline": {"val_cross_entropy": {1: 0.28, 20: 0.56}}},
        "validation peaks late": {"imdb_baseline": {"val_cross_entropy": {1: 0.42, 12: 0.28, 20: 0.56}}},
        "validation never degrades": {"imdb_baseline": {"val_cross_entropy": {1: 0.42, 4: 0.28, 20: 0.28}}},
    },
    "G11c": {
        "rare words are harmless": {"imdb_rare_words": {"rise": 0.25}},
        "rare words help": {"imdb_rare_words": {"rise": 0.15}},
    },
    "I05b": {
        f"the best of {arm} comes after a first dip": {arm: {"val_loss": {1: 0.42, 5: 0.3, 9: 0.33, 14: 0.25, 20: 0.4}}}
        for arm in ("imdb_baseline", "mnist_96_96")
    },
    "I06": {
        f"nearly nothing is redundant of {arm}": {arm: {"val_loss": {1: 0.42, 18: 0.28, 20: 0.29}}}
        for arm in ("imdb_baseline", "mnist_96_96")
    },
    "I08a": {
        "a second training is worse": {"imdb_retrained": {"val_cross_entropy": {1: 0.42, 5: 0.32, 7: 0.32, 20: 0.56}}},
    },
    "K06a": {
        "the first doubling returns next to nothing": few_images(0.30, 0.285, 0.275, 0.27, 0.268),
        "the second returns more than the first": few_images(0.60, 0.50, 0.24, 0.18, 0.16),
        "the third returns more than the second": few_images(0.60, 0.30, 0.24, 0.15, 0.13),
        "the last returns more than the third": few_images(0.60, 0.30, 0.24, 0.21, 0.12),
    },
    "K08a": {
        "all sizes fit as soon": {arm: {"loss": {1: 0.6, 8: 0.19, 20: 0.1}} for arm in ("imdb_4_4", "imdb_512_512")},
        "the largest leaves no gap": {"imdb_512_512": {"val_cross_entropy": {1: 0.5, 20: 0.12}}},
    },
    "K09a": {
        f"{arm} overfits": {arm: {"val_cross_entropy": {1: 0.6, 30: 0.3, 60: 0.36}}}
        for arm in ("imdb_logistic_long", "imdb_1_1_long")
    },
    "M05b": {
        "averages are near to digits": {"mnist_midpoints": {"pixels": 0.88}},
        "noise passes as well": {"mnist_midpoints": {"noise": 0.7}},
        "scrambled digits pass as well": {"mnist_midpoints": {"scrambled": 0.7}},
        "digits do not pass": {"mnist_midpoints": {"digits": 0.5}},
    },
    "N05": {
        "64 units memorize no more than 8": {"little_shuffled_64": memorizing(0.30)},
        "512 units memorize no more than 64": {"little_shuffled_64": memorizing(0.995)},
        "no number of units memorizes all": {"little_shuffled_512": memorizing(0.95)},
    },
    "N06b": {
        "noisy images are known": {"little_shuffled_64": {"kept_noise": 0.9}},
        "noise spoils true digits as well": {"little_true_64": {"kept_noise": 0.15}},
    },
    "R14a": {"dropout is as bad": {"imdb_dropout": {"val_loss": {1: 0.5, 7: 0.36, 20: 0.5}}}},
    "R14b": {"dropout is as bad": {"imdb_dropout": {"val_cross_entropy": {1: 0.5, 7: 0.28, 20: 0.5}}}},
    "R15": {
        "dropout does not soften": {"imdb_dropout": {"val_cross_entropy": {1: 0.46, 8: 0.28, 20: 0.58}}},
        "dropout turns no later": {"imdb_dropout": {"val_cross_entropy": {1: 0.46, 3: 0.28, 20: 0.45}}},
    },
}
"""What would make each claim fail: what is otherwise than in the claim's right world."""


def test_each_drawn_claim_has_a_right_world_and_a_wrong_one():
    assert tuple(RIGHT) == tuple(WRONG) == DRAWN
    assert all(WRONG.values())


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("claim_id", DRAWN)
def test_a_claim_is_supported_where_its_sentence_is_true(claim_id, tier):
    verdict = verdict_in(RIGHT[claim_id], claim_id, tier)

    assert verdict.verdict == "supported", verdict


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize(("claim_id", "what"), [(claim_id, what) for claim_id in DRAWN for what in WRONG[claim_id]])
def test_a_claim_is_refuted_where_its_sentence_is_false(claim_id, what, tier):
    verdict = verdict_in(changed(RIGHT[claim_id], WRONG[claim_id][what]), claim_id, tier)

    assert verdict.verdict == "refuted", verdict
