"""Reads and checks the options of a session."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pytest_claims.support.errors import ClaimsError

PATH_OPTIONS = ("--claims-data", "--claims-store", "--claims-runs", "--claims-report", "--claims-against")


@dataclass(frozen=True)
class Options:
    """Options from the command line, the environment and the settings.

    Parameters
    ----------
    data
        Directory with the data sets, if the user named one.
    engine
        Name of the engine.
    executor
        Address of the Dask scheduler, or ``None`` to train in this process.
    store, report
        File of the store, and directory of the reports.
    against
        Older record for the report's list of changes, if the user named one.
    published
        True if the store is a file of published runs, which are judged without training.
    fresh
        True to start a new store.
    stored
        True to judge only the runs in the store, without training.
    num_seeds
        A fixed number of seeds, or ``None`` for the looks of the tier.
    first_seed
        First seed of all claims, or ``None`` for the block of each claim.
    audit_seed
        Seed of an audit's draw, or ``None`` for a random draw.
    """

    data: Path | None
    engine: str
    executor: str | None
    store: Path
    report: Path
    against: Path | None
    published: bool
    fresh: bool
    stored: bool
    num_seeds: int | None
    first_seed: int | None
    audit_seed: int | None

    @classmethod
    def from_config(cls, config: pytest.Config) -> Options:
        """Read and check the options.

        Paths of the command line are relative to where pytest was called, all others to the root directory.

        Raises
        ------
        ClaimsError
            If an option is invalid.
        """
        _check_written_with_equals_sign(config)
        _complete_paths(config)
        root = config.rootpath
        data = config.getoption("claims_data") or os.environ.get("CLAIMS_DATA")
        runs = config.getoption("claims_runs")
        if runs and (config.getoption("claims_store") or config.getoption("claims_fresh")):
            raise ClaimsError("--claims-runs judges published runs: leave out --claims-store and --claims-fresh")
        stored = config.getoption("claims_stored")
        store = runs or config.getoption("claims_store") or os.environ.get("CLAIMS_STORE") or ".claims/runs.sqlite"
        first_seed = config.getoption("claims_first_seed")
        num_seeds, audit_seed = config.getoption("claims_seeds"), config.getoption("claims_audit_seed")
        against = config.getoption("claims_against")
        report = _below(root, config.getoption("claims_report") or "reports")
        if report.exists() and not report.is_dir():
            raise ClaimsError(f"--claims-report takes a directory, but {report} is a file: name another")
        return cls(
            data=_below(root, data) if data else None,
            engine=config.getoption("claims_engine"),
            executor=_executor(config, trains=not (runs or stored)),
            store=_below(root, store),
            report=report,
            against=_below(root, against) if against else None,
            published=bool(runs),
            fresh=config.getoption("claims_fresh") and not stored,
            stored=stored,
            num_seeds=None if num_seeds is None else _whole(num_seeds, "--claims-seeds", lowest=2),
            first_seed=None if first_seed is None else _whole(first_seed, "--claims-first-seed", lowest=0),
            audit_seed=None if audit_seed is None else _whole(audit_seed, "--claims-audit-seed", lowest=0),
        )

    @property
    def default_protocol(self) -> bool:
        """True if the seeds and looks are those for which a claim's ``expected`` applies."""
        return self.num_seeds is None and self.first_seed is None and not self.stored

    @property
    def trains(self) -> bool:
        """True if the session trains missing runs."""
        return not self.published and not self.stored


def _check_written_with_equals_sign(config: pytest.Config) -> None:
    """Refuse a value that pytest took for a test path when it searched for its configuration.

    Pytest searches for its configuration before it knows the options of plugins. It takes an existing path behind such
    an option for a path of tests.
    """
    arguments = list(map(str, config.invocation_params.args))
    for option, value in pairwise(arguments):
        if config.inipath is None and option in PATH_OPTIONS and Path(value).exists():
            raise ClaimsError(
                f"pytest took {value} for a path of tests and found no configuration: write {option}={value}"
            )


def _complete_paths(config: pytest.Config) -> None:
    """Make paths of the command line absolute in the options, which the workers of xdist receive as well."""
    arguments = [str(argument).partition("=")[0] for argument in config.invocation_params.args]
    for option in PATH_OPTIONS:
        name = option.removeprefix("--").replace("-", "_")
        given = config.getoption(name)
        if given and option in arguments:
            setattr(config.option, name, str(_below(config.invocation_params.dir, given)))


def _executor(config: pytest.Config, *, trains: bool) -> str | None:
    address: str | None = config.getoption("claims_executor")
    if address is None or not trains:
        return None
    if not re.fullmatch(r"dask://[^/:]+:\d+", address):
        raise ClaimsError(f"--claims-executor takes dask://HOST:PORT, not {address!r}")
    if config.getoption("numprocesses", None) or hasattr(config, "workerinput"):
        raise ClaimsError("--claims-executor trains on Dask's workers: leave out -n")
    return address


def _below(root: Path, path: Any) -> Path:
    try:
        return root / Path(path).expanduser()
    except RuntimeError as error:
        raise ClaimsError(
            f"the path {path} names a home directory that is not known: write it out ({error})"
        ) from error


def _whole(text: str, option: str, *, lowest: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = lowest - 1
    if number < lowest:
        raise ClaimsError(f"{option} takes a whole number from {lowest} on, not {text!r}")
    return number
