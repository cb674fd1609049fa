"""Check that imported code is still the code in its file.

A user may edit a file after a long-lived process, such as a notebook or a worker, has imported it. The process then
runs other code than the file holds, and a hash of the file would be the hash of other code.
"""

from __future__ import annotations

import ast
import linecache
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from pytest_claims.fingerprint.constants import is_same

Stamp = tuple[int, int, int, int]
"""Times of a file's last change of content and of its entry, in nanoseconds; its number; and its size in bytes."""


class EditedError(Exception):
    """A function or a class was edited in its file after it was imported."""


@dataclass(frozen=True)
class SourceFile:
    """A file of Python source and its definitions.

    Parameters
    ----------
    lines
        The lines of the file, with line ends.
    spans
        Qualified names of functions and classes, mapped to the first line and the line after the last of each
        definition of that name. Lines count from 0; the first line is that of a decorator if there is one.
    codes
        The same names, mapped to the compiled code of each definition, in the same order.
    """

    lines: list[str]
    spans: dict[str, list[tuple[int, int]]]
    codes: dict[str, list[CodeType]]

    def text(self, span: tuple[int, int]) -> str:
        """Return the text of a definition."""
        return "".join(self.lines[slice(*span)])


def text_of(value: FunctionType | type) -> str:
    """Return the text of a function or a class in its file, and check that it is the imported one.

    Raises
    ------
    OSError
        There is no file, or the file does not have the definition.
    EditedError
        The definition in the file has other code than the imported one.
    """
    file = _file_of(value)
    stamp = stamp_of(file)
    if isinstance(value, FunctionType):
        text = _function_text(value.__code__, file, stamp, _is_rewritten(value), _can_be_compared(value))
        _check_defaults(value, text, file)
        return text
    members = tuple((name, id(member)) for name, member in vars(value).items())
    return _class_text(value, file, stamp, members)


def functions_of(cls: type) -> Iterator[FunctionType]:
    """Yield the functions that a class itself defines: methods, and the functions in properties and the like."""
    for member in vars(cls).values():
        parts = [member, *(getattr(member, name, None) for name in ("__func__", "fget", "fset", "fdel", "func"))]
        for part in parts:
            if isinstance(part, FunctionType) and part.__qualname__.startswith(f"{cls.__qualname__}."):
                yield part


@cache
def _function_text(code: CodeType, file: str, stamp: Stamp, rewritten: bool, comparable: bool) -> str:
    source = _read(file, stamp)
    spans = source.spans.get(code.co_qualname, [])
    if not spans:
        raise (EditedError if comparable else OSError)(f"{code.co_qualname} is not in {file}")
    if not comparable:
        return source.text(min(spans, key=lambda span: abs(span[0] + 1 - code.co_firstlineno)))
    versions = [source] + ([_read_rewritten(file, stamp)] if rewritten else [])
    for version in versions:
        for span, compiled in zip(spans, version.codes[code.co_qualname], strict=True):
            if _essence(compiled) == _essence(code):
                return source.text(span)
    raise EditedError(f"{code.co_qualname} was imported, and then edited in {file}")


@cache
def _class_text(cls: type, file: str, stamp: Stamp, members: tuple[tuple[str, int], ...]) -> str:
    """The text of a class; `members` in the cache's key makes a class be read again whose members were replaced."""
    source = _read(file, stamp)
    spans = source.spans.get(cls.__qualname__, [])
    if not spans:
        raise OSError(f"{cls.__qualname__} is not in {file}")
    if not _can_be_compared(cls):
        return source.text(spans[-1])
    for function in functions_of(cls):
        if function.__code__.co_filename == file:  # code such as dataclass makes others at run time
            text_of(function)
    # Of several definitions with one name the last one counts, as when Python ran the module.
    text = source.text(spans[-1])
    for name in _undecorated_methods(text):
        member = vars(cls).get(name)
        if isinstance(member, FunctionType) and member.__qualname__ != f"{cls.__qualname__}.{name}":
            raise EditedError(f"{cls.__qualname__}.{name} was replaced by {member.__qualname__}")
    for name, value in _literals(text).items():
        imported = vars(cls).get(name)
        # A decorator or a metaclass may have replaced the literal; such a value has another type, and is skipped.
        if type(imported) is type(value) and not is_same(imported, value):
            raise EditedError(f"{cls.__qualname__}.{name} was imported, and then edited in {file}")
    return text


def _check_defaults(function: FunctionType, text: str, file: str) -> None:
    """Compare the defaults of a function with the literals in its text; compiled code does not contain them."""
    by_name = defaults_of(function)
    for name, value in _literals(text).items():
        if name not in by_name or not is_same(by_name[name], value):
            raise EditedError(f"{function.__qualname__} was imported with another default of {name} than in {file}")


def defaults_of(function: FunctionType) -> dict[str, Any]:
    """Return the defaults of a function, by argument."""
    positional = function.__code__.co_varnames[: function.__code__.co_argcount]
    by_name = dict(zip(positional[::-1], (function.__defaults__ or ())[::-1], strict=False))
    return by_name | (function.__kwdefaults__ or {})


def expressions_of(text: str) -> dict[str, ast.expr]:
    """Return the expressions, except literals, for a function's defaults or a class' attributes, by name."""
    return {name: node for name, node in _expressions(text).items() if not isinstance(node, ast.Constant)}


