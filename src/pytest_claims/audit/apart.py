"""Training one run in a process of its own, which has a Keras backend of its own."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_claims.engines.base import Job, RunResult

ENGINE = "fit"
"""What audits: `keras.Model.fit`, by another backend and other code than what it audits."""

JOB, RESULT = "job.pickle", "result.pickle"

MOST_LINES = 30
"""How much of a crashed process' last words is shown."""


class AuditError(RuntimeError):
    """A run could not be trained again."""


@dataclass(frozen=True)
class Audited:
    """A run as the other process has trained it.

    Parameters
    ----------
    result
        The run.
    stochastic
        Whether its model has stochastic layers.
    provenance
        Versions, engine, device and threads.
    """

    result: RunResult
    stochastic: bool
    provenance: dict[str, Any]


@dataclass(frozen=True)
class Task:
    """What the other process reads before it imports anything of the project.

    Parameters
    ----------
    job
        A pickled `pytest_claims.engines.base.Job` of one seed.
    files
        By name, the files of modules that may be on no path, as pytest imports them.
    """

    job: bytes
    files: dict[str, str]


def train_apart(job: Job, root: Path) -> Audited:
    """Train a job of one seed by `ENGINE` in a new process.

    Parameters
    ----------
    job
        Its arm consists of module-level functions and `functools.partial` of them.
    root
        Directory of the project, whose modules the other process may import.

    Raises
    ------
    AuditError
        The arm cannot be handed over, or the process failed; the message holds its last words.
    """
    task = Task(_pickled(job), _files_of_modules(root))
    with tempfile.TemporaryDirectory(prefix="claims-audit-") as name:
        folder = Path(name)
        (folder / JOB).write_bytes(pickle.dumps(task))
        with (folder / "output").open("w+b") as output:
            process = subprocess.run(
                [sys.executable, "-m", "pytest_claims.audit.worker", name],
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if process.returncode or not (folder / RESULT).is_file():
            lines = (folder / "output").read_text(errors="replace").splitlines()[-MOST_LINES:]
            ended = f"the process that trained it ended with status {process.returncode}; its last words:"
            raise AuditError("\n".join([ended, *lines]))
        audited: Audited = pickle.loads((folder / RESULT).read_bytes())
    return audited


def _pickled(job: Job) -> bytes:
    # The arrays are handed over, so the other process does not look for the data set. It need not be picklable.
    without: Any = None
    arm = replace(job.arm, data=replace(job.arm.data, dataset=without))
    try:
        return pickle.dumps(replace(job, arm=arm, arrays=dict(job.arrays)))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise AuditError(
            f"it cannot be handed to another process: {error}. Build arms of functions that stand in a module by their"
            " own name, and of functools.partial"
        ) from error


def _files_of_modules(root: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name != "__main__" and file and file.endswith(".py") and Path(file).is_relative_to(root):
            found[name] = file
    return found
