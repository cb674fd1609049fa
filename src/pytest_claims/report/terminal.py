"""The table of verdicts for the end of a pytest session."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import TYPE_CHECKING

from pytest_claims.report.words.expectations import (
    Standing,
    changes_in_words,
    counts_in_words,
    missing,
    standing,
    verdict_or_error,
)
from pytest_claims.report.words.header import incompatible_by_chance
from pytest_claims.report.words.numbers import MISSING, Claim, effect_with_interval
from pytest_claims.support.record_types import Record

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

STYLES = {
    "supported": "green", "refuted": "red", "inconclusive": "yellow", "compatible": "green", "incompatible": "red",
    "not run": "dim", "error": "red",
}  # fmt: skip

MARKS: dict[Standing, tuple[str, str]] = {
    "unexpected": ("!", "is not the expected verdict"),
    "changed": ("~", "is another verdict than expected, as its recorded stability allows"),
}
"""Marks behind verdicts, and their meaning."""


def table(record: Record, *, width: int = 80, color: bool = False) -> str:
    """The claims of a record as text: one row for each claim, the counts, and the claims that did not run.

    Parameters
    ----------
    record
        The record, as in ``claims.json``.
    width
        Columns of the terminal. No line is wider.
    color
        True to add ANSI colours. The text has the same information without colours.

    Returns
    -------
    str
        Lines without trailing blanks, joined by newlines.
    """
    from rich.console import Console

    console = Console(
        file=StringIO(), width=width, force_terminal=color, color_system="standard" if color else None,
        no_color=not color, legacy_windows=False, highlight=False, soft_wrap=False,
    )  # fmt: skip
    with console.capture() as capture:
        for renderable in _renderables(record):
            console.print(renderable)
    return "\n".join(line.rstrip() for line in capture.get().rstrip().splitlines())


def _renderables(record: Record) -> Iterator[RenderableType]:
    from rich.text import Text

    claims = record["claims"]
    if claims:
        yield _rows(claims)
        yield Text()
    yield Text(counts_in_words(claims))
    for sentence in (changes_in_words(record["changed_verdicts"]), incompatible_by_chance(claims)):
        if sentence:
            yield Text(sentence)
    for name, (mark, words) in MARKS.items():
        marked = [claim for claim in claims if standing(claim) == name]
        if marked:
            yield Text(f"{mark} {words}:")
        for claim in marked:
            yield Text(f"  {claim['id']}: {claim['message'] or 'the test failed'}")
    for reason, ids in missing(claims).items():
        yield Text(f"not run, {reason}: {', '.join(ids)}")


def _rows(claims: list[Claim]) -> Table:
    from rich.table import Table
    from rich.text import Text

    rows = Table(box=None, pad_edge=False, expand=True, padding=(0, 2, 0, 0), header_style="")
    rows.add_column("claim", overflow="fold", max_width=12)
    rows.add_column("verdict", no_wrap=True, min_width=len("inconclusive"))
    rows.add_column(Text("effect [interval]"), overflow="fold", max_width=36)
    rows.add_column("seeds", justify="right", no_wrap=True)
    rows.add_column("statement", no_wrap=True, overflow="ellipsis", ratio=1, min_width=8)
    for claim in claims:
        word = verdict_or_error(claim)
        mark, _ = MARKS.get(standing(claim), ("", ""))
        verdict = Text(f"{word} {mark}".rstrip(), style=STYLES[word])
        effects = "\n".join(effect_with_interval(part) for part in claim["parts"]) or MISSING
        statement = " ".join(claim["statement"].split())
        rows.add_row(Text(claim["id"]), verdict, Text(effects), str(claim["num_seeds"]), Text(statement))
    return rows
