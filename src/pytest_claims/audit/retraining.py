"""Trains a run again in a new process, since each process can use only one Keras backend."""

from __future__ import annotations

import os
import pickle
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType

import cloudpickle

from pytest_claims.engines.base import Job, RunResult, Trained, create
from pytest_claims.engines.provenance import provenance

ENGINE = "fit"
"""The auditing engine: `keras.Model.fit`, with other code and another backend than the audited engine."""

STOCHASTIC = "has stochastic layers"


class AuditError(RuntimeError):
    """A run could not be trained again."""


@dataclass(frozen=True)
class Retrained:
    """A run that another process has trained, with its device; `stochastic` if its model has stochastic layers."""

    result: RunResult
    stochastic: bool
    device: str


def retrain(job: Job, root: Path) -> Retrained:
    """Train a job of one seed with `ENGINE` in a new process.

    The job's functions may come from modules in the project directory `root` that are not on the import path.

    Raises
    ------
    AuditError
        If the arm cannot be pickled or trained, or if the process died.
    """
    pickled, context = _pickled(job, root), get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_train, args=(theirs,))
    with _hidden_main():
        process.start()
    with ours:
        theirs.close()
        try:
            ours.send_bytes(pickled)
            retrained: Retrained | str = ours.recv()
        except (EOFError, OSError) as error:
            process.join()
            died = f"the process that trained it died with status {process.exitcode}; its last words are in its output"
            raise AuditError(died) from error
        finally:
            process.kill()  # it has finished, or this process was interrupted
            process.join()
    if isinstance(retrained, str):
        raise AuditError(f"it cannot be trained:\n{retrained}")
    return retrained


@contextmanager
def _hidden_main() -> Iterator[None]:
    """Keep new processes from importing this process' main script: without a guard it would run all tests again."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _pickled(job: Job, root: Path) -> bytes:
    """Pickle a job. Functions from modules that are not on the import path are pickled by value."""
    modules = [module for name, module in list(sys.modules.items()) if _is_on_no_path(name, module, root)]
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    try:
        pickled: bytes = cloudpickle.dumps(job)
    except Exception as error:
        raise AuditError(f"it cannot be handed to another process: {error}") from error
    finally:
        for module in modules:
            cloudpickle.unregister_pickle_by_value(module)
    return pickled


def _is_on_no_path(name: str, module: ModuleType, root: Path) -> bool:
    """True if a module belongs to the project and another process cannot import it by name."""
    file = Path(getattr(module, "__file__", None) or "")
    if name == "__main__" or file.suffix != ".py" or not file.is_relative_to(root):
        return False
    importable_as = file.parent if file.name == "__init__.py" else file.with_suffix("")
    return all(Path(entry).absolute() / name.replace(".", os.sep) != importable_as for entry in sys.path)


def _train(connection: Connection) -> None:
    """Train a pickled job in the new process, and send back the run, or the end of a traceback.

    An exception itself may not be picklable, since TensorFlow pickles it together with its causes.
    """
    try:
        # First the engine, since it chooses Keras' backend, and the job's modules may import Keras.
        engine = create(ENGINE)
        job: Job = pickle.loads(connection.recv_bytes())
        measurements = {**job.arm.measurements, STOCHASTIC: _has_stochastic_layers}
        [result] = engine.train(replace(job, arm=replace(job.arm, measurements=measurements)))
        stochastic = bool(result.measurements.pop(STOCHASTIC))
        connection.send(Retrained(result, stochastic, provenance(ENGINE)["device"]))
    except BaseException:  # also sys.exit
        connection.send(traceback.format_exc(limit=-5).rstrip())


def _has_stochastic_layers(trained: Trained) -> float:
    """1 if a model has layers that draw random numbers, else 0."""
    from pytest_claims.engines.draws import canonical_paths, is_seed_state

    return float(any(map(is_seed_state, canonical_paths(trained.model.non_trainable_variables))))
