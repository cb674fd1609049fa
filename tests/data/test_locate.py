"""Data are found in a directory, else in the cache, else by download, else a stand-in; what is unfit is named."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import re
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pytest_claims.data import download
from pytest_claims.data.locate import _cached_file
from pytest_claims.data.locate import locate as locate_with
from pytest_claims.data.npz import MAX_BYTES, read_npz
from pytest_claims.data.pools import pool_made_once
from pytest_claims.data.sets import Arrays, DataSet, content_hash
from pytest_claims.support.errors import ClaimsError

LAYOUT = {"x": ("u1", (6, 2)), "y": ("u1", (None,))}
REAL = {"x": np.arange(12, dtype=np.uint8).reshape(6, 2), "y": np.arange(6, dtype=np.uint8)}
OTHER = {"x": np.ones((6, 2), np.uint8), "y": np.zeros(6, np.uint8)}


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


PLAIN = npz(**REAL)
PICKLED = npz(x=np.array([[1, 2], [3]], dtype=object), y=REAL["y"])


def read(source: Any) -> Arrays:
    return read_npz(source, LAYOUT)


def convert(file: Any) -> Arrays:
    np.load(file, allow_pickle=True)["x"]
    return dict(REAL)


def stand_in() -> Arrays:
    return {"x": np.zeros((3, 2), np.uint8), "y": np.zeros(3, np.uint8)}


CODE = "a hash of the reader's code"


def locate(dataset: DataSet, *, code: str | None = CODE, **options: Any) -> Any:
    return locate_with(dataset, code=code, **options)


def data_set(content: bytes = PLAIN, url: str | None = None, **changes: Any) -> DataSet:
    declared: dict[str, Any] = {
        "name": "Toy",
        "filename": "toy.npz",
        "read": read,
        "url": url,
        "sha256": hashlib.sha256(content).hexdigest(),
        "stand_in": stand_in,
        "how_to_get": "Ask at the desk.",
    }
    return DataSet(**declared | changes)


class Server:
    """An HTTP server on this machine that gives every request the same answer."""

    def __init__(self) -> None:
        self.content, self.status, self.announced, self.location = PLAIN, 200, None, ""
        self.asked: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                moved = bool(server.location) and not self.path.endswith("elsewhere")
                self.send_response(302 if moved else server.status)
                if moved:
                    self.send_header("Location", server.location)
                self.send_header("Content-Length", str(server.announced or len(server.content)))
                self.end_headers()
                self.wfile.write(server.content)

            def log_message(self, *_: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}/toy.npz"
        self._thread = threading.Thread(target=partial(self._http.serve_forever, poll_interval=0.01))
        self._thread.start()

    @property
    def num_requests(self) -> int:
        return len(self.asked)

    def stop(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and nothing set that would lead elsewhere."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("CLAIMS_OFFLINE", raising=False)
    download._silent_hosts.cache_clear()
    return tmp_path


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    directory = tmp_path / "data"
    directory.mkdir()
    return directory


def cached(home: Path, content: bytes = PLAIN) -> Path:
    path = _cached_file(data_set(), CODE)
    assert path is not None
    assert path.is_relative_to(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def files(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "cache").rglob("*") if path.is_file())


# The directory


def test_directory_gives_the_real_data(directory: Path) -> None:
    (directory / "toy.npz").write_bytes(PLAIN)

    found = locate(data_set(), directory=directory)

    assert (found.kind, found.origin, found.note) == ("real", "directory", None)
    assert found.content_hash == content_hash(REAL)
    assert found.arrays is found.arrays
    np.testing.assert_array_equal(found.arrays["x"], REAL["x"])


def test_shared_arrays_cannot_be_changed(directory: Path) -> None:
    (directory / "toy.npz").write_bytes(PLAIN)

    with pytest.raises(ValueError, match="read-only"):
        locate(data_set(), directory=directory).arrays["x"][0] = 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (PLAIN[:-30], r"no whole \.npz file"),
        (PLAIN.replace(REAL["x"].tobytes(), OTHER["x"].tobytes()), r"no whole \.npz file.*CRC"),
        (b"", r"no whole \.npz file"),
        (npz(x=REAL["x"]), "found the arrays x; expected also y"),
        (npz(x=REAL["x"][:5], y=REAL["y"]), r"found x as uint8 \(5, 2\); expected uint8 \(6, 2\)"),
        (npz(x=REAL["x"], y=REAL["x"]), r"found y as uint8 \(6, 2\); expected uint8 \(any,\)"),
        (npz(x=REAL["x"].astype(float), y=REAL["y"]), r"found x as float64 \(6, 2\); expected uint8"),
        (PICKLED, "it is a pickle.*SHA-256"),
    ],
    ids=["truncated", "damaged", "empty", "lacking an array", "short", "other axes", "other dtype", "pickled"],
)
def test_unfit_file_in_the_directory_is_named(directory: Path, home: Path, content: bytes, said: str) -> None:
    (directory / "toy.npz").write_bytes(content)
    cached(home)  # is no way out

    with pytest.raises(ClaimsError, match=said) as raised:
        locate(data_set(npz(**OTHER)), directory=directory)

    assert str(directory / "toy.npz") in str(raised.value)
    assert "Ask at the desk." in str(raised.value)


def test_directory_that_does_not_exist_is_named(directory: Path) -> None:
    with pytest.raises(ClaimsError, match=r"nowhere does not exist; expected toy\.npz in it\. Ask at the desk"):
        locate(data_set(), directory=directory / "nowhere")


def test_file_given_as_directory_is_named(directory: Path) -> None:
    (directory / "toy.npz").write_bytes(PLAIN)

    with pytest.raises(ClaimsError, match=r"toy\.npz is not a directory"):
        locate(data_set(), directory=directory / "toy.npz")


def test_directory_without_the_file_is_named_with_what_it_holds(directory: Path) -> None:
    (directory / "other.npz").write_bytes(PLAIN)

    with pytest.raises(ClaimsError, match=r"lacks toy\.npz; found other\.npz"):
        locate(data_set(url="http://far.example/toy.npz"), directory=directory)


def test_pickled_file_is_accepted_if_it_is_the_declared_one(directory: Path) -> None:
    (directory / "toy.npz").write_bytes(PICKLED)

    found = locate(data_set(PICKLED, convert=convert), directory=directory)

    assert found.content_hash == content_hash(REAL)


def test_pickle_is_refused_without_being_loaded(directory: Path, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "sprung",)

    (directory / "toy.npz").write_bytes(npz(x=np.array([Trap()], dtype=object), y=REAL["y"]))

    with pytest.raises(ClaimsError, match="pickle"):
        locate(data_set(convert=convert), directory=directory)

    assert not (tmp_path / "sprung").exists()
    pickle.loads(pickle.dumps(Trap()))
    assert (tmp_path / "sprung").exists()  # the trap works


def test_array_larger_than_any_data_set_is_not_read(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (directory / "toy.npz").write_bytes(PLAIN)
    monkeypatch.setattr("pytest_claims.data.npz.MAX_BYTES", 10)

    with pytest.raises(ClaimsError, match="found 12 bytes in x; expected at most 10"):
        locate(data_set(), directory=directory)
    assert MAX_BYTES > 2**28  # the real limit lets every real data set through


def test_file_that_passed_its_checks_is_not_read_again_before_it_is_used(directory: Path) -> None:
    (directory / "toy.npz").write_bytes(PLAIN)
    num_reads = []

    def counted(source: Any) -> Arrays:
        num_reads.append(source)
        return read(source)

    first = locate(data_set(read=counted), directory=directory).content_hash
    again = locate(data_set(read=counted), directory=directory)

    assert again.content_hash == first
    assert len(num_reads) == 1
    assert again.arrays["y"].tolist() == REAL["y"].tolist()


def test_file_is_read_anew_by_another_reader(directory: Path) -> None:
    (directory / "toy.npz").write_bytes(PLAIN)

    def shuffled(source: Any) -> Arrays:
        return {**read(source), "y": read(source)["y"][::-1]}

    first = locate(data_set(), directory=directory)
    again = locate(data_set(read=shuffled), directory=directory, code="a hash of other code")

    assert again.content_hash != first.content_hash


def test_nothing_is_remembered_of_a_reader_whose_code_cannot_be_told(directory: Path, home: Path) -> None:
    (directory / "toy.npz").write_bytes(PLAIN)

    assert locate(data_set(), directory=directory, code=None).content_hash == content_hash(REAL)
    assert not files(home)


def test_changed_file_is_checked_again(directory: Path) -> None:
    (directory / "toy.npz").write_bytes(PLAIN)
    first = locate(data_set(), directory=directory).content_hash
    (directory / "toy.npz").write_bytes(npz(**OTHER))

    assert locate(data_set(), directory=directory).content_hash != first


def test_file_that_changes_between_the_plan_and_its_use_is_not_used(directory: Path) -> None:
    (directory / "toy.npz").write_bytes(PLAIN)
    locate(data_set(), directory=directory)
    planned = locate(data_set(), directory=directory)
    (directory / "toy.npz").write_bytes(npz(**OTHER))

    with pytest.raises(ClaimsError, match=r"its content has the hash .*, and had .* when this session was planned"):
        planned.arrays  # noqa: B018
    assert locate(data_set(), directory=directory).arrays["y"].tolist() == OTHER["y"].tolist()


def test_file_that_is_overwritten_with_the_same_size_and_time_is_read_anew(directory: Path) -> None:
    path = directory / "toy.npz"
    path.write_bytes(PLAIN)
    first, state = locate(data_set(), directory=directory).content_hash, path.stat()
    path.write_bytes(npz(**{**REAL, "y": REAL["y"][::-1]}))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (state.st_size, state.st_mtime_ns)

    assert locate(data_set(), directory=directory).content_hash != first


# The order


def test_directory_comes_before_the_cache_and_the_cache_before_a_download(
    directory: Path, home: Path, server: Server
) -> None:
    (directory / "toy.npz").write_bytes(npz(**OTHER))
    cached(home)

    assert locate(data_set(url=server.url), directory=directory).content_hash == content_hash(OTHER)
    assert locate(data_set(url=server.url)).origin == "cache"
    assert server.num_requests == 0


def test_keras_cache_is_used_if_the_file_is_keras_own(home: Path, server: Server) -> None:
    path = home / "keras" / "datasets" / "toy.npz"
    path.parent.mkdir(parents=True)
    path.write_bytes(PICKLED)

    assert locate(data_set(PICKLED, server.url, convert=convert)).origin == "cache"
    assert server.num_requests == 0
    path.unlink()
    assert locate(data_set(PICKLED, server.url, convert=convert)).origin == "cache"  # converted, and kept


def test_other_file_in_the_keras_cache_is_not_used(home: Path) -> None:
    path = home / "keras" / "datasets" / "toy.npz"
    path.parent.mkdir(parents=True)
    path.write_bytes(npz(**OTHER))

    found = locate(data_set())

    assert found.kind == "stand-in"
    assert "another SHA-256 than Keras' own" in found.note


def test_a_cached_file_of_the_same_name_is_another_catalogues(home: Path) -> None:
    cached(home)

    assert locate(data_set(sha256=None)).kind == "stand-in"
    assert locate(data_set(npz(**OTHER)), offline=True).kind == "stand-in"
    assert locate(data_set(), code="a hash of other code", offline=True).kind == "stand-in"
    assert locate(data_set(), offline=True).kind == "real"


def test_damaged_cache_is_replaced_by_a_download(home: Path, server: Server) -> None:
    path = cached(home, PLAIN[:-30])

    assert locate(data_set(url=server.url)).origin == "download"
    assert read(path)["y"].tolist() == REAL["y"].tolist()


def test_damaged_cache_without_a_network_is_named_in_the_note(home: Path) -> None:
    cached(home, PLAIN[:-30])

    assert "toy.npz is damaged" in locate(data_set(), offline=True).note


def test_nothing_is_found_where_there_is_no_stand_in() -> None:
    assert locate(data_set(stand_in=None)) is None


def test_stand_in_says_so_and_why() -> None:
    found = locate(data_set(url="http://127.0.0.1:9/toy.npz"), offline=True)

    assert (found.kind, found.origin) == ("stand-in", "stand-in")
    assert found.note == "Toy: using the stand-in, because downloads are switched off. Ask at the desk."
    assert found.content_hash == content_hash(stand_in())


# The download


def test_download_is_checked_converted_and_kept(home: Path, server: Server) -> None:
    server.content = PICKLED

    found = locate(data_set(PICKLED, server.url, convert=convert))
    again = locate(data_set(PICKLED, server.url, convert=convert))

    assert (found.kind, found.origin, again.origin) == ("real", "download", "cache")
    assert found.content_hash == again.content_hash == content_hash(REAL)
    assert server.num_requests == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"content": npz(**OTHER)}, "is not the file expected"),
        ({"content": PLAIN[:100], "announced": len(PLAIN)}, "is not the file expected: 100 bytes"),
        ({"status": 403}, "status 403"),
        ({"status": 404}, "status 404"),
    ],
    ids=["another file", "interrupted", "refused", "not there"],
)
def test_failed_download_falls_back_and_leaves_nothing(
    home: Path, server: Server, answer: dict[str, Any], said: str
) -> None:
    vars(server).update(answer)

    def unpickled(file: Any) -> Arrays:
        raise AssertionError("what has not passed its SHA-256 was opened")

    found = locate(data_set(url=server.url, convert=unpickled))

    assert found.kind == "stand-in"
    assert server.num_requests == 1
    assert re.search(said, found.note)
    assert files(home) == []


def test_redirected_download_is_checked_as_any_other(home: Path, server: Server) -> None:
    server.location = "/elsewhere"

    assert locate(data_set(url=server.url)).origin == "download"
    assert server.asked == ["/toy.npz", "/elsewhere"]


def test_download_redirected_to_another_file_is_not_used(home: Path, server: Server) -> None:
    server.location, server.content = "/elsewhere", npz(**OTHER)

    found = locate(data_set(url=server.url))

    assert (found.kind, files(home)) == ("stand-in", [])
    assert "is not the file expected" in found.note


@pytest.mark.parametrize("location", ["/toy.npz", "file:///etc/hostname"], ids=["in circles", "to a file"])
def test_download_redirected_to_nowhere_is_given_up(home: Path, server: Server, location: str) -> None:
    server.location = location

    found = locate(data_set(url=server.url))

    assert (found.kind, files(home)) == ("stand-in", [])
    assert "status 302" in found.note


def test_proxy_is_asked_where_the_environment_names_one(
    home: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("urllib.request._opener", None)  # which reads the environment once
    monkeypatch.setenv("http_proxy", server.url.removesuffix("/toy.npz"))

    assert locate(data_set(url="http://far.example/toy.npz")).origin == "download"
    assert server.asked == ["http://far.example/toy.npz"]


def test_machine_without_a_network_falls_back_and_asks_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def refuse(url: str, **_: Any) -> Any:
        asked.append(url)
        raise OSError("no route")

    monkeypatch.setattr("urllib.request.urlopen", refuse)

    notes = [locate(data_set(url="http://far.example/toy.npz")).note for _ in range(2)]

    assert "no route" in notes[0]
    assert "the host did not answer before" in notes[1]
    assert len(asked) == 1


def test_silent_server_is_given_up_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "CONNECT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        found = locate(data_set(url=f"http://127.0.0.1:{silent.getsockname()[1]}/toy.npz"))

    assert time.monotonic() - start < 1
    assert found.kind == "stand-in"
    assert "no answer within 0.05 seconds" in found.note


@pytest.mark.parametrize("by", ["argument", "environment"])
def test_offline_opens_no_socket(by: str, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", lambda *_, **__: pytest.fail("a socket was opened"))
    if by == "environment":
        monkeypatch.setenv("CLAIMS_OFFLINE", "1")

    assert locate(data_set(url=server.url), offline=by == "argument").kind == "stand-in"
    monkeypatch.undo()


def test_cache_that_cannot_be_written_does_not_stop_a_download(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    assert locate(data_set(url=server.url)).content_hash == content_hash(REAL)


def test_write_that_fails_leaves_nothing(home: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(file: Any, **_: Any) -> None:
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", fail)

    assert locate(data_set(url=server.url)).kind == "real"
    assert files(home) == []


# What is shared


@pytest.mark.parametrize(
    "other",
    [
        {"x": REAL["x"]},
        REAL | {"y": REAL["y"].astype("u2")},
        REAL | {"x": REAL["x"].reshape(2, 6)},
        REAL | {"y": REAL["y"] + 1},
    ],
    ids=["names", "dtype", "shape", "bytes"],
)
def test_content_hash_covers(other: Arrays) -> None:
    assert content_hash(other) != content_hash(REAL)
    assert content_hash(dict(reversed(REAL.items()))) == content_hash(REAL)


def test_pool_is_made_once_for_the_same_arrays_and_options() -> None:
    @pool_made_once
    def first_columns(arrays: Arrays, num: int = 1) -> np.ndarray:
        return arrays["x"][:, :num]

    assert first_columns(REAL) is first_columns(REAL, num=1)
    assert first_columns(REAL, num=2).shape == (6, 2)
    assert first_columns(OTHER).tolist() == OTHER["x"][:, :1].tolist()
