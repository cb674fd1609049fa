"""Commands that read or write stores of runs, or collect a catalogue."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pytest_claims.cli.commands import CATALOGUE, RECORD, STORE, argument, command
from pytest_claims.controls.certificate import lacking
from pytest_claims.record.schema import read_record
from pytest_claims.support.errors import ClaimsError
from pytest_claims.support.text import encodable


@command(
    "arms",
    "list the arms of a catalogue: file and line, sentence, and the differences from the most similar arm",
    argument("words", nargs="*", metavar="WORD", help="list only arms with all these words"),
    CATALOGUE,
)
def arms(options: argparse.Namespace) -> str:
    """The list of a catalogue's arms."""
    from pytest_claims.cli.arm_list import listed
    from pytest_claims.cli.store_contents import collected_sources

    return listed(collected_sources([options.catalogue] if options.catalogue else []), options.words)


@command(
    "publish",
    "write the runs behind a record to a file, so that --claims-runs can judge them again",
    RECORD,
    argument("output", type=Path, metavar="RUNS.sqlite"),
    STORE,
    argument("--unchecked", action="store_true", help="publish also what its certificate does not vouch for"),
)
def publish(options: argparse.Namespace) -> str:
    """Write the runs of a record's claims to one file; returns a line with its path, number of runs and size."""
    from pytest_claims.store.store import Store

    _check_is_there(options.store, "name the store of the record's runs with --store")
    content = read_record(options.record)
    if (lacks := lacking(content)) and not options.unchecked:
        raise ClaimsError(f"{options.record} is not published: {'; '.join(lacks)}. Or give --unchecked")
    seeds: dict[str, set[int]] = {}
    for arm in content["arms"]:
        seeds.setdefault(arm["fingerprint"], set()).update(arm["seeds"])
    with Store.open(options.store) as store:
        num_runs = store.publish(options.output, seeds)
    return f"wrote {num_runs} runs to {options.output}, {options.output.stat().st_size / 1e6:.1f} MB"


@command(
    "runs",
    "list the runs of a store and mark the stale ones; or delete these",
    argument("action", nargs="?", choices=["list", "prune"], default="list"),
    STORE,
    CATALOGUE,
    argument("--yes", action="store_true", help="delete without asking"),
)
def runs(options: argparse.Namespace) -> str:
    """The table of a store's runs; or, after confirmation, a line on the deleted runs."""
    from pytest_claims.cli import store_contents
    from pytest_claims.store.store import Store

    _check_is_there(options.store, "name one with --store")
    sources = store_contents.collected_sources([options.catalogue] if options.catalogue else [])
    with Store.open(options.store) as store:
        entries = store_contents.inventory(store, sources)
    if options.action == "list":
        return store_contents.table(entries)
    if not store_contents.stale(entries):
        return "no run is stale"
    print(encodable(store_contents.table(store_contents.stale(entries)), sys.stdout))
    if not (options.yes or _confirmed("Delete the stale runs?")):
        return "no run was deleted"
    return store_contents.prune(options.store, entries)


@command(
    "pilot",
    "save the measurements of pilot runs: seconds per run, and the spread over seeds",
    STORE,
    argument("--output", type=Path, default=Path("fixtures/pilot.json"), metavar="FILE"),
    argument("--record", type=Path, action="append", default=[], metavar="FILE.json", help="record of pilot seeds"),
)
def pilot(options: argparse.Namespace) -> str:
    """Update a pilot file with a store's seconds per run and the spreads of records; returns a line with its path."""
    from pytest_claims.engines.base import DEFAULT
    from pytest_claims.planning.pilots import Pilot
    from pytest_claims.planning.plan import NO_ENGINE
    from pytest_claims.store.store import Store

    _check_is_there(options.store, "run pytest -m fast first, or name one with --store")
    measured = Pilot.read(options.output)
    with Store.open(options.store) as store:
        for row in store.summary():
            if row.engine in (DEFAULT, NO_ENGINE):
                median = store.seconds_per_run(row.arm, row.tier, row.engine) or 0.0
                measured.seconds_per_run.setdefault(row.arm, {})[row.tier] = float(f"{median:.3g}")
    for record in options.record:
        measured.add(read_record(record))
    measured.write(options.output)
    return f"wrote {options.output}"


def _check_is_there(store: Path, what_to_do: str) -> None:
    """Raise an error if there is no store, since opening it would create one."""
    if not store.is_file():
        raise ValueError(f"there is no store {store}: {what_to_do}")


def _confirmed(question: str) -> bool:
    """Ask the user. The answer is no if there is no terminal to answer."""
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False
