"""Draw a sample of the synthetic material that claims rest on, into docs/synthetic.png."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import pyplot

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from fixtures.architectures import NUM_STEPS, decaying_series, runs_forwards  # noqa: E402
from fixtures.clock_faces import DIAL, SIZE, draw_faces  # noqa: E402
from fixtures.overlapping_classes import APART, OVERLAPPING, clouds  # noqa: E402
from fixtures.sampled_regions import line, points_in, posterior, wave  # noqa: E402
from pytest_claims import generator  # noqa: E402

SEED = 900  # a pilot seed: what is drawn decides nothing


def draw_clocks(axes: Any) -> None:
    """Eight faces, with the times that they show."""
    rng = generator(SEED, "drawn for the documents")
    minutes = rng.choice(DIAL, 8, replace=False)
    faces = draw_faces(minutes, rng).pixels.reshape(2, 4, SIZE, SIZE)
    axes.imshow(np.concatenate(np.concatenate(faces, axis=1), axis=1), cmap="gray_r")
    times = [f"{minute // 60 or 12}:{minute % 60:02}" for minute in minutes]
    axes.set_title("clock faces: " + ", ".join(times[:4]) + "\n" + ", ".join(times[4:]))
    axes.axis("off")


def draw_clouds(axes: Any, distance: float, title: str) -> None:
    """Points of two classes, and where either is as likely."""
    points, labels = clouds(100, distance, generator(SEED, "two clouds"))
    for label, marker in ((0, "o"), (1, "x")):
        axes.scatter(*points[labels == label].T, marker=marker, s=16)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_title(title)


def draw_series(axes: Any) -> None:
    """Two series, of which one is the reverse of such a series."""
    series = decaying_series(6, NUM_STEPS, generator(SEED, "drawn for the documents"))
    series[1::2] = series[1::2, ::-1]
    for index, forwards in enumerate(runs_forwards(series)):
        axes.plot(series[index] + 4 * index, "-" if forwards else "--", linewidth=1)
    axes.set_yticks([])
    axes.set_title("series: forwards, and reversed (dashed)")


def draw_regions(axes: Any) -> None:
    """A square with a known boundary, and points near it and far from it."""
    rng = generator(SEED, "drawn for the documents")
    grid = np.stack(np.meshgrid(np.linspace(-1, 1, 100), np.linspace(-1, 1, 100)), axis=-1)
    axes.contourf(*np.moveaxis(grid, -1, 0), posterior(grid.reshape(-1, 2)).reshape(100, 100), cmap="gray_r", alpha=0.3)
    for region, marker in (("near", "o"), ("far", "x")):
        axes.scatter(*points_in(region, 100, rng).T, marker=marker, s=12, label=region)
    axes.legend(fontsize="small")
    axes.set_title("points near and far from a boundary")


def draw_functions(axes: Any) -> None:
    """The functions that are sampled between the marks and continued outside."""
    inputs = np.linspace(-2, 2, 200)[:, None]
    for function in (wave, line):
        axes.plot(inputs, function(inputs), label=function.__name__)
    for end in (-1, 1):
        axes.axvline(end, color="black", linewidth=0.8)
    axes.legend(fontsize="small")
    axes.set_title("functions, sampled from −1 to 1")


def main() -> None:
    """Draw all, on one sheet."""
    figure, axes = pyplot.subplots(2, 3, figsize=(12, 7), layout="constrained")
    draw_clocks(axes[0, 0])
    draw_clouds(axes[0, 1], APART, "clouds apart")
    draw_clouds(axes[0, 2], OVERLAPPING, "overlapping clouds")
    draw_series(axes[1, 0])
    draw_regions(axes[1, 1])
    draw_functions(axes[1, 2])
    figure.savefig(ROOT / "docs" / "synthetic.png", dpi=80)


if __name__ == "__main__":
    main()
