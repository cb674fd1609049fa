"""The rule for "stays at", "is the same as" and "is about"."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from pytest_claims.statistics.decisions import Decision, beyond, check_finite, check_look, seed_values
from pytest_claims.statistics.exact_rule import rounding_interval
from pytest_claims.statistics.looks import Look
from pytest_claims.statistics.rule import Booleans, MeanRule, Side
from pytest_claims.statistics.samples import Sample, decide_by_share


@dataclass(frozen=True)
class EquivalenceRule(MeanRule):
    """The mean over seeds lies within two bounds, see `equivalence`."""

    name = "equivalence"
    keywords: ClassVar = {"within": "within", "about": "within"}
    num_bounds = 2

    @classmethod
    def margin_asked(cls, keyword: str, given: Any) -> Any:
        """Return the pair of bounds; for ``about`` the rounding interval of the printed figure."""
        return rounding_interval(given) if keyword == "about" else given

    def decide(self, values: ArrayLike, look: Look) -> Decision:
        """See `equivalence`."""
        low, high = self.bounds
        return equivalence(values, low=low, high=high, look=look)

    def holds(self, values: ArrayLike) -> Booleans:
        """Tell which values lie within the bounds; a bound itself counts as within."""
        array, (low, high) = np.asarray(values, float), self.bounds
        return np.asarray((array >= low) & (array <= high))

    def side_claimed(self, decision: Decision) -> Side:
        """Return ``"between"`` unless the claim is refuted; then the side of the bounds on which the estimate lies."""
        low, high = self.bounds
        refuted, value = decision.verdict == "refuted", decision.estimate.value
        return "above" if refuted and value > high else "below" if refuted and value < low else "between"

    @property
    def region(self) -> tuple[float, float]:
        """The interval between the bounds."""
        low, high = self.bounds
        return low, high


def equivalence(values: ArrayLike, *, low: float, high: float, look: Look) -> Decision:
    """Decide whether the mean over seeds lies within bounds, by two one-sided t-tests.

    Supported if the look's interval lies within the bounds; refuted (``"outside"``) if it lies wholly outside them.
    Inconclusive otherwise: ``"underpowered"`` (the test would miss a mean in the middle of the bounds more than once in
    five times), ``"straddles"``, ``"tests disagree"``, ``"collapsed"``.

    In two cases all seeds must also lie within the bounds, or all beyond the same bound: at the first of several
    looks, and if the signs of so few seeds cannot reach alpha (2^−num_seeds exceeds alpha). Otherwise the claim is
    inconclusive, ``"tests disagree"``. A collapsed run, NaN or infinite, lies outside the bounds. With any collapsed
    run the share of seeds within the bounds decides at the last look, against one half. So it does if most seeds have
    the same value, as in `superiority`.

    The rule is for "stays at", "is the same as" and, with `rounding_interval`, "is about".

    Parameters
    ----------
    values
        Shape ``(num_seeds,)``, at least 2: one number per seed, in any unit.
    low, high
        Bounds, finite, ``low < high``, in the same unit.
    look
        Gives the number of seeds and the level.

    Returns
    -------
    Decision
        The estimate is the mean, with the t interval at 1 − 2·alpha and the larger of the two p-values.

    Raises
    ------
    ValueError
        If the values are not real numbers, one for each seed of the look and at least 2; or if the bounds are not
        finite or in the wrong order.

    Notes
    -----
    Source: D. J. Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15 (1987); as
    ``statsmodels.stats.weightstats.DescrStatsW.ttost_mean``.

    Examples
    --------
    >>> from pytest_claims.statistics import fixed_look, rounding_interval
    >>> losses = [0.2603, 0.2611, 0.2595, 0.2608, 0.2599, 0.2604, 0.2596, 0.2607, 0.2601, 0.2600]
    >>> low, high = rounding_interval("0.26")
    >>> decision = equivalence(losses, low=low, high=high, look=fixed_look(10))
    >>> f"That the loss is about 0.26 is {decision.verdict}: it is {decision.estimate.value:.4f}."
    'That the loss is about 0.26 is supported: it is 0.2602.'
    """
    array = seed_values(values, at_least=2)
    check_look(array.size, look)
    check_finite(low=low, high=high)
    if not low < high:
        raise ValueError(f"low must be below high; received low={low}, high={high}: exchange or widen them")
    below, above = array < low, array > high
    inside = beyond(array, low, 1) & beyond(array, high, -1)
    sample = Sample.of(array)
    if sample.is_counted:
        return decide_by_share(array, look, claimed=inside, opposite=np.zeros_like(inside), refuted="outside")
    estimate, refuting = sample.interval(look.alpha), sample.interval(look.refuting_alpha)
    pvalues = [sample.pvalue(bound, side) for bound, side in ((low, "greater"), (high, "less"))]
    estimate = replace(estimate, pvalue=max(pvalues))
    if low < estimate.low and estimate.high < high:
        decision, agreeing, level = Decision("supported", None, estimate), inside, look.alpha
    elif refuting.high < low or refuting.low > high:
        side = below if refuting.high < low else above
        decision, agreeing, level = Decision("refuted", "outside", estimate), side, look.refuting_alpha
    else:
        # Both one-sided tests must succeed, so each may fail once in ten times.
        blind = sample.cannot_see((high - low) / 2, look, power=0.9)
        return Decision("inconclusive", "underpowered" if blind else "straddles", estimate)
    if look.asks_unanimity(level) and not agreeing.all():
        return Decision("inconclusive", "tests disagree", estimate)
    return decision
