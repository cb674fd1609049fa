"""Reads the files that expectations and reports need. They may be faulty, so they are read before training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from pytest_claims.catalogue.assertions import read_lecture
from pytest_claims.catalogue.claims import Claim
from pytest_claims.catalogue.recorded_stability import RecordedStability
from pytest_claims.record.schema import read_record
from pytest_claims.session.options import Options
from pytest_claims.support.errors import ClaimsError
from pytest_claims.support.record_types import Record


@dataclass(frozen=True)
class Given:
    """The files that a report needs.

    Parameters
    ----------
    older
        The record of ``--claims-against``. This session may replace its file.
    assertions
        The list of the lecture's assertions.
    """

    older: Record | None = None
    assertions: dict[str, Any] | None = None


def read_given(config: pytest.Config, options: Options) -> Given:
    """Read the older record and the list of assertions, if the user named them."""
    listed = config.getini("claims_assertions")
    try:
        older = read_record(options.against) if options.against else None
    except (OSError, ValueError) as error:
        raise ClaimsError(f"--claims-against takes an older record such as claims.json: {error}") from error
    return Given(older, read_lecture(config.rootpath / listed) if listed else None)


def read_stability(config: pytest.Config, claims: Iterable[Claim]) -> RecordedStability:
    """Read the stability file, and refuse it where the marks of claims expect other verdicts than it records."""
    file = config.getini("claims_stability")
    recorded = RecordedStability.read(config.rootpath / file)
    if lines := recorded.disagreements(claims, file):
        raise ClaimsError("\n".join(lines))
    return recorded
