"""Check that an imported module is still what its file says."""

from __future__ import annotations

import ast
from types import FunctionType, ModuleType

from pytest_claims.fingerprint.constants import is_same
from pytest_claims.fingerprint.loaded_code import EditedError, assignments, text_of


def module_is_current(module: ModuleType, text: str) -> None:
    """Check that the functions, classes and constants of an imported module are still those in its file.

    Parameters
    ----------
    module
        The module.
    text
        The text of its file.

    Raises
    ------
    EditedError
        One of them differs.
    """
    for value in list(vars(module).values()):
        if isinstance(value, FunctionType | type) and value.__module__ == module.__name__:
            try:
                text_of(value)
            except OSError:  # code made it at run time, so it is in no file
                continue
    tree = ast.parse(text)
    changing = {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}
    for name, node in assignments(tree.body).items():
        imported = vars(module).get(name)
        if not isinstance(node, ast.Constant) or name in changing or type(imported) is not type(node.value):
            continue
        if not is_same(imported, node.value):
            raise EditedError(f"{name} of {module.__name__} was imported as {imported!r}, and then edited")
