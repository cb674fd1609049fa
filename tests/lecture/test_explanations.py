"""The explanations of the published record name only numbers of the record, in short sentences."""

from __future__ import annotations

import runpy
from importlib import import_module
from pathlib import Path

import pytest

from pytest_claims.record.schema import read_record
from pytest_claims.report.explanation_checks import explanation_problems

ROOT = Path(__file__).parents[2]
RECORDS = sorted((ROOT / "reports" / "lecture").glob("*.json"))

NOT_YET_REWRITTEN = """
G08 D02d E10b F02 I05a I08a I08b R06 R14a R22a R30
"""
"""Claims whose published explanations are still to be rewritten. The list only gets shorter."""


def arms_sentences() -> dict[str, str]:
    """The sentence of each arm of the lecture, by the arm's name."""
    modules = runpy.run_path(str(ROOT / "conftest.py"))["pytest_plugins"]
    declared = [item for module in modules for item in vars(import_module(module)).items()]
    return {name: value.__claims_sentence__ for name, value in declared if hasattr(value, "__claims_sentence__")}


@pytest.mark.parametrize("file", RECORDS, ids=[file.name for file in RECORDS])
def test_published_explanations_name_numbers_of_their_record_in_short_sentences(file):
    problems = explanation_problems(read_record(file), arms_sentences())
    allowed = set(NOT_YET_REWRITTEN.split())

    assert {claim: lines for claim, lines in problems.items() if claim not in allowed} == {}
    assert allowed - problems.keys() == set(), "take these out of NOT_YET_REWRITTEN"
