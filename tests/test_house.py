"""The rules of the house: what may know what, and that the documents keep up."""

from __future__ import annotations

import ast
import configparser
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import pytest_claims
from pytest_claims.cli import main  # noqa: F401  # it adds the commands
from pytest_claims.cli.commands import COMMANDS

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    modules += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {module.partition(".")[0] for module in modules}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_machinery_knows_no_content(path):
    assert not imported(path) & {"claims", "fixtures"}
    code = ast.unparse(ast.parse(path.read_text(encoding="utf-8")))
    without_docstrings = re.sub(r'""".*?"""', "", code, flags=re.DOTALL)
    assert not re.search("mnist|imdb", without_docstrings, flags=re.IGNORECASE)


def test_loading_the_plugin_imports_the_standard_library_and_pytest_alone():
    code = (
        "import sys, pytest; before = set(sys.modules); import pytest_claims.plugin; "
        "print(sorted({m.partition('.')[0] for m in set(sys.modules) - before} - set(sys.stdlib_module_names)))"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() in ("['pytest_claims']", "['_pytest', 'pytest_claims']")


def test_collecting_the_lecture_imports_no_deep_learning_library(tmp_path):
    code = (
        "import sys, pytest\n"
        "class Forbidden:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in ('keras', 'jax', 'tensorflow'): raise ImportError(name)\n"
        "sys.meta_path.insert(0, Forbidden())\n"
        "sys.exit(pytest.main(['--collect-only', '-q', '-m', 'fast', 'claims', '-p', 'no:cacheprovider']))"
    )
    environment = {"CLAIMS_OFFLINE": "1", "PATH": "", "HOME": str(tmp_path)}
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "claims: " in result.stdout


def test_every_option_is_documented():
    source = (ROOT / "src/pytest_claims/plugin.py").read_text(encoding="utf-8")
    documented = (ROOT / "docs/writing-a-claim.md").read_text(encoding="utf-8")
    options = re.findall(r'addoption\("(--claims-[a-z-]+)"', source) + re.findall(r'addini\("(claims_[a-z]+)"', source)
    assert len(options) > 5
    assert [option for option in options if option not in documented] == []


def test_every_command_is_documented():
    documented = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    assert len(COMMANDS) > 5
    assert [name for name in COMMANDS if f"`pytest-claims {name}" not in documented] == []


def test_every_published_claim_is_in_the_table_of_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    record = json.loads((ROOT / "reports/lecture/claims.json").read_text(encoding="utf-8"))
    published = [claim["id"] for claim in record["claims"]]
    assert len(published) > 20
    assert [claim_id for claim_id in published if f"| {claim_id} |" not in readme] == []


def test_commands_of_the_readme_are_tox_environments_and_ci_calls_them():
    tox = configparser.ConfigParser()
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    environments = re.findall(r"pip install tox && tox -e (\w+)", readme)
    assert environments[:2] == ["fast", "tests"]
    ci = (ROOT / ".ci/run").read_text(encoding="utf-8")
    for environment in environments:
        assert f"testenv:{environment}" in tox
        assert f"tox -e {environment}" in ci


@pytest.mark.parametrize("environment", ["fast", "full"])
def test_tox_passes_on_what_says_where_data_are(environment):
    output = subprocess.run(
        [sys.executable, "-m", "tox", "config", "-e", environment, "-k", "pass_env"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    passed = set(output.split())
    assert {"CLAIMS_*", "KERAS_HOME", "XDG_CACHE_HOME", "CUDA_VISIBLE_DEVICES", "JAX_*", "XLA_*"} <= passed


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_nightly_takes_the_newest_release_of_every_dependency():
    tox = configparser.ConfigParser()
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    command = tox["testenv:newest"]["commands_pre"].replace("\\\n", " ").split()
    upgraded = command[command.index("--upgrade") + 1 :]
    assert upgraded == sorted(Requirement(line).name for line in PROJECT["dependencies"])


def pinned(file: str) -> dict[str, list[str]]:
    """Versions by name; a lock for several versions of Python may pin more than one."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
        if requirement := line.partition("#")[0].strip():
            one = Requirement(requirement)
            found.setdefault(canonicalize_name(one.name), []).append(str(one.specifier).removeprefix("=="))
    return found


def test_lock_holds_every_dependency_within_its_bounds():
    locked = pinned("requirements-dev.txt")
    extras = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
    for requirement in map(Requirement, PROJECT["dependencies"] + extras):
        versions = locked[canonicalize_name(requirement.name)]
        assert all(requirement.specifier.contains(version) for version in versions), requirement


def test_lowest_versions_are_those_of_the_project():
    bounds = {
        canonicalize_name(one.name): [Version(s.version) for s in one.specifier if s.operator == ">="]
        for one in map(Requirement, PROJECT["dependencies"])
    }
    lowest = pinned("constraints-lowest.txt")
    assert {name: [Version(v) for v in versions] for name, versions in lowest.items()} == bounds


def test_links_in_the_documents_lead_somewhere():
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def imports_of_the_package(path: Path) -> set[str]:
    """The modules of this project's package that a file imports from, lazily or for types included."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    modules += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {module for module in modules if module.partition(".")[0] == "pytest_claims"}


@pytest.mark.parametrize(
    "path",
    [path for folder in ("claims", "fixtures", "examples") for path in sorted((ROOT / folder).rglob("*.py"))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_a_catalogue_imports_public_names_alone(path):
    assert imports_of_the_package(path) <= {"pytest_claims"}


def test_public_names_are_those_that_types_know_and_each_can_be_imported():
    assert sorted(pytest_claims._HOME) == sorted(pytest_claims.__all__)
    for name in pytest_claims.__all__:
        assert getattr(pytest_claims, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'arn'"):
        _ = pytest_claims.arn
