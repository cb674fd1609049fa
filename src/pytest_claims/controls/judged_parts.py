"""Recorded parts of claims, which can be judged again from their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pytest_claims.statistics import Decision, Look, Numbers, Rule, looks, rule_as_read
from pytest_claims.support.record_types import ClaimRecord, JudgedRecord, PartRecord
from pytest_claims.support.scale import as_tested

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Judged:
    """A recorded part of a claim, with all that is needed to judge it again.

    Parameters
    ----------
    claim, quantity
        The claim's id, and the label of the quantity.
    rule
        The rule on the tested scale: logarithms for a ratio.
    numbers
        The recorded numbers.
    look
        The look at which the part was judged, with the claim's number of parts.
    schedule
        All looks of the claim.
    """

    claim: str
    quantity: str
    rule: Rule
    numbers: Numbers
    look: Look
    schedule: tuple[Look, ...]

    @property
    def name(self) -> str:
        """The part's name in messages."""
        return f"{self.claim}, {self.quantity}"

    def decision(self) -> Decision:
        """Decide on the part's numbers."""
        return self.numbers.decided(self.rule, self.look)

    def times(self, factor: float, rule: Rule) -> Judged:
        """Return the part with its numbers times a factor, under a rule."""
        return replace(self, rule=rule, numbers=self.numbers.times(factor))

    def reversed(self) -> Judged:
        """Return the part with its seeds in reverse order."""
        return replace(self, numbers=self.numbers.taken(slice(None, None, -1)))

    @property
    def values(self) -> Values:
        """The numbers, shape ``(num_seeds,)``."""
        return self.numbers.values


def judged_parts(record: JudgedRecord) -> list[tuple[ClaimRecord, list[Judged]]]:
    """List the judged claims of a record, each with its parts."""
    schedule = looks(record["tier"]) if len(record["looks"]) > 1 else ()
    return [
        (claim, [_judged(claim, part, schedule) for part in claim["parts"]])
        for claim in record["claims"]
        if claim["parts"]
    ]


def _judged(claim: ClaimRecord, part: PartRecord, schedule: tuple[Look, ...]) -> Judged:
    assert claim["look"] is not None
    look = Look(**claim["look"], parts=len(claim["parts"]))
    at_least, at_most = (
        np.array(flags or [False] * part["num_seeds"], bool) for flags in (part["at_least"], part["at_most"])
    )
    return Judged(
        claim["id"],
        part["quantity"],
        rule_as_read(
            *(part["rule"], part["alternative"], part["margin"]),
            unit=part["unit"],
            difference=part["difference"] and "plain" not in part,
            witness=part.get("witness", False),
        ),
        Numbers(
            np.array([as_tested(value, part["unit"]) for value in part["values"]]),
            at_least,
            at_most,
            np.array(part["plain"], float) if "plain" in part else None,
        ),
        look,
        (replace(look, parts=1),) if look.first and look.last else schedule,
    )


def all_parts(record: JudgedRecord) -> Iterator[Judged]:
    """Yield the parts of all judged claims of a record."""
    return (part for _, parts in judged_parts(record) for part in parts)
