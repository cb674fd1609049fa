"""Published logs: read from their file alone, made into claims, judged by their place among our runs."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from pytest_claims.catalogue.published_logs import PublishedLog, _log, claim_on, read_logs
from pytest_claims.statistics import fixed_look
from pytest_claims.support.errors import ClaimsError
from pytest_claims.verdicts.judge import Judge
from pytest_claims.verdicts.log_deviations import log_deviations
from pytest_claims.verdicts.runs import Runs

NUM_SEEDS = 19
LOG = PublishedLog("short", "B", "a short run", {"loss": (1.0, 0.5), "accuracy": (0.6, 0.8)})


def runs(num_epochs=3, scale=1.0):
    """Runs whose losses and accuracies scatter by about a tenth."""
    rng = np.random.default_rng(0)
    shape = (NUM_SEEDS, 1)
    loss = scale * np.exp(rng.normal(0, 0.1, shape)) * np.array([1.0, 0.5, 0.4])[:num_epochs]
    accuracy = np.exp(rng.normal(0, 0.02, shape)) * np.array([0.6, 0.8, 0.9])[:num_epochs]
    return Runs("some_arm", "full", range(NUM_SEEDS), {"loss": loss, "accuracy": accuracy}, {})


def judged(given, log=LOG, num_seeds=NUM_SEEDS):
    return Judge("full", fixed_look(num_seeds)).published(given, log)


def test_log_like_our_runs_is_compatible_and_passes():
    verdict = judged(runs())
    assert verdict
    assert verdict.verdict == "compatible"


def test_log_from_elsewhere_is_incompatible_and_does_not_pass():
    verdict = judged(runs(scale=3.0))
    assert not verdict
    assert verdict.verdict == "incompatible"


def test_metrics_are_judged_together_and_the_farthest_place_is_told():
    off = PublishedLog("off", "B", "", {"loss": (1.0, 0.5), "accuracy": (0.6, 0.4)})
    part = judged(runs(), off).record()["parts"][0]
    assert part["verdict"] == "incompatible"
    assert "the log's: accuracy, epoch 2, 0.5 times ours" in part["quantity"]
    # The accuracies scatter by 2 % or so.
    assert part["estimate"] == part["margin"] == pytest.approx(np.log(2) / 0.02, rel=0.5)
    assert part["unit"] == "deviations"
    assert part["published"] == {"loss": [1.0, 0.5], "accuracy": [0.6, 0.4]}


def test_nothing_is_said_of_single_runs_or_of_fresh_seeds():
    record = judged(runs()).record()
    assert (record["reproduction"], record["stability"]) == (None, None)


def test_log_is_not_joined_with_other_parts():
    judge = Judge("full", fixed_look(NUM_SEEDS))
    with pytest.raises(ValueError, match="a published log needs a separate claim"):
        judge.published(runs(), LOG) & judge(runs().final("loss"), above=0.1)


def test_log_longer_than_our_runs_is_refused():
    with pytest.raises(ValueError, match=r"some_arm has 1 epochs, the log 'short' 2"):
        judged(runs(num_epochs=1))


def test_metric_that_we_do_not_record_is_refused():
    with pytest.raises(ValueError, match="records no 'val_loss'"):
        judged(runs(), PublishedLog("other", "B", "", {"val_loss": (1.0, 0.5)}))


def written(path, **series):
    file = path / "logs.json"
    file.write_text(json.dumps({"series": series}))
    return file


def entry(**parts):
    return {"source": "B", "setup": "as it was", **parts}


def test_series_added_to_the_file_are_picked_up(tmp_path):
    file = written(
        tmp_path,
        old=entry(training={"loss": [2, 1]}),
        new=entry(validation={"loss": [3, 2, 1], "accuracy": [0.1, 0.2, 0.3]}, arm="new_arm"),
    )
    logs = read_logs(file)
    assert list(logs) == ["old", "new"]
    assert logs["new"].metrics == {"val_loss": (3, 2, 1), "val_accuracy": (0.1, 0.2, 0.3)}
    assert (logs["new"].arm, logs["new"].printed) == ("new_arm", (1, 2, 3))


@pytest.mark.parametrize(
    "series",
    [
        {"a": entry()},
        {"a": entry(training={"loss": [1, 2], "accuracy": [1]})},
        {"a": entry(training={"loss": []})},
        {"a": {"training": {"loss": [1]}}},
        {"a": entry(training={"loss": ["x"]})},
        {"a": []},
        {"a": entry(training={"loss": [2, 1]}, epoch=[1, 3])},
        {"a": entry(training={"loss": [2, 1]}, epochs=[1, 2, 3])},
        {"a": entry(training={"loss": [2, 1]}, epochs=[0, 1])},
        {"a": entry(training={"loss": [2, 1]}, epochs=[3, 1])},
        {"a": entry(training={"loss": [2, 1]}, epochs=[1, 2.5])},
        {"a": entry(training={"loss": [2, 1]}, epochs=[])},
    ],
)
def test_faulty_file_of_logs_is_named(tmp_path, series):
    with pytest.raises(ClaimsError, match=r"logs\.json is no file of published logs"):
        read_logs(written(tmp_path, **series))


def test_unknown_key_is_named():
    with pytest.raises(ValueError, match=r"'short' has learning_rate, note, expected only arm, epochs, setup"):
        _log("short", entry(training={"loss": [1]}, note="", learning_rate=1))


def test_log_with_gaps_is_compared_with_the_epochs_that_it_printed(tmp_path):
    series = entry(training={"loss": [1.0, 0.4], "accuracy": [0.6, 0.5]}, epochs=[1, 3])
    log = read_logs(written(tmp_path, gaps=series))["gaps"]
    part = judged(runs(), log).record()["parts"][0]

    assert "the log's: accuracy, epoch 3, 0.5555 times ours" in part["quantity"]
    assert part["published"] == {"loss": [1.0, None, 0.4], "accuracy": [0.6, None, 0.5]}
    near = PublishedLog("near", "B", "", {"loss": (1.0, 0.4), "accuracy": (0.6, 0.9)}, epochs=(1, 3))
    assert judged(runs(), near).verdict == "compatible"
    assert judged(runs(), replace(near, epochs=(1, 2))).verdict == "incompatible"
    with pytest.raises(ValueError, match="some_arm has 2 epochs, the log 'near' 3"):
        judged(runs(num_epochs=2), near)


def test_log_without_an_arm_says_what_to_add():
    with pytest.raises(ClaimsError, match=r"'short' names no arm: add"):
        claim_on(LOG)


MODULE = """
from pytest_claims import claim_on
from pytest_claims.catalogue.published_logs import PublishedLog

