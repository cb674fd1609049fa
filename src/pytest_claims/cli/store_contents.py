"""Lists the runs of a store, and finds and deletes those that no claim would use any more."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

from pytest_claims.catalogue.arms import Source
from pytest_claims.planning.plan import NO_ENGINE, conditions_of, identity
from pytest_claims.store.store import Store, Stored
from pytest_claims.support.text import counted, duration
from pytest_claims.support.vocabulary import Tier

CURRENT = "current"


@dataclass(frozen=True)
class StoreEntry:
    """The runs of one fingerprint.

    Parameters
    ----------
    stored
        The store's summary of the runs.
    standing
        ``"current"``, or the reason why the runs are stale: no claim would use them on any data.
    """

    stored: Stored
    standing: str

    @property
    def is_stale(self) -> bool:
        """True if no claim would use the runs."""
        return self.standing != CURRENT


class Declared(NamedTuple):
    """An arm or a measurement of a claim, with the file and line of its declaration, if known, and its sentence."""

    name: str
    tier: Tier
    source: Source
    place: tuple[str, int] | None = None
    sentence: str = ""


def collected_sources(arguments: Sequence[str] = ()) -> list[Declared]:
    """Collect the arms of the claims of a catalogue.

    Parameters
    ----------
    arguments
        Arguments for pytest that name the catalogue. Default: pytest's configuration names it.

    Raises
    ------
    ValueError
        If pytest cannot collect the catalogue, or if it has no claim.
    """
    sources: list[Declared] = []

    class Sources:
        @pytest.hookimpl(trylast=True)
        def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
            from pytest_claims.catalogue.claims import place_and_sentence_of
            from pytest_claims.session.session import session_of

            for claim in session_of(config).claims.values():
                for name, source in claim.sources.items():
                    place, sentence = place_and_sentence_of(claim.item, name)
                    sources.append(Declared(name, claim.tier, source, place, sentence))
            items.clear()  # so that the session makes no plan

    # Plain assertions, since pytest cannot rewrite those of this package, which is already imported.
    options = ["--collect-only", "--assert=plain", "-q", "-p", "no:cacheprovider", "-m", "fast or full"]
    with contextlib.redirect_stdout(io.StringIO()) as output:
        status = pytest.main([*options, *arguments], plugins=[Sources()])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise ValueError(f"pytest cannot collect the claims:\n{output.getvalue().strip()}")
    if not sources:
        raise ValueError("there are no claims here: change to their project, or name their directory with --catalogue")
    return list({(arm.name, arm.tier, id(arm.source)): arm for arm in sources}.values())


def inventory(store: Store, sources: Sequence[Declared]) -> list[StoreEntry]:
    """List the runs of a store, each with its standing.

    Runs are current if an arm, as declared today, has their fingerprint on the data of the runs. So runs on data that
    are missing now, or on stand-ins, can be current.
    """
    return [StoreEntry(stored, _standing(stored, sources)) for stored in store.summary()]


def _standing(stored: Stored, sources: Sequence[Declared]) -> str:
    from pytest_claims.engines.base import DEFAULT, ENGINES

    if stored.engine not in (*ENGINES, NO_ENGINE):
        return f"no such engine: {stored.engine}"
    engine = stored.engine if stored.engine in ENGINES else DEFAULT
    of_tier = [arm for arm in sources if arm.tier == stored.tier]
    # A renamed arm keeps its runs. Arms with the stored name come first, since most keep their name.
    for arm in sorted(of_tier, key=lambda arm: arm.name != stored.arm):
        deviating = conditions_of(arm.source, engine)
        today = identity(arm.name, arm.source, arm.tier, stored.data_hash or "", engine, deviating)
        if today == stored.fingerprint:
            return CURRENT
    return "declared otherwise" if any(arm.name == stored.arm for arm in of_tier) else "no such arm"


def table(entries: Sequence[StoreEntry]) -> str:
    """The inventory as a table, with stale runs at the end."""
    lines = [f"{'arm':<32} {'tier':<5} {'engine':<11} {'runs':>5} {'time':>11}  {'last':<10}  standing"]
    for entry in sorted(entries, key=lambda entry: entry.is_stale):
        row = entry.stored
        lines.append(
            f"{row.arm:<32} {row.tier:<5} {row.engine:<11} {row.num_seeds:>5} {duration(row.seconds):>11}  "
            f"{row.last_created[:10]}  {entry.standing}"
        )
    current = [entry for entry in entries if not entry.is_stale]
    lines += ["", f"{_runs(current)} current, {_runs(stale(entries))} stale"]
    return "\n".join(lines)


def stale(entries: Sequence[StoreEntry]) -> list[StoreEntry]:
    """The entries that no claim would use."""
    return [entry for entry in entries if entry.is_stale]


def prune(path: Path, entries: Sequence[StoreEntry]) -> str:
    """Delete the stale runs of a store; returns a line with their number."""
    deleted = stale(entries)
    before = path.stat().st_size
    with Store.open(path) as store:
        store.delete(entry.stored.fingerprint for entry in deleted)
    freed = (before - path.stat().st_size) / 1e6
    return f"deleted {_runs(deleted)}; {path} is {freed:.1f} MB smaller"


def _runs(entries: Sequence[StoreEntry]) -> str:
    num_runs = sum(entry.stored.num_seeds for entry in entries)
    return f"{counted(num_runs, 'run')} of {counted(len(entries), 'fingerprint')}"
