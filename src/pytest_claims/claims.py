"""Claims: what the marks of a test say, and what is wrong with them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import pytest

from pytest_claims.arms import Source, dataset_of
from pytest_claims.support.vocabulary import HOLDS, TIERS, VERDICTS, Tier

if TYPE_CHECKING:
    from pytest_claims.data.sets import DataSet

OWN_ARGUMENTS = ("judge", "claims_tier")


@dataclass(frozen=True)
class Claim:
    """An assertion with an id, as a test of one tier.

    Parameters
    ----------
    item
        The test.
    id, statement, source, section, section_number
        As in the lecture's catalogue, in our own words.
    tier
        The tier that this test runs in.
    expected
        ``expected="refuted"``, a tuple of two verdicts, or a mapping from ``"fast"``, ``"full"``, ``"stand-in"`` to
        these. Without it, a claim is expected to be supported.
    because
        Why it is expected not to be supported.
    num_seeds
        How many seeds are judged, once, instead of at the tier's looks: for what is too costly for more.
    sources
        The arms and measurements among its arguments, by name.
    """

    item: pytest.Function
    id: str
    statement: str
    source: str
    section: str
    section_number: float
    tier: Tier
    expected: Any
    because: str | None
    num_seeds: int | None
    sources: dict[str, Source]

    @property
    def datasets(self) -> list[DataSet]:
        """The data sets that its arms and measurements draw on, each once."""
        return list({dataset: None for source in self.sources.values() if (dataset := dataset_of(source))})

    def expected_on(self, *, stand_in: bool) -> tuple[str, ...]:
        """The expected verdicts, on real data or with a stand-in among them."""
        expected = self.expected
        if isinstance(expected, dict):
            keys = ["stand-in", self.tier] if stand_in else [self.tier]
            expected = next((expected[key] for key in keys if key in expected), "supported")
        return (expected,) if isinstance(expected, str) else tuple(expected)


def is_claim(item: pytest.Item) -> bool:
    """Whether a test is a claim, or takes what only claims get."""
    return isinstance(item, pytest.Function) and (mark_of(item) is not None or "claims_tier" in item.fixturenames)


def mark_of(item: Any) -> pytest.Mark | None:
    """The claim's mark, or ``None`` for a test that is no claim."""
    mark: pytest.Mark | None = item.get_closest_marker("claim")
    return mark


def tiers_of(mark: pytest.Mark) -> tuple[Tier, ...]:
    """The tiers in which a claim is made; both, unless it says otherwise."""
    tiers: Any = mark.kwargs.get("tiers", TIERS)
    if isinstance(tiers, str):
        tiers = (tiers,)
    return tuple(tiers) if isinstance(tiers, tuple | list) else ()


def read_claim(item: pytest.Function) -> Claim:
    """Read the claim that a test's marks declare; `problems` has found nothing wrong with them."""
    mark = mark_of(item)
    section = item.get_closest_marker("section")
    assert mark is not None
    assert section is not None
    tier: Any = item.callspec.params["claims_tier"]
    return Claim(
        item=item,
        id=mark.args[0],
        statement=mark.args[1],
        source=mark.kwargs.get("source", ""),
        section=section.args[0],
        section_number=section.args[1] if len(section.args) > 1 else math.inf,
        tier=tier,
        expected=mark.kwargs.get("expected", "supported"),
        because=" ".join(str(mark.kwargs.get("because", "")).split()) or None,
        num_seeds=mark.kwargs.get("seeds"),
        sources={name: source for name in _arguments(item) for source in _sources(item, name)[-1:]},
    )


def problems(items: Sequence[pytest.Function]) -> list[str]:
    """What is wrong with the declarations of claims, a line each: empty if nothing is."""
    found = [f"{item.nodeid}: {problem}" for item in items for problem in _problems_of(item)]
    tests_of: dict[str, set[str]] = {}
    for item in items:
        mark = mark_of(item)
        if mark and mark.args:
            tests_of.setdefault(str(mark.args[0]), set()).add(item.nodeid.partition("[")[0])
    for claim_id, tests in tests_of.items():
        if len(tests) > 1:
            found.append(f"claim id {claim_id!r} is used {len(tests)} times: {', '.join(sorted(tests))}")
    return list(Counter(found))


def _problems_of(item: pytest.Function) -> list[str]:
    mark = mark_of(item)
    if mark is None:
        return ["takes judge or an arm and is no claim: add @pytest.mark.claim(id, statement)"]
    own = [
        f"a claim takes no mark {other!r}: write expected=... and because=..."
        for other in ("xfail", "parametrize")
        if item.get_closest_marker(other)
    ]
    return [
        *own,
        *_problems_of_mark(mark),
        *_problems_of_section(item.get_closest_marker("section")),
        *_problems_of_arguments(item),
    ]


