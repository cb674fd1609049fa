"""Controls: checks that the machinery behind the verdicts works as it should."""

from pytest_claims.controls.certificate import certificate, write_controls
from pytest_claims.controls.checks import Control, on_record, planted

__all__ = ["Control", "certificate", "on_record", "planted", "write_controls"]
