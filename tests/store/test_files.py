"""A file that cannot be used as a store says why and what to do, and stays as it is."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path, PureWindowsPath

import pytest

from pytest_claims.store import file_checks
from pytest_claims.store.file_checks import APPLICATION_ID, SCHEMA_VERSION
from pytest_claims.store.store import Run, Store
from pytest_claims.support.errors import ClaimsError

RUN = Run("4f1c", "mnist_noise", "fast", "stacked", 0, {}, {"loss": [0.5] * 500}, {}, {}, 1.5)
NOBODY = 65534


@pytest.fixture
def filled(path):
    """A store with fifty runs, closed."""
    with Store.open(path) as store:
        for seed in range(50):
            store.add(replace(RUN, seed=seed))
    return path


@pytest.fixture
def place():
    """A directory that other users may enter, unlike `tmp_path`."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def unprivileged():
    """The superuser may write everywhere; tests about permissions run as somebody else."""
    if not hasattr(os, "geteuid"):
        pytest.skip("permissions of this system are others")
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def set_version(path: Path, version: int) -> None:
    with closing(sqlite3.connect(path)) as store:
        store.execute(f"PRAGMA user_version = {version}")
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def refusal(path: Path, *, fresh: bool = False, read_only: bool = False) -> str:
    """The message with which a file is refused, which must leave it as it is."""
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(ClaimsError) as caught:
        Store.open(path, fresh=fresh, read_only=read_only).close()
    assert (path.read_bytes() if path.is_file() else None) == before
    return str(caught.value)


