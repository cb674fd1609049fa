"""The audit: stored runs are trained again by another engine in another process, and a fault in them is seen."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
import time
from contextlib import closing
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from multiprocessing import Pipe, active_children
from multiprocessing.spawn import get_preparation_data
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from pytest_claims.audit import items, retraining
from pytest_claims.audit.comparison import compare
from pytest_claims.audit.population import Sample, draw
from pytest_claims.audit.retraining import AuditError, Retrained, retrain
from pytest_claims.catalogue.arms import Arm, Data
from pytest_claims.controls.audit_record import audit_summary, write_audit
from pytest_claims.engines.base import RunResult
from pytest_claims.planning.plan import Planned
from pytest_claims.store.store import Run

# The draw.

SECTIONS = {
    "Noise": ["baseline", "noise", "zeros"],
    "Capacity": ["baseline", "small", "large"],
    "Evaluation": ["baseline"],
}
SEEDS = {arm: list(range(10 if arm == "large" else 20)) for arms in SECTIONS.values() for arm in arms}


def drawn(audit_seed):
    return draw(SECTIONS, SEEDS, audit_seed)


def test_draw_is_fixed_by_its_seed_and_by_nothing_else():
    shuffled = {section: arms[::-1] for section, arms in reversed(SECTIONS.items())}
    assert drawn(5) == draw(shuffled, dict(reversed(SEEDS.items())), 5)
    assert len({tuple(drawn(audit_seed)) for audit_seed in range(20)}) > 10


def test_draw_takes_an_arm_of_every_section_and_every_arm_in_its_turn():
    seen = set()
    for audit_seed in range(200):
        samples = drawn(audit_seed)
        assert sorted(section for one in samples for section in one.sections) == sorted(SECTIONS)
        assert all(one.arm in SECTIONS[section] for one in samples for section in one.sections)
        seen |= {(one.arm, one.seed) for one in samples}
    assert seen <= {(arm, seed) for arm, seeds in SEEDS.items() for seed in seeds}
    assert {arm for arm, _ in seen} == SEEDS.keys()
    assert {seed for _, seed in seen} == set(range(20))


def test_an_arm_stands_for_two_sections_only_where_there_is_no_other():
    both = [one for audit_seed in range(50) for one in drawn(audit_seed) if len(one.sections) > 1]
    assert both
    assert {(one.arm, one.sections) for one in both} == {("baseline", ("Capacity", "Evaluation"))}


# The comparison.

METRICS = ("loss", "val_loss", "accuracy")
AGAIN = {"stochastic": False, "error_rate": 0.01}


def stored_runs(rng, num_seeds=10, shift=0.0):
    curve = np.linspace(0.7, 0.3, 6)

    def run(seed):
        history = {metric: (curve + shift + rng.normal(0, 0.01, 6)).tolist() for metric in METRICS}
        measured = {"num_parameters": 442, "norms": [1.0, 2.0]}
        return Run("4f1c", "small", "fast", "stacked", seed, {}, history, measured, {}, 1.0)

    return [run(seed) for seed in range(num_seeds)]


def trained_again(run, noise=1e-7):
    history = {metric: (np.array(values) * (1 + noise)).tolist() for metric, values in run.history.items()}
    return RunResult(run.seed, history, dict(run.measurements), 1.0)


def changed(run, by):
    return replace(run, history={metric: [value + by for value in values] for metric, values in run.history.items()})


def failures(compared):
    return [one.quantity for one in compared if not one.ok]


@pytest.fixture
def stored():
    return stored_runs(np.random.default_rng(3))


def test_a_run_that_came_out_again_is_one_of_its_arm(stored):
    compared = compare(stored, trained_again(stored[4]), **AGAIN)
    assert failures(compared) == []
    assert [one.quantity for one in compared] == [
        "loss, first epoch",
        "loss, best",
        "loss, median of the second half",
        "val_loss, best",
        "val_loss, median of the second half",
        "accuracy, best",
        "accuracy, median of the second half",
        "num_parameters",
    ]


def test_one_altered_run_is_seen_by_its_first_epoch(stored):
    again = trained_again(stored[4])
    stored[4] = changed(stored[4], by=0.05)
    assert "loss, first epoch" in failures(compare(stored, again, **AGAIN))


def test_runs_that_are_all_altered_are_seen_in_every_metric(stored):
    altered = [changed(run, by=0.1) for run in stored]
    found = failures(compare(altered, trained_again(stored[4]), **AGAIN))
    assert {name.partition(",")[0] for name in found} == set(METRICS)


def test_a_run_of_another_arm_is_seen():
    rng = np.random.default_rng(3)
    other = stored_runs(rng, shift=0.2)[4]
    assert len(failures(compare(stored_runs(rng), trained_again(other), **AGAIN))) == 7


def test_another_number_of_parameters_is_seen(stored):
    again = trained_again(stored[4])
    again.measurements["num_parameters"] = 443
    assert failures(compare(stored, again, **AGAIN)) == ["num_parameters"]


def test_stochastic_layers_may_differ_within_the_spread_over_seeds_and_no_further(stored):
    other = replace(trained_again(stored[4]), seed=7)
    again = replace(other, history={**other.history, "loss": [value + 0.02 for value in other.history["loss"]]})
    assert "loss, first epoch" in failures(compare(stored, again, **AGAIN))
    assert failures(compare(stored, again, stochastic=True, error_rate=0.01)) == []
    far = replace(again, history=stored_runs(np.random.default_rng(4), shift=0.2)[0].history)
    assert "loss, first epoch" in failures(compare(stored, far, stochastic=True, error_rate=0.01))


def test_a_run_may_collapse_where_stored_ones_have(stored):
    nowhere = [float("nan")] * 6
    again = replace(trained_again(stored[4]), history=dict.fromkeys(METRICS, nowhere))
    assert len(failures(compare(stored, again, **AGAIN))) == 7
    stored[4] = replace(stored[4], history=dict.fromkeys(METRICS, nowhere))
    assert failures(compare(stored, again, **AGAIN)) == []


def test_runs_that_are_of_one_kind_are_rarely_called_different():
    rng = np.random.default_rng(11)
    num_wrong = 0
    for _ in range(300):
        *stored, last = stored_runs(rng, num_seeds=11)
        again = replace(trained_again(last), seed=0)
        num_wrong += bool(failures(compare(stored, again, stochastic=True, error_rate=0.1)))
    assert num_wrong <= 45  # 30 are expected at most; 45 is beyond the 99.8th percentile of so many


def test_what_cannot_be_compared_is_told(stored):
    with pytest.raises(ValueError, match="expected two or more, and seed 12 among them"):
        compare(stored, replace(trained_again(stored[4]), seed=12), **AGAIN)
    history = {metric: stored[4].history[metric] for metric in ("loss", "accuracy")}
    fewer = replace(trained_again(stored[4]), history=history)
    with pytest.raises(ValueError, match=r"the audited one accuracy, loss, .*: expected the same"):
        compare(stored, fewer, **AGAIN)


# The record, and the certificate.

ARM = {"name": "small", "seed": 3, "sections": ["Capacity"], "fingerprint": "4f1c", "data": {}, "num_seeds": 10}
RECORD = {
    "schema": 1,
    "tier": "fast",
    "created": "2026-01-01T00:00:00+00:00",
    "audit_seed": 5,
    "ok": True,
    "error_rate": 0.01,
    "engine": {"name": "fit", "semantics": 1},
    "environment": {"keras": "3"},
    "not_audited": {},
    "arms": [{**ARM, "ok": True, "failures": [], "compared": [{}, {}]}],
}


def test_certificate_takes_the_last_whole_audit_of_the_same_runs(tmp_path):
    own = {"name": "small", "tier": "fast", "fingerprint": "4f1c"}
    other = {"name": "large", "tier": "fast", "fingerprint": "77aa"}
    assert audit_summary(tmp_path, [own]) is None
    write_audit(tmp_path, RECORD | {"audit_seed": 6}, whole=False)
    assert audit_summary(tmp_path, [own]) is None
    write_audit(tmp_path, RECORD, whole=True)
    write_audit(tmp_path, RECORD | {"tier": "full"}, whole=True)
    found = audit_summary(tmp_path, [other, own])
    assert (found["audit_seed"], found["tier"], found["arms"][0]["num_compared"]) == (5, "fast", 2)
    assert audit_summary(tmp_path, [other]) is None
    assert audit_summary(tmp_path, [own | {"fingerprint": "another"}]) is None
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "audit-fast.json",
        "audit-full.json",
        "audit-partial.json",
        "audit.json",
    ]


# The other process.


def die(connection):
    print("I die.", flush=True)
    os._exit(7)


def be_killed(connection):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signal")
@pytest.mark.parametrize(("dying", "status", "last_words"), [(die, 7, "I die.\n"), (be_killed, -9, "")])
def test_a_process_that_dies_is_told_with_its_last_words(dying, status, last_words, monkeypatch, capfd):
    monkeypatch.setattr(retraining, "_train", dying)
    with pytest.raises(AuditError, match=f"the process that trained it died with status {status}; its last words"):
        retrain("any job", Path())
    assert capfd.readouterr().out == last_words
    assert active_children() == []


def sleep(connection):
    time.sleep(60)


def interrupt_this_process():
    while not active_children():
        time.sleep(0.01)
    time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal to itself")
def test_an_interrupted_audit_leaves_no_process(monkeypatch, interruptible):
    monkeypatch.setattr(retraining, "_train", sleep)
    Thread(target=interrupt_this_process).start()
    with pytest.raises(KeyboardInterrupt):
        retrain("any job", Path())
    assert active_children() == []


def test_a_builder_that_exits_is_told_and_ends_no_session(monkeypatch):
    def unpickle(pickled):
        sys.exit("I leave.")

    monkeypatch.setattr(retraining, "create", lambda name: None)
    monkeypatch.setattr(retraining.pickle, "loads", unpickle)
    ours, theirs = Pipe()
    with ours, theirs:
        ours.send_bytes(b"any job")
        retraining._train(theirs)
        told = ours.recv()
    assert told.splitlines()[-1] == "SystemExit: I leave."


def test_the_other_process_imports_no_main_script(monkeypatch):
    main = sys.modules["__main__"]
    monkeypatch.setattr(main, "__spec__", None)
    monkeypatch.setattr(main, "__file__", __file__, raising=False)
    assert "init_main_from_path" in get_preparation_data("other")
    with retraining._hidden_main():
        assert not {"init_main_from_path", "init_main_from_name"} & get_preparation_data("other").keys()
    assert sys.modules["__main__"] is main


def test_what_cannot_be_pickled_is_told():
    with pytest.raises(AuditError, match=r"it cannot be handed to another process: cannot pickle .*lock"):
        retrain(Thread(), Path())


@pytest.mark.parametrize(("on_path", "name"), [(True, "arms"), (True, "package.arms"), (False, "arms")])
def test_functions_are_pickled_by_value_where_another_process_cannot_import_them(tmp_path, monkeypatch, on_path, name):
    file = tmp_path / f"{name.replace('.', '/')}.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text("A_CONSTANT = 5\n\ndef build():\n    return A_CONSTANT\n", encoding="utf-8")
    spec = spec_from_file_location(name, file)
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    if on_path:
        monkeypatch.syspath_prepend(tmp_path)
    assert (b"A_CONSTANT" in retraining._pickled(module.build, tmp_path)) != on_path
    assert b"A_CONSTANT" not in retraining._pickled(module.build, tmp_path / "elsewhere")


# The plugin.

ARMS = """
from dataclasses import replace
import sys
import numpy as np
from pytest_claims import Arm, Data, DataSet, Split, arm

