"""A stand-in gives the same data at every call: it is asked twice, until its data are known."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pytest_claims.data.locate import locate
from pytest_claims.data.sets import Arrays, DataSet, Located, content_hash
from pytest_claims.support.errors import ClaimsError


def read(_: Any) -> Arrays:
    raise AssertionError("there is no file")


def made_up(stand_in: Callable[..., Arrays], code: str | None = "code", directory: Path | None = None) -> Located:
    found = locate(DataSet("Toy", "toy.npz", read, stand_in=stand_in), stand_in_code=code, directory=directory)
    assert found is not None
    return found


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


LABELS = np.arange(4)
GENERATOR = np.random.default_rng(5)


def unseeded() -> Arrays:
    return {"x": np.random.default_rng().normal(size=4), "y": LABELS}


def from_the_global_generator() -> Arrays:
    return {"x": np.random.normal(size=4), "y": LABELS}  # noqa: NPY002


def from_a_generator_of_the_module() -> Arrays:
    return {"x": GENERATOR.normal(size=4), "y": LABELS}


TOTAL = np.zeros(4)


def in_place() -> Arrays:
    TOTAL[:] += 1
    return {"x": TOTAL, "y": LABELS}


@cache
def kept() -> Arrays:
    return unseeded()


def with_a_name_more(names: list[str] = []) -> Arrays:  # noqa: B006
    names.append("x")
    return {"x" * len(names): LABELS, "y": LABELS} if len(names) > 1 else {"y": LABELS}


UNSTEADY = [unseeded, from_the_global_generator, from_a_generator_of_the_module, in_place, kept, partial(unseeded)]


@pytest.mark.parametrize("code", ["code", None])
@pytest.mark.parametrize("stand_in", UNSTEADY)
def test_stand_in_that_gives_other_data_each_time_is_refused(stand_in: Any, code: str | None) -> None:
    with pytest.raises(ClaimsError, match=r"stand-in of Toy gives other data each time.*in x; .*from a fixed seed"):
        made_up(stand_in, code)


def test_stand_in_with_other_names_each_time_is_refused() -> None:
    with pytest.raises(ClaimsError, match="found other content in xx; expected"):
        made_up(with_a_name_more)


def test_stand_in_beside_a_data_directory_is_asked_twice_too(tmp_path: Path) -> None:
    with pytest.raises(ClaimsError, match="gives other data each time"):
        made_up(unseeded, directory=tmp_path)


class Counted:
    """A stand-in that counts its calls."""

    def __init__(self) -> None:
        self.num_calls = 0
        self.value = 1.0

    def __call__(self) -> Arrays:
        self.num_calls += 1
        return {"x": np.full(3, self.value)}


def test_stand_in_whose_data_are_remembered_is_asked_once() -> None:
    stand_in = Counted()

    first = made_up(stand_in)
    calls_at_first = stand_in.num_calls
    again = made_up(stand_in)

    assert (calls_at_first, stand_in.num_calls) == (2, 3)
    assert first.content_hash == again.content_hash == content_hash({"x": np.ones(3)})
    assert again.arrays["x"].tolist() == [1, 1, 1]
    assert stand_in.num_calls == 3


@pytest.mark.parametrize("code", ["other code", None])
def test_stand_in_of_other_or_unknown_code_is_asked_twice(code: str | None) -> None:
    stand_in = Counted()
    made_up(stand_in)

    made_up(stand_in, code)

    assert stand_in.num_calls == 4


def test_remembered_hash_never_stands_for_other_data() -> None:
    stand_in = Counted()
    made_up(stand_in)
    stand_in.value = 2.0  # as a library that the code uses may change its numbers

    assert made_up(stand_in).content_hash == content_hash({"x": np.full(3, 2.0)})
    assert stand_in.num_calls == 4


def test_without_a_cache_a_stand_in_is_asked_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ("long" * 100)))
    stand_in = Counted()

    for _ in range(2):
        made_up(stand_in)

    assert stand_in.num_calls == 4