def test_a_store_begins_where_there_is_none(tmp_path):
    path = tmp_path / "new" / "place" / "runs.sqlite"
    with Store.open(path) as store:
        assert store.writable
        assert store.message is None
    with closing(sqlite3.connect(path)) as shell:
        assert shell.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert shell.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        assert shell.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_directory_that_the_store_makes_tells_people_git_and_backups_about_itself(tmp_path):
    Store.open(tmp_path / ".claims" / "runs.sqlite").close()
    assert {file.name for file in (tmp_path / ".claims").iterdir()} == {
        "runs.sqlite",
        "README.md",
        ".gitignore",
        "CACHEDIR.TAG",
    }
    assert "You may delete the directory" in (tmp_path / ".claims" / "README.md").read_text()
    signature, _ = (tmp_path / ".claims" / "CACHEDIR.TAG").read_text().split("\n", 1)
    assert signature == "Signature: 8a477f597d28d172789f06886806bc55"  # as https://bford.info/cachedir/ has it


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git_leaves_out_what_the_store_makes(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for place in (tmp_path, tmp_path / ".claims"):
        with Store.open(place / "runs.sqlite") as store, store.locked(["unit"]):
            pass
    command = ["git", "-C", tmp_path, "status", "--porcelain", "-uall"]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "?? runs.sqlite\n"


@pytest.mark.parametrize("deleted", ["README.md", ".gitignore"])
def test_a_directory_that_is_there_stays_as_it_is(tmp_path, deleted):
    Store.open(tmp_path / "runs.sqlite").close()
    assert [file.name for file in tmp_path.iterdir()] == ["runs.sqlite"]
    Store.open(tmp_path / "made" / "runs.sqlite").close()
    (tmp_path / "made" / deleted).unlink()
    (tmp_path / "made" / "runs.sqlite").unlink()
    Store.open(tmp_path / "made" / "runs.sqlite").close()
    assert not (tmp_path / "made" / deleted).exists()


def test_published_runs_lie_alone_in_their_directory(tmp_path, path):
    with Store.open(path) as store:
        store.add(RUN)
        assert store.publish(tmp_path / "published" / "runs.sqlite", {"4f1c": [0]}) == 1
    assert [file.name for file in (tmp_path / "published").iterdir()] == ["runs.sqlite"]


def test_an_empty_file_becomes_a_store(path):
    path.touch()
    with Store.open(path) as store:
        store.add(RUN)
        assert store.seeds("4f1c") == {0}


@pytest.mark.parametrize("name", ["100% ü?#.sqlite", "-runs", "runs; DROP TABLE runs"])
def test_any_file_name_will_do(tmp_path, name):
    with Store.open(tmp_path / name) as store:
        store.add(RUN)
    assert (tmp_path / name).is_file()
    with Store.open(tmp_path / name) as store:
        assert store.seeds("4f1c") == {0}


def test_a_directory_is_refused(tmp_path):
    message = refusal(tmp_path)
    assert f"{tmp_path} is a directory" in message
    assert "runs.sqlite" in message


def test_a_directory_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    assert "cannot be reached, or its directory cannot be made" in refusal(tmp_path / "file" / "runs.sqlite")


@pytest.mark.parametrize("content", [b"seed,loss\n0,0.5\n" * 100, b"x"], ids=["long", "short"])
@pytest.mark.parametrize("fresh", [False, True])
def test_a_file_that_is_not_sqlite_is_refused(path, content, fresh):
    path.write_bytes(content)
    message = refusal(path, fresh=fresh)
    assert "not a store of runs: it is not an SQLite database" in message
    assert "give the path of a store" in message


@pytest.mark.parametrize("application_id", [0, 252006674], ids=["none", "of something else"])
@pytest.mark.parametrize("fresh", [False, True])
def test_a_database_of_something_else_is_refused(path, application_id, fresh):
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE addresses (name TEXT)")
        other.execute(f"PRAGMA application_id = {application_id}")
        other.commit()
    assert "its tables are not those of pytest-claims" in refusal(path, fresh=fresh)


@pytest.mark.parametrize("version", [0, 1, SCHEMA_VERSION - 1, SCHEMA_VERSION + 1])
@pytest.mark.parametrize("read_only", [False, True])
def test_a_store_of_another_version_is_refused_with_both_versions(filled, version, read_only):
    set_version(filled, version)
    message = refusal(filled, read_only=read_only)
    assert f"has schema version {version}" in message
    assert f"reads and writes version {SCHEMA_VERSION}." in message
    assert "use the pytest-claims that wrote it" in message
    assert "--claims-fresh starts a new store and keeps this file under another name" in message
    assert not set(filled.parent.glob("runs-*"))


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_store_is_refused(filled, share):
    os.truncate(filled, int(filled.stat().st_size * share))
    message = refusal(filled)
    assert "is damaged. It was left as it is" in message
    assert "--claims-fresh" in message


def test_an_overwritten_store_is_refused(filled):
    content = bytearray(filled.read_bytes())
    content[4096:12288] = b"\xff" * 8192
    filled.write_bytes(content)
    assert "is damaged" in refusal(filled)


def test_a_new_store_keeps_the_old_file(filled):
    with Store.open(filled, fresh=True) as store:
        assert store.seeds("4f1c") == set()
        assert store.message is not None
        [kept] = set(filled.parent.iterdir()) - {filled, *filled.parent.glob("runs.sqlite-*")}
        assert str(kept) in store.message
    with Store.open(kept) as old:
        assert len(old.seeds("4f1c")) == 50


def test_every_old_store_is_kept(path):
    for seed in range(3):
        with Store.open(path, fresh=True) as store:
            store.add(replace(RUN, seed=seed))
    found = []
    for file in path.parent.iterdir():
        with Store.open(file) as store:
            found += store.seeds("4f1c")
    assert sorted(found) == [0, 1, 2]


def test_a_new_store_can_begin_where_there_is_none(path):
    with Store.open(path, fresh=True) as store:
        assert store.message is None


def test_runs_in_the_log_of_a_killed_process_move_with_the_old_store(path):
    killed = (
        "import os, sys; from pytest_claims.store.store import *;"
        'Store.open(sys.argv[1]).add(Run("4f1c", "a", "fast", "stacked", 0, {}, {}, {}, {}, 1.0)); os._exit(0)'
    )
    subprocess.run([sys.executable, "-c", killed, path], check=True, timeout=30)
    assert path.with_name("runs.sqlite-wal").stat().st_size > 0
    with Store.open(path, fresh=True) as store:
        assert store.seeds("4f1c") == set()
    [kept] = path.parent.glob("runs-*.sqlite")
    with Store.open(kept) as old:
        assert old.seeds("4f1c") == {0}


def test_the_log_of_a_damaged_store_moves_with_it(filled):
    os.truncate(filled, 5000)
    filled.with_name("runs.sqlite-wal").write_bytes(b"log")
    with Store.open(filled, fresh=True) as store:
        store.add(RUN)
    [kept] = filled.parent.glob("runs-*.sqlite")
    assert kept.with_name(kept.name + "-wal").read_bytes() == b"log"


@pytest.mark.parametrize("damage", ["truncated", "older", "newer"])
def test_a_new_store_replaces_one_that_cannot_be_used(filled, damage):
    if damage == "truncated":
        os.truncate(filled, 5000)
    else:
        set_version(filled, SCHEMA_VERSION + (1 if damage == "newer" else -1))
    with Store.open(filled, fresh=True) as store:
        store.add(RUN)
        assert store.seeds("4f1c") == {0}
    assert len(list(filled.parent.glob("runs-*.sqlite"))) == 1


def test_no_new_store_begins_under_another_process(filled):
    with Store.open(filled) as store:
        store.seeds("4f1c")
        assert "in use by another process" in refusal(filled, fresh=True)
        assert len(store.seeds("4f1c")) == 50


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "lustre"])
@pytest.mark.parametrize("fresh", [False, True])
def test_network_file_systems_are_refused(path, monkeypatch, kind, fresh):
    table = f"22 1 254:0 / / rw - ext4 /dev/vda rw\n40 22 0:35 / {path.parent} rw shared:1 - {kind} server:/home rw\n"
    monkeypatch.setattr(file_checks, "mount_table", lambda: table)
    message = refusal(path, fresh=fresh)
    assert f"network file system ({kind})" in message
    assert "local disk" in message
    assert not path.exists()


