"""The overview: the effects of all claims on one scale, as distances from their margins."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_claims.report.drawings.scales import Scale
from pytest_claims.report.drawings.seed_strips import Tick
from pytest_claims.report.words.expectations import deciding_part, verdict_or_error
from pytest_claims.report.words.numbers import Claim, Part, effect_with_interval
from pytest_claims.report.words.rules import side_asked, words_of
from pytest_claims.report.words.sentences import num_collapsed
from pytest_claims.support.scale import as_tested, bounds

ROW, HEAD, FOOT = 22, 8, 26
LABEL_END, PLOT_START, PLOT_END, EFFECT_START, WIDTH = 78, 92, 560, 574, 860
REACH = 5
"""Range of the scale on each side of the margin, in doublings: 31 times the margin."""


@dataclass(frozen=True)
class Row:
    """One claim: its marker and interval."""

    y: int
    claim: str
    anchor: str
    verdict: str
    estimate: int | None
    interval: tuple[int, int] | None
    effect: str


@dataclass(frozen=True)
class Panel:
    """The claims of one section. Each section is one drawing, so that a print can break between sections."""

    section: str
    rows: tuple[Row, ...]
    height: int


@dataclass(frozen=True)
class Overview:
    """The figure: a panel for each section, and the ticks of their common axis."""

    panels: tuple[Panel, ...]
    ticks: tuple[Tick, ...]
    margin_at: int
    description: str


def advantage(part: Part) -> tuple[float, float, float] | None:
    """Estimate, low and high end of a part as distances from its margin, positive on the claim's side.

    The unit is the distance from the margin to no effect. It is half the range for an equivalence, and the width of the
    interval for a margin of zero. So a part is supported exactly if its whole interval is positive. The result is
    ``None`` if arithmetic decides, or the share of runs because some collapsed.

    Examples
    --------
    >>> advantage({"rule": "superiority", "unit": "nats", "alternative": "less", "margin": -0.1, "estimate": -0.3,
    ...     "low": -0.4, "high": -0.2, "values": [-0.3]})
    (2.0, 1.0, 3.0)
    """
    known = [value for value in (part["estimate"], part["low"], part["high"]) if value is not None]
    if not words_of(part).has_interval or num_collapsed(part) or len(known) < 3:
        return None
    ends = [as_tested(bound, part["unit"]) for bound in bounds(part["margin"])]
    estimate, low, high = (as_tested(value, part["unit"]) for value in known)
    if not all(map(math.isfinite, [estimate, low, high, *ends])):
        return None
    if len(ends) == 2:
        return _inside((estimate, low, high), ends)
    sign = -1 if side_asked(part) == "below" else 1
    unit = abs(ends[0]) or (high - low) or 1.0
    estimate, low, high = (round(sign * (value - ends[0]) / unit, 9) for value in (estimate, low, high))
    return estimate, min(low, high), max(low, high)


def _inside(numbers: tuple[float, float, float], bounds: Sequence[float]) -> tuple[float, float, float]:
    """Distances from the nearer bound, in half ranges: 1 in the middle, 0 at the bounds, negative outside."""
    middle, half = sum(bounds) / 2, (bounds[1] - bounds[0]) / 2 or 1.0
    estimate, low, high = (1 - abs(value - middle) / half for value in numbers)
    holds_middle = numbers[1] <= middle <= numbers[2]
    return estimate, min(low, high), 1.0 if holds_middle else max(low, high)


def _doublings(distance: float) -> float:
    """A scale that is linear near the margin and logarithmic far from it: 1, 3, 7, 15 are equally spaced."""
    return math.copysign(math.log2(1 + abs(distance)), distance)


def overview(sections: Mapping[str, Sequence[Claim]], anchors: Mapping[str, str]) -> Overview:
    """The figure of all claims, section by section. Claims without an interval have an empty row.

    The figure omits published logs, since they have no margin with two sides.
    """
    placed = {section: [claim for claim in claims if not _is_log(claim)] for section, claims in sections.items()}
    sections = {section: claims for section, claims in placed.items() if claims}
    x = Scale(-REACH, REACH, PLOT_START, PLOT_END)
    panels = tuple(_panel(section, claims, anchors, x) for section, claims in sections.items())
    distances = [-15, -7, -3, -1, 0, 1, 3, 7, 15]
    supported = sum(claim["verdict"] == "supported" for claims in sections.values() for claim in claims)
    return Overview(
        panels=panels,
        ticks=tuple(Tick(x(_doublings(d)), "margin" if d == 0 else f"{d:+d}".replace("-", "−")) for d in distances),
        margin_at=x(0),
        description=(
            f"{supported} of the {sum(map(len, sections.values()))} claims drawn are supported; "
            "the table of claims holds the numbers."
        ),
    )


def _is_log(claim: Claim) -> bool:
    return any(not words_of(part).brackets_estimate for part in claim["parts"])


def _panel(section: str, claims: Sequence[Claim], anchors: Mapping[str, str], x: Scale) -> Panel:
    first = HEAD + ROW // 2 + ROW
    rows = [_row(claim, anchors[claim["id"]], x, first + ROW * place) for place, claim in enumerate(claims)]
    return Panel(section, tuple(rows), height=first + ROW * len(rows) + FOOT)


def _row(claim: Claim, anchor: str, x: Scale, y: int) -> Row:
    part = deciding_part(claim)
    placed = advantage(part) if part else None
    estimate, low, high = (x(_doublings(distance)) for distance in placed) if placed else (None, None, None)
    return Row(
        y=y,
        claim=claim["id"],
        anchor=anchor,
        verdict=verdict_or_error(claim),
        estimate=estimate,
        interval=(low, high) if low is not None and high is not None else None,
        effect=effect_with_interval(part) if part else verdict_or_error(claim),
    )
