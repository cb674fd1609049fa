"""Recorded parts of claims, which can be judged again from their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pytest_claims.statistics import Decision, Look, Rule, looks, mark_censored, rule_as_read, told_without_factors
from pytest_claims.support.record_types import ClaimRecord, JudgedRecord, PartRecord
from pytest_claims.support.scale import as_tested

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Judged:
    """A recorded part of a claim, with all that is needed to judge it again.

    Parameters
    ----------
    claim, quantity
        The claim's id, and the label of the quantity.
    rule
        The rule on the tested scale: logarithms for a ratio.
    values
        Shape ``(num_seeds,)``; infinite or NaN for a collapsed run.
    plain
        Shape ``(num_seeds,)``: for a difference of multiples, ``A − c·B``, the plain difference ``A − B``.
    at_least, at_most
        Shape ``(num_seeds,)``: True if the true value may be larger, or smaller.
    look
        The look at which the part was judged, with the claim's number of parts.
    schedule
        All looks of the claim.
    """

    claim: str
    quantity: str
    rule: Rule
    values: Values
    plain: Values | None
    at_least: Flags
    at_most: Flags
    look: Look
    schedule: tuple[Look, ...]

    @property
    def name(self) -> str:
        """The part's name in messages."""
        return f"{self.claim}, {self.quantity}"

    def decision(self) -> Decision:
        """Decide on the part's numbers."""
        decision = self.rule.decide(self.values, self.look)
        if self.plain is not None:
            decision = told_without_factors(decision, self.rule, self.plain, self.look)
        return mark_censored(decision, self.rule, self.at_least, self.at_most)

    def negated(self, rule: Rule) -> Judged:
        """Return the part with negated values under a rule; a value that may be larger then may be smaller."""
        plain = None if self.plain is None else -self.plain
        return replace(self, rule=rule, values=-self.values, plain=plain, at_least=self.at_most, at_most=self.at_least)

    def reversed(self) -> Judged:
        """Return the part with its seeds in reverse order."""
        backwards = {name: getattr(self, name)[::-1] for name in ("values", "at_least", "at_most")}
        return replace(self, **backwards, plain=None if self.plain is None else self.plain[::-1])


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
        ),
        np.array([as_tested(value, part["unit"]) for value in part["values"]]),
        np.array(part["plain"], float) if "plain" in part else None,
        at_least,
        at_most,
        look,
        (replace(look, parts=1),) if look.first and look.last else schedule,
    )


def all_parts(record: JudgedRecord) -> Iterator[Judged]:
    """Yield the parts of all judged claims of a record."""
    return (part for _, parts in judged_parts(record) for part in parts)
