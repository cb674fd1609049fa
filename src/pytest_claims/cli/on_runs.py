"""Commands that read or write stores of runs, and those that collect a catalogue."""

from __future__ import annotations

import argparse
from pathlib import Path

from pytest_claims.cli.commands import CATALOGUE, RECORD, STORE, argument, command
from pytest_claims.record.schema import read_record


@command(
    "arms",
    "list the arms of a catalogue: where each is declared, its sentence, and how it differs from the arm nearest to it",
    argument("words", nargs="*", metavar="WORD", help="only arms whose name, sentence or declaration has all of these"),
    CATALOGUE,
)
def arms(options: argparse.Namespace) -> str:
    """The arms of a catalogue, as people look for one."""
    from pytest_claims.cli.arm_list import listed
    from pytest_claims.cli.store_contents import collected_sources

    return listed(collected_sources([options.catalogue] if options.catalogue else []), options.words)


@command(
    "publish",
    "write the runs behind a record to a file, from which --claims-runs judges them again",
    RECORD,
    argument("output", type=Path, metavar="RUNS.sqlite"),
    STORE,
)
def publish(options: argparse.Namespace) -> str:
    """Write the runs that a record's claims used to one file; says where, and how many."""
    from pytest_claims.store.store import Store

    _check_is_there(options.store, "name the one with the record's runs with --store")
    content = read_record(options.record)
    seeds = {arm["fingerprint"]: content["first_seed"] + arm["num_seeds"] for arm in content["arms"]}
    with Store.open(options.store) as store:
        num_runs = store.publish(options.output, seeds)
    return f"wrote {num_runs} runs to {options.output}, {options.output.stat().st_size / 1e6:.1f} MB"


@command(
    "runs",
    "list the contents of a store, and which of it is stale; or delete that",
    argument("action", nargs="?", choices=["list", "prune"], default="list"),
    STORE,
    CATALOGUE,
    argument("--yes", action="store_true", help="delete without asking"),
)
def runs(options: argparse.Namespace) -> str:
    """The contents of a store; or, once that is confirmed, what was deleted."""
    from pytest_claims.cli import store_contents
    from pytest_claims.store.store import Store

    _check_is_there(options.store, "name one with --store")
    sources = store_contents.collected_sources([options.catalogue] if options.catalogue else [])
    with Store.open(options.store) as store:
        held = store_contents.inventory(store, sources)
    if options.action == "list":
        return store_contents.table(held)
    if not store_contents.stale(held):
        return "nothing is stale"
    print(store_contents.table(store_contents.stale(held)))
    if not (options.yes or _confirmed("Delete the stale runs?")):
        return "nothing was deleted"
    return store_contents.prune(options.store, held)


@command(
    "pilot",
    "keep the measurements of pilot runs: seconds per run, and the spread over seeds",
    STORE,
    argument("--output", type=Path, default=Path("fixtures/pilot.json"), metavar="FILE"),
    argument("--record", type=Path, action="append", default=[], metavar="FILE.json", help="a record of pilot seeds"),
)
def pilot(options: argparse.Namespace) -> str:
    """Bring a pilot file up to date with a store's seconds per run and the spreads of records; says where."""
    from pytest_claims.planning.pilots import Pilot
    from pytest_claims.store.store import Store

    _check_is_there(options.store, "run pytest -m fast first, or name one with --store")
    kept = Pilot.read(options.output)
    with Store.open(options.store) as store:
        for row in store.summary():
            if row.engine != "fit":
                median = store.seconds_per_run(row.arm, row.tier, row.engine) or 0.0
                kept.seconds_per_run.setdefault(row.arm, {})[row.tier] = float(f"{median:.3g}")
    for record in options.record:
        kept.take(read_record(record))
    kept.write(options.output)
    return f"wrote {options.output}"


def _check_is_there(store: Path, what_to_do: str) -> None:
    """Refuse a store that is not there: to open it would make one."""
    if not store.is_file():
        raise ValueError(f"there is no store {store}: {what_to_do}")


def _confirmed(question: str) -> bool:
    """Ask; where nobody can answer, the answer is no."""
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False