def blobs():
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 2, 300)
    return {"x": rng.normal(labels[:, None] * 2.0, 1.0, (300, 4)).astype("f4"), "y": labels.astype("i4")}

def read(path):
    raise AssertionError

def pool(arrays):
    return arrays["x"]

def split(arrays, tier, seed):
    rows = np.random.default_rng(seed).permutation(300).astype("i4")
    return Split(rows[:200], rows[200:], arrays["y"][rows[:200]], arrays["y"][rows[200:]])

def small(xp, batch, rows, seed):
    return batch * 0.05

class Unusual(Exception):
    def __init__(self, first, second):
        super().__init__(f"{first} {second}")

def dense(input_shape):
    import keras
    assert keras.config.backend() == "jax" or __name__ not in sys.modules
    return keras.Sequential([keras.Input(input_shape), keras.layers.Dense(2, activation="softmax")])

def dense_unless_audited(input_shape):
    import keras
    if keras.config.backend() == "tensorflow":
        raise Unusual("I do not", "build.")
    return dense(input_shape)

def sgd():
    import keras
    return keras.optimizers.SGD(1.0)

BLOBS = DataSet("Blobs", "blobs.npz", read=read, stand_in=blobs, how_to_get="Ask for blobs.npz.")
BASELINE = Arm(Data(BLOBS, pool, split, small), dense, sgd, "sparse_categorical_crossentropy", 3, 32)
good = arm(BASELINE)
raising = arm(replace(BASELINE, model=dense_unless_audited))
"""

CLAIM = """
import pytest
pytestmark = pytest.mark.section("{section}")

