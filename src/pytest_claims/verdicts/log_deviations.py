"""The deviations of a published training log and of each of our runs from the other runs."""

from __future__ import annotations

import numpy as np

from pytest_claims.catalogue.published_logs import PublishedLog
from pytest_claims.statistics import deviations
from pytest_claims.verdicts.quantities import Mark, Quantity
from pytest_claims.verdicts.runs import Runs


def log_deviations(log: PublishedLog, runs: Runs) -> tuple[Quantity, float]:
    """Give the largest distance of each run, and of the log, from all other curves, see `deviations`.

    The distances are in standard deviations. Each is the largest over the log's metrics and epochs.

    Raises
    ------
    ValueError
        If our runs lack one of the log's metrics, or have fewer epochs than the log.
    """
    histories = [runs.history(metric) for metric in log.metrics]
    if histories[0].shape[1] < log.printed[-1]:
        raise ValueError(f"{runs.name} has {histories[0].shape[1]} epochs, the log {log.name!r} {log.printed[-1]}")
    printed = np.array(log.printed) - 1
    curves = np.hstack([history[:, printed] for history in histories])
    distances = deviations(np.hstack(list(log.metrics.values())), curves)
    position = distances.epoch - 1
    metric, epoch = list(log.metrics)[position // printed.size], log.printed[position % printed.size]
    farthest = f"the log's: {metric}, epoch {epoch}, {distances.factor:.4g} times ours"
    name = f"{' and '.join(log.metrics)}, largest deviation from the other runs ({farthest})"
    marks = tuple(map(Mark, log.metrics))
    ours = Quantity(distances.ours, runs.seeds, name, runs.name, "deviations", "deviation", runs.tier, marks=marks)
    return ours, distances.published
