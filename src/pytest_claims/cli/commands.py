"""The list of commands. Each command is one function, decorated with its arguments."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Run = Callable[[argparse.Namespace], str]


@dataclass(frozen=True)
class Argument:
    """The parameters of `argparse.ArgumentParser.add_argument` for an argument of a command."""

    flags: tuple[str, ...]
    options: dict[str, Any]


@dataclass(frozen=True)
class Command:
    """A command: its name, a line of help, its arguments, and the function that returns the text to print."""

    name: str
    description: str
    arguments: tuple[Argument, ...]
    run: Run


COMMANDS: dict[str, Command] = {}
"""All commands by name, in the order of the help."""


def argument(*flags: str, **options: Any) -> Argument:
    """Make an argument of a command.

    Parameters
    ----------
    flags, options
        As for `argparse.ArgumentParser.add_argument`.
    """
    return Argument(flags, options)


def command(name: str, description: str, *arguments: Argument) -> Callable[[Run], Run]:
    """Decorate the function that runs a command, and add the command to the list."""

    def added(run: Run) -> Run:
        COMMANDS[name] = Command(name, description, arguments, run)
        return run

    return added


RECORD = argument("record", type=Path, metavar="FILE.json")
STORE = argument("--store", type=Path, default=Path(".claims/runs.sqlite"), metavar="FILE", help="file of the runs")
CATALOGUE = argument("--catalogue", metavar="DIR", help="directory of the claims (default: pytest's)")
