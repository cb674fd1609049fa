"""The command ``pytest-claims``: all tasks without a test run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from pytest_claims.cli import on_records, on_runs  # noqa: F401  # importing them adds their commands
from pytest_claims.cli.commands import COMMANDS
from pytest_claims.support.errors import ClaimsError
from pytest_claims.support.text import encodable


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status: 0, or 2 after an error message."""
    options = _parser().parse_args(arguments)
    try:
        print(encodable(options.run(options), sys.stdout))
    except (OSError, ValueError, ClaimsError) as error:
        print(encodable(f"pytest-claims: {error}", sys.stderr), file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pytest-claims", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS.values():
        added = commands.add_parser(command.name, help=command.description, description=command.description)
        for argument in command.arguments:
            added.add_argument(*argument.flags, **argument.options)
        added.set_defaults(run=command.run)
    return parser
