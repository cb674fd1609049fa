"""A data directory supplies what it holds; what has no file to get is made up beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pytest_claims.data.locate import locate
from pytest_claims.data.sets import Arrays, DataSet
from pytest_claims.support.errors import ClaimsError


def read(path: Any) -> Arrays:
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def made_up() -> Arrays:
    return {"x": np.zeros(3)}


def toy(**declared: Any) -> DataSet:
    return DataSet(**{"name": "Toy", "filename": "toy.npz", "read": read, "stand_in": made_up} | declared)


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.mark.parametrize("others", [[], ["measured.npz"]], ids=["empty", "with another's file"])
@pytest.mark.parametrize("filename", ["toy.npz", "below/toy.npz"])
def test_data_set_without_a_file_is_made_up_beside_a_directory(
    directory: Path, others: list[str], filename: str
) -> None:
    for other in others:
        (directory / other).touch()

    found = locate(toy(filename=filename), directory=directory)

    assert found is not None
    assert (found.kind, found.origin) == ("stand-in", "stand-in")
    assert found.arrays["x"].tolist() == [0, 0, 0]
    assert found.note == (
        f"Toy: using the stand-in, because the data directory {directory} lacks {filename} "
        f"(found {others[0] if others else 'nothing'})."
    )


def test_file_in_the_directory_comes_before_the_stand_in(directory: Path) -> None:
    np.savez(directory / "toy.npz", x=np.ones(3))

    found = locate(toy(), directory=directory)

    assert found is not None
    assert (found.kind, found.arrays["x"].tolist()) == ("real", [1, 1, 1])


@pytest.mark.parametrize("declared", [{"url": "http://far.example", "sha256": "0" * 64}, {"stand_in": None}])
def test_data_set_with_a_file_to_get_or_without_a_stand_in_must_be_in_the_directory(
    directory: Path, declared: dict[str, Any]
) -> None:
    with pytest.raises(ClaimsError, match=r"lacks toy\.npz; found nothing"):
        locate(toy(**declared), directory=directory)


@pytest.mark.parametrize("entry", ["a directory", "a link to nothing"])
def test_entry_that_is_no_file_is_named_rather_than_replaced(directory: Path, entry: str) -> None:
    if entry == "a directory":
        (directory / "toy.npz").mkdir()
    else:
        (directory / "toy.npz").symlink_to("moved.npz")

    with pytest.raises(ClaimsError, match=rf"toy\.npz cannot be used as Toy: found {entry}; expected a file"):
        locate(toy(), directory=directory)


def test_directory_that_cannot_be_read_is_named(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(_: Path) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", forbidden)

    with pytest.raises(ClaimsError, match=r"data directory .*data cannot be read: .*Permission denied"):
        locate(toy(), directory=directory)


def test_nothing_is_made_up_where_the_directory_does_not_exist(directory: Path) -> None:
    with pytest.raises(ClaimsError, match="does not exist"):
        locate(toy(), directory=directory / "nowhere")
