"""The type of all errors that a user can cause."""

from __future__ import annotations


class ClaimsError(Exception):
    """An error that the user can put right: the message says what was received, what was expected, what to do.

    The plugin turns it into pytest's `UsageError`, the command line into a message. It is no `ValueError`: code that
    catches the `ValueError` of faulty data or measurements must not catch it.
    """
