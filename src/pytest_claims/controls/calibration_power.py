"""The price of a rule: how large an effect must be to be found four times in five."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import product
from typing import NamedTuple

from scipy import optimize, stats

from pytest_claims.controls.simulated_families import POWER, TIERS, Kind, exact_rates
from pytest_claims.statistics.power import smallest_detectable_effect


class Price(NamedTuple):
    """The effect beyond the margin that a rule finds four times in five, by a look.

    Parameters
    ----------
    rule, schedule, num_seeds
        ``"superiority"`` or ``"typical"``; ``"fast"`` or ``"full"``; and the number of seeds of the look.
    share
        The share of runs that lie beyond the margin with such an effect; 1 if the look finds none.
    """

    rule: str
    schedule: str
    num_seeds: int
    share: float

    @property
    def effect(self) -> float:
        """The effect in standard deviations over seeds, if these are normal; infinite if the look finds none."""
        return float(stats.norm.ppf(self.share))


def prices() -> list[Price]:
    """List what the mean and the typical run ask for at each look.

    Examples
    --------
    >>> last = prices()[-1]
    >>> f"In {last.num_seeds} seeds the typical run shows what holds in at least {last.share:.0%} of runs."
    'In 30 seeds the typical run shows what holds in at least 87% of runs.'
    """
    listed = []
    for rule, tier in product(("superiority", "typical"), TIERS):
        kind = Kind(rule, tier, "two values")
        for number, look in enumerate(kind.looks, 1):
            of_mean = float(stats.norm.cdf(smallest_detectable_effect(1.0, look, POWER)))
            listed.append(Price(rule, tier, look.num_seeds, _share_found(kind, number) if kind.counts else of_mean))
    return listed


def table_of_prices(listed: Iterable[Price]) -> str:
    """Write a table of prices in 80 columns.

    Examples
    --------
    >>> print(table_of_prices([Price("typical", "full", 10, 1.0), Price("typical", "full", 30, 0.867)]))
    To be found four times in five an effect must lie so many sd beyond its margin:
      typical, full, 10 seeds       never
      typical, full, 30 seeds       1.11 sd, or hold in at least 87 % of runs
    """
    lines = ["To be found four times in five an effect must lie so many sd beyond its margin:"]
    for price in listed:
        found = f"{price.effect:.2f} sd, or hold in at least {100 * price.share:.0f} % of runs"
        name = f"{price.rule}, {price.schedule}, {price.num_seeds} seeds"
        lines.append(f"  {name:30}{found if math.isfinite(price.effect) else 'never'}")
    return "\n".join(lines)


def _share_found(kind: Kind, num_looks: int) -> float:
    if exact_rates(kind, 1.0, num_looks)[0] < POWER:
        return 1.0
    return float(optimize.brentq(lambda share: exact_rates(kind, share, num_looks)[0] - POWER, 0.5, 1.0))
