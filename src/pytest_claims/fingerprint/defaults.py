"""Values that a function or a class took when Python defined it: defaults of arguments, attributes of the class.

The source has an expression for each of them. The names in it may stand for other values by now, as after a loop, or
they may be variables of a function that has returned. Such values are no part of the source.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from types import FunctionType
from typing import Any

from pytest_claims.fingerprint.constants import NO_CONSTANT, constant_tree, is_constant, is_same
from pytest_claims.fingerprint.loaded_code import defaults_of


def values_beside_source(
    value: FunctionType | type, expressions: Mapping[str, ast.expr], scope: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the values that the expressions do not give in `scope`, by argument or attribute.

    Parameters
    ----------
    value
        The function or the class.
    expressions
        The expressions in the source for its defaults or attributes, except literals.
    scope
        The module's global names.
    """
    if isinstance(value, FunctionType):
        taken = defaults_of(value)
        names = sorted(expressions.keys() & taken.keys())
        return {name: taken[name] for name in names if not _gives(expressions[name], scope, taken[name])}
    taken = dict(vars(value))
    # Decorators and metaclasses replace attributes by objects of their own, which follow from the source.
    names = [name for name in sorted(expressions.keys() & taken.keys()) if is_constant(taken[name])]
    beside = {}
    for name in names:  # the body of a class sees the class' earlier attributes
        earlier = {other: attribute for other, attribute in taken.items() if other != name}
        if not _gives(expressions[name], {**scope, **earlier}, taken[name]):
            beside[name] = taken[name]
    return beside


def enclosed(function: FunctionType) -> dict[str, Any]:
    """Return the values in a decorated function's closure, except lists and mappings: decorators use them as caches."""
    bound = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            content = cell.cell_contents
        except ValueError:  # the variable is not assigned yet
            continue
        if callable(content) or isinstance(content, tuple | frozenset) or constant_tree(content) is not NO_CONSTANT:
            bound[name] = content
    return bound


def _gives(expression: ast.expr, names: Mapping[str, Any], value: Any) -> bool:
    """Tell if an expression still gives a value. Calls are not repeated, so their results are no part of the source."""
    if any(isinstance(node, ast.Call | ast.Lambda | ast.comprehension) for node in ast.walk(expression)):
        return False
    try:
        given = eval(compile(ast.Expression(expression), "<default>", "eval"), dict(names))  # it ran at import, too
    except Exception:
        return False
    return is_same(given, value)
