"""The fingerprint: a hash of all that determines a run. A stored run is valid as long as its fingerprint is the same.

It covers an arm's declaration, the content hash of the data, the tier, and the engine's semantics. It also covers the
source of the project's functions and classes that the declaration names, of those that they name, and so on. For a
constant among these names it covers the value. It covers defaults and class attributes that the source does not
determine. Settings of libraries and golden steps count where they deviate from what the package expects. Comments,
docstrings, the machine and versions of libraries do not count; a run's provenance has the last two. This module imports
no deep-learning library.

It cannot see names that code resolves only at run time, such as ``getattr(module, name)``, files and environment
variables that code reads, and lists and mappings in a decorator's closure.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from enum import Enum
from hashlib import sha256
from importlib.util import resolve_name
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from pytest_claims.catalogue.arms import Arm, Source
from pytest_claims.fingerprint.constants import (
    NO_CONSTANT,
    PUBLISHED_MODULES,
    constant_tree,
    order_in_set,
    qualified_name,
)
from pytest_claims.fingerprint.declarations import (
    Computation,
    call_of,
    describe,
    differences,
    dump,
    fields_of,
)
from pytest_claims.fingerprint.defaults import enclosed, values_beside_source
from pytest_claims.fingerprint.loaded_code import EditedError, text_of_file
from pytest_claims.fingerprint.loaded_modules import module_is_current
from pytest_claims.fingerprint.source_text import (
    Text,
    file_of_module,
    is_of_project,
    module_is_of_project,
    module_source,
    source_of,
)
from pytest_claims.support.errors import ClaimsError
from pytest_claims.support.vocabulary import ByTier, Tier, at_tier

__all__ = ["Computation", "describe", "differences", "fingerprint"]

_FORMAT = 1  # rises with each change that gives the same declaration another fingerprint


_HEX_DIGITS = 32  # 128 bits, so that two arms never share a fingerprint by chance


def fingerprint(
    declaration: Source, *, tier: Tier, data_hash: str, computation: Computation, name: str = "this arm"
) -> str:
    """Compute the fingerprint of an arm's or a measurement's runs, 32 hexadecimal digits.

    Parameters
    ----------
    declaration
        The `Arm` or `Measurement`.
    tier
        The tier of the runs. Of each `by_tier` value, only the value of this tier counts.
    data_hash
        Hash of the data set's content. In the declaration itself only the data set's name counts.
    computation
        How the runs are computed.
    name
        The arm's name in errors.

    Raises
    ------
    ClaimsError
        The declaration holds an object whose source cannot be compared, such as a lambda; the message says where.

    Examples
    --------
    >>> from functools import partial
    >>> from random import Random
    >>> from pytest_claims import Measurement
    >>> declared = Measurement(measure=partial(Random.uniform, a=0, b=1))
    >>> len(fingerprint(declared, tier="fast", data_hash="", computation=Computation("measurement", 1)))
    32
    """
    material = _Material(tier, name)
    whole = {
        "format": _FORMAT,
        "declaration": material.of(declaration, ""),
        "definitions": material.definitions,
        "tier": tier,
        "data": data_hash,
        "engine": computation.engine,
        "semantics": computation.semantics,
        **({"conditions": dict(computation.conditions)} if computation.conditions else {}),
    }
    return sha256(dump(whole).encode()).hexdigest()[:_HEX_DIGITS]


def code_digest(values: Mapping[str, Any], *, tier: Tier = "fast", name: str) -> str | None:
    """Hash functions, their bound arguments and the code that they use; return ``None`` if one cannot be read.

    Parameters
    ----------
    values
        Functions, or objects that hold functions, keyed by their purpose.
    tier
        Of each `by_tier` value, only the value of this tier counts.
    name
        The owner's name in errors.
    """
    material = _Material(tier, name)
    try:
        trees = [material.of(value, where) for where, value in values.items()]
    except ClaimsError:
        return None
    return sha256(dump([trees, material.definitions]).encode()).hexdigest()


class _Material:
    """The input of a fingerprint: a tree for JSON, and the definitions to which the tree refers by number."""

    def __init__(self, tier: Tier, name: str) -> None:
        self.definitions: list[Any] = []
        self._tier = tier
        self._name = name
        self._numbers: dict[int | Path, int] = {}
        self._open_modules: set[str] = set()

    def of(self, value: Any, where: str) -> Any:
        """Make the tree of a value; `where` is the path to the value, for errors."""
        match value:
            case ByTier():
                tree = self.of(at_tier(value, self._tier), where)
            case Enum():
                tree = ["enum", qualified_name(type(value)), value.name, self.of(value.value, where)]
            case Mapping():
                tree = ["dict", *([self.of(key, where), self.of(item, where)] for key, item in value.items())]
            case list() | tuple():
                tree = [type(value).__name__, *(self.of(item, f"{where}[{i}]") for i, item in enumerate(value))]
            case set() | frozenset():
                tree = ["set", *(self.of(item, where) for item in sorted(value, key=order_in_set))]
            case _:
                tree = self._of_single(value, where)
        return tree

    def _of_single(self, value: Any, where: str) -> Any:
        if (constant := constant_tree(value)) is not NO_CONSTANT:
            return constant
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self._of_dataclass(value, where)
        if callable(value):
            return self._of_callable(value, where)
        raise self._unreadable(value, where)

    def _of_dataclass(self, value: Any, where: str) -> Any:
        fields = {}
        for key, item in fields_of(value):
            inner = f"{where}.{key}" if where else key
            if isinstance(value, Arm) and key == "measurements":
                # The store keeps measurements by name, so their order has no meaning.
                fields[key] = {name: self.of(measure, f"{inner}[{name!r}]") for name, measure in sorted(item.items())}
            else:
                fields[key] = self.of(item, inner)
        return ["dataclass", self.of(type(value), where), fields]

    def _of_callable(self, value: Any, where: str) -> Any:
        try:
            function, arguments = call_of(value)
        except TypeError as error:
            raise ClaimsError(f"{where} of {self._name} binds arguments that do not fit: {error}") from error
        bound = {key: self.of(item, f"{where}, argument {key!r}") for key, item in arguments.items()}
        return ["call", self._of_function(function, where), bound]

    def _of_function(self, value: Any, where: str) -> Any:
        if isinstance(value, type):
            module = sys.modules.get(value.__module__)
            if module is None or not module_is_of_project(module):
                return qualified_name(value)
            if "<locals>" in value.__qualname__:
                raise self._unreadable(value, where, f"the class {value.__qualname__}, made by a function")
            return self._defined(value, vars(module), where)
        if isinstance(value, FunctionType):
            return self._of_python_function(value, where)
        if isinstance(value, BuiltinFunctionType) and isinstance(value.__self__, ModuleType | type | None):
            return qualified_name(value)
        if hasattr(value, "__wrapped__"):  # functools.cache, jax.jit
            return ["wrapped", qualified_name(type(value)), self.of(value.__wrapped__, where)]
        if hasattr(value, "__name__") and not isinstance(value, MethodType | BuiltinFunctionType):  # numpy.add
            return [qualified_name(type(value)), value.__name__]
        raise self._unreadable(value, where)

    def _of_python_function(self, value: FunctionType, where: str) -> Any:
        home = value.__globals__.get("__name__", "")
        ours = is_of_project(home, value.__code__.co_filename)
        wrapped = getattr(value, "__wrapped__", None)
        if value.__name__ == "<lambda>" and ours:
            raise self._unreadable(value, where, "a lambda")
        if value.__closure__ and wrapped is None and (ours or "<locals>" in value.__qualname__):
            raise self._unreadable(value, where, f"the closure {value.__qualname__}, a function made by another one")
        if ours:
            named = self._defined(value, value.__globals__ | enclosed(value), where)
        else:
            named = f"{PUBLISHED_MODULES.get(home, home)}.{value.__code__.co_qualname}"
        return named if wrapped is None else ["wrapped", named, self.of(wrapped, where)]

    def _defined(self, value: FunctionType | type, scope: Mapping[str, Any], where: str) -> Any:
        """Return the number of a definition. It gets the number first, so that it may refer to itself."""
        if id(value) not in self._numbers:
            number = self._numbers[id(value)] = len(self.definitions)
            self.definitions.append(None)
            try:
                text = source_of(value)
            except OSError as error:
                raise self._unreadable(
                    value, where, f"{value.__qualname__}, whose source cannot be read ({error})"
                ) from error
            except EditedError as error:
                raise self._edited(error) from error
            package = scope.get("__package__") or scope.get("__name__", "").rpartition(".")[0]
            definition = self.definitions[number] = {
                "source": text.digest,
                "names": {
                    name: self._of_name(scope[name], text.attributes, f"{where} → {name}")
                    for name in sorted(text.names & scope.keys())
                },
                "imports": self._imports(text, package),
            }
            if beside := values_beside_source(value, text.expressions, scope):
                definition["defaults"] = {name: self.of(item, f"{where} → {name}") for name, item in beside.items()}
        return ["definition", self._numbers[id(value)]]

    def _of_name(self, value: Any, attributes: frozenset[str], where: str) -> Any:
        """Make the tree of a value that code names; of a project's module only `attributes` that the code names."""
        if not isinstance(value, ModuleType) or not module_is_of_project(value):
            return self.of(value, where)
        if value.__name__ in self._open_modules:
            return ["module", value.__name__]
        self._open_modules.add(value.__name__)
        reached = {
            name: self._of_name(vars(value)[name], attributes, f"{where}.{name}")
            for name in sorted(attributes & vars(value).keys())
        }
        self._open_modules.remove(value.__name__)
        return ["module", value.__name__, reached]

    def _imports(self, text: Text, package: str) -> Any:
        """List the project's modules that code imports when it runs; they are read, as importing may take long."""
        modules = []
        for module, name in sorted(text.imports):
            absolute = resolve_name(module, package) if package or not module.startswith(".") else module
            for candidate in (absolute, f"{absolute}.{name}") if name else (absolute,):
                file = file_of_module(candidate)
                if file is not None:
                    modules.append([candidate, self._module(file, candidate)])
        return modules

    def _module(self, file: Path, module: str) -> int:
        if file not in self._numbers:
            number = self._numbers[file] = len(self.definitions)
            self.definitions.append(None)
            try:
                text = module_source(file)
                if module in sys.modules:
                    module_is_current(sys.modules[module], text_of_file(str(file)))
            except (OSError, SyntaxError, UnicodeDecodeError) as error:
                raise ClaimsError(f"{self._name} imports {module}, which cannot be read: {error}") from error
            except EditedError as error:
                raise self._edited(error) from error
            package = module if file.name == "__init__.py" else module.rpartition(".")[0]
            self.definitions[number] = {"source": text.digest, "imports": self._imports(text, package)}
        return self._numbers[file]

    def _edited(self, error: EditedError) -> ClaimsError:
        return ClaimsError(
            f"{self._name} would run code that its file does not hold any more: {error}. Start a new process:"
            " run pytest again, restart the notebook's kernel, or restart the worker"
        )

    def _unreadable(self, value: Any, where: str, what: str | None = None) -> ClaimsError:
        what = what or (
            f"the method {value.__qualname__} of an object"
            if isinstance(value, MethodType | BuiltinFunctionType)
            else f"an object of type {type(value).__qualname__}"
        )
        return ClaimsError(
            f"{where} of {self._name} is {what}: pytest-claims cannot tell if it has changed since runs were stored."
            " Expected are functions defined at the top of a module, with functools.partial for their arguments, and"
            " numbers, strings, and tuples, lists, dictionaries or arrays of them"
        )
