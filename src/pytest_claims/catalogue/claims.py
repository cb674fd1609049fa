"""Claims, as the marks and arguments of a test declare them."""

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

_COLLECTED_ID = pytest.StashKey[str]()


@dataclass(frozen=True)
class Claim:
    """An assertion with an id, which a test checks in one tier.

    Parameters
    ----------
    item, test
        The test, and the id with which it was collected.
    id, statement, source, section, section_number
        The catalogue's id, and the catalogue's words for the assertion, its source and its section.
    tier
        The tier in which this test runs.
    expected
        A verdict, or a mapping of ``"fast"``, ``"full"`` and ``"stand-in"`` to verdicts. The default is
        ``"supported"``.
    because
        The explanation of an expected verdict, or a mapping of ``"fast"``, ``"full"`` and ``"stand-in"`` to these.
    num_seeds
        Number of seeds, judged once instead of at the tier's looks; for arms that are too costly for more seeds.
    block
        The first seed of the claim's seeds.
    revised, before
        What was changed in the claim after a verdict was known, and why; and the verdict before, or a mapping as of
        `because`. A changed claim is judged on a block of seeds that had not been looked at.
    sources
        The arms and measurements among the test's arguments, by name.
    """

    item: pytest.Function
    test: str
    id: str
    statement: str
    source: str
    section: str
    section_number: float
    tier: Tier
    expected: str | dict[str, str]
    because: Any
    num_seeds: int | None
    block: int
    revised: str | None
    before: Any
    sources: dict[str, Source]

    @property
    def datasets(self) -> list[DataSet]:
        """The data sets that the claim's arms and measurements use, each once."""
        return list({dataset: None for source in self.sources.values() if (dataset := dataset_of(source))})

    def expected_on(self, *, stand_in: bool) -> str:
        """Return the expected verdict; `stand_in` is True if one of the claim's data sets is a stand-in."""
        return of_kind(self.expected, self.tier, stand_in=stand_in) or "supported"

    def because_on(self, *, stand_in: bool) -> str | None:
        """Return the explanation, in one line, with its fields; `stand_in` is as in `expected_on`."""
        text = of_kind(self.because, self.tier, stand_in=stand_in)
        return one_line(text)


def of_kind(value: Any, tier: Tier, *, stand_in: bool) -> Any:
    """Return what a mark's value says of a tier: a mapping's ``"stand-in"`` on a stand-in, its tier, or ``None``."""
    if not isinstance(value, dict):
        return value
    keys = ["stand-in", tier] if stand_in else [tier]
    return next((value[key] for key in keys if key in value), None)


def one_line(text: str | None) -> str | None:
    """Return a text without its line breaks; ``None`` for no text."""
    return " ".join(text.split()) if text else None


def id_of(item: pytest.Item) -> str:
    """Return the id that a test had at the first call; other plugins may add to it later, as xdist does for groups."""
    return item.stash.setdefault(_COLLECTED_ID, item.nodeid)


def is_claim(item: pytest.Item) -> bool:
    """Tell if a test is a claim, or takes an argument that only claims get."""
    return isinstance(item, pytest.Function) and (mark_of(item) is not None or "claims_tier" in item.fixturenames)


def mark_of(item: Any) -> pytest.Mark | None:
    """Return the mark of a claim, or ``None`` for a test that is no claim."""
    mark: pytest.Mark | None = item.get_closest_marker("claim")
    return mark


def tiers_of(mark: pytest.Mark) -> tuple[Tier, ...]:
    """Return the tiers in which a claim is tested: those in its mark, by default both."""
    tiers: Any = mark.kwargs.get("tiers", TIERS)
    if isinstance(tiers, str):
        tiers = (tiers,)
    return tuple(tiers) if isinstance(tiers, tuple | list) else ()


def read_claim(item: pytest.Function) -> Claim:
    """Read the claim that a test's marks declare; `problems` must have found no problem with them."""
    mark = mark_of(item)
    section = item.get_closest_marker("section")
    assert mark is not None
    assert section is not None
    tier: Any = item.callspec.params["claims_tier"]
    return Claim(
        item=item,
        test=id_of(item),
        id=mark.args[0],
        statement=mark.args[1],
        source=mark.kwargs.get("source", ""),
        section=section.args[0],
        section_number=section.args[1] if len(section.args) > 1 else math.inf,
        tier=tier,
        expected=mark.kwargs.get("expected", "supported"),
        because=mark.kwargs.get("because"),
        num_seeds=mark.kwargs.get("seeds"),
        block=mark.kwargs.get("block", 0),
        revised=one_line(mark.kwargs.get("revised")),
        before=mark.kwargs.get("before"),
        sources={name: source for name in arguments_of(item) for source in sources_of(item, name)[-1:]},
    )


def known_arms(item: pytest.Function) -> set[str]:
    """Return the names of all arms and measurements in plugins, conftests and the test's module."""
    modules = [*item.config.pluginmanager.get_plugins(), item.module]
    return {
        name
        for module in modules
        for name, value in getattr(module, "__dict__", {}).items()
        if hasattr(value, "__claims_source__")
    }


def arguments_of(item: pytest.Function) -> tuple[str, ...]:
    """Return the names of a test's arguments."""
    return tuple(item._fixtureinfo.argnames)


def sources_of(item: pytest.Function, name: str) -> list[Source]:
    """Return the arms and measurements with the name of a test's argument; the test gets the last of them."""
    definitions = item._fixtureinfo.name2fixturedefs.get(name, ())
    return [d.func.__claims_source__ for d in definitions if hasattr(d.func, "__claims_source__")]


def place_and_sentence_of(item: pytest.Function, name: str) -> tuple[tuple[str, int] | None, str]:
    """Return the file and line of the ``arm()`` call behind a test's argument, and the sentence of the call."""
    for definition in reversed(item._fixtureinfo.name2fixturedefs.get(name, ())):
        if hasattr(definition.func, "__claims_source__"):
            return definition.func.__claims_place__, definition.func.__claims_sentence__
    return None, ""
