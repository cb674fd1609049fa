"""A catalogue's own readers and stand-ins may fail or give anything: one line says of which data set, and why."""

from __future__ import annotations

import hashlib
import io
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pytest_claims.data.locate import locate
from pytest_claims.data.sets import Arrays, DataSet, content_hash
from pytest_claims.support.errors import ClaimsError

PLAIN = {"x": np.arange(6.0).reshape(3, 2), "y": np.arange(3)}


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def read(path: Any) -> Arrays:
    # NumPy leaves the file open where it finds no whole one, which is a warning at any later time.
    content = io.BytesIO(path.read_bytes()) if isinstance(path, Path) else path
    with np.load(content, allow_pickle=False) as file:
        return dict(file)


def plain() -> Arrays:
    return {name: array.copy() for name, array in PLAIN.items()}


def toy(**declared: Any) -> DataSet:
    return DataSet(**{"name": "Toy", "filename": "toy.npz", "read": read, "how_to_get": "Ask at the desk."} | declared)


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("CLAIMS_OFFLINE", "1")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data" / "toy.npz"


# A file that the reader cannot read


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (npz(**PLAIN)[:200], "BadZipFile: File is not a zip file"),
        (b"", "EOFError: No data left in file"),
        (b"x,y\n1,2\n", "its reader raised (ValueError|UnpicklingError): "),
        (npz(x=np.array(["a", 1], dtype=object)), "ValueError: Object arrays cannot be loaded"),
    ],
    ids=["truncated", "empty", "another format", "pickled"],
)
def test_file_that_an_own_reader_cannot_read_is_named_in_one_line(file: Path, content: bytes, said: str) -> None:
    file.write_bytes(content)

    with pytest.raises(ClaimsError, match=said) as raised:
        locate(toy(), directory=file.parent)

    line = str(raised.value)
    assert line.startswith(f"{file} cannot be used as Toy: its reader raised ")
    assert "expected arrays by name. Ask at the desk." in line
    assert "\n" not in line


@pytest.mark.parametrize(
    "error", [KeyError("x"), zipfile.BadZipFile(), RuntimeError("two\nlines"), ZeroDivisionError("by zero.")]
)
def test_any_exception_of_a_reader_keeps_its_type_and_message(file: Path, error: Exception) -> None:
    file.write_bytes(npz(**PLAIN))

    def fail(_: Any) -> Arrays:
        raise error

    message = " ".join(str(error).split()).removesuffix(".")
    with pytest.raises(ClaimsError) as raised:
        locate(toy(read=fail), directory=file.parent)

    assert f"{type(error).__name__}{': ' if message else ''}{message}; expected" in str(raised.value)


def test_file_that_is_damaged_after_its_check_is_named_when_it_is_used(file: Path) -> None:
    file.write_bytes(npz(**PLAIN))
    locate(toy(), directory=file.parent, code="known")
    found = locate(toy(), directory=file.parent, code="known")
    file.write_bytes(b"")

    assert found is not None
    with pytest.raises(ClaimsError, match=r"toy\.npz cannot be used as Toy: its reader raised EOFError"):
        _ = found.arrays


@pytest.mark.parametrize("content", [b"", npz(**PLAIN)[:200]], ids=["empty", "truncated"])
def test_file_in_the_cache_that_an_own_reader_cannot_read_is_named_in_the_note(tmp_path: Path, content: bytes) -> None:
    sha256 = hashlib.sha256(b"the download").hexdigest()
    file = (
        tmp_path / "cache" / "pytest-claims" / hashlib.sha256(f"{sha256} known".encode()).hexdigest()[:16] / "toy.npz"
    )
    file.parent.mkdir(parents=True)
    file.write_bytes(content)

    found = locate(toy(sha256=sha256, url="http://far.example", stand_in=plain), code="known")

    assert found is not None
    assert found.note is not None
    assert f"Toy: using the stand-in, because {file} is damaged (its reader raised " in found.note


def test_convert_that_fails_on_the_declared_file_is_named(file: Path) -> None:
    content = npz(**PLAIN)
    keras = file.parents[1] / "keras" / "datasets" / "toy.npz"
    keras.parent.mkdir(parents=True)
    keras.write_bytes(content)

    def convert(_: Any) -> Arrays:
        raise KeyError("x_train")

    with pytest.raises(
        ClaimsError, match=r"datasets/toy\.npz cannot be used as Toy: its convert raised KeyError: 'x_t"
    ):
        locate(toy(sha256=hashlib.sha256(content).hexdigest(), convert=convert, stand_in=plain), code="known")


