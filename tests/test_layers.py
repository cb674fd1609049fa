"""The packages form layers: imports go down, those inside functions and those for types as well."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "pytest_claims"

LAYERS = [
    "support",
    "statistics store data",
    "catalogue controls",
    "fingerprint",
    "engines verdicts",
    "planning record",
    "training report",
    "session",
    "audit cli",
    "plugin",
]
"""From the lowest layer on. Packages of one layer do not import each other."""

RANK = {package: floor for floor, packages in enumerate(LAYERS) for package in packages.split()}

# Its lazy exports name modules of several packages, for people who write catalogues.
FACADE = PACKAGE / "__init__.py"


def package_of(path: Path, root: Path = PACKAGE) -> str:
    return path.relative_to(root).with_suffix("").parts[0]


def imported_packages(source: str) -> set[str]:
    """Packages of this project that a module imports from, wherever in it."""
    modules: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules += [f"{node.module}.{alias.name}" for alias in node.names]
    return {module.split(".")[1] for module in modules if module.startswith("pytest_claims.")} - {"__version__"}


def upward_imports(importer: str, source: str) -> list[str]:
    """What a module of package `importer` may not import."""
    return sorted(
        imported
        for imported in imported_packages(source)
        if imported != importer and not RANK[imported] < RANK[importer]
    )


MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if path != FACADE]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_packages_import_only_lower_layers(path):
    assert upward_imports(package_of(path), path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "planted",
    [
        "from pytest_claims.session.session import ClaimsSession",
        "def late():\n    from pytest_claims.plugin import judge",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pytest_claims.record import schema",
        "import pytest_claims.training.trainer",
        "from pytest_claims import report",
    ],
)
def test_an_upward_import_is_noticed_wherever_it_stands(planted):
    assert upward_imports("planning", planted)
    assert not upward_imports("planning", "from pytest_claims.statistics import looks")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_has_more_than_three_hundred_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("package", RANK)
def test_a_package_says_in_a_sentence_or_two_what_it_is_for(package):
    if package != "plugin":
        first = ast.get_docstring(ast.parse((PACKAGE / package / "__init__.py").read_text(encoding="utf-8")))
        assert first
        assert first.count(".") >= 1