@pytest.mark.claim("{id}", "Blobs are told apart.")
def test_{arm}({arm}, judge):
    assert judge({arm}.final("loss"), below=100.0)
"""

PROTOCOL = ("--claims-seeds", "5")


@pytest.fixture
def blobs(catalogue):
    catalogue.pytester.makeconftest(ARMS)
    catalogue.pytester.makepyfile(
        test_good=CLAIM.format(section="Good", id="G01", arm="good"),
        test_raising=CLAIM.format(section="Raising", id="R01", arm="raising"),
    )
    return catalogue


def audit(blobs, name="audit-fast"):
    return json.loads((blobs.path / "reports" / f"{name}.json").read_text(encoding="utf-8"))


def test_runs_are_trained_again_by_workers_and_a_builder_that_raises_is_told(blobs):
    folder = blobs.path / "v1.0"  # no module can be imported from it by name
    folder.mkdir()
    for file in blobs.path.glob("*.py"):
        file.rename(folder / file.name)
    options = ("--import-mode=importlib", *PROTOCOL)
    assert blobs.run_apart("-m", "fast", *options).ret == 0
    result = blobs.run_apart("-m", "audit", *options, "-n", "2", "-v")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines_random(["*PASSED audit::good?fast? *", "*FAILED audit::raising?fast? *"])
    result.stdout.fnmatch_lines(["raising, seed *: it cannot be trained:", "*Unusual: I do not build."])
    result.stdout.fnmatch_lines(["good, seed * (Good): 15 of 15 figures as expected; *, first epoch: *, stored *"])
    record = audit(blobs)
    assert [(arm["name"], arm["ok"]) for arm in record["arms"]] == [("good", True), ("raising", False)]
    assert record["arms"][0]["data"]["kind"] == "stand-in"
    assert not record["ok"]


class Quick:
    """An engine, and an audit, whose losses are made up, each seed's its own."""

    def train(self, job, progress=None):
        for seed in job.seeds:
            losses = (np.linspace(0.7, 0.3, 6) + np.random.default_rng(seed).normal(0, 0.01, 6)).tolist()
            yield RunResult(seed, {"loss": losses, "val_accuracy": [0.9] * 6}, {}, 1.0)

    def retrain(self, job, root):
        [result] = self.train(job)
        return Retrained(result, False, "cpu")


