"""Lecture section 11: the training logs printed in the course notes, each of one run. One test per log.

Cost on two cores: nineteen runs of each arm. Most arms are those of other claims, on other seeds. The logs of a
scanned notebook have arms of their own, with the RMSprop of Keras up to 2.10.
"""

from pathlib import Path

import pytest

from pytest_claims import claim_on, read_logs

pytestmark = pytest.mark.section("Published training logs", 11)

LOGS = read_logs(Path(__file__).parents[1] / "fixtures" / "published.json")

# Which arm is set up as the published experiment was; an experiment not named here names its own arm.
ARMS = {
    "noise-channels": "mnist_noise",
    "zero-channels": "mnist_zeros",
    "shuffled-labels": "mnist_shuffled_labels",
    "learning-rate-1": "mnist_learning_rate_1_units",
    "learning-rate-1e-2": "mnist_learning_rate_1e_2",
    "logistic-regression": "mnist_logistic",
    "capacity-96-96": "mnist_96_96",
    "imdb-16-16": "imdb_baseline",
    "imdb-4-4": "imdb_4_4",
    "imdb-512-512": "imdb_512_512",
    "imdb-16-16-l2": "imdb_l2",
    "imdb-16-16-dropout": "imdb_dropout",
    "notebook-shuffled-labels": "mnist_shuffled_labels_keras_2_10",
    "notebook-learning-rate-1e-2": "mnist_learning_rate_1e_2_keras_2_10",
    "notebook-imdb-16-16": "imdb_baseline_keras_2_10",
    "notebook-imdb-4-4": "imdb_4_4_keras_2_10",
    "notebook-imdb-512-512": "imdb_512_512_keras_2_10",
    "notebook-imdb-16-16-l2": "imdb_l2_keras_2_10",
    "notebook-imdb-16-16-dropout": "imdb_dropout_keras_2_10",
}

# The least that can tell, at a level of 5 %: one curve in twenty.
SEEDS = 19
# No log was compared with these runs when the rule was chosen.
BLOCK = 300

# Logs that were judged before the rule was changed.
JUDGED_BEFORE = {
    "noise-channels", "shuffled-labels", "learning-rate-1", "learning-rate-1e-2", "logistic-regression", "imdb-16-16",
    "imdb-4-4", "imdb-512-512", "imdb-16-16-l2",
}  # fmt: skip
REVISION = {
    "revised": "Distances are divided by the scatter of each epoch. Undivided, they saw the wildest epoch alone.",
    "before": {"full": "compatible"},
}

for name, log in LOGS.items():
    revision = REVISION if name in JUDGED_BEFORE else {}
    claim = claim_on(log, ARMS.get(name), seeds=SEEDS, block=BLOCK, **revision)
    globals()[f"test_{name.replace('-', '_')}"] = claim
