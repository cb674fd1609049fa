"""Checks the explanations of a record: their numbers are in it, and their sentences are short."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pytest_claims.report.words.explanations import figures_of
from pytest_claims.report.words.numbers import Claim
from pytest_claims.support.record_types import ArmRecord, Record

LONGEST_SENTENCE = 20
"""Most words of a sentence."""

NAME = re.compile(r"\b\d+(?:[-×]\d+)+\b|\b[^\W\d_]+\d\w*|\bseed \d+", re.IGNORECASE)
"""A name with numbers in it, such as 16-16, 28×28, R24, L2 or seed 5."""

POWER_OF_TEN = re.compile("10(⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)")

NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?(?:e-?\d+)?")

SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[^\W\da-z_]|[×−\d])")


def explanation_problems(record: Record, sentences: Mapping[str, str]) -> dict[str, list[str]]:
    """List what is wrong with the explanations of a record.

    Parameters
    ----------
    record
        The record, whose explanations are filled in.
    sentences
        The sentences of arms, by the arms' names. Their numbers may be named, as those of the declarations.

    Returns
    -------
    dict
        By the id of each claim with a problem, one line for each problem.
    """
    arms = {arm["name"]: arm for arm in record["arms"]}
    found = {}
    for claim in record["claims"]:
        told = [sentences[name] for name in claim["arms"] if name in sentences]
        declared = [arms[name] for name in claim["arms"] if name in arms]
        if problems := [*unfounded_numbers(claim, declared, told), *long_sentences(claim["because"] or "")]:
            found[claim["id"]] = problems
    return found


def unfounded_numbers(claim: Claim, arms: Iterable[ArmRecord], texts: Iterable[str]) -> list[str]:
    """List the numbers in a claim's explanation that are not in its record, one line each.

    The record's numbers are those that a field can name, and those in the statement, in the labels of quantities, in
    the arms' declarations and in `texts`. A number is found if one of these rounds to it. Percentages of declared
    fractions count, too.
    """
    figures = [figure.shown for figure in figures_of(claim).values()]
    known = [abs(number) for number in figures if number is not None]
    labels = [held["quantity"] for held in (*claim["parts"], *claim["notes"])]
    settings = [(arm["declaration"], arm["num_parameters"]) for arm in arms]
    declared = list(_numbers([claim["statement"], labels, settings, list(texts)]))
    known += [abs(number) for number in declared]
    known += [100 * abs(number) for number in declared if abs(number) <= 1]
    return [
        f"{text} is not in the record"
        for text in _typed(claim["because"] or "")
        if not any(_rounds_to(number, text) for number in known)
    ]


def long_sentences(text: str) -> list[str]:
    """List the sentences of a text with too many words, one line each.

    Examples
    --------
    >>> long_sentences("It is short. It is 88.4 %.")
    []
    """
    counts = {
        sentence: sum(any(map(str.isalnum, word)) for word in sentence.split()) for sentence in SENTENCE_END.split(text)
    }
    return [
        f"{count} words, at most {LONGEST_SENTENCE}: {sentence}"
        for sentence, count in counts.items()
        if count > LONGEST_SENTENCE
    ]


def _typed(text: str) -> list[str]:
    """The numbers in a text that are not part of a name."""
    return NUMBER.findall(NAME.sub(" ", POWER_OF_TEN.sub(_as_decimal, text)))


def _as_decimal(power: re.Match[str]) -> str:
    return f"1e{unicodedata.normalize('NFKC', power[1]).replace('−', '-')}"


def _rounds_to(number: float, text: str) -> bool:
    """True if a number is the one in a text up to the text's last decimal."""
    typed = float(text.replace(",", ""))
    if "e" in text:
        return math.isclose(number, typed)
    return abs(number - typed) <= 0.5 * (1 + 1e-9) / 10.0 ** len(text.partition(".")[2])


def _numbers(value: Any) -> Iterator[float]:
    """All numbers in nested values, those in texts included."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)
    elif isinstance(value, str):
        yield from (float(text.replace(",", "")) for text in NUMBER.findall(value))
    elif isinstance(value, Mapping):
        yield from _numbers(list(value.values()))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _numbers(inner)
