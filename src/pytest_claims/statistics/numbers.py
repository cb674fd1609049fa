"""The numbers of one part of a claim, and the decision on them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pytest_claims.statistics.decisions import Decision
from pytest_claims.statistics.looks import Look
from pytest_claims.statistics.rule import Rule, mark_censored
from pytest_claims.statistics.superiority_rule import told_without_factors


@dataclass(frozen=True, eq=False)
class Numbers:
    """One number per seed, with all that a rule must know about it.

    Parameters
    ----------
    values
        Shape ``(num_seeds,)``; infinite or NaN for a collapsed run.
    at_least, at_most
        Shape ``(num_seeds,)``: True if the true value may be larger, or smaller.
    plain
        Shape ``(num_seeds,)``: for a difference of multiples, ``A − c·B``, the plain difference ``A − B``.
    """

    values: NDArray[np.float64]
    at_least: NDArray[np.bool_]
    at_most: NDArray[np.bool_]
    plain: NDArray[np.float64] | None = None

    def decided(self, rule: Rule, look: Look) -> Decision:
        """Decide by a rule; tell a refuted difference of multiples without its factors; doubt what is censored.

        A failed witness of an existence statement refutes nothing: the claim is inconclusive, ``"no witness"``.
        """
        decision = rule.decide(self.values, look)
        if self.plain is not None:
            decision = told_without_factors(decision, rule, self.plain, look)
        decision = mark_censored(decision, rule, self.at_least, self.at_most)
        if rule.witness and decision.verdict == "refuted":
            return replace(decision, verdict="inconclusive", reason="no witness")
        return decision

    def taken(self, which: NDArray[np.bool_] | slice) -> Numbers:
        """Return the numbers of some seeds."""
        plain = None if self.plain is None else self.plain[which]
        return Numbers(self.values[which], self.at_least[which], self.at_most[which], plain)

    def times(self, factor: float) -> Numbers:
        """Return the numbers times a factor; if it is negative, what may be larger then may be smaller."""
        plain = None if self.plain is None else factor * self.plain
        flags = (self.at_least, self.at_most) if factor > 0 else (self.at_most, self.at_least)
        return Numbers(factor * self.values, *flags, plain)
