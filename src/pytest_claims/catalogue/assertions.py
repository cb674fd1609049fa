"""The list of a lecture's assertions: the claims that test each of them, and the parts that cannot be tested."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pytest_claims.support.errors import ClaimsError

_KEYS = {"section": {"number", "title", "assertions"}, "not_testable": {"what", "reason"}}


def read_lecture(path: Path) -> dict[str, Any] | None:
    """Read a lecture's list; ``None`` if there is no such file.

    Parameters
    ----------
    path
        A TOML file with tables ``section`` (``number``, ``title`` and ``assertions``, which are ids) and tables
        ``not_testable`` (``what`` and ``reason``).

    Raises
    ------
    ClaimsError
        If the file is no TOML, or has other tables or keys.
    """
    if not path.is_file():
        return None
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise ClaimsError(f"{path} is no TOML: {error}") from error
    for name, tables in content.items():
        if name not in _KEYS:
            raise ClaimsError(f"{path} has tables [[{name}]]; known are {', '.join(_KEYS)}")
        for table in tables if isinstance(tables, list) else [tables]:
            found = sorted(table) if isinstance(table, dict) else table
            if found != sorted(_KEYS[name]):
                raise ClaimsError(f"{path}: a [[{name}]] has {found}; expected {sorted(_KEYS[name])}")
    return content


def assertion_of(claim_id: str) -> str:
    """Return the assertion that a claim tests. A reading of an assertion has the assertion's id and a letter.

    Examples
    --------
    >>> assertion_of("R14b"), assertion_of("P-imdb-16-16")
    ('R14', 'P-imdb-16-16')
    """
    return re.sub(r"(?<=\d)[a-z]$", "", claim_id)


def account(lecture: dict[str, Any] | None, claim_ids: Iterable[str]) -> dict[str, Any] | None:
    """List the claims that test each assertion; return ``None`` without a lecture.

    Examples
    --------
    >>> lecture = {"section": [{"number": 1, "title": "Noise", "assertions": ["C01", "C02"]}]}
    >>> account(lecture, ["C01a", "C01b", "X01"])["sections"][0]["assertions"]
    [{'id': 'C01', 'claims': ['C01a', 'C01b']}, {'id': 'C02', 'claims': []}]
    """
    if lecture is None:
        return None
    by_assertion: dict[str, list[str]] = {}
    for claim_id in sorted(set(claim_ids)):
        by_assertion.setdefault(assertion_of(claim_id), []).append(claim_id)
    sections = [
        {
            "number": section["number"],
            "title": section["title"],
            "assertions": [{"id": id_, "claims": by_assertion.get(id_, [])} for id_ in section["assertions"]],
        }
        for section in lecture.get("section", [])
    ]
    return {"sections": sections, "not_testable": lecture.get("not_testable", [])}
