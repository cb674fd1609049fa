"""Paths of the command line are relative to where pytest was called, all others to the root directory."""

from __future__ import annotations

import pytest

SUPPORTED = "judge(high.measured('accuracy'), above=0.55)"


@pytest.fixture
def below(catalogue, monkeypatch):
    """A catalogue, called from a folder below its root."""
    catalogue.claim(body=SUPPORTED)
    folder = catalogue.path / "lines"
    folder.mkdir()
    (catalogue.path / "test_numbers.py").rename(folder / "test_numbers.py")
    monkeypatch.chdir(folder)
    return catalogue


def found(catalogue, name: str) -> list[str]:
    return [str(path.relative_to(catalogue.path)) for path in catalogue.path.rglob(name)]


@pytest.mark.parametrize("workers", [[], ["-n", "1"]])
def test_paths_of_the_command_line_are_where_one_stands(below, workers):
    result = below.run("--claims-store=my.sqlite", "--claims-report", "out", *workers)
    result.assert_outcomes(passed=1, deselected=0 if workers else 1)
    assert found(below, "my.sqlite") == ["lines/my.sqlite"]
    assert found(below, "out") == ["lines/out"]
    below.run("--claims-runs=my.sqlite", "--claims-against=out/claims.json").assert_outcomes(passed=1, deselected=1)


def test_a_data_directory_is_found_where_one_stands(below):
    (below.path / "lines" / "here").mkdir()
    below.run("--claims-data=here").assert_outcomes(passed=1, deselected=1)


def test_defaults_and_other_settings_are_below_the_root(below, monkeypatch):
    below.pytester.makeini("[pytest]\naddopts = --claims-report=out\nclaims_lecture = Numbers")
    monkeypatch.setenv("CLAIMS_STORE", "my.sqlite")
    below.run().assert_outcomes(passed=1, deselected=1)
    assert found(below, "my.sqlite") == ["my.sqlite"]
    assert found(below, "out") == ["out"]
    monkeypatch.delenv("CLAIMS_STORE")
    below.run()
    assert found(below, "runs.sqlite") == [".claims/runs.sqlite"]


def test_the_command_line_has_priority_over_the_settings(below):
    below.pytester.makeini("[pytest]\naddopts = --claims-report=out\nclaims_lecture = Numbers")
    below.run("--claims-report=mine")
    assert found(below, "out") == []
    assert found(below, "mine") == ["lines/mine"]


def test_an_absolute_path_stays_as_it_is(below, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "out"
    below.run(f"--claims-report={elsewhere}")
    assert (elsewhere / "claims.json").is_file()


@pytest.mark.parametrize("option", ["--claims-store", "--claims-report", "--claims-data", "--claims-runs"])
def test_a_home_directory_that_is_not_known_is_named(below, option):
    result = below.run(f"{option}=~nobody-of-this-name/there")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*~nobody-of-this-name/there names a home directory that is not known: write it out*")