def _literals(text: str) -> dict[str, Any]:
    """Return the literals for a function's defaults or a class' attributes, by name."""
    return {name: node.value for name, node in _expressions(text).items() if isinstance(node, ast.Constant)}


@cache
def _expressions(text: str) -> dict[str, ast.expr]:
    definition = _definition(text)
    if isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef):
        given = definition.args
        positional = [argument.arg for argument in [*given.posonlyargs, *given.args]]
        keywords = zip(given.kwonlyargs, given.kw_defaults, strict=True)
        return {
            **dict(zip(positional[::-1], given.defaults[::-1], strict=False)),
            **{argument.arg: node for argument, node in keywords if node is not None},
        }
    return assignments(definition.body) if isinstance(definition, ast.ClassDef) else {}


def assignments(body: list[ast.stmt]) -> dict[str, ast.expr]:
    """Return the expressions that the body of a class or a module assigns to names."""
    assigned = {}
    for node in body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name):
                assigned[target.id] = node.value
    return assigned


def _undecorated_methods(text: str) -> list[str]:
    body = getattr(_definition(text), "body", [])
    return [node.name for node in body if isinstance(node, ast.FunctionDef) and not node.decorator_list]


def _definition(text: str) -> ast.stmt:
    """Parse a text that consists of one definition, which may be indented."""
    if text.startswith((" ", "\t")):
        (block,) = ast.parse(f"if True:\n{text}").body
        assert isinstance(block, ast.If)
        return block.body[0]
    return ast.parse(text).body[0]


def _file_of(value: FunctionType | type) -> str:
    if isinstance(value, FunctionType):
        file: str | None = value.__code__.co_filename
    else:
        file = getattr(sys.modules.get(value.__module__), "__file__", None)
    # From Python 3.13 on, linecache returns the code of `python -c` for the name "<string>", which is no file.
    if file is None or file.startswith("<"):
        raise OSError(f"{value.__qualname__} comes from {file}, which is no file")
    return file


def _loader_of(value: FunctionType | type) -> Any:
    return getattr(sys.modules.get(value.__module__), "__loader__", None)


def _is_rewritten(value: FunctionType | type) -> bool:
    """Tell if pytest has rewritten the assertions of the module."""
    return type(_loader_of(value)).__name__ == "AssertionRewritingHook"


def _can_be_compared(value: FunctionType | type) -> bool:
    """Tell if the module was compiled from its file unchanged, or with no other change than rewritten assertions.

    A module without a loader was executed by other code, as `runpy` does. A notebook's cell has no file.
    """
    loader = _loader_of(value)
    executed = loader is None and Path(_file_of(value)).is_file()
    return executed or isinstance(loader, SourceFileLoader) or _is_rewritten(value)


def stamp_of(file: str) -> Stamp:
    """Return the stamp of a file, which changes with each edit; zeros for a notebook's cell, which is no file."""
    try:
        state = Path(file).stat()
    except OSError:
        return 0, 0, 0, 0
    return state.st_mtime_ns, state.st_ctime_ns, state.st_ino, state.st_size


@cache
def _read(file: str, stamp: Stamp) -> SourceFile:
    """Read and compile a file; the stamp in the cache's key makes it read an edited file again."""
    text = text_of_file(file)
    tree = ast.parse(text, file)
    codes = _codes(compile(tree, file, "exec", dont_inherit=True))
    return SourceFile(text.splitlines(keepends=True), _spans(tree), codes)


@cache
def _read_rewritten(file: str, stamp: Stamp) -> SourceFile:
    """Read a file and compile it as pytest does, with rewritten assertions."""
    from _pytest.assertion.rewrite import rewrite_asserts

    text = text_of_file(file)
    tree = ast.parse(text, file)
    spans = _spans(tree)
    rewrite_asserts(tree, text.encode(), file)
    return SourceFile([], spans, _codes(compile(tree, file, "exec", dont_inherit=True)))


def text_of_file(file: str) -> str:
    """Read a file as Python does, with its byte-order mark and its encoding; or read the cell of a notebook."""
    if Path(file).is_file():
        with tokenize.open(file) as opened:
            return opened.read()
    if lines := linecache.getlines(file):
        return "".join(lines)
    raise OSError(f"there is no file {file}")


def _spans(tree: ast.Module) -> dict[str, list[tuple[int, int]]]:
    spans: dict[str, list[tuple[int, int]]] = {}

    def visit(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            inner = prefix
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                first = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
                spans.setdefault(prefix + child.name, []).append((first - 1, child.end_lineno or first))
                inner = f"{prefix}{child.name}." + ("" if isinstance(child, ast.ClassDef) else "<locals>.")
            visit(child, inner)

    visit(tree, "")
    return spans


def _codes(code: CodeType) -> dict[str, list[CodeType]]:
    codes: dict[str, list[CodeType]] = {}

    def visit(code: CodeType) -> None:
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                codes.setdefault(constant.co_qualname, []).append(constant)
                visit(constant)

    visit(code)
    return {name: sorted(same_name, key=lambda code: code.co_firstlineno) for name, same_name in codes.items()}


def _essence(code: CodeType) -> tuple[Any, ...]:
    """Return all of a code object that determines its computation; leave out its file and its lines."""
    constants = tuple(
        _essence(constant) if isinstance(constant, CodeType) else (type(constant).__name__, repr(constant))
        for constant in code.co_consts
    )
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    return code.co_code, constants, names, counts, code.co_exceptiontable
