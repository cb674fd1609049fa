"""The one type of error that a user can cause."""

from __future__ import annotations


class ClaimsError(Exception):
    """Something that the user can put right: the message says what was received, what was expected, what to do.

    The plugin turns it into pytest's own `UsageError`, the command line into a message. It is no `ValueError`: code
    that catches what is wrong with data or measurements must not catch it.
    """
