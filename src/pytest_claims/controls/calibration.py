"""Calibration: the error rates and the power of the rules, on simulated seeds with a known truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

import numpy as np

from pytest_claims.controls.calibration_power import prices, table_of_prices
from pytest_claims.controls.calibration_rows import Promise, Row, check, table
from pytest_claims.controls.calibration_shapes import SHAPES
from pytest_claims.controls.simulated_families import (
    POWER,
    THRESHOLDS,
    TIERS,
    Answers,
    Kind,
    Question,
    draw_families,
    exact_rates,
    judge_families,
)
from pytest_claims.statistics.shares import USUALLY

NUM_FAMILIES = 200_000
"""Families per row: the upper bound of a rate of 0.05 % is then 0.061 %."""

POWER_KEPT = 0.75
"""The rate that is promised where the t-test has a power of 80 %. The veto of the signs costs a few points."""

# Where nothing is promised, errors are so many that fewer families show them. For power the rule judges each family.
_FEWER, _FEWER_FOR_POWER, _BLOCK = 20, 400, 10_000
_FEW = ("5 seeds", "10 seeds", "11 seeds", "12 seeds")
_WITH_PARTS = tuple(product((2, 4, 8), (0.0, 0.9)))


def _kinds() -> Iterator[Kind]:
    for rule, tier in product(("superiority", "equivalence", "typical"), TIERS):
        yield from (Kind(rule, tier, shape) for shape in SHAPES)
        if rule != "equivalence":
            yield from (Kind(rule, tier, "normal", parts, correlation) for parts, correlation in _WITH_PARTS)
        if rule == "typical":
            yield Kind(rule, tier, "two values")
    yield from (Kind("typical, within", tier, "normal") for tier in TIERS)
    yield from (Kind(rule, tier, "two values") for rule, tier in product(THRESHOLDS, TIERS))
    yield from (Kind(rule, few, "normal") for rule, few in product(("superiority", "equivalence"), _FEW))
    yield from (Kind(rule, few, "two values") for rule, few in product(("typical", *THRESHOLDS), _FEW))


KINDS = tuple(_kinds())
"""All calibrated kinds, at the level of claims."""


def calibrate(rng: np.random.Generator, num_families: int = NUM_FAMILIES, kinds: Iterable[Kind] = KINDS) -> list[Row]:
    """Measure the rules over simulated families with a known truth, at the looks of claims.

    A family is a block of seeds, as for a claim. The rule judges the first seeds of the block at the first look, and at
    the next looks only while it is undecided. A family that is far from a decision, by t-test or count at a multiple
    of the look's alpha, counts as undecided. As a check the rule judges every 500th of these, which stands for all.
    Where a rule counts, and the share of runs beyond the margin is known, its rates are computed exactly.

    Parameters
    ----------
    rng
        Source of all randomness.
    num_families
        Number of families per row, at least 1. Rows that promise nothing use a twentieth of it, and rows on power a
        four-hundredth, since the rule must judge nearly all of their families at every look.
    kinds
        The kinds to calibrate.

    Raises
    ------
    ValueError
        If the number of families is not positive.

    Notes
    -----
    Source: T. P. Morris et al., "Using simulation studies to evaluate statistical methods", Stat. Med. 38 (2019).

    Examples
    --------
    >>> kind = Kind("typical", "fast", "stuck 10 %")
    >>> rows = calibrate(np.random.default_rng(1), num_families=20_000, kinds=[kind])
    >>> f"{len(check(rows))} of {len(rows)} rates are not as promised."
    '0 of 2 rates are not as promised.'
    """
    if num_families < 1:
        raise ValueError(f"num_families must be at least 1; received {num_families}")
    return [row for kind in kinds for row in _rows(rng, num_families, kind)]


def run(seed: int, num_families: int = NUM_FAMILIES) -> tuple[str, list[str]]:
    """Calibrate with a seed; return the tables, and the lines of `check` on rows that break their promise."""
    rows = calibrate(np.random.default_rng(seed), num_families)
    return f"{table(rows)}\n{table_of_prices(prices())}", check(rows)


def _rows(rng: np.random.Generator, num_families: int, kind: Kind) -> Iterator[Row]:
    share = _share_beyond(kind)
    if share is None:
        yield from _errors(rng, num_families, kind)
    else:
        for quantity, rate in zip(("supported", "refuted"), exact_rates(kind, share), strict=True):
            if _is_wrong(quantity, kind):
                yield Row(*_named(kind), quantity, rate, None, kind.alpha, "at most")
    is_of_one_mean = kind.parts == 1 and not kind.counts
    if is_of_one_mean and kind.schedule in TIERS and kind.shape in ("normal", "collapsing"):
        yield from _power(rng, -(-num_families // _FEWER_FOR_POWER), kind)


def _share_beyond(kind: Kind) -> float | None:
    """Return the share of runs beyond the margin, if it decides alone and need not be drawn."""
    if kind.shape == "two values":
        return THRESHOLDS.get(kind.rule, USUALLY)
    shape = SHAPES[kind.shape]
    return shape.mean if kind.counts and shape.median_is_common else None


def _errors(rng: np.random.Generator, num_families: int, kind: Kind) -> Iterator[Row]:
    """Simulate families with the truth on the margin, or on the upper of two bounds."""
    question = Question.of(kind, kind.looks[0])
    is_declared = kind.counts or SHAPES[kind.shape].suits_means
    promise: Promise = "at most" if is_declared else None
    num = num_families if is_declared else -(-num_families // _FEWER)
    totals = np.zeros(len(Answers._fields), int)
    for start in range(0, num, _BLOCK):
        values = draw_families(rng, kind, min(_BLOCK, num - start), kind.looks[-1].num_seeds, question.truth)
        totals += [happened.sum() for happened in judge_families(question, values, kind.looks)]
    for quantity, total in zip(("supported", "refuted", "interval misses"), totals, strict=True):
        if _is_wrong(quantity, kind):
            nominal = kind.alpha * (2 if quantity == "interval misses" else 1)
            yield Row(*_named(kind), quantity, min(float(total / num), 1.0), num, nominal, promise)


def _is_wrong(quantity: str, kind: Kind) -> bool:
    """Tell if the outcome is an error where the truth lies on the margin, and if it is shown."""
    if quantity == "interval misses":
        return kind.shape == "normal" and kind.parts == 1
    if quantity == "refuted" and kind.shape in SHAPES:
        # Less than half of these runs lie within the bounds, or beyond the margin. It is right to say so.
        shape = SHAPES[kind.shape]
        return not (kind.is_between and shape.collapses) and not (kind.counts and shape.median_is_common)
    return True


def _power(rng: np.random.Generator, num: int, kind: Kind) -> Iterator[Row]:
    """Simulate families with the effect that a t-test at the look finds four times in five."""
    is_promised = kind.shape == "normal"
    promise: Promise = "at least" if is_promised else None
    for quantity, taken in (("seen at the first", kind.looks[:1]), ("seen by the last", kind.looks)):
        question = Question.of(kind, taken[-1], is_detectable=True)
        values = draw_families(rng, kind, num, taken[-1].num_seeds, question.truth)
        seen = judge_families(question, values, taken).supported
        yield Row(
            *_named(kind), quantity, min(float(seen.mean()), 1.0), num, POWER_KEPT if is_promised else POWER, promise
        )


def _named(kind: Kind) -> tuple[str, str, float, str]:
    return kind.rule, kind.schedule, kind.alpha, kind.seeds
