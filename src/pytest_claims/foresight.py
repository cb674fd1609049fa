"""Whether a session will train nothing, foreseen before its claims are collected.

How many processes there are is settled before pytest collects, and only collected claims tell what is missing. So a
session that ends with nothing missing leaves a note beside the store: what was selected, the hashes of the files that
claims and arms came from, and which runs were needed. As long as all that holds, the same selection needs no more. A
note that is wrong costs time, never a result: one process trains what turns out to be missing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from pytest_claims.fingerprint.source_text import OWN_PACKAGE, module_is_of_project
from pytest_claims.options import Options
from pytest_claims.selection import NARROWING

_MOST_NOTES = 8
"""Selections that are remembered; beyond, the oldest is forgotten."""


def trains_nothing(config: pytest.Config) -> bool:
    """Whether the session of this configuration is known to train nothing."""
    options = Options.of(config)
    if not options.trains:
        return True
    note = _notes(options.store).get(_selection(config, options))
    return not options.fresh and note is not None and _holds(note, options.store)


def remember(config: pytest.Config, context: Mapping[str, Any], *, started: float) -> None:
    """Note that a session has left nothing missing.

    Parameters
    ----------
    context
        What the session knows of its plan: ``arms`` with fingerprint and number of seeds, ``directories`` as
        `project_directories` gives them.
    started
        When it began, in seconds since 1970. What was edited since then may not be what it has imported.
    """
    from pytest_claims.records import replace_file

    options, files = Options.of(config), _modules(context["directories"])
    narrowed = any(config.getoption(name, None) for name in NARROWING)
    if not options.trains or narrowed or any(file.stat().st_mtime >= started for file in files):
        return
    note = {
        "directories": context["directories"],
        "files": _hashes(files),
        "first_seed": options.first_seed,
        "arms": {arm["fingerprint"]: arm["num_seeds"] for arm in context["arms"]},
    }
    notes, selection = _notes(options.store), _selection(config, options)
    notes.pop(selection, None)
    kept = dict([*notes.items(), (selection, note)][-_MOST_NOTES:])
    with suppress(OSError):  # beside a store that can only be read
        replace_file(_file(options.store), json.dumps(kept))


def project_directories() -> list[str]:
    """The directories of the modules that have been imported from the project and from this package."""
    return sorted(
        {
            str(Path(file).parent)
            for name, module in list(sys.modules.items())
            if (file := getattr(module, "__file__", None))
            and (name.partition(".")[0] == OWN_PACKAGE or module_is_of_project(module))
        }
    )


def _holds(note: dict[str, Any], store: Path) -> bool:
    from pytest_claims.store.store import Store

    if not store.is_file() or _hashes(_modules(note["directories"])) != note["files"]:
        return False
    first = note["first_seed"]
    with Store.open(store, read_only=True) as runs:
        return all(
            runs.seeds(fingerprint).issuperset(range(first, first + num_seeds))
            for fingerprint, num_seeds in note["arms"].items()
        )


def _modules(directories: Iterable[str]) -> list[Path]:
    """All modules in these directories; an editor's lock, a link to nowhere, is none."""
    return [file for place in directories for file in sorted(Path(place).glob("*.py")) if file.is_file()]


def _hashes(files: Iterable[Path]) -> dict[str, str]:
    # Not their ages: to install a package again makes its files new.
    return {str(file): sha256(file.read_bytes()).hexdigest() for file in files}


def _selection(config: pytest.Config, options: Options) -> str:
    return repr((config.args, config.getoption("markexpr"), config.getoption("keyword"), options))


def _notes(store: Path) -> dict[str, Any]:
    try:
        notes = json.loads(_file(store).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return notes if isinstance(notes, dict) else {}


def _file(store: Path) -> Path:
    return store.with_name(f"{store.name}-complete.json")
