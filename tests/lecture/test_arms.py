"""Each arm of the lecture says what it is, and each package of fixtures is listed where pytest looks for it."""

from __future__ import annotations

import ast
import runpy
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LISTED = runpy.run_path(str(ROOT / "conftest.py"))["pytest_plugins"]
SHARED = {"data", "networks"}
PACKAGES = sorted({path.parent.name for path in (ROOT / "fixtures").glob("*/*.py")} - SHARED)
MAX_WORDS = 20

ARMS = {
    name: value
    for module in map(import_module, LISTED)
    for name, value in vars(module).items()
    if hasattr(value, "__claims_source__")
}


def section_of(package: str) -> int:
    """The number of the lecture's section that a package's claims are about."""
    text = (ROOT / "claims" / f"test_{package}.py").read_text(encoding="utf-8")
    marks = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.section"
    ]
    return int(ast.unparse(marks[0].args[1]))


def test_conftest_lists_the_shared_arms_and_then_each_package():
    assert LISTED[0] == "fixtures.arms"
    assert sorted(LISTED[1:]) == [f"fixtures.{package}.arms" for package in PACKAGES]
    assert len(PACKAGES) > 10


def test_packages_are_listed_in_the_order_of_the_lecture():
    sections = [section_of(module.split(".")[1]) for module in LISTED[1:]]
    assert all(earlier <= later for earlier, later in pairwise(sections)), sections


@pytest.mark.parametrize("name", ARMS)
def test_arm_has_a_short_sentence(name):
    sentence = ARMS[name].__claims_sentence__
    assert sentence.endswith(".")
    assert 3 <= len(sentence.split()) <= MAX_WORDS, sentence


def test_no_two_arms_have_the_same_sentence():
    sentences = [value.__claims_sentence__ for value in ARMS.values()]
    assert len(sentences) >= 159
    assert sorted(set(sentences)) == sorted(sentences)


def test_each_arm_has_a_place_of_its_own_in_the_module_that_declares_it():
    places = [value.__claims_place__ for value in ARMS.values()]
    assert len(set(places)) == len(places)
    for name, value in ARMS.items():
        filename, line = value.__claims_place__
        assert Path(filename).read_text(encoding="utf-8").splitlines()[line - 1].startswith(f"{name} = arm(")


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_takes_nothing_from_another_one(package):
    for path in (ROOT / "fixtures" / package).glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        taken = {module.split(".")[1] for module in modules if module.startswith("fixtures.")}
        assert not taken & (set(PACKAGES) - {package}), path
