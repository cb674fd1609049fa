"""Problems with the marks and arguments of claims, one line each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from unicodedata import category
from unittest import TestCase

import pytest

from pytest_claims.catalogue.claims import (
    OWN_ARGUMENTS,
    arguments_of,
    known_arms,
    mark_of,
    of_kind,
    sources_of,
    tiers_of,
)
from pytest_claims.support.vocabulary import HOLDS, TIERS, VERDICTS, Tier

KINDS: tuple[tuple[str, Tier, bool], ...] = (
    ("fast", "fast", False),
    ("full", "full", False),
    ("stand-in", "fast", True),
)
"""What expectations and explanations may differ by: name, tier, and whether a data set is a stand-in."""

INSTEAD_OF_MARKS = {
    "xfail": "write expected=... and because=...",
    "parametrize": "write a claim with an id of its own for each value, and a function that all of them call",
}


def problems(items: Sequence[pytest.Function]) -> list[str]:
    """List the problems with the declarations of claims, one line each."""
    lines = [f"{item.nodeid}: {problem}" for item in items for problem in _problems_of(item)]
    tests_of: dict[str, set[str]] = {}
    for item in items:
        mark = mark_of(item)
        if mark and mark.args:
            tests_of.setdefault(str(mark.args[0]), set()).add(item.nodeid.partition("[")[0])
    for claim_id, tests in tests_of.items():
        if len(tests) > 1:
            lines.append(f"claim id {claim_id!r} is used {len(tests)} times: {', '.join(sorted(tests))}")
    return list(Counter(lines))


def _problems_of(item: pytest.Function) -> list[str]:
    mark = mark_of(item)
    if mark is None:
        return ["takes judge or an arm and is no claim: add @pytest.mark.claim(id, statement)"]
    foreign_marks = [
        f"a claim takes no mark {name!r}: {instead}"
        for name, instead in INSTEAD_OF_MARKS.items()
        if item.get_closest_marker(name)
    ]
    return [
        *foreign_marks,
        *_problems_of_mark(mark),
        *_problems_of_section(item.get_closest_marker("section")),
        *_problems_of_texts([mark, item.get_closest_marker("section")]),
        *_problems_of_arguments(item),
    ]


def _problems_of_mark(mark: pytest.Mark) -> list[str]:
    lines = []
    usage = 'write @pytest.mark.claim("R07", "What the lecture asserts, in our own words.", source="…")'
    if not mark.args or not isinstance(mark.args[0], str) or not mark.args[0].strip():
        return [f"a claim without an id: {usage}"]
    if len(mark.args) < 2 or not isinstance(mark.args[1], str) or not mark.args[1].strip():
        lines.append(f"claim {mark.args[0]} has no statement: {usage}")
    if len(mark.args) > 2:
        lines.append(f"claim {mark.args[0]} takes an id and a statement, then keywords: {usage}")
    known = {"source", "expected", "because", "tiers", "seeds", "block", "revised", "before"}
    lines += [
        f"claim {mark.args[0]}: unknown keyword {key!r}, known are {sorted(known)}"
        for key in mark.kwargs.keys() - known
    ]
    if not tiers_of(mark):
        lines.append(
            f"claim {mark.args[0]}: tiers={mark.kwargs['tiers']!r} names no tier, known are {', '.join(TIERS)}"
        )
    lines += [
        f"claim {mark.args[0]}: unknown tier {tier!r}, known are {', '.join(TIERS)}"
        for tier in tiers_of(mark)
        if tier not in TIERS
    ]
    seeds = mark.kwargs.get("seeds", 2)
    if type(seeds) is not int or seeds < 2:
        lines.append(f"claim {mark.args[0]}: seeds={seeds!r} is no number of seeds, 2 or more")
    block = mark.kwargs.get("block", 0)
    if type(block) is not int or block < 0:
        lines.append(f"claim {mark.args[0]}: block={block!r} is no first seed, a whole number from 0 on")
    return [*lines, *_problems_of_expectation(mark), *_problems_of_explanation(mark), *_problems_of_revision(mark)]


def _problems_of_revision(mark: pytest.Mark) -> list[str]:
    revised, before = mark.kwargs.get("revised"), mark.kwargs.get("before")
    if bool(revised) != bool(before):
        return [f"claim {mark.args[0]}: revised= says what was changed and why, before= the verdicts before: give both"]
    if before and not mark.kwargs.get("block"):
        return [f"claim {mark.args[0]} was changed after a verdict was known: give it a block of new seeds, block=300"]
    by_kind = before if isinstance(before, dict) else {"full": before or VERDICTS[0]}
    if by_kind.keys() - {"fast", "full", "stand-in"} or set(by_kind.values()) - set(VERDICTS):
        return [
            f"claim {mark.args[0]}: before={before!r} is no verdict, nor a mapping of 'fast', 'full', 'stand-in' to one"
        ]
    return []


def _problems_of_expectation(mark: pytest.Mark) -> list[str]:
    expected = mark.kwargs.get("expected", "supported")
    by_kind = expected if isinstance(expected, dict) else {"fast": expected}
    lines = [
        f"claim {mark.args[0]}: expected by {key!r}, known are 'fast', 'full' and 'stand-in'"
        for key in by_kind.keys() - {"fast", "full", "stand-in"}
    ]
    if not by_kind:
        lines.append(f"claim {mark.args[0]}: expected={expected!r} names no verdict, these are {', '.join(VERDICTS)}")
    lines += [
        f"claim {mark.args[0]}: expected={verdict!r} is a list of verdicts. Name the one that came out; "
        "`pytest-claims stability` records how probably fresh seeds give it again"
        if isinstance(verdict, tuple | list)
        else f"claim {mark.args[0]}: expected={verdict!r} is no verdict, these are {', '.join(VERDICTS)}"
        for verdict in by_kind.values()
        if verdict not in VERDICTS
    ]
    return lines


def _problems_of_explanation(mark: pytest.Mark) -> list[str]:
    """Name the kinds of data for which another verdict than "supported" is expected without an explanation."""
    because, lines = mark.kwargs.get("because"), []
    if isinstance(because, dict):
        names = [name for name, *_ in KINDS]
        lines += [f"claim {mark.args[0]}: because by {key!r}, known are {names}" for key in because if key not in names]
    for name, tier, stand_in in KINDS:
        expected = of_kind(mark.kwargs.get("expected"), tier, stand_in=stand_in) or "supported"
        if tier not in tiers_of(mark) or expected in HOLDS:
            continue
        if not of_kind(because, tier, stand_in=stand_in):
            add = f"because={{{name!r}: '…'}}" if isinstance(because, dict) else "because='…'"
            lines.append(f"claim {mark.args[0]} expects {expected!r} ({name}) and does not say why: add {add}")
    return lines


def _problems_of_section(section: pytest.Mark | None) -> list[str]:
    if section is None or not section.args or not str(section.args[0]).strip():
        return ["a claim without a section: add pytestmark = pytest.mark.section('Regularization', 10) to its module"]
    if len(section.args) > 1 and not isinstance(section.args[1], int | float):
        return [f"section {section.args[0]!r} has {section.args[1]!r} for its number, which is to be a number"]
    return []


def _problems_of_texts(marks: Sequence[pytest.Mark | None]) -> list[str]:
    """Name texts that no file can hold, and texts that a terminal would obey instead of showing them."""
    given = [value for mark in marks if mark for value in (*mark.args, *mark.kwargs.values())]
    values = [inner for value in given for inner in (value.values() if isinstance(value, dict) else [value])]
    texts = [value for value in values if isinstance(value, str)]
    lines = [
        f"the text {text!a} has half of a surrogate pair, which is no character: write the whole character"
        for text in texts
        if any(category(character) == "Cs" for character in text)
    ]
    return lines + [
        f"the text {text!a} has a control character: leave it out, or double the backslash"
        for text in texts
        if any(category(character) == "Cc" and character not in "\n\t" for character in text)
    ]


def _problems_of_arguments(item: pytest.Function) -> list[str]:
    arguments = arguments_of(item)
    if item.cls is not None and issubclass(item.cls, TestCase):
        return ["a claim takes arguments, which pytest gives to no method of a unittest.TestCase: leave out the base"]
    if "judge" not in arguments:
        return ["a claim takes judge among its arguments, and asserts the verdict it gives"]
    return [problem for name in arguments if name not in OWN_ARGUMENTS for problem in _problems_of_argument(item, name)]


def _problems_of_argument(item: pytest.Function, name: str) -> list[str]:
    definitions = item._fixtureinfo.name2fixturedefs.get(name, ())
    sources = sources_of(item, name)
    if not definitions:
        known = sorted(known_arms(item))
        near = get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known) or 'none'}"
        return [f"there is no arm {name!r}{hint}"]
    if len(definitions) > 1 and sources:
        return [
            f"there are {len(definitions)} arms of the name {name!r}: "
            + ", ".join(d.baseid or "a plugin" for d in definitions)
        ]
    if not sources:
        return [f"{name!r} is no arm: a claim takes arms, measurements and judge, nothing else"]
    return []
