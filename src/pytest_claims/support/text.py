"""Counts and durations as people read them, and text for terminals that cannot encode all of it."""

from __future__ import annotations

from typing import IO


def file_of(test: str) -> str:
    """The file in the id of a test."""
    return test.partition("::")[0]


PLAIN = str.maketrans({"−": "-", "…": "...", "–": "-", "—": "-", "’": "'", "“": '"', "”": '"', "·": "-", "×": "x"})
"""Plain characters for those of our own texts that a terminal may lack."""


def encodable(text: str, file: IO[str]) -> str:
    """Replace the characters that a file cannot encode, by plain ones or by question marks."""
    encoding = getattr(file, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except LookupError:
        return text.translate(PLAIN)
    except UnicodeEncodeError:
        return "".join(_replaced(character, encoding) for character in text)
    return text


def _replaced(character: str, encoding: str) -> str:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return character.translate(PLAIN).encode(encoding, "replace").decode(encoding)
    return character


def counted(count: int, noun: str) -> str:
    """Write a number with its noun, in the singular or the plural.

    Examples
    --------
    >>> counted(1, "seed"), counted(20, "seed")
    ('1 seed', '20 seeds')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def duration(seconds: float) -> str:
    """Write a duration in hours, minutes and seconds.

    Examples
    --------
    >>> duration(61.2), duration(3.21), duration(7384)
    ('1 min 1 s', '3.2 s', '2 h 3 min')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes else f"{rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
