"""The schema of records; reads and checks records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pytest_claims.support.json_numbers import decoded, dumped, encoded
from pytest_claims.support.record_types import Record

# The versions of the record:
# 1: verdicts, parts, and arms with their curves.
# 2: adds the certificate, and for each claim its look, its stability, and counts of collapsed and censored seeds.
# 3: keeps infinite numbers of seeds, flags each censored seed, marks places of curves, counts statistical claims.
# 4: gives each arm its seeds, each claim its first seed, and typical runs their level and their mean; adds notes
#    and the units of operands. A claim expects one verdict, beside the stability recorded for it.
SCHEMA_VERSION = 4


@cache
def schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of a record.

    Examples
    --------
    >>> schema()["properties"]["schema"]
    {'const': 4, 'description': 'Version of this schema.'}
    """
    text = files(__package__).joinpath("schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def validate(record: object) -> None:
    """Check a record against the schema.

    Raises
    ------
    ValueError
        The message names the wrong field, its value, and the expected value.

    Examples
    --------
    >>> validate({"schema": 1})
    Traceback (most recent call last):
    ...
    ValueError: the record has schema 1, and this version of pytest-claims reads 4; write it again with this version
    """
    from jsonschema_rs import validator_for

    version = record.get("schema") if isinstance(record, Mapping) else None
    if version != SCHEMA_VERSION:
        raise ValueError(
            f"the record has schema {version!r}, and this version of pytest-claims reads {SCHEMA_VERSION}; "
            "write it again with this version"
        )

    errors = validator_for(schema()).iter_errors(record)
    if error := next(errors, None):
        place = "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)
        raise ValueError(
            f"record at {place}: {error.message:.200} (received {error.instance!r:.80}); "
            "write it again with this version of pytest-claims"
        )


def record_text(record: Record) -> str:
    """The record as JSON. Seeds' numbers that are not finite become strings."""
    return dumped(encoded(record))


def read_record(file: Path) -> Record:
    """Read a record of this version. The numbers of its seeds are floats, also if infinite.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If the file is not a record of this version.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError among them
        raise ValueError(f"{file} is no complete JSON file ({error}); expected a record such as claims.json") from error
    try:
        validate(content)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error
    record: Record = content
    for claim in record["claims"]:
        operands = [operand for part in claim["parts"] for operand in part["operands"]]
        for numbers in (*claim["parts"], *operands, *claim["notes"]):
            numbers["values"] = decoded(numbers["values"])
    return record
