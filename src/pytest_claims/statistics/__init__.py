"""The statistics behind verdicts: pure functions on NumPy arrays with one number per seed."""

from pytest_claims.statistics.changed_verdicts import most_likely_changed
from pytest_claims.statistics.decisions import Decision, Estimate, VerdictName
from pytest_claims.statistics.equivalence_rule import EquivalenceRule, equivalence
from pytest_claims.statistics.event_rule import EventRule, event
from pytest_claims.statistics.exact_rule import ExactRule, exact, rounding_interval
from pytest_claims.statistics.log_rule import PUBLISHED_LEVEL, Deviations, LogRule, compatible, deviations
from pytest_claims.statistics.looks import ALPHA, Look, family_error_rate, fixed_look, looks
from pytest_claims.statistics.numbers import Numbers
from pytest_claims.statistics.power import smallest_detectable_effect
from pytest_claims.statistics.rule import MeanRule, Rule
from pytest_claims.statistics.rules import RULES, rule_as_read, rules_by_keyword
from pytest_claims.statistics.shares import RELIABLY, USUALLY, share_with_interval
from pytest_claims.statistics.sign_flip import MAX_SEEDS, sign_flip_pvalue
from pytest_claims.statistics.stability import stability
from pytest_claims.statistics.superiority_rule import SuperiorityRule, superiority
from pytest_claims.statistics.trend import page_trend_pvalue, slopes
from pytest_claims.statistics.typical_rule import TypicalRule

__all__ = [
    "ALPHA",
    "MAX_SEEDS",
    "PUBLISHED_LEVEL",
    "RELIABLY",
    "RULES",
    "USUALLY",
    "Decision",
    "Deviations",
    "EquivalenceRule",
    "Estimate",
    "EventRule",
    "ExactRule",
    "LogRule",
    "Look",
    "MeanRule",
    "Numbers",
    "Rule",
    "SuperiorityRule",
    "TypicalRule",
    "VerdictName",
    "compatible",
    "deviations",
    "equivalence",
    "event",
    "exact",
    "family_error_rate",
    "fixed_look",
    "looks",
    "most_likely_changed",
    "page_trend_pvalue",
    "rounding_interval",
    "rule_as_read",
    "rules_by_keyword",
    "share_with_interval",
    "sign_flip_pvalue",
    "slopes",
    "smallest_detectable_effect",
    "stability",
    "superiority",
]
