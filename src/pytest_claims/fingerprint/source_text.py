"""Source code as data: a digest of a definition without comments and docstrings, and the names that it uses."""

from __future__ import annotations

import ast
import csv
import importlib.util
import symtable
import sys
import sysconfig
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from pytest_claims.fingerprint.loaded_code import Stamp, expressions_of, stamp_of, text_of

_INSTALLED = tuple(
    Path(place).resolve()
    for name in ("stdlib", "platstdlib", "purelib", "platlib")
    if (place := sysconfig.get_paths().get(name))
)
OWN_PACKAGE = __name__.partition(".")[0]

# Fields of syntax nodes that have no effect on the meaning, or that only some versions of Python record.
_IGNORED_FIELDS = {"ctx", "kind", "type_comment", "type_ignores"}


@dataclass(frozen=True)
class Text:
    """The content of a function, a class or a module.

    Parameters
    ----------
    digest
        SHA-256 of the syntax tree without comments, docstrings, layout and annotations of signatures.
    names
        The global names that it uses.
    attributes
        All names that it uses after a dot.
    imports
        The modules that it imports, relative ones with leading dots, and the imported name; the empty string is the
        module itself.
    expressions
        The expressions, except literals, for the defaults of a function or the attributes of a class, by name.
    """

    digest: str
    names: frozenset[str]
    attributes: frozenset[str]
    imports: frozenset[tuple[str, str]]
    expressions: Mapping[str, ast.expr] = field(default_factory=dict)


def source_of(value: FunctionType | type) -> Text:
    """Read the source of a function or a class.

    Raises
    ------
    OSError
        There is no source, as for code from an interactive session.
    EditedError
        The file was edited after the import.

    Examples
    --------
    >>> from textwrap import shorten
    >>> sorted(source_of(shorten).names)
    ['TextWrapper']
    """
    text = text_of(value)
    return replace(_source(text), expressions=expressions_of(text))


def module_source(file: Path) -> Text:
    """Read the source of a whole module, without importing the module."""
    return _module_source(file, stamp_of(str(file)))


def is_of_project(module: str, file: str | None) -> bool:
    """Tell if `module`, in the file `file`, belongs to the project whose authors write the claims.

    The standard library, installed packages and this package do not belong to it.

    Examples
    --------
    >>> import pytest
    >>> is_of_project("pytest", pytest.__file__), is_of_project("fixtures.models", "/home/ada/fixtures/models.py")
    (False, True)
    """
    top = module.partition(".")[0]
    return file is not None and top not in sys.stdlib_module_names and top != OWN_PACKAGE and not _is_installed(file)


def module_is_of_project(module: ModuleType) -> bool:
    """Tell if a module, or a package with or without ``__init__``, belongs to the project, see `is_of_project`."""
    file = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", [])), None)
    return is_of_project(module.__name__, file)


def file_of_module(name: str) -> Path | None:
    """Find the file of a module of the project, without importing it; ``None`` for any other module."""
    return _file_of_module(name, tuple(sys.path))


@cache
def _file_of_module(name: str, search_path: tuple[str, ...]) -> Path | None:
    top, *below = name.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    places = list(spec.submodule_search_locations or [])
    if not is_of_project(name, places[0] if places else spec.origin):
        return None
    if not places:
        return Path(spec.origin) if spec.origin and not below else None
    stem = Path(places[0], *below)
    return next((file for file in (stem.with_suffix(".py"), stem / "__init__.py") if file.is_file()), None)


@cache
def _is_installed(file: str) -> bool:
    path = Path(file).resolve()
    # Debian's Python keeps packages in dist-packages, which sysconfig does not always list.
    if any(map(path.is_relative_to, _INSTALLED)) or not {"site-packages", "dist-packages"}.isdisjoint(path.parts):
        return True
    # `pip install --target` puts packages into a folder of any name.
    roots = [root for entry in sys.path if path.is_relative_to(root := Path(entry).resolve())]
    return any(path.relative_to(root).as_posix() in _recorded(root) for root in roots)


@cache
def _recorded(root: Path) -> frozenset[str]:
    """The files that installers have put into a folder, according to their records."""
    records = [record.read_text("utf-8") for record in root.glob("*.dist-info/RECORD")]
    return frozenset(line[0] for record in records for line in csv.reader(record.splitlines()) if line)


@cache
def _module_source(file: Path, stamp: Stamp) -> Text:
    with tokenize.open(file) as opened:
        return _source(opened.read())


@cache
def _source(text: str) -> Text:
    # A definition inside another one is indented. Removing the indentation could change strings of several lines.
    tree = _Stripped().visit(ast.parse(f"if True:\n{text}" if text.startswith((" ", "\t")) else text))
    nodes = list(ast.walk(tree))
    return Text(
        digest=sha256(repr(_canonical(tree)).encode()).hexdigest(),
        names=frozenset(_names_from_outside(symtable.symtable(ast.unparse(tree), "source", "exec"))),
        attributes=frozenset(node.attr for node in nodes if isinstance(node, ast.Attribute)),
        imports=frozenset(_imports(nodes)),
    )


class _Stripped(ast.NodeTransformer):
    """Removes the parts of a syntax tree that have no effect on the computation."""

    def visit(self, node: ast.AST) -> Any:
        self.generic_visit(node)
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module)
            and ast.get_docstring(node, clean=False) is not None
        ):
            node.body = node.body[1:] or [ast.Pass()]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.JoinedStr):  # the first releases of Python 3.12 end format specifications with ""
            node.values = [part for part in node.values if not (isinstance(part, ast.Constant) and part.value == "")]
        return node


def _canonical(node: Any) -> Any:
    """Turn a syntax tree into nested lists that, unlike `ast.dump`'s text, are the same in all versions of Python."""
    if isinstance(node, ast.AST):
        fields = [
            [name, _canonical(value)]
            for name, value in ast.iter_fields(node)
            if name not in _IGNORED_FIELDS and value is not None and value != []
        ]
        return [type(node).__name__, sorted(fields, key=lambda pair: pair[0])]
    if isinstance(node, list):
        return [_canonical(item) for item in node]
    return [type(node).__name__, ascii(node)]


def _names_from_outside(table: symtable.SymbolTable) -> Iterator[str]:
    for symbol in table.get_symbols():
        if symbol.is_referenced() and symbol.is_global():
            yield symbol.get_name()
    for child in table.get_children():
        yield from _names_from_outside(child)


def _imports(nodes: list[ast.AST]) -> Iterator[tuple[str, str]]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (("." * node.level + (node.module or ""), alias.name) for alias in node.names)
