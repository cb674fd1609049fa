"""Controls: whether the machinery behind the verdicts does what it should."""

from pytest_claims.controls.certificate import certificate
from pytest_claims.controls.on_record import Control, on_record, planted

__all__ = ["Control", "certificate", "on_record", "planted"]
