"""A part of the claims never replaces a whole report, however the part was chosen."""

from __future__ import annotations

import pytest

CLAIM = """
import pytest
pytestmark = pytest.mark.section("Numbers")

@pytest.mark.claim("{name}", "High is high.")
def test_high(high, judge):
    assert judge(high.measured("accuracy"), above=0.55)
"""

SPLIT = """
def pytest_collection_modifyitems(items):
    del items[1:]
"""


@pytest.fixture
def folders(catalogue):
    for folder, name in (("lines", "L01"), ("curves", "C01")):
        (catalogue.path / folder).mkdir()
        (catalogue.path / folder / f"test_{folder}.py").write_text(CLAIM.format(name=name))
    catalogue.run("-m", "fast")
    assert ids(catalogue) == ["C01", "L01"]
    return catalogue


def ids(catalogue, name="claims") -> list[str]:
    record = catalogue.record(name)
    assert record["partial"] == (name == "partial")
    return sorted(claim["id"] for claim in record["claims"])


def test_a_folder_is_a_part(folders):
    folders.run("-m", "fast", "curves")
    assert (ids(folders), ids(folders, "partial")) == (["C01", "L01"], ["C01"])


def test_a_session_in_a_folder_is_a_part(folders, monkeypatch):
    monkeypatch.chdir(folders.path / "lines")
    folders.run("-m", "fast")
    assert (ids(folders), ids(folders, "partial")) == (["C01", "L01"], ["L01"])


@pytest.mark.parametrize("workers", [[], ["-n", "1"]])
def test_a_part_chosen_by_another_plugin_is_a_part(folders, workers):
    conftest = folders.path / "conftest.py"
    conftest.write_text(conftest.read_text() + SPLIT)
    folders.run("-m", "fast", *workers)
    assert ids(folders) == ["C01", "L01"]
    assert len(ids(folders, "partial")) == 1


@pytest.mark.parametrize("whole_file", [True, False])
def test_a_claim_that_is_gone_leaves_the_whole_report(folders, whole_file):
    file = folders.path / "lines" / "test_lines.py"
    if whole_file:
        file.unlink()
    else:
        file.write_text(CLAIM.format(name="L002"))  # pytest does not see an edit of the same second and size
    folders.run("-m", "fast")
    assert ids(folders) == (["C01"] if whole_file else ["C01", "L002"])


def test_a_mark_expression_of_the_settings_is_no_narrowing(folders, monkeypatch):
    folders.pytester.makeini(
        "[pytest]\naddopts = -m 'fast and not slow'\nmarkers = slow: slow\nclaims_lecture = Changed"
    )
    folders.run()
    assert folders.record()["lecture"] == "Changed"
    folders.pytester.makeini("[pytest]\nmarkers = slow: slow\nclaims_lecture = Again")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-m 'fast and not slow'")
    folders.run()
    assert folders.record()["lecture"] == "Changed"
    assert folders.record("partial")["lecture"] == "Again"
