"""Parts of claims as a record holds them, judged again from their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_claims.statistics import RULES, Decision, Look, Rule, looks, rule_as_read
from pytest_claims.support.scale import tested

Record = Mapping[str, Any]
Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Judged:
    """A part of a claim, as a record holds it: what is needed to judge it again.

    Parameters
    ----------
    claim, quantity
        The claim's id, and what was judged.
    rule
        On the scale that is tested: logarithms for a ratio.
    values
        Shape ``(num_seeds,)``; NaN for a run that collapsed.
    look
        The look at which it was judged, with the claim's number of parts.
    schedule
        All looks of the claim.
    """

    claim: str
    quantity: str
    rule: Rule
    values: Values
    look: Look
    schedule: tuple[Look, ...]

    @property
    def name(self) -> str:
        """What to call it in a message."""
        return f"{self.claim}, {self.quantity}"

    def decision(self) -> Decision:
        """The decision on its numbers."""
        return self.rule.decide(self.values, self.look)


def judged_parts(record: Record) -> list[tuple[Record, list[Judged]]]:
    """Give the claims of a record that were judged, each with its parts."""
    schedule = looks(record["tier"]) if len(record["looks"]) > 1 else ()
    return [
        (claim, [_judged(claim, part, schedule) for part in claim["parts"]])
        for claim in record["claims"]
        if claim["parts"]
    ]


def _judged(claim: Record, part: Record, schedule: tuple[Look, ...]) -> Judged:
    values = np.array([np.nan if value is None else tested(value, part["unit"]) for value in part["values"]], float)
    if not RULES[part["rule"]].is_of_single_runs:
        values = np.nan_to_num(values, nan=np.inf)  # what is not finite lies farther off than any number
    look = Look(**claim["look"], parts=len(claim["parts"]))
    own = look.first and look.last
    rule = rule_as_read(
        part["rule"], part["alternative"], part["margin"], unit=part["unit"], difference=part["difference"]
    )
    return Judged(claim["id"], part["quantity"], rule, values, look, (replace(look, parts=1),) if own else schedule)


def all_parts(record: Record) -> Iterator[Judged]:
    """Give the parts of all claims that were judged."""
    return (part for _, parts in judged_parts(record) for part in parts)
