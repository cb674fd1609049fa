"""The other process: ``python -m pytest_claims.audit.worker FOLDER`` trains the job that it finds in a folder."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from pytest_claims.audit.apart import ENGINE, JOB, RESULT, Audited
from pytest_claims.engines.base import Trained, create
from pytest_claims.engines.provenance import provenance

STOCHASTIC = "has stochastic layers"


class Known(MetaPathFinder):
    """Finds modules in the files in which the first process has found them, where no path leads to them.

    Parameters
    ----------
    files
        By name of the module.
    """

    def __init__(self, files: dict[str, str]) -> None:
        self.files = files

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module, or a package of which only a module is known."""
        if fullname in self.files:
            return spec_from_file_location(fullname, self.files[fullname])
        if any(name.startswith(f"{fullname}.") for name in self.files):
            return ModuleSpec(fullname, None, is_package=True)
        return None


def has_stochastic_layers(trained: Trained) -> float:
    """Tell, as a measurement, whether a model has layers that draw random numbers: 1 or 0."""
    from pytest_claims.engines.draws import canonical_paths, is_seed_state

    return float(any(map(is_seed_state, canonical_paths(trained.model.non_trainable_variables))))


def main(folder: Path) -> None:
    """Train the job."""
    # First of all, since it chooses the backend, and the project's modules may import Keras.
    engine = create(ENGINE)
    task = pickle.loads((folder / JOB).read_bytes())
    sys.meta_path.append(Known(task.files))
    job = pickle.loads(task.job)
    measured: dict[str, Any] = {**job.arm.measurements, STOCHASTIC: has_stochastic_layers}
    job = replace(job, arm=replace(job.arm, measurements=measured))
    [result] = engine.train(job)
    stochastic = bool(result.measurements.pop(STOCHASTIC))
    (folder / RESULT).write_bytes(pickle.dumps(Audited(result, stochastic, provenance(ENGINE))))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
