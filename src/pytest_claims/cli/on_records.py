"""Commands that read records, such as ``claims.json``, and calibrate the rules."""

from __future__ import annotations

import argparse
from pathlib import Path

from pytest_claims.cli.commands import RECORD, argument, command
from pytest_claims.record.schema import read_record
from pytest_claims.support.files import replace_file


@command(
    "report",
    "write the HTML report of a JSON record again, without training or judging",
    RECORD,
    argument("--against", type=Path, metavar="OLD.json", help="older record; the report lists the changes"),
)
def report(options: argparse.Namespace) -> str:
    """Write the page of a record beside the record, with the changes since an older one if named; returns its path."""
    from pytest_claims.report.html import render

    older = read_record(options.against) if options.against else None
    page: Path = options.record.with_suffix(".html")
    replace_file(page, render(read_record(options.record), older))
    return f"wrote {page}"


@command("summary", "print the table of a JSON record as Markdown", RECORD)
def summary(options: argparse.Namespace) -> str:
    """The table of a record, as Markdown."""
    from pytest_claims.report.markdown import markdown

    return markdown(read_record(options.record))


@command(
    "findings",
    "print the findings of records as Markdown: claims that hold, claims that do not, and disagreements",
    argument("records", type=Path, nargs="+", metavar="FILE.json", help="records; the first has priority"),
    argument("--page", default="claims.html", metavar="ADDRESS", help="address of the report, for links to its cards"),
    argument(
        "--engine",
        type=Path,
        action="append",
        default=[],
        metavar="FILE.json",
        help="record of one engine, for a comparison of engines on the same claims and seeds; repeatable",
    ),
)
def findings(options: argparse.Namespace) -> str:
    """The findings of records, as Markdown."""
    from pytest_claims.report.findings import findings

    records, engines = map(read_record, options.records), map(read_record, options.engine)
    return findings(list(records), options.page, list(engines)).rstrip()


@command(
    "slides",
    "draw learning curves with their spread over seeds for slides, as SVG and PDF",
    RECORD,
    argument("claims", nargs="*", metavar="ID", help="claims whose curves to draw (default: all)"),
    argument("--output", type=Path, default=Path("slides"), metavar="DIR"),
)
def slides(options: argparse.Namespace) -> str:
    """Draw the learning curves of a record; returns a line with the number of files."""
    from pytest_claims.report.slides import write_plots

    written = write_plots(read_record(options.record), options.output, options.claims)
    return f"wrote {len(written)} files to {options.output}"


@command(
    "diff",
    "print the changes between two JSON records",
    argument("old", type=Path, metavar="OLD.json"),
    argument("new", type=Path, metavar="NEW.json"),
)
def diff(options: argparse.Namespace) -> str:
    """The changes between two records."""
    from pytest_claims.report.changes import text

    return text(read_record(options.old), read_record(options.new))


@command(
    "stability",
    "record the stability of the verdicts of JSON records, in the file beside the claims",
    argument("records", type=Path, nargs="+", metavar="FILE.json", help="records of the default seeds and looks"),
    argument("--output", type=Path, default=Path("fixtures/stability.json"), metavar="FILE"),
)
def stability(options: argparse.Namespace) -> str:
    """Update a stability file with the verdicts of records; returns its path, and the expectations to change."""
    from pytest_claims.catalogue.recorded_stability import RecordedStability
    from pytest_claims.statistics import looks

    recorded = RecordedStability.read(options.output)
    changed = []
    for file in options.records:
        record = read_record(file)
        usual = [look.num_seeds for look in looks(record["tier"])]
        if (record["first_seed"], record["looks"]) != (0, usual):
            raise ValueError(
                f"{file} is of seeds from {record['first_seed']} on, looked at after {record['looks']}; expected seeds "
                f"from 0 on, looked at after {usual}, for which claims have expectations. Judge without "
                "--claims-first-seed and --claims-seeds"
            )
        changed += recorded.add(record)
    recorded.write(options.output)
    lines = [f"wrote {options.output}"]
    if changed:
        lines += ["change expected= in the marks of:", *changed]
    return "\n".join(lines)


@command(
    "calibrate",
    "print how often verdicts are wrong on synthetic numbers whose truth is known",
    argument("--seed", type=int, default=1, metavar="N", help="seed of the random numbers (default: 1)"),
)
def calibrate(options: argparse.Namespace) -> str:
    """The tables of the calibration. A row that does not keep its promise is an error."""
    from pytest_claims.controls.calibration import run

    table, broken = run(options.seed)
    if broken:
        raise ValueError("\n".join([table, "rows that do not keep their promise:", *broken]))
    return table
