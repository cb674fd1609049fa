"""Counts and durations as people read them."""

from __future__ import annotations


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
