"""Words of degree: the table in the docs has every margin, and claims have no margins of their own for these words."""

from __future__ import annotations

import re

import pytest

from fixtures import degrees

NAMES = [name for name in vars(degrees) if name.isupper()]


@pytest.fixture(scope="module")
def rows(pytestconfig):
    text = (pytestconfig.rootpath / "docs" / "words-of-degree.md").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.startswith("|") and "`" in line]


@pytest.mark.parametrize("name", NAMES)
def test_the_table_has_each_word_with_its_margin(rows, name):
    [row] = [row for row in rows if f"`{name}`" in row]
    value = getattr(degrees, name)
    margin = max(value) if isinstance(value, tuple) else value
    told = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", row.split("|")[3])]
    expected = 100 * margin if "points" in row else abs(margin)
    assert "any amount" in row or any(abs(number - expected) < 0.005 for number in told)


def test_claims_take_these_margins_from_there(pytestconfig):
    for file in (pytestconfig.rootpath / "claims").glob("test_*.py"):
        assigned = re.findall(r"^([A-Z_]+) = ", file.read_text(encoding="utf-8"), re.MULTILINE)
        assert not set(assigned) & set(NAMES), file
