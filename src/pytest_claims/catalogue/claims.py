"""Claims: what the marks of a test say, and what is wrong with them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from pytest_claims.catalogue.arms import Source, dataset_of
from pytest_claims.support.vocabulary import TIERS, Tier

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
        sources={name: source for name in arguments_of(item) for source in sources_of(item, name)[-1:]},
    )


def known_arms(item: pytest.Function) -> set[str]:
    """Names of the arms and measurements that a claim may take: those of plugins, conftests and its own module."""
    modules = [*item.config.pluginmanager.get_plugins(), item.module]
    return {
        name
        for module in modules
        for name, value in getattr(module, "__dict__", {}).items()
        if hasattr(value, "__claims_source__")
    }


def arguments_of(item: pytest.Function) -> tuple[str, ...]:
    """Names of the arguments of a test."""
    return tuple(item._fixtureinfo.argnames)


def sources_of(item: pytest.Function, name: str) -> list[Source]:
    """The arms and measurements that a test's argument may mean, the one that it gets last."""
    definitions = item._fixtureinfo.name2fixturedefs.get(name, ())
    return [d.func.__claims_source__ for d in definitions if hasattr(d.func, "__claims_source__")]


def place_and_sentence_of(item: pytest.Function, name: str) -> tuple[tuple[str, int] | None, str]:
    """File and line of the call of ``arm()`` behind a test's argument, and the sentence that was given there."""
    for definition in reversed(item._fixtureinfo.name2fixturedefs.get(name, ())):
        if hasattr(definition.func, "__claims_source__"):
            return definition.func.__claims_place__, definition.func.__claims_sentence__
    return None, ""
