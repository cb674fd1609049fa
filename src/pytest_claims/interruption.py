"""What an interrupted session leaves behind: its finished runs, and a report of what they allow to judge."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from pytest_claims.options import Options

GO_ON = "interrupted: finished runs are kept, and the same command goes on from there"


def has_stored_since(options: Options, started: float) -> bool:
    """Whether the store has a run that was finished after `started`, in seconds since the epoch."""
    from pytest_claims.store.store import Store

    if not options.store.exists():
        return False
    since = datetime.fromtimestamp(started, UTC).isoformat(timespec="seconds")
    with Store.open(options.store, read_only=True) as store:
        return any(row.last_created >= since for row in store.summary())


def report_stored(config: pytest.Config) -> list[str]:
    """Judge what the store holds with the same command in a process of its own; what there is to tell of it.

    In a process of its own because this one may be the controller of others, which has collected nothing, and because
    what an interrupt has left of the engine is not known.
    """
    command = [sys.executable, "-m", "pytest", *map(str, config.invocation_params.args), "--claims-stored"]
    if config.pluginmanager.hasplugin("xdist"):
        command.append("-n0")
    try:
        place = config.invocation_params.dir
        done = subprocess.run(command, cwd=place, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except KeyboardInterrupt:
        return ["interrupted again: no report of them was written"]
    told = [line for line in done.stdout.splitlines() if line.startswith("report: ")]
    return told or ["no claim can be judged on them yet: there is no report"]
