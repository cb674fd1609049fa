"""The statistics behind verdicts: pure functions on NumPy arrays that hold one number per seed."""

from pytest_claims.statistics.decisions import Decision, Estimate, Verdict
from pytest_claims.statistics.doses import slopes
from pytest_claims.statistics.equivalence_rule import equivalence
from pytest_claims.statistics.figures import exact, rounding_interval
from pytest_claims.statistics.power import smallest_detectable_effect
from pytest_claims.statistics.schedule import ALPHA, Look, family_error_rate, fixed_look, looks
from pytest_claims.statistics.shares import RELIABLY, USUALLY, event, share_with_interval
from pytest_claims.statistics.sign_flip import MAX_SEEDS, sign_flip_pvalue
from pytest_claims.statistics.superiority_rule import superiority

__all__ = [
    "ALPHA",
    "MAX_SEEDS",
    "RELIABLY",
    "USUALLY",
    "Decision",
    "Estimate",
    "Look",
    "Verdict",
    "equivalence",
    "event",
    "exact",
    "family_error_rate",
    "fixed_look",
    "looks",
    "rounding_interval",
    "share_with_interval",
    "sign_flip_pvalue",
    "slopes",
    "smallest_detectable_effect",
    "superiority",
]
