"""Downloads with a SHA-256 that is known beforehand."""

from __future__ import annotations

import hashlib
import queue
import threading
import urllib.error
import urllib.request
from functools import cache
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

CONNECT_SECONDS = 2.0  # short, so that a machine without a network falls back at once
STALL_SECONDS = 20.0  # of silence in the middle of a download
MAX_BYTES = 2**28  # several times the largest file that is downloaded


class DownloadError(Exception):
    """The download failed, or the file is not the expected one."""


def fetch(url: str, sha256: str) -> bytes:
    """Download a file into memory and check it. The environment names the proxies.

    Raises
    ------
    DownloadError
        If the host does not answer, the transfer breaks off, or the SHA-256 differs.
    """
    try:
        with _open(url) as response:
            content: bytes = response.read(MAX_BYTES)
    except (OSError, HTTPException) as error:
        raise DownloadError(f"the download from {url} failed ({_reason(error)})") from error
    if (digest := hashlib.sha256(content).hexdigest()) != sha256:
        raise DownloadError(
            f"the download from {url} is not the file expected: {len(content):,} bytes with SHA-256 {digest[:12]}…, "
            f"expected {sha256[:12]}…"
        )
    return content


def _open(url: str) -> Any:
    """Open `url`, or raise OSError if the host does not answer in time; a silent host is not tried again."""
    host = urlsplit(url).netloc
    if host in _silent_hosts():
        raise OSError("the host did not answer before")
    try:
        return _answer(url)
    except urllib.error.HTTPError as error:
        error.close()
        raise
    except OSError:
        _silent_hosts().add(host)
        raise


@cache
def _silent_hosts() -> set[str]:
    return set()


def _answer(url: str) -> Any:
    """Open `url` and return the response.

    A thread opens it, because Python has no other way to limit the time for looking up a host's name.
    """
    answers: queue.Queue[Any] = queue.Queue()
    given_up = threading.Event()

    def ask() -> None:
        try:
            response = urllib.request.urlopen(url, timeout=STALL_SECONDS)
        except (OSError, HTTPException) as error:
            answers.put(error)
            return
        answers.put(response)
        if given_up.is_set():
            response.close()

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=CONNECT_SECONDS)
    except queue.Empty:
        given_up.set()
        raise TimeoutError(f"no answer within {CONNECT_SECONDS:g} seconds") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None)
    if isinstance(error, urllib.error.HTTPError):
        return f"status {error.code} {error.reason}"
    return str(reason or error or type(error).__name__)
