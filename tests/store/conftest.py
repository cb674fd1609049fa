"""What the tests of the store share: the file of a store, and an empty store in it."""

from __future__ import annotations

import pytest

from pytest_claims.store.store import Store


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.sqlite"


@pytest.fixture
def store(path):
    with Store.open(path) as store:
        yield store
