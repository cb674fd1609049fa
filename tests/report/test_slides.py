"""The files of slides have names that every file system takes, all in the folder that was named."""

from __future__ import annotations

import pytest

from pytest_claims.report import slides
from tests.helpers.report_sample import record

IDS = ["10.1/a", "../../up", "/tmp/up", "..", "a b", "a?b", "A_B", "C:\\x", "nul\0", "高い", "x" * 300, "x" * 299 + "y"]


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Draws nothing, and returns the files written for claims with these ids."""

    class Figure:
        def savefig(self, path):
            path.write_text("drawn")

    class Pyplot:
        def close(self, figure):
            pass

    monkeypatch.setattr(slides, "_pyplot", Pyplot)
    monkeypatch.setattr(slides, "_draw", lambda *_: Figure())

    def write(ids, claims=()):
        sample = record()
        one = next(claim for claim in sample["claims"] if claim["id"] == "C01")
        sample["claims"] = [{**one, "id": claim_id} for claim_id in ids]
        return slides.write_plots(sample, tmp_path / "a" / "slides", claims)

    return write


def test_names_are_safe_and_each_claim_has_its_own(drawn, tmp_path):
    written = drawn(IDS)
    assert len({path.name.casefold() for path in written}) == len(written) == 2 * len(IDS)
    assert {path.parent for path in written} == {tmp_path / "a" / "slides"}
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(written)
    assert all(path.name.isascii() and not path.name.startswith(".") and len(path.name) < 120 for path in written)


@pytest.mark.parametrize("ids", [["a/b", "a_b"], ["a_b", "a/b"], ["a/b", "a?b", "a_b"]])
def test_a_safe_id_keeps_its_name_whatever_the_others_are(drawn, ids):
    assert [path.name for path in drawn(ids, ["a_b"])] == ["a_b-val_accuracy.svg", "a_b-val_accuracy.pdf"]


def test_a_claim_has_the_same_name_alone_as_among_others(drawn):
    ids = ["a?b", "a/b", "A_b"]
    together = [path.name for path in drawn(ids)]
    assert [path.name for claim in ids for path in drawn(ids, [claim])] == together


def test_no_name_is_that_of_a_device_of_windows(drawn):
    written = {path.name.partition(".")[0].casefold() for path in drawn(["nul.txt", "CON.", "com1.a", "con"])}
    assert not written & {"nul", "con", "com1"}