@pytest.mark.parametrize("share", ["//server/share", r"\\?\UNC\server\share"])
def test_shares_of_windows_are_refused(share):
    with pytest.raises(ClaimsError, match=r"network file system \(a share of Windows\)"):
        file_checks.refuse_network_file_system(PureWindowsPath(share) / "runs.sqlite")
    for local in ("C:/runs.sqlite", r"\\?\C:\runs.sqlite"):
        assert not file_checks.is_on_a_share(PureWindowsPath(local))


def test_a_local_disk_below_a_network_file_system_is_used(path, monkeypatch):
    table = f"22 1 0:35 / / rw - nfs4 server:/root rw\n40 22 254:0 / {path.parent} rw - ext4 /dev/vda rw\n"
    monkeypatch.setattr(file_checks, "mount_table", lambda: table)
    with Store.open(path) as store:
        assert store.writable


def test_of_two_mounts_on_one_place_the_later_counts():
    table = "40 22 0:35 / /my\\040home rw - ext4 /dev/vda rw\n41 40 0:36 / /my\\040home rw master:1 - nfs a:/ rw\n"
    assert file_checks.file_system_type(Path("/my home/runs.sqlite"), table) == "nfs"


def test_a_store_in_a_read_only_place_is_used_for_reading(place, request):
    path = place / "runs.sqlite"
    with Store.open(path) as store:
        store.add(RUN)
    place.chmod(0o555)
    request.getfixturevalue("unprivileged")
    with Store.open(path) as store:
        assert not store.writable
        assert store.runs("4f1c", [0]) == [RUN]
        for write in (lambda: store.add(RUN), lambda: store.locked(["unit"])):
            with pytest.raises(ClaimsError, match="can only be read"):
                write()
    assert [file.name for file in place.iterdir()] == ["runs.sqlite"]


def test_a_read_only_file_is_used_for_reading(place, request):
    path = place / "runs.sqlite"
    with Store.open(path) as store:
        store.add(RUN)
    place.chmod(0o777)
    path.chmod(0o444)
    request.getfixturevalue("unprivileged")
    with Store.open(path) as store:
        assert not store.writable
        assert store.seeds("4f1c") == {0}
    with pytest.raises(ClaimsError, match="no new store can begin"):
        Store.open(path, fresh=True)


def test_a_reader_without_permission_to_write_sees_what_a_writer_has_just_stored(place, request):
    path = place / "runs.sqlite"
    with Store.open(path) as writer:
        writer.add(RUN)
        request.getfixturevalue("unprivileged")
        with Store.open(path) as reader:
            assert reader.seeds("4f1c") == {0}


def test_a_read_only_place_without_a_store_is_an_error(place, unprivileged):
    with pytest.raises(ClaimsError, match="no permission to write to its directory"):
        Store.open(place / "runs.sqlite")


def test_a_file_that_may_not_be_read_is_an_error(place, request):
    path = place / "runs.sqlite"
    Store.open(path).close()
    path.chmod(0)
    request.getfixturevalue("unprivileged")
    with pytest.raises(ClaimsError, match="cannot be read: there is no permission"):
        Store.open(path)


def test_a_full_disk_is_an_error_and_keeps_what_is_there(filled):
    with Store.open(filled) as store:
        # SQLite's own limit on the size of a file raises the same error as a disk without room.
        store._database.select("PRAGMA max_page_count = 1")
        with pytest.raises(ClaimsError, match=r"the disk is full. Runs stored before are intact"):
            store.add(replace(RUN, seed=99, history={"loss": [0.123456789] * 100_000}))
    with Store.open(filled) as store:
        assert store.seeds("4f1c") == set(range(50))


def test_a_store_that_stays_locked_is_an_error(filled, monkeypatch):
    monkeypatch.setattr("pytest_claims.store.database.BUSY_SECONDS", 0.05)
    with Store.open(filled) as store, closing(sqlite3.connect(filled, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ClaimsError, match="locked by another process"):
            store.add(replace(RUN, seed=99))
