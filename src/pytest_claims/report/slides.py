"""Draws learning curves for slides with matplotlib: the plots of a lecture, with the spread over seeds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_claims.report.drawings.learning_curves import MOST_RUNS_DRAWN, metrics_and_curves, unit_of_metric
from pytest_claims.report.words.numbers import Claim, Unit
from pytest_claims.support.record_types import CurveRecord, Record
from pytest_claims.support.text import counted

FORMATS = ("svg", "pdf")
SIZE_INCHES = (6.4, 3.6)
"""Aspect ratio of the usual wide slide, 16:9."""
LONGEST_NAME = 100
"""Characters of a file name, at most."""
DASHES = ("-", "--", ":", "-.")


def write_plots(record: Record, folder: Path, claims: Sequence[str] = ()) -> list[Path]:
    """Write the learning curves of claims as vector graphics.

    Parameters
    ----------
    record
        The record, as in ``claims.json``.
    folder
        Directory for the files, such as ``R07-val_cross_entropy.svg``; created if it is missing.
    claims
        Ids of the claims to draw; if empty, all claims with curves.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    ValueError
        If a claim is not in the record, or matplotlib is not installed.
    """
    known = {claim["id"]: claim for claim in record["claims"]}
    if missing := [name for name in claims if name not in known]:
        raise ValueError(f"the record has no claim {', '.join(missing)}, only {', '.join(known)}")
    pyplot = _pyplot()
    folder.mkdir(parents=True, exist_ok=True)
    arms = {arm["name"]: arm for arm in record["arms"]}
    drawn = {name: metrics_and_curves(claim, arms) for name, claim in known.items()}
    names = file_names((name, metric) for name, metrics in drawn.items() for metric in metrics)
    written = []
    for claim in (known[name] for name in claims or known):
        for metric, by_arm in drawn[claim["id"]].items():
            figure = _draw(pyplot, claim, metric, by_arm)
            for suffix in FORMATS:
                path = folder / f"{names[claim['id'], metric]}.{suffix}"
                figure.savefig(path)
                written.append(path)
            pyplot.close(figure)
    return written


def file_names(pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Name a file for each pair of a claim's id and a metric.

    A name has no directory and no character that a file system refuses. No two differ only in the case of letters.

    Examples
    --------
    >>> list(file_names([("R07", "val_loss"), ("../R07", "val_loss"), ("r07", "val_loss")]).values())
    ['R07-val_loss', 'r07-val_loss-2', '_._R07-val_loss']
    """
    stems = {pair: "-".join(pair) for pair in pairs}
    names: dict[tuple[str, str], str] = {}
    taken = set[str]()
    # Those that are safe as they are keep their names, whatever the others are.
    for pair, stem in sorted(stems.items(), key=lambda named: _safe(named[1]) != named[1]):
        name, number = _safe(stem), 1
        while name.casefold() in taken:
            number += 1
            name = f"{_safe(stem)}-{number}"
        names[pair] = name
        taken.add(name.casefold())
    return names


def _safe(stem: str) -> str:
    name = re.sub(r"^\.|[^A-Za-z0-9_.-]", "_", stem)[:LONGEST_NAME]
    # Windows takes a name for a device whatever follows its first dot.
    return f"_{name}" if re.match(r"(con|prn|aux|nul|com\d|lpt\d)\.", name, re.IGNORECASE) else name


def _pyplot() -> Any:
    try:
        import matplotlib as mpl
        from matplotlib import pyplot
    except ImportError as error:
        raise ValueError("matplotlib is not installed: pip install 'pytest-claims[figures]'") from error
    mpl.use("Agg")  # writes files and needs no screen
    return pyplot


def _draw(pyplot: Any, claim: Claim, metric: str, by_arm: Mapping[str, CurveRecord]) -> Any:
    unit = unit_of_metric(metric)
    figure, axes = pyplot.subplots(figsize=SIZE_INCHES, layout="constrained")
    for index, (name, curve) in enumerate(by_arm.items()):
        mean, low, high = (_scaled(line, unit) for line in (curve["mean"], curve["low"], curve["high"]))
        epochs = range(1, len(mean) + 1)
        (line,) = axes.plot(epochs, mean, DASHES[index % len(DASHES)], label=name, linewidth=2)
        axes.fill_between(epochs, low, high, color=line.get_color(), alpha=0.18, linewidth=0)
        for run in curve["runs"][:MOST_RUNS_DRAWN]:
            axes.plot(epochs, _scaled(run, unit), color=line.get_color(), alpha=0.25, linewidth=0.6)
    axes.set_title(f"{claim['id']}: {claim['verdict']}, {counted(claim['num_seeds'], 'seed')}", fontsize="medium")
    axes.set_xlabel("epoch")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_ylabel(f"{metric} ({unit.suffix.strip()})" if unit.suffix else metric)
    axes.legend(frameon=False, fontsize="small")
    axes.grid(alpha=0.3)
    return figure


def _scaled(values: Sequence[float | None], unit: Unit) -> list[float]:
    """Values in the unit of reports; nan, which leaves a gap, for missing values."""
    return [float("nan") if value is None else value * unit.factor for value in values]
