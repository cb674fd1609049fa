"""The type of all errors that a user can cause."""

from __future__ import annotations

DAMAGED = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What reading a damaged JSON file raises: no permission, no JSON, other content, or brackets without end."""


class ClaimsError(Exception):
    """An error that the user can put right: the message says what was received, what was expected, what to do.

    The plugin turns it into pytest's `UsageError`, the command line into a message. It is no `ValueError`: code that
    catches the `ValueError` of faulty data or measurements must not catch it.
    """


def told(error: BaseException) -> str:
    """Write an exception as one line: its type, and the first line of its message.

    Examples
    --------
    >>> told(KeyError("x")), told(ValueError()), told(SystemExit(2))
    ("KeyError: 'x'", 'ValueError', 'SystemExit: 2')
    """
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
