"""Published logs: the metrics that a lecture printed of a training run, and the claim that it could be our run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from inspect import Parameter, Signature
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pytest_claims.support.errors import DAMAGED, ClaimsError

_PREFIXES = {"training": "", "validation": "val_"}
_KEYS = {"source", "setup", "arm", "epochs", *_PREFIXES}


@dataclass(frozen=True)
class PublishedLog:
    """The metrics of one published training run, epoch by epoch.

    Parameters
    ----------
    name
        Name of the experiment.
    source
        Place of publication.
    setup
        The training configuration, in words.
    metrics
        One number per printed epoch for each metric; metrics have the names of our runs. All have the same length.
    arm
        Name of the arm with the same setup, if the file names it.
    epochs
        The printed epochs, counted from 1, if some are missing; ``None`` for all from the first on.
    """

    name: str
    source: str
    setup: str
    metrics: Mapping[str, tuple[float, ...]]
    arm: str | None = None
    epochs: tuple[int, ...] | None = None

    @property
    def printed(self) -> tuple[int, ...]:
        """The printed epochs, counted from 1."""
        return self.epochs or tuple(range(1, 1 + len(next(iter(self.metrics.values())))))

    def lines(self) -> dict[str, list[float | None]]:
        """For each metric one number per epoch up to the last printed one; ``None`` where none is printed."""
        at = {epoch: index for index, epoch in enumerate(self.printed)}
        return {
            metric: [values[at[epoch]] if epoch in at else None for epoch in range(1, self.printed[-1] + 1)]
            for metric, values in self.metrics.items()
        }


def read_logs(path: Path) -> dict[str, PublishedLog]:
    """Read published logs, keyed by the names of their experiments.

    Parameters
    ----------
    path
        A JSON file with an object ``series``. Each experiment in it has ``source``, ``setup``, and ``training``,
        ``validation`` or both; these map metrics to lists of numbers, one per epoch. ``arm`` is optional. ``epochs``
        lists the printed epochs in ascending order, if some are missing.

    Raises
    ------
    ClaimsError
        If the file cannot be read; or if an experiment has no metrics, metrics of different lengths, an unknown key, or
        other epochs than numbers.
    """
    try:
        series = json.loads(path.read_text(encoding="utf-8-sig"))["series"]
        return {name: _log(name, entry) for name, entry in series.items()}
    except DAMAGED as error:
        raise ClaimsError(f"{path} is no file of published logs: {error!r}") from error


def _log(name: str, entry: Mapping[str, Any]) -> PublishedLog:
    if unknown := sorted(entry.keys() - _KEYS):
        raise ValueError(f"{name!r} has {', '.join(unknown)}, expected only {', '.join(sorted(_KEYS))}")
    metrics = {
        prefix + metric: tuple(float(value) for value in values)
        for part, prefix in _PREFIXES.items()
        for metric, values in entry.get(part, {}).items()
    }
    if len({len(values) for values in metrics.values()}) != 1 or not all(metrics.values()):
        raise ValueError(f"{name!r} needs metrics of one length, under {' or '.join(_PREFIXES)}")
    log = PublishedLog(name, entry["source"], entry["setup"], metrics, entry.get("arm"))
    if (epochs := entry.get("epochs")) is None:
        return log
    ascending = all(isinstance(epoch, int) and epoch > before for before, epoch in pairwise([0, *epochs]))
    if len(epochs) != len(log.printed) or not ascending:
        raise ValueError(
            f"{name!r} has epochs {epochs}, expected {len(log.printed)} whole numbers in ascending order, from 1 on"
        )
    return replace(log, epochs=tuple(epochs))


def claim_on(log: PublishedLog, arm: str | None = None, **mark: Any) -> Callable[..., None]:
    """Make the test of the claim that a published log could be one of our runs.

    Parameters
    ----------
    log
        The published log.
    arm
        Name of the arm with the same setup, unless the log names it.
    mark
        Keywords of the claim's mark, such as ``seeds=``, ``block=`` and ``expected=``. By default the tier is ``full``.

    Raises
    ------
    ClaimsError
        If neither the log nor `arm` names an arm.
    """
    arm = log.arm or arm
    if arm is None:
        raise ClaimsError(f'published log {log.name!r} names no arm: add "arm": "…", the fixture with the same setup')
    statement = f"The published log of {log.name} could be one of our runs: {log.setup}."

    def test(*, judge: Any, **runs: Any) -> None:
        verdict = judge.published(runs[arm], log)
        assert verdict

    parameters = [Parameter(name, Parameter.KEYWORD_ONLY) for name in (arm, "judge")]
    test.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    test.__name__ = test.__qualname__ = f"test_{log.name.replace('-', '_')}"
    keywords = {"source": log.source, "tiers": "full", "expected": "compatible", **mark}
    marked: Callable[..., None] = pytest.mark.claim(f"P-{log.name}", statement, **keywords)(test)
    return marked