# Something else than plain arrays

STRANGE = [
    ({"num_classes": 2}, "gave 'num_classes' as int; expected a NumPy array"),
    ({"x": [1, 2]}, "gave 'x' as list; expected a NumPy array"),
    ({"x": np.float32(1)}, "gave 'x' as float32; expected a NumPy array"),
    ({"x": None}, "gave 'x' as NoneType; expected"),
    ({3: np.arange(3)}, "gave an array named 3; expected strings"),
    (np.arange(3), "gave ndarray; expected a dict of NumPy arrays"),
    (None, "gave NoneType; expected a dict"),
    ({"names": np.array(["a", "b"], dtype=object)}, r"gave the array 'names' of Python objects \(dtype object\)"),
    ({"both": np.zeros(2, [("n", int), ("o", object)])}, "gave the array 'both' of Python objects"),
    ({"names": np.array(["a", "b"], dtype=np.dtypes.StringDType())}, "gave the array 'names' of Python objects"),
]
NAMES = ["number", "list", "scalar", "None", "no name", "array", "nothing", "objects", "objects in a field", "strings"]


def give(_: Any = None, *, value: Any) -> Any:
    return value


@pytest.mark.parametrize(("value", "said"), STRANGE, ids=NAMES)
def test_reader_that_gives_no_plain_arrays_is_named(file: Path, value: Any, said: str) -> None:
    file.write_bytes(b"any")

    with pytest.raises(ClaimsError, match=rf"toy\.npz cannot be used as Toy: its reader {said}"):
        locate(toy(read=partial(give, value=value)), directory=file.parent)


@pytest.mark.parametrize(("value", "said"), STRANGE, ids=NAMES)
def test_stand_in_that_gives_no_plain_arrays_is_named(value: Any, said: str) -> None:
    with pytest.raises(ClaimsError, match=rf"the stand-in of Toy cannot be used: give {said}"):
        _ = locate(toy(stand_in=partial(give, value=value))).content_hash  # type: ignore[union-attr]


def test_stand_in_that_raises_is_named() -> None:
    def unreachable() -> Arrays:
        raise OSError("connection refused")

    with pytest.raises(
        ClaimsError, match=r"stand-in of Toy .*unreachable raised OSError: connection refused; expected"
    ):
        _ = locate(toy(stand_in=unreachable)).content_hash  # type: ignore[union-attr]


def test_strings_of_fixed_width_are_plain(file: Path) -> None:
    file.write_bytes(npz(names=np.array(["inner", "outer"]), **PLAIN))

    found = locate(toy(), directory=file.parent)

    assert found is not None
    assert found.arrays["names"].tolist() == ["inner", "outer"]


# A user without a home, or without access to the cache


@pytest.fixture(params=["no home", "out of reach"])
def no_cache(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if request.param == "no home":
        for variable in ("XDG_CACHE_HOME", "KERAS_HOME", "HOME"):
            monkeypatch.delenv(variable, raising=False)

        def homeless() -> Path:
            raise RuntimeError("Could not determine home directory.")

        monkeypatch.setattr(Path, "home", homeless)
    else:  # root may read everything, so this path is one that no user can look up
        for variable in ("XDG_CACHE_HOME", "KERAS_HOME"):
            monkeypatch.setenv(variable, str(tmp_path / ("long" * 100)))


@pytest.mark.usefixtures("no_cache")
def test_without_a_cache_the_stand_in_is_used_silently() -> None:
    found = locate(toy(sha256="0" * 64, url="http://far.example", stand_in=plain), code="known")

    assert found is not None
    assert found.content_hash == content_hash(PLAIN)
    assert found.note == "Toy: using the stand-in, because downloads are switched off. Ask at the desk."


@pytest.mark.usefixtures("no_cache")
def test_without_a_cache_a_file_is_checked_anew(file: Path) -> None:
    file.write_bytes(npz(**PLAIN))

    for _ in range(2):
        assert locate(toy(), directory=file.parent, code="known").content_hash == content_hash(PLAIN)  # type: ignore[union-attr]
