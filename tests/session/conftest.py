from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.four_claims import FOUR_CLAIMS


@pytest.fixture
def four(catalogue: Any) -> Any:
    """A catalogue of four claims: two supported, one undecided, one refuted, all as expected."""
    catalogue.write(test_numbers=FOUR_CLAIMS)
    return catalogue