def _problems_of_mark(mark: pytest.Mark) -> list[str]:
    found = []
    usage = 'write @pytest.mark.claim("R07", "What the lecture asserts, in our own words.", source="…")'
    if not mark.args or not isinstance(mark.args[0], str) or not mark.args[0].strip():
        return [f"a claim without an id: {usage}"]
    if len(mark.args) < 2 or not isinstance(mark.args[1], str) or not mark.args[1].strip():
        found.append(f"claim {mark.args[0]} has no statement: {usage}")
    if len(mark.args) > 2:
        found.append(f"claim {mark.args[0]} takes an id and a statement, then keywords: {usage}")
    known = {"source", "expected", "because", "tiers", "seeds"}
    found += [
        f"claim {mark.args[0]}: unknown keyword {key!r}, known are {sorted(known)}"
        for key in mark.kwargs.keys() - known
    ]
    if not tiers_of(mark):
        found.append(
            f"claim {mark.args[0]}: tiers={mark.kwargs['tiers']!r} names no tier, known are {', '.join(TIERS)}"
        )
    found += [
        f"claim {mark.args[0]}: unknown tier {tier!r}, known are {', '.join(TIERS)}"
        for tier in tiers_of(mark)
        if tier not in TIERS
    ]
    seeds = mark.kwargs.get("seeds", 2)
    if type(seeds) is not int or seeds < 2:
        found.append(f"claim {mark.args[0]}: seeds={seeds!r} is no number of seeds, 2 or more")
    return found + _problems_of_expectation(mark)


def _problems_of_expectation(mark: pytest.Mark) -> list[str]:
    expected = mark.kwargs.get("expected", "supported")
    by_kind = expected if isinstance(expected, dict) else {"fast": expected}
    found = [
        f"claim {mark.args[0]}: expected by {key!r}, known are 'fast', 'full' and 'stand-in'"
        for key in by_kind.keys() - {"fast", "full", "stand-in"}
    ]
    verdicts = [v for value in by_kind.values() for v in (value if isinstance(value, tuple | list) else (value,))]
    if not all(by_kind.values()):
        found.append(f"claim {mark.args[0]}: expected={expected!r} names no verdict, these are {', '.join(VERDICTS)}")
    found += [
        f"claim {mark.args[0]}: expected={verdict!r} is no verdict, these are {', '.join(VERDICTS)}"
        for verdict in verdicts
        if verdict not in VERDICTS
    ]
    if set(map(str, verdicts)) - set(HOLDS) and not mark.kwargs.get("because"):
        found.append(f"claim {mark.args[0]} expects {expected!r} and does not say why: add because='…'")
    return found


def _problems_of_section(section: pytest.Mark | None) -> list[str]:
    if section is None or not section.args or not str(section.args[0]).strip():
        return ["a claim without a section: add pytestmark = pytest.mark.section('Regularization', 10) to its module"]
    if len(section.args) > 1 and not isinstance(section.args[1], int | float):
        return [f"section {section.args[0]!r} has {section.args[1]!r} for its number, which is to be a number"]
    return []


def _problems_of_arguments(item: pytest.Function) -> list[str]:
    arguments = _arguments(item)
    if "judge" not in arguments:
        return ["a claim takes judge among its arguments, and asserts the verdict it gives"]
    return [problem for name in arguments if name not in OWN_ARGUMENTS for problem in _problems_of_argument(item, name)]


def _problems_of_argument(item: pytest.Function, name: str) -> list[str]:
    definitions = item._fixtureinfo.name2fixturedefs.get(name, ())
    sources = _sources(item, name)
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


def known_arms(item: pytest.Function) -> set[str]:
    """Names of the arms and measurements that a claim may take: those of plugins, conftests and its own module."""
    modules = [*item.config.pluginmanager.get_plugins(), item.module]
    return {
        name
        for module in modules
        for name, value in getattr(module, "__dict__", {}).items()
        if hasattr(value, "__claims_source__")
    }


def _arguments(item: pytest.Function) -> tuple[str, ...]:
    return tuple(item._fixtureinfo.argnames)


def _sources(item: pytest.Function, name: str) -> list[Source]:
    definitions = item._fixtureinfo.name2fixturedefs.get(name, ())
    return [d.func.__claims_source__ for d in definitions if hasattr(d.func, "__claims_source__")]
