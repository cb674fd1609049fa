"""What a store holds, and which of it no declaration asks for any more."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

from pytest_claims.catalogue.arms import Source
from pytest_claims.planning.plan import NO_ENGINE, identity
from pytest_claims.store.store import Store, Stored
from pytest_claims.support.text import counted, duration
from pytest_claims.support.vocabulary import Tier

CURRENT = "current"


@dataclass(frozen=True)
class Held:
    """The runs of one fingerprint.

    Parameters
    ----------
    stored
        What the store says of them.
    standing
        ``"current"``, or why they are stale: no claim would use them, whatever data it finds.
    """

    stored: Stored
    standing: str

    @property
    def is_stale(self) -> bool:
        """Whether no claim would use them."""
        return self.standing != CURRENT


class Declared(NamedTuple):
    """An arm or a measurement as a claim asks for it."""

    name: str
    tier: Tier
    source: Source


def collected_sources(arguments: Sequence[str] = ()) -> list[Declared]:
    """Collect the arms that the claims of a catalogue ask for.

    Parameters
    ----------
    arguments
        For pytest: where the catalogue is. Default: what its configuration says.

    Raises
    ------
    ValueError
        If the catalogue cannot be collected, or holds no claim.
    """
    sources: list[Declared] = []

    class Sources:
        @pytest.hookimpl(trylast=True)
        def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
            from pytest_claims.session.session import session_of

            for claim in session_of(config).claims.values():
                sources.extend(Declared(name, claim.tier, source) for name, source in claim.sources.items())
            items.clear()  # so that no plan is made

    # Plain assertions: this package is imported already, and would be too late to be rewritten.
    options = ["--collect-only", "--assert=plain", "-q", "-p", "no:cacheprovider", "-m", "fast or full"]
    with contextlib.redirect_stdout(io.StringIO()) as told:
        status = pytest.main([*options, *arguments], plugins=[Sources()])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise ValueError(f"the claims cannot be collected:\n{told.getvalue().strip()}")
    if not sources:
        raise ValueError("there are no claims here: call it where pytest finds them, or name their directory")
    return list({(one.name, one.tier, id(one.source)): one for one in sources}.values())


def inventory(store: Store, sources: Sequence[Declared]) -> list[Held]:
    """Say of all that a store holds whether some claim would still use it.

    Runs on other data than are at hand now, on stand-ins for instance, are not stale for that: what counts is whether
    an arm, as it is declared now, would have the fingerprint of the runs on the data that they were trained on.
    """
    return [Held(stored, _standing(stored, sources)) for stored in store.summary()]


def _standing(stored: Stored, sources: Sequence[Declared]) -> str:
    from pytest_claims.engines.base import ENGINES

    if stored.engine not in (*ENGINES, NO_ENGINE):
        return f"no such engine: {stored.engine}"
    semantics = ENGINES[stored.engine].semantics if stored.engine in ENGINES else 0
    of_tier = [one for one in sources if one.tier == stored.tier]
    # An arm that was given another name still has its runs; most have the name that they had.
    for one in sorted(of_tier, key=lambda one: one.name != stored.arm):
        now = identity(one.name, one.source, one.tier, stored.data_hash or "", stored.engine, semantics)
        if now == stored.fingerprint:
            return CURRENT
    return "declared otherwise" if any(one.name == stored.arm for one in of_tier) else "no such arm"


def table(held: Sequence[Held]) -> str:
    """The inventory as people read it, the stale below."""
    lines = [f"{'arm':<32} {'tier':<5} {'engine':<11} {'runs':>5} {'time':>11}  {'last':<10}  standing"]
    for one in sorted(held, key=lambda one: one.is_stale):
        row = one.stored
        lines.append(
            f"{row.arm:<32} {row.tier:<5} {row.engine:<11} {row.num_seeds:>5} {duration(row.seconds):>11}  "
            f"{row.last_created[:10]}  {one.standing}"
        )
    lines += ["", f"{_runs([one for one in held if not one.is_stale])} current, {_runs(stale(held))} stale"]
    return "\n".join(lines)


def stale(held: Sequence[Held]) -> list[Held]:
    """What no claim would use."""
    return [one for one in held if one.is_stale]


def prune(path: Path, held: Sequence[Held]) -> str:
    """Delete what is stale; says what was deleted."""
    gone = stale(held)
    before = path.stat().st_size
    with Store.open(path) as store:
        store.delete(one.stored.fingerprint for one in gone)
    freed = (before - path.stat().st_size) / 1e6
    return f"deleted {_runs(gone)}; {path} is {freed:.1f} MB smaller"


def _runs(held: Sequence[Held]) -> str:
    return f"{counted(sum(one.stored.num_seeds for one in held), 'run')} of {counted(len(held), 'fingerprint')}"
