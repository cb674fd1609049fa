"""The list of a store's runs, and its stale runs."""

from __future__ import annotations

import sys

import pytest

from tests.conftest import ARMS

COMMAND = (
    sys.executable,
    "-c",
    "import sys; from pytest_claims.cli.main import main; sys.exit(main(sys.argv[1:]))",
    "runs",
)


@pytest.fixture
def trained(catalogue):
    """A catalogue whose runs are in the store: ten of each of two arms."""
    catalogue.claim(body="judge(high.measured('accuracy') - low.measured('accuracy'), above=0.05)")
    catalogue.run()
    return catalogue


def runs(catalogue, *arguments, answer=""):
    return catalogue.pytester.run(*COMMAND, *arguments, stdin=answer.encode())


def declare(catalogue, old, new):
    assert old in ARMS
    catalogue.pytester.makeconftest(ARMS.replace(old, new))


def test_runs_of_declared_arms_are_current(trained):
    result = runs(trained)
    result.stdout.fnmatch_lines(["high *fast *measurement *10 *current", "low *fast *measurement *10 *current"])
    result.stdout.fnmatch_lines(["20 runs of 2 fingerprints current, 0 runs of 0 fingerprints stale"])
    assert runs(trained, "prune").outlines == ["no run is stale"]


def test_runs_of_an_arm_declared_otherwise_are_stale(trained):
    declare(trained, "mean=0.6", "mean=0.7")
    runs(trained).stdout.fnmatch_lines(["low *current", "high *declared otherwise"])


def test_runs_of_an_arm_that_no_claim_asks_for_are_stale(trained):
    trained.claim(body="judge(high.measured('accuracy'), above=0.5)")
    runs(trained).stdout.fnmatch_lines(["high *current", "low *no such arm"])


@pytest.mark.parametrize("answer", ["", "\n", "n\n", "perhaps\n"])
def test_pruning_asks_and_deletes_nothing_without_a_yes(trained, answer):
    declare(trained, "mean=0.6", "mean=0.7")
    before = trained.store.read_bytes()
    result = runs(trained, "prune", answer=answer)
    result.stdout.fnmatch_lines(["high *declared otherwise", "*Delete the stale runs? *no run was deleted"])
    assert trained.store.read_bytes() == before


@pytest.mark.parametrize(("arguments", "answer"), [(["prune"], "y\n"), (["prune", "--yes"], "")])
def test_pruning_deletes_what_is_stale_and_nothing_else(trained, arguments, answer):
    declare(trained, "mean=0.6", "mean=0.7")
    runs(trained, *arguments, answer=answer).stdout.fnmatch_lines(["*deleted 10 runs of 1 fingerprint;*"])
    runs(trained).stdout.fnmatch_lines(["10 runs of 1 fingerprint current, 0 runs of 0 fingerprints stale"])
    trained.run().stdout.fnmatch_lines(["claims: *10 of 20 runs missing*"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--store", "none.sqlite"], "*there is no store none.sqlite: name one with --store*"),
        (["--catalogue", "nowhere"], "*pytest cannot collect the claims*"),
        (["--catalogue", "empty"], "*there are no claims here*"),
    ],
)
def test_what_cannot_be_listed_is_told(trained, arguments, message):
    trained.path.joinpath("empty").mkdir()
    result = runs(trained, *arguments)
    assert result.ret == 2
    result.stderr.fnmatch_lines([message])
