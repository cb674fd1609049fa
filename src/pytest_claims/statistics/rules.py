"""All rules by name, and the function that makes a rule from numbers on the scale that people read."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_claims.statistics.equivalence_rule import EquivalenceRule
from pytest_claims.statistics.event_rule import EventRule
from pytest_claims.statistics.exact_rule import ExactRule
from pytest_claims.statistics.log_rule import LogRule
from pytest_claims.statistics.rule import Rule
from pytest_claims.statistics.superiority_rule import SuperiorityRule
from pytest_claims.statistics.typical_rule import TypicalRule
from pytest_claims.support.scale import as_tested, each_bound, no_effect

RULES: dict[str, type[Rule]] = {
    rule.name: rule for rule in (SuperiorityRule, EquivalenceRule, TypicalRule, ExactRule, EventRule, LogRule)
}
"""All rules, by their names in a record. Each takes an alternative, a margin and a null."""


def rules_by_keyword() -> dict[str, type[Rule]]:
    """Return the keywords of `judge`, each with the rule that it selects."""
    return {keyword: rule for rule in RULES.values() for keyword in rule.keywords}


def rule_as_read(
    name: str,
    alternative: str,
    margin: float | Sequence[float],
    *,
    unit: str,
    difference: bool,
    witness: bool = False,
) -> Rule:
    """Make a rule from a margin on the scale that people read, which is the scale of a record.

    Parameters
    ----------
    name, alternative, margin
        As in a record.
    unit, difference
        The unit of the quantity, and True if it is a difference.
    witness
        True if the claim is an existence statement.

    Examples
    --------
    >>> rule_as_read("superiority", "less", 1.0, unit="ratio", difference=False)
    SuperiorityRule(alternative='less', margin=0.0, null=0.0, witness=False)
    """
    none = no_effect(unit, difference=difference)
    null = None if none is None else as_tested(none, unit)
    return RULES[name](alternative, each_bound(lambda bound: as_tested(bound, unit), margin), null, witness)