@pytest.fixture
def quick(blobs, monkeypatch):
    monkeypatch.setattr("pytest_claims.engines.base.create", lambda name: Quick())
    monkeypatch.setattr(items, "retrain", Quick().retrain)
    blobs.run("-m", "fast", *PROTOCOL).assert_outcomes(passed=2)
    return blobs


def test_a_fault_in_the_store_is_seen(quick):
    quick.run("-m", "audit", *PROTOCOL).assert_outcomes(passed=2)
    with closing(sqlite3.connect(quick.store)) as connection, connection:
        for seed, history in connection.execute("SELECT seed, history FROM runs WHERE arm = 'good'").fetchall():
            altered = json.loads(history)
            altered["loss"] = [loss + 0.05 for loss in altered["loss"]]
            update = "UPDATE runs SET history = ? WHERE arm = 'good' AND seed = ?"
            connection.execute(update, (json.dumps(altered), seed))
    result = quick.run("-m", "audit", *PROTOCOL)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines("*loss, first epoch: *expected * to *; the stored run of this seed has *")
    assert [(arm["name"], arm["ok"]) for arm in audit(quick)["arms"]] == [("good", False), ("raising", True)]


def test_draw_is_repeated_by_its_seed_and_a_selection_replaces_no_whole_audit(quick):
    quick.run("-m", "audit", *PROTOCOL).assert_outcomes(passed=2)
    whole = audit(quick)
    quick.run("-m", "audit", *PROTOCOL, "-k", "good", "--claims-audit-seed=7").assert_outcomes(passed=1)
    first = audit(quick, "audit-partial")
    quick.run("-m", "audit", *PROTOCOL, "-k", "good", "--claims-audit-seed=7").assert_outcomes(passed=1)
    again = audit(quick, "audit-partial")
    assert first["audit_seed"] == again["audit_seed"] == 7
    assert first["arms"] == again["arms"]
    assert audit(quick) == audit(quick, "audit") == whole


