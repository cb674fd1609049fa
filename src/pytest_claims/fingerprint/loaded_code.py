"""Whether code that was imported still stands in its file.

A notebook, an editor or a worker that lives long may edit a file after a process has imported it. What the process runs
is then not what the file says, and a hash of the file would be one of other code.
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
from types import CodeType, FunctionType, ModuleType
from typing import Any

Stamp = tuple[int, int]
"""When a file was changed, in nanoseconds, and its size in bytes."""


class EditedError(Exception):
    """A function or a class was edited in its file after it was imported."""


@dataclass(frozen=True)
class SourceFile:
    """A file of Python source, by its definitions.

    Parameters
    ----------
    lines
        Its lines, with their ends.
    spans
        By the qualified name of a function or a class, the first line (counted from 0, that of a decorator if there is
        one) and the line after the last, of each definition of that name.
    codes
        By the same name, the compiled code of each definition, in the same order.
    """

    lines: list[str]
    spans: dict[str, list[tuple[int, int]]]
    codes: dict[str, list[CodeType]]

    def text(self, span: tuple[int, int]) -> str:
        """The text of a definition."""
        return "".join(self.lines[slice(*span)])


def text_of(value: FunctionType | type) -> str:
    """The text of a function or a class in its file, which is the one that was imported.

    Raises
    ------
    OSError
        There is no file, or the definition does not stand in it.
    EditedError
        It stands in the file with other code than was imported.
    """
    file = _file_of(value)
    stamp = _stamp(file)
    if isinstance(value, FunctionType):
        text = _function_text(value.__code__, file, stamp, _is_rewritten(value), _can_be_compared(value))
        _check_defaults(value, text, file)
        return text
    return _class_text(value, file, stamp)


def functions_of(cls: type) -> Iterator[FunctionType]:
    """The functions that a class defines itself: methods, and what properties and the like are made of."""
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
        raise (EditedError if comparable else OSError)(f"{code.co_qualname} does not stand in {file}")
    if not comparable:
        return source.text(min(spans, key=lambda span: abs(span[0] + 1 - code.co_firstlineno)))
    versions = [source] + ([_read_rewritten(file, stamp)] if rewritten else [])
    for version in versions:
        for span, found in zip(spans, version.codes[code.co_qualname], strict=True):
            if _essence(found) == _essence(code):
                return source.text(span)
    raise EditedError(f"{code.co_qualname} is another one in {file} than was imported")


@cache
def _class_text(cls: type, file: str, stamp: Stamp) -> str:
    source = _read(file, stamp)
    spans = source.spans.get(cls.__qualname__, [])
    if not spans:
        raise OSError(f"{cls.__qualname__} does not stand in {file}")
    if not _can_be_compared(cls):
        return source.text(spans[-1])
    for function in functions_of(cls):
        if function.__code__.co_filename == file:  # others are made at run time, by dataclass for instance
            text_of(function)
    # Of several definitions of one name the last one counts, as when the module ran.
    text = source.text(spans[-1])
    for name, value in _literals(text):
        # What a decorator or a metaclass has made something else of is not compared.
        if type(vars(cls).get(name)) is type(value) and vars(cls)[name] != value:
            raise EditedError(f"{cls.__qualname__}.{name} is another one in {file} than was imported")
    return text


def _check_defaults(function: FunctionType, text: str, file: str) -> None:
    """Compare the defaults of a function, which are no part of its code, where the text has literals for them."""
    by_name = dict(zip(_positional(function.__code__)[::-1], (function.__defaults__ or ())[::-1], strict=False))
    by_name |= function.__kwdefaults__ or {}
    for name, value in _literal_defaults(text).items():
        if name not in by_name or not _is_same(by_name[name], value):
            raise EditedError(f"{function.__qualname__} has another default of {name} in {file} than was imported")


def _positional(code: CodeType) -> tuple[str, ...]:
    return code.co_varnames[: code.co_argcount]


@cache
def _literal_defaults(text: str) -> dict[str, Any]:
    """The defaults of a function that are literals, by argument."""
    definition = _definition(text)
    if not isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef):
        return {}
    given = definition.args
    positional = [argument.arg for argument in [*given.posonlyargs, *given.args]]
    pairs = [
        *zip(positional[::-1], given.defaults[::-1], strict=False),
        *((argument.arg, default) for argument, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)),
    ]
    return {name: node.value for name, node in pairs if isinstance(node, ast.Constant)}


def _literals(text: str) -> Iterator[tuple[str, Any]]:
    """What a class sets to a literal, by name."""
    definition = _definition(text)
    for node in definition.body if isinstance(definition, ast.ClassDef) else ():
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and isinstance(getattr(node, "value", None), ast.Constant):
            yield target.id, node.value.value  # type: ignore[attr-defined]


def _definition(text: str) -> ast.stmt:
    """The definition that is all of a text, which may be indented."""
    if text.startswith((" ", "\t")):
        (block,) = ast.parse(f"if True:\n{text}").body
        assert isinstance(block, ast.If)
        return block.body[0]
    return ast.parse(text).body[0]


def _is_same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _file_of(value: FunctionType | type) -> str:
    if isinstance(value, FunctionType):
        file: str | None = value.__code__.co_filename
    else:
        file = getattr(sys.modules.get(value.__module__), "__file__", None)
    # From Python 3.13 on, what was given to `python -c` can be read under its name, whoever asks for it.
    if file is None or file.startswith("<"):
        raise OSError(f"{value.__qualname__} comes from {file}, which is no file")
    return file


def _loader_of(value: FunctionType | type) -> Any:
    return getattr(sys.modules.get(value.__module__), "__loader__", None)


def _is_rewritten(value: FunctionType | type) -> bool:
    """Whether pytest has rewritten the assertions of the module."""
    return type(_loader_of(value)).__name__ == "AssertionRewritingHook"


def _can_be_compared(value: FunctionType | type) -> bool:
    """Whether a module was compiled as it stands in its file, or with its assertions rewritten, and not otherwise."""
    return isinstance(_loader_of(value), SourceFileLoader) or _is_rewritten(value)


def _stamp(file: str) -> Stamp:
    """What changes when a file is edited; zeros for what a notebook's cell says, which is in no file."""
    try:
        state = Path(file).stat()
    except OSError:
        return 0, 0
    return state.st_mtime_ns, state.st_size


