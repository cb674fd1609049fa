"""The command ``pytest-claims``: what needs no test run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pytest_claims.record.schema import read_record
from pytest_claims.support.errors import ClaimsError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status, 0 or, after a message, 2."""
    parser = argparse.ArgumentParser(prog="pytest-claims", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    report = commands.add_parser(
        "report", help="write the HTML report of a JSON record again, without running anything"
    )
    report.add_argument("record", type=Path, metavar="FILE.json")
    report.add_argument(
        "--against", type=Path, metavar="OLD.json", help="an older record: the report says what has changed since"
    )
    report.set_defaults(run=lambda options: write_report(options.record, options.against))
    summary = commands.add_parser("summary", help="print the table of a JSON record as Markdown")
    summary.add_argument("record", type=Path, metavar="FILE.json")
    summary.set_defaults(run=lambda options: write_summary(options.record))
    findings = commands.add_parser(
        "findings", help="print what records have found as Markdown: what holds, what does not, where they disagree"
    )
    findings.add_argument("records", type=Path, nargs="+", metavar="FILE.json", help="the one told first, then others")
    findings.add_argument(
        "--page", default="claims.html", metavar="ADDRESS", help="of the report, to link to its cards"
    )
    findings.add_argument(
        "--engine",
        type=Path,
        action="append",
        default=[],
        metavar="FILE.json",
        help="a record by one engine, to put beside others of the same claims and seeds by other engines; repeatable",
    )
    findings.set_defaults(run=lambda options: write_findings(options.records, options.page, options.engine))
    figures = commands.add_parser("figures", help="draw learning curves with their spread over seeds, as SVG and PDF")
    figures.add_argument("record", type=Path, metavar="FILE.json")
    figures.add_argument("claims", nargs="*", metavar="ID", help="claims whose curves are wanted (default: all)")
    figures.add_argument("--output", type=Path, default=Path("figures"), metavar="DIR")
    figures.set_defaults(run=lambda options: draw_figures(options.record, options.output, options.claims))
    diff = commands.add_parser("diff", help="print what has changed between two JSON records")
    diff.add_argument("old", type=Path, metavar="OLD.json")
    diff.add_argument("new", type=Path, metavar="NEW.json")
    diff.set_defaults(run=lambda options: difference(options.old, options.new))
    _add_commands_on_runs(commands)
    calibrate = commands.add_parser(
        "calibrate", help="print how often verdicts are wrong on synthetic numbers whose truth is known"
    )
    calibrate.add_argument("--families", type=int, default=2000, metavar="N", help="families per row (default: 2000)")
    calibrate.add_argument("--seed", type=int, default=1, metavar="N", help="of the random numbers (default: 1)")
    calibrate.set_defaults(run=lambda options: calibration(options.seed, options.families))
    pilot = commands.add_parser(
        "pilot", help="keep what pilot runs have shown: seconds per run, and the spread over seeds"
    )
    pilot.add_argument("--store", type=Path, default=Path(".claims/runs.sqlite"), metavar="FILE")
    pilot.add_argument("--output", type=Path, default=Path("fixtures/pilot.json"), metavar="FILE")
    pilot.add_argument(
        "--record", type=Path, action="append", default=[], metavar="FILE.json", help="a record of pilot seeds"
    )
    pilot.set_defaults(run=lambda options: write_pilot(options.store, options.output, options.record))
    options = parser.parse_args(arguments)
    try:
        print(options.run(options))
    except (OSError, ValueError, ClaimsError) as error:
        print(f"pytest-claims: {error}", file=sys.stderr)
        return 2
    return 0


def _add_commands_on_runs(commands: Any) -> None:
    """Add those that read or write stores of runs."""
    publish = commands.add_parser(
        "publish", help="write the runs behind a record to a file, from which --claims-runs judges them again"
    )
    publish.add_argument("record", type=Path, metavar="FILE.json")
    publish.add_argument("output", type=Path, metavar="RUNS.sqlite")
    publish.add_argument("--store", type=Path, default=Path(".claims/runs.sqlite"), metavar="FILE")
    publish.set_defaults(run=lambda options: publish_runs(options.record, options.output, options.store))
    runs = commands.add_parser("runs", help="list what the store holds, and what is stale, or delete that")
    runs.add_argument("action", nargs="?", choices=["list", "prune"], default="list")
    runs.add_argument("--store", type=Path, default=Path(".claims/runs.sqlite"), metavar="FILE")
    runs.add_argument("--catalogue", metavar="DIR", help="where the claims are (default: where pytest finds them)")
    runs.add_argument("--yes", action="store_true", help="delete without asking")
    runs.set_defaults(run=list_runs)


def write_report(record: Path, against: Path | None = None) -> str:
    """Render a record beside itself, with what has changed since an older one if there is one; says where."""
    from pytest_claims.report.html import render

    older = read_record(against) if against else None
    page = record.with_suffix(".html")
    page.write_text(render(read_record(record), older), encoding="utf-8")
    return f"wrote {page}"


def write_summary(record: Path) -> str:
    """The table of a record."""
    from pytest_claims.report.markdown import markdown

    return markdown(read_record(record))


def write_findings(records: Sequence[Path], page: str, engines: Sequence[Path] = ()) -> str:
    """What records have found."""
    from pytest_claims.report.findings import findings

    return findings(list(map(read_record, records)), page, list(map(read_record, engines))).rstrip()


def draw_figures(record: Path, output: Path, claims: Sequence[str]) -> str:
    """Draw the learning curves of a record; says how many files there are."""
    from pytest_claims.report.slides import write_plots

    return f"wrote {len(write_plots(read_record(record), output, claims))} files to {output}"


def difference(old: Path, new: Path) -> str:
    """What has changed between two records."""
    from pytest_claims.report.changes import text

    return text(read_record(old), read_record(new))


def publish_runs(record: Path, output: Path, store: Path) -> str:
    """Write the runs that a record's claims used to one file; says where, and how many."""
    from pytest_claims.store.store import Store

    _check_is_there(store, "name the one with the record's runs with --store")
    content = read_record(record)
    seeds = {arm["fingerprint"]: content["first_seed"] + arm["num_seeds"] for arm in content["arms"]}
    with Store.open(store) as opened:
        num_runs = opened.publish(output, seeds)
    return f"wrote {num_runs} runs to {output}, {output.stat().st_size / 1e6:.1f} MB"


def _check_is_there(store: Path, what_to_do: str) -> None:
    """Refuse a store that is not there: to open it would make one."""
    if not store.is_file():
        raise ValueError(f"there is no store {store}: {what_to_do}")


def list_runs(options: argparse.Namespace) -> str:
    """What a store holds; or, once that is confirmed, what was deleted."""
    from pytest_claims.cli import store_contents
    from pytest_claims.store.store import Store

    _check_is_there(options.store, "name one with --store")
    sources = store_contents.collected_sources([options.catalogue] if options.catalogue else [])
    with Store.open(options.store) as opened:
        held = store_contents.inventory(opened, sources)
    if options.action == "list":
        return store_contents.table(held)
    if not store_contents.stale(held):
        return "nothing is stale"
    print(store_contents.table(store_contents.stale(held)))
    if not (options.yes or _confirmed("Delete the stale runs?")):
        return "nothing was deleted"
    return store_contents.prune(options.store, held)


def _confirmed(question: str) -> bool:
    """Ask; where nobody can answer, the answer is no."""
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def calibration(seed: int, num_families: int) -> str:
    """The calibration's table, and the rows that do not keep what is promised."""
    from pytest_claims.controls.calibration import run

    table, broken = run(seed, num_families)
    if broken:
        raise ValueError("\n".join([table, "rows that do not keep what is promised:", *broken]))
    return table


def write_pilot(store: Path, output: Path, records: Sequence[Path] = ()) -> str:
    """Bring a pilot file up to date with a store's seconds per run and the spreads of records; says where."""
    from pytest_claims.planning.pilots import Pilot
    from pytest_claims.store.store import Store

    _check_is_there(store, "run pytest -m fast first, or name one with --store")
    pilot = Pilot.read(output)
    with Store.open(store) as opened:
        for row in opened.summary():
            if row.engine != "fit":
                median = opened.seconds_per_run(row.arm, row.tier, row.engine) or 0.0
                pilot.seconds_per_run.setdefault(row.arm, {})[row.tier] = float(f"{median:.3g}")
    for record in records:
        pilot.take(read_record(record))
    pilot.write(output)
    return f"wrote {output}"
