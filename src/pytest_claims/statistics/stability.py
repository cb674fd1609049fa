"""Stability: the probability that fresh seeds would give the same verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pytest_claims.statistics.looks import Look
from pytest_claims.statistics.rule import Booleans, Rule

NUM_REPETITIONS = 2000
"""Number of simulated repetitions. It gives the probability to one percent."""


class _Fresh(NamedTuple):
    """Simulated seeds of one part, ``(num, num_seeds)``: values, or `Rule.outcomes` if seeds are counted."""

    values: NDArray[np.float64]
    counted: bool


def stability(
    verdict: str,
    rules: Sequence[Rule],
    values: Sequence[NDArray[np.float64]],
    schedule: Sequence[Look],
    *,
    rng: np.random.Generator,
    num_repetitions: int = NUM_REPETITIONS,
) -> float:
    """Give the probability that fresh seeds, judged on the same schedule, give the same verdict.

    The function draws fresh seeds from their predictive distribution given these seeds. It is normal, with the
    uncertainty of mean and scale that so few seeds leave, and with the observed correlation of the parts. For events,
    and if runs collapsed, it draws the share of seeds from its Jeffreys posterior. It leaves out censoring, and the
    sign-flip test, which hardly ever disagrees on normal numbers.

    Parameters
    ----------
    verdict
        The verdict that fresh seeds have to repeat.
    rules
        One per part.
    values
        One array per part, shape ``(num_seeds,)``, of the same seeds.
    schedule
        The looks, in order, of a claim with one part.
    rng
        Source of all randomness.
    num_repetitions
        Number of simulated repetitions.

    Returns
    -------
    float
        A probability; 1 if all rules are arithmetic.

    Raises
    ------
    ValueError
        If there is not one array per rule, or the arrays are not of the same seeds.

    Notes
    -----
    Source: the posterior predictive distribution under the reference prior, A. Gelman et al., "Bayesian data
    analysis" (3rd edition, 2013), section 3.2; H. Jeffreys' Beta(1/2, 1/2) for shares.

    Examples
    --------
    >>> from pytest_claims.statistics import SuperiorityRule, looks
    >>> rng, rule = np.random.default_rng(0), SuperiorityRule("greater", margin=0.0, null=0.0)
    >>> gains = np.array([0.9, 1.1, 1.3, 0.8, 1.0, 0.7, 1.2, 1.1, 0.9, 1.0])
    >>> again = stability("supported", [rule], [gains], looks("fast"), rng=rng)
    >>> f"Fresh seeds support it again with a probability of {again:.2f}."
    'Fresh seeds support it again with a probability of 1.00.'
    """
    if len(rules) != len(values) or len({array.shape for array in values}) != 1:
        raise ValueError("stability() takes one array per rule, all of the same seeds")
    draws = _fresh_seeds(rules, values, schedule[-1].num_seeds, num_repetitions, rng)
    supported, refuted = np.zeros((2, num_repetitions), bool)
    for look in schedule:
        decided = supported | refuted
        shared = replace(look, parts=len(rules))
        each = [_decided(rule, fresh, shared) for rule, fresh in zip(rules, draws, strict=True)]
        refutes = np.logical_or.reduce([~rule.witness & part[1] for rule, part in zip(rules, each, strict=True)])
        supports = np.logical_and.reduce([supports for supports, _ in each]) & ~refutes
        supported |= supports & ~decided
        refuted |= refutes & ~decided
    same = {"supported": supported, "refuted": refuted, "inconclusive": ~(supported | refuted)}[verdict]
    return float(same.mean())


def _fresh_seeds(
    rules: Sequence[Rule],
    values: Sequence[NDArray[np.float64]],
    num_seeds: int,
    num: int,
    rng: np.random.Generator,
) -> list[_Fresh]:
    """Draw seeds for each part, with the same weights for all parts, so that they correlate as observed."""
    seen = len(values[0])
    counted = [rule.is_counted(array) for rule, array in zip(rules, values, strict=True)]
    measured = np.array([array for array, is_counted in zip(values, counted, strict=True) if not is_counted])
    together = _root(measured - measured.mean(axis=1, keepdims=True)) if len(measured) else np.zeros((0, 0))
    weights, shift = rng.standard_normal((num, num_seeds, len(measured))), rng.standard_normal((num, len(measured)))
    scale = 1 / np.sqrt(rng.chisquare(max(seen - 1, 1), num))
    mixes = iter(together)
    draws = []
    for rule, array, is_counted in zip(rules, values, counted, strict=True):
        if is_counted:
            draws.append(_Fresh(_fresh_outcomes(rule, array, num_seeds, num, rng), counted=True))
        else:
            mix = next(mixes)
            means = array.mean() + scale * (shift @ mix) / seen**0.5
            draws.append(_Fresh(means[:, None] + scale[:, None] * (weights @ mix), counted=False))
    return draws


def _fresh_outcomes(
    rule: Rule, values: NDArray[np.float64], num_seeds: int, num: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw outcomes of fresh seeds: their shares from the posterior, then each seed by these shares."""
    seen = rule.outcomes(values)
    share = rng.beta((seen == 0).sum() + 0.5, (seen != 0).sum() + 0.5, num)
    holding = rng.random((num, num_seeds)) < share[:, None]
    # Of what does not hold, so many lie below. With one bound all do, and nothing is drawn.
    below, above = (seen < 0).sum(), (seen > 0).sum()
    lower = 1.0 if not above else 0.0 if not below else rng.beta(below + 0.5, above + 0.5, num)[:, None]
    side = -1.0 if not above else np.where(rng.random((num, num_seeds)) < lower, -1.0, 1.0)
    return np.where(holding, 0.0, side)


def _root(residuals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give a root of the residuals' product matrix: ``(num_parts, num_seeds)`` to ``(num_parts, num_parts)``.

    Its rows mix independent standard normal numbers into numbers that correlate as the residuals do, whatever their
    rank. Up to the lengths of the parts it is the symmetric root, which does not depend on the signs that an
    eigendecomposition happens to choose.
    """
    # Unit length: the rounding of a part with a large scatter must not drown a part with a small or zero scatter.
    lengths = np.linalg.norm(residuals, axis=1, keepdims=True)
    units = residuals / np.where(lengths > 0, lengths, 1)
    squares, directions = np.linalg.eigh(units @ units.T)
    root: NDArray[np.float64] = lengths * ((directions * np.sqrt(np.clip(squares, 0, None))) @ directions.T)
    return root


def _decided(rule: Rule, fresh: _Fresh, look: Look) -> tuple[Booleans, Booleans]:
    """Tell which repetitions support and which refute at a look: twice shape ``(num,)``."""
    draws = fresh.values[:, : look.num_seeds]
    return rule.decided_from_outcomes(draws, look) if fresh.counted else rule.decided_again(draws, look)