def test_an_arm_needs_no_data_set(stored, request, monkeypatch):
    def train_again(job, root):
        assert job.arrays == {}
        return Retrained(trained_again(stored[3]), False, "cpu")

    monkeypatch.setattr(items, "retrain", train_again)
    arm = Arm(Data(None, None, None, None), None, None, "mse", 3, 32)
    planned, sample = Planned("made_up", arm, "fast", "4f1c", {}, None), Sample("made_up", 3, ("Made up",))
    named = {"name": "made_up[fast]", "nodeid": "audit::made_up[fast]"}
    parts = {"head": {"num_drawn": 1}, "sample": sample, "planned": planned, "stored": stored}
    item = items.AuditItem.from_parent(request.session, **parts, **named)
    item.runtest()
    [(_, carried)] = item.user_properties
    assert (carried["arm"]["ok"], carried["arm"]["data"]) == (True, None)


def test_full_tier_is_audited_where_it_is_asked_for(quick):
    result = quick.run("-m", "audit and full", *PROTOCOL)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*nothing to audit of the full tier*the full tier needs the real data*")


def test_nothing_is_audited_before_anything_is_stored(blobs):
    result = blobs.run("-m", "audit")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*nothing to audit: there is no store *runs.sqlite.*run `pytest -m fast` first*")
    assert not blobs.store.exists()


def test_runs_of_the_engine_that_audits_are_not_audited(blobs):
    result = blobs.run("-m", "audit", "--claims-engine=fit")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*leave out --claims-engine=fit")


@pytest.fixture
def numbers(catalogue):
    catalogue.claim()
    catalogue.run().assert_outcomes(passed=1)
    return catalogue


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "worker"])
def test_a_catalogue_that_trains_nothing_has_nothing_to_audit(numbers, workers):
    run = numbers.run_apart if workers else numbers.run
    result = run("-m", "audit", *workers)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    told = result.stdout.str() + result.stderr.str()
    assert "there is nothing to audit of the fast tier" in told
    assert "its claims need no training" in told


def test_claims_run_as_ever_where_no_audit_is_asked_for(numbers):
    numbers.run("-m", "not audit").assert_outcomes(passed=1)
    numbers.run("-m", "not (audit or full)").assert_outcomes(passed=1)
    numbers.run("-m", "fast", "-k", "audit").assert_outcomes(passed=0)


def test_audit_seed_is_a_whole_number(numbers):
    result = numbers.run("-m", "audit", "--claims-audit-seed", "some")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*--claims-audit-seed takes a whole number from 0 on, not 'some'*")
