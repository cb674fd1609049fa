"""Published logs: what a lecture printed of its own training runs, and the claim that they could be ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import Parameter, Signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_claims.support.errors import ClaimsError

if TYPE_CHECKING:
    pass

_PREFIXES = {"training": "", "validation": "val_"}


@dataclass(frozen=True)
class PublishedLog:
    """The metrics of one published training run, epoch by epoch.

    Parameters
    ----------
    name
        Of the experiment.
    source
        Where it was published.
    setup
        What was trained, in words.
    metrics
        Per metric, named as our runs name it, one number per epoch. All have as many.
    arm
        Name of the arm that is set up alike, where the file says so.
    """

    name: str
    source: str
    setup: str
    metrics: Mapping[str, tuple[float, ...]]
    arm: str | None = None

    @property
    def num_epochs(self) -> int:
        """How many epochs were printed."""
        return len(next(iter(self.metrics.values())))


def read_logs(path: Path) -> dict[str, PublishedLog]:
    """Read published logs by the names of their experiments.

    Parameters
    ----------
    path
        A JSON file with an object ``series``: per experiment ``source``, ``setup``, and ``training``, ``validation`` or
        both, each an object of metrics with a list of numbers, one per epoch; ``arm`` if it likes.

    Raises
    ------
    ClaimsError
        If the file cannot be read, or an experiment has no metrics, or metrics of different lengths.
    """
    try:
        series = json.loads(path.read_text(encoding="utf-8"))["series"]
        return {name: _log(name, entry) for name, entry in series.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ClaimsError(f"{path} is no file of published logs: {error!r}") from error


def _log(name: str, entry: Mapping[str, Any]) -> PublishedLog:
    metrics = {
        prefix + metric: tuple(float(value) for value in values)
        for part, prefix in _PREFIXES.items()
        for metric, values in entry.get(part, {}).items()
    }
    if len({len(values) for values in metrics.values()}) != 1 or not all(metrics.values()):
        raise ValueError(f"{name!r} needs metrics of one length, under {' or '.join(_PREFIXES)}")
    return PublishedLog(name, entry["source"], entry["setup"], metrics, entry.get("arm"))


def claim_on(log: PublishedLog, arm: str | None = None, **mark: Any) -> Callable[..., None]:
    """Give the test that a published log could be one of our runs.

    Parameters
    ----------
    log
        What was published.
    arm
        Name of the arm that is set up alike, unless the log names it.
    mark
        Keywords of the claim's mark, such as ``seeds=`` and ``expected=``; it is judged in the full tier.

    Raises
    ------
    ClaimsError
        If no arm is named.
    """
    arm = log.arm or arm
    if arm is None:
        raise ClaimsError(f'published log {log.name!r} names no arm: add "arm": "…", the fixture set up alike')
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
