"""Pilot measurements: seconds per run of each arm, and the spread of each quantity over seeds."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_claims.support.errors import DAMAGED, ClaimsError
from pytest_claims.support.files import replace_file
from pytest_claims.support.record_types import PartRecord, Record, kind_of_data
from pytest_claims.support.scale import as_read, as_tested
from pytest_claims.support.vocabulary import kind_of

if TYPE_CHECKING:
    from pytest_claims.statistics import Look

UPPER_BOUND = 0.8
"""Confidence that the standard deviation is no larger than its bound. A few pilot seeds estimate it imprecisely."""


@dataclass(frozen=True)
class Spread:
    """One quantity of a claim over pilot seeds.

    Parameters
    ----------
    quantity
        The quantity's label.
    mean, sd
        Mean and standard deviation over seeds, on the tested scale: logarithms for a ratio.
    num_seeds
        Number of pilot seeds, at least 2.
    rule, alternative, margin, unit, difference
        As in the record of the quantity's part.
    """

    quantity: str
    mean: float
    sd: float
    num_seeds: int
    rule: str
    alternative: str
    margin: float | list[float]
    unit: str
    difference: bool

    @property
    def sd_upper(self) -> float:
        """The upper confidence bound of the standard deviation, at `UPPER_BOUND`."""
        from scipy import stats

        degrees = self.num_seeds - 1
        return self.sd * math.sqrt(degrees / stats.chi2.ppf(1 - UPPER_BOUND, degrees))

    def detectable(self, look: Look) -> float:
        """The smallest detectable effect at a look, on the tested scale."""
        from pytest_claims.statistics import smallest_detectable_effect

        return smallest_detectable_effect(self.sd_upper, look)

    def detectable_as_read(self, look: Look) -> float:
        """The smallest detectable effect in the unit of reports: a factor for a ratio."""
        return as_read(self.detectable(look), self.unit)

    def stays_undecided(self, look: Look) -> bool:
        """True if the mean is so close to the margin that a look leaves it undecided with probability above 1/2."""
        from pytest_claims.statistics import smallest_detectable_effect

        even_odds = smallest_detectable_effect(self.sd, look, power=0.5)
        return min(abs(self.mean - bound) for bound in self._region) < even_odds

    def is_missed(self) -> bool:
        """True if the mean lies on the side of the margin that refutes the claim."""
        low, high = self._region
        return not low <= self.mean <= high

    @property
    def _region(self) -> tuple[float, float]:
        """The bounds within which the claim holds, on the tested scale."""
        from pytest_claims.statistics import MeanRule, rule_as_read

        rule = rule_as_read(self.rule, self.alternative, self.margin, unit=self.unit, difference=self.difference)
        assert isinstance(rule, MeanRule)
        return rule.region


def stays_undecided(spreads: Iterable[Spread], look: Look) -> bool:
    """True if one of a claim's parts is likely to stay undecided and no other part refutes the claim."""
    near = [(spread, spread.stays_undecided(look)) for spread in spreads]
    refuted = any(spread.is_missed() for spread, undecided in near if not undecided)
    return any(undecided for _, undecided in near) and not refuted


@dataclass(frozen=True)
class Pilot:
    """The contents of a pilot file.

    Parameters
    ----------
    seconds_per_run
        By arm, then tier.
    spreads
        By claim, then tier, then kind of data. There is one for each part that tests a mean over seeds.
    """

    seconds_per_run: dict[str, dict[str, float]] = field(default_factory=dict)
    spreads: dict[str, dict[str, dict[str, list[Spread]]]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Pilot:
        """Read a pilot file. The pilot is empty if there is no file.

        Raises
        ------
        ClaimsError
            If the file is not a pilot file.
        """
        if not path.is_file():
            return cls()
        try:
            content = json.loads(path.read_text(encoding="utf-8-sig"))
            spreads = {
                claim: {
                    tier: {kind: [Spread(**spread) for spread in parts] for kind, parts in kinds.items()}
                    for tier, kinds in tiers.items()
                }
                for claim, tiers in content.get("spreads", {}).items()
            }
            return cls(content["seconds_per_run"], spreads)
        except DAMAGED as error:
            raise ClaimsError(f"{path} is not a pilot file ({error!r}): write it with `pytest-claims pilot`") from error

    def write(self, path: Path) -> None:
        """Write a pilot file."""
        replace_file(path, json.dumps(asdict(self), indent=1, sort_keys=True, ensure_ascii=False) + "\n")

    def spreads_of(self, claim: str, tier: str, kinds: Iterable[str]) -> list[Spread]:
        """The spreads of a claim on these kinds of data. If one is a stand-in, the spreads on stand-ins."""
        return self.spreads.get(claim, {}).get(tier, {}).get(kind_of(kinds), [])

    def add(self, record: Record) -> None:
        """Add the spreads of a record. They replace earlier spreads of the same claims."""
        for claim in record["claims"]:
            spreads = [spread for part in claim["parts"] if (spread := _spread(part))]
            if spreads:
                self.spreads.setdefault(claim["id"], {}).setdefault(record["tier"], {})[kind_of_data(claim, record)] = (
                    spreads
                )


def _spread(part: PartRecord) -> Spread | None:
    """The spread of a part; ``None`` for events and arithmetic, and if a run collapsed."""
    from statistics import fmean, stdev

    from pytest_claims.statistics import RULES

    values = [as_tested(value, part["unit"]) for value in part["values"]]
    if not RULES[part["rule"]].is_of_means or len(values) < 2 or not all(map(math.isfinite, values)):
        return None
    mean, sd = (float(f"{f(values):.4g}") for f in (fmean, stdev))
    return Spread(
        part["quantity"],
        *(mean, sd, len(values)),
        rule=part["rule"],
        alternative=part["alternative"],
        margin=part["margin"],
        unit=part["unit"],
        difference=part["difference"],
    )
