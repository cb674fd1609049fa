"""The command ``pytest-claims``: what needs no test run."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status, 0 or, after a message, 2."""
    parser = argparse.ArgumentParser(prog="pytest-claims", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    report = commands.add_parser(
        "report", help="write the HTML report of a JSON record again, without running anything"
    )
    report.add_argument("record", type=Path, metavar="FILE.json")
    report.set_defaults(run=lambda options: write_report(options.record))
    summary = commands.add_parser("summary", help="print the table of a JSON record as Markdown")
    summary.add_argument("record", type=Path, metavar="FILE.json")
    summary.set_defaults(run=lambda options: write_summary(options.record))
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
    except (OSError, ValueError, pytest.UsageError) as error:
        print(f"pytest-claims: {error}", file=sys.stderr)
        return 2
    return 0


def write_report(record: Path) -> str:
    """Render a record beside itself; says where."""
    from pytest_claims.report.html import render

    page = record.with_suffix(".html")
    page.write_text(render(read_record(record)), encoding="utf-8")
    return f"wrote {page}"


def write_summary(record: Path) -> str:
    """The table of a record."""
    from pytest_claims.report.markdown import markdown

    return markdown(read_record(record))


def read_record(record: Path) -> dict[str, Any]:
    """Read a record of this version.

    Raises
    ------
    ValueError
        If the file holds something else.
    """
    from pytest_claims.report import validate

    try:
        content = json.loads(record.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{record} is no JSON, or cut short ({error}); expected a record such as claims.json"
        ) from error
    try:
        validate(content)
    except ValueError as error:
        raise ValueError(f"{record}: {error}") from error
    return dict(content)


def write_pilot(store: Path, output: Path, records: Sequence[Path] = ()) -> str:
    """Bring a pilot file up to date with a store's seconds per run and the spreads of records; says where."""
    from pytest_claims.pilot import Pilot
    from pytest_claims.store import Store

    if not store.is_file():
        raise ValueError(f"there is no store {store}: run pytest -m fast first, or name one with --store")
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
