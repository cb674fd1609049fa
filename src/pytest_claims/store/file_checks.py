"""Checks that refuse an unfit store file before SQLite opens it. They use only the operating system."""

from __future__ import annotations

import os
import re
import struct
from datetime import UTC, datetime
from pathlib import Path, PurePath

from pytest_claims.store.directory import make_directory
from pytest_claims.support.errors import ClaimsError

APPLICATION_ID = 0x70634C4D
"""Marks an SQLite file as a store: `PRAGMA application_id`, the letters pcLM."""

SCHEMA_VERSION = 2
"""Version of the store's tables: `PRAGMA user_version`."""
# 1: runs, and leases on what is being trained.
# 2: runs have the column data_hash. An older file may have a table of leases, which no code reads any more.

_README = """# Runs of pytest-claims

pytest-claims keeps the runs that it has trained in this directory.
You may delete the directory: pytest-claims then trains the runs again when a claim needs them.
`pytest-claims publish reports/claims.json RUNS.sqlite` writes the runs behind a report to a file that you can share.
"""

START_NEW = "--claims-fresh starts a new store and keeps this file under another name"

_SERVED = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "lustre", "gpfs", "beegfs", "pvfs2", "davfs"}
_SERVED_THROUGH_FUSE = {"sshfs", "glusterfs", "ceph", "s3fs", "rclone", "davfs", "gcsfuse"}
NETWORK_FILE_SYSTEMS = frozenset(_SERVED | {f"fuse.{name}" for name in _SERVED_THROUGH_FUSE})
"""File systems that several machines share, on which SQLite's write-ahead log is not safe (sqlite.org/wal.html).

9p is not in the list: virtual machines and sandboxes also use it for their own disk.
"""

_SHARE = "a share of Windows"

_MAGIC = b"SQLite format 3\x00"
_HEADER_BYTES = 100  # sqlite.org/fileformat2.html, section 1.3
_USER_VERSION_AT, _APPLICATION_ID_AT = 60, 68


def refuse_network_file_system(path: Path) -> None:
    """Raise `ClaimsError` if `path` lies on a file system that several machines share."""
    kind = _SHARE if is_on_a_share(path) else file_system_type(path, mount_table())
    if kind == _SHARE or kind in NETWORK_FILE_SYSTEMS:
        raise ClaimsError(
            f"the store {path} lies on a network file system ({kind}). Several processes cannot safely write to one"
            " SQLite file there. Put the store on a local disk, and copy the file from there afterwards"
        )


def is_on_a_share(path: PurePath) -> bool:
    r"""Tell if a path lies on a share of Windows, such as ``\\server\share``. A mapped drive resolves to one.

    Paths that begin with ``\\?\`` may be long. They are local, unless ``UNC`` follows.
    """
    drive = path.drive.upper()
    return drive.startswith("\\\\?\\UNC\\") or (drive.startswith("\\\\") and not drive.startswith("\\\\?\\"))


def mount_table() -> str:
    """Read the mounts of this process, see ``/proc/PID/mountinfo`` in proc(5); empty if the system is not Linux."""
    try:
        return Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


def file_system_type(path: Path, table: str) -> str | None:
    """Find the type of the file system that holds `path` in a mount table with the format of `mount_table`.

    Examples
    --------
    >>> file_system_type(Path("/home/ada/runs.sqlite"), "40 27 0:35 / /home rw - nfs4 server:/home rw")
    'nfs4'
    """
    place, kind, depth = path.resolve(), None, -1
    for line in table.splitlines():
        mount, separator, source = line.partition(" - ")
        if not separator:
            continue
        # The table writes space, tab, newline and backslash as octal numbers.
        name = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), mount.split()[4])
        point = Path(name)
        # Of two mounts on one point, the later hides the earlier.
        if place.is_relative_to(point) and len(point.parts) >= depth:
            kind, depth = source.split()[0], len(point.parts)
    return kind


def prepare(path: Path) -> bool:
    """Make the directory of a new store; return True if the store can be written, False if it can only be read.

    Raises
    ------
    ClaimsError
        The store can be neither written nor read.
    """
    try:
        if path.is_dir():
            raise ClaimsError(
                f"the store {path} is a directory; give the name of a file in it, such as {path.name}/runs.sqlite"
            )
        # SQLite keeps the write-ahead log and its index in the same directory.
        if path.exists() and not (_may_write(path) and _may_write(path.parent)):
            return False
        refuse_network_file_system(path)
        make_directory(path.parent, _README)
    except OSError as error:
        raise ClaimsError(f"the store {path} cannot be reached, or its directory cannot be made: {error}") from error
    if not _may_write(path.parent):
        raise ClaimsError(f"there is no store {path}, and no permission to write to its directory and make a store")
    return True


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def header_of(path: Path) -> tuple[int, int]:
    """Read the application id and the schema version without SQLite, which might write; zeros for an empty file."""
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except PermissionError as error:
        raise ClaimsError(f"the store {path} cannot be read: there is no permission") from error
    if not header:
        return 0, 0
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        raise not_a_store(path, "it is not an SQLite database")
    (application,) = struct.unpack_from(">I", header, _APPLICATION_ID_AT)
    (version,) = struct.unpack_from(">I", header, _USER_VERSION_AT)
    return application, version


def refuse_unfit_file(path: Path, *, writable: bool) -> None:
    """Raise `ClaimsError` if the file at `path` is no store, or a store of another schema version."""
    if not path.exists():
        return
    application, version = header_of(path)
    if application == 0 and writable:  # an empty file may become a store
        return
    if application != APPLICATION_ID:
        raise not_a_store(path)
    if version != SCHEMA_VERSION:
        raise ClaimsError(
            f"the store {path} has schema version {version}, and this pytest-claims reads and writes version"
            f" {SCHEMA_VERSION}. It was left as it is; use the pytest-claims that wrote it, or {START_NEW}"
        )


def not_a_store(path: Path, reason: str = "its tables are not those of pytest-claims") -> ClaimsError:
    """Make the error for a file that is not a store."""
    return ClaimsError(
        f"{path} is not a store of runs: {reason}. It was left as it is; give the path of a store, or of a file that"
        " does not exist yet"
    )


def free_name(path: Path) -> Path:
    """Make a file name in the directory of `path` that contains the time and that no file has yet."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    kept, number = path.with_name(f"{path.stem}-{stamp}{path.suffix}"), 1
    while kept.exists():
        number += 1
        kept = path.with_name(f"{path.stem}-{stamp}-{number}{path.suffix}")
    return kept
