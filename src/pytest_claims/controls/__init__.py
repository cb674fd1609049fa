"""Controls: checks that the machinery behind the verdicts works as it should."""

from pytest_claims.controls.certificate import certificate, keep
from pytest_claims.controls.checks import Control, on_record, planted

__all__ = ["Control", "certificate", "keep", "on_record", "planted"]