@cache
def _read(file: str, stamp: Stamp) -> SourceFile:
    """A file as it is; the cache knows it by what changes with it."""
    text = _text_of_file(file)
    tree = ast.parse(text, file)
    codes = _codes(compile(tree, file, "exec", dont_inherit=True))
    return SourceFile(text.splitlines(keepends=True), _spans(tree), codes)


@cache
def _read_rewritten(file: str, stamp: Stamp) -> SourceFile:
    """A file as pytest compiles it."""
    from _pytest.assertion.rewrite import rewrite_asserts

    text = _text_of_file(file)
    tree = ast.parse(text, file)
    spans = _spans(tree)
    rewrite_asserts(tree, text.encode(), file)
    return SourceFile([], spans, _codes(compile(tree, file, "exec", dont_inherit=True)))


def _text_of_file(file: str) -> str:
    """Read a file as Python does, with its byte-order mark and its coding; or the cell of a notebook."""
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
    return {name: sorted(found, key=lambda code: code.co_firstlineno) for name, found in codes.items()}


def _essence(code: CodeType) -> tuple[Any, ...]:
    """What code computes, whatever file and line it stands in."""
    constants = tuple(
        _essence(constant) if isinstance(constant, CodeType) else (type(constant).__name__, repr(constant))
        for constant in code.co_consts
    )
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    return code.co_code, constants, names, counts, code.co_exceptiontable


def module_is_current(module: ModuleType) -> None:
    """See that the functions and classes of an imported module stand in its file as they were imported.

    Raises
    ------
    EditedError
        One of them does not.
    """
    for value in list(vars(module).values()):
        if isinstance(value, FunctionType | type) and value.__module__ == module.__name__:
            try:
                text_of(value)
            except OSError:  # made at run time, in no file
                continue
