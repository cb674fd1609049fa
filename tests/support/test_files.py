"""Files are written whole or not at all, whatever the text."""

from __future__ import annotations

import json

import pytest

from pytest_claims.support.files import replace_file, replace_files


def test_half_of_a_surrogate_pair_is_an_escape_that_json_reads_as_the_same(tmp_path):
    replace_file(tmp_path / "a.json", json.dumps({"name": "a\udc80, ä"}, ensure_ascii=False))
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"name": "a\udc80, ä"}


def test_no_file_is_replaced_if_one_of_them_cannot_be(tmp_path):
    (tmp_path / "b.json").mkdir()
    replace_file(tmp_path / "a.json", "old")
    with pytest.raises(IsADirectoryError):
        replace_files({tmp_path / "a.json": "new", tmp_path / "b.json": "new"})
    assert (tmp_path / "a.json").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "b.json"]