near, far = (PublishedLog(name, "B", name, {"loss": (level, level)}) for name, level in (("near", 1.0), ("far", 9.0)))
test_near = claim_on(near, "high", seeds=19)
test_far = claim_on(far, "high", seeds=19, expected="incompatible", because="It was made otherwise.")
"""


class Trained:
    """Runs with curves, in the place of those of an arm that only measures."""

    name, tier = "high", "full"

    def __init__(self, num_seeds: int) -> None:
        self.seeds = range(num_seeds)

    def history(self, metric: str) -> np.ndarray:
        return np.exp(np.random.default_rng(1).normal(0, 0.1, (len(self.seeds), 2)))


@pytest.fixture
def trained_runs(monkeypatch):
    monkeypatch.setattr(
        "pytest_claims.verdicts.judge.log_deviations", lambda log, runs: log_deviations(log, Trained(len(runs.seeds)))
    )


@pytest.mark.usefixtures("trained_runs")
def test_logs_are_claims_of_the_full_tier_outside_the_error_rate(catalogue):
    catalogue.write(test_logs=MODULE)
    result = catalogue.run("-m", "full", "-v")
    result.stdout.fnmatch_lines(["*test_near?full? COMPATIBLE*", "*test_far?full? INCOMPATIBLE (as expected)*"])
    result.stdout.fnmatch_lines(["*2 claims: 1 compatible, 1 incompatible; all as expected*"])
    record = catalogue.record()
    assert record["family_error_rate"] == 0
    assert [claim["id"] for claim in record["claims"]] == ["P-near", "P-far"]


@pytest.mark.usefixtures("trained_runs")
def test_too_few_seeds_leave_a_log_undecided(catalogue):
    catalogue.write(test_logs=MODULE)
    catalogue.run("-m", "full", "--claims-seeds=5")
    assert {claim["reason"] for claim in catalogue.record("partial")["claims"]} == {"underpowered"}
