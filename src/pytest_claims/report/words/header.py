"""The head of a report: warnings, facts on the session, the scope of verdicts, and their error rate."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from pytest_claims.support.record_types import ArmRecord, ClaimRecord, Record
from pytest_claims.support.text import counted, duration

TIERS = {
    "fast": "small subsets of the data, each seed with its own",
    "full": "all of the data",
}


def moment(created: str) -> str:
    """A date and time in words."""
    when = datetime.fromisoformat(created)
    return f"{when.day} {when:%B %Y, %H:%M} {when.tzname() or ''}".rstrip()


def warnings(record: Record) -> tuple[str, ...]:
    """Warnings that a reader must see first."""
    stand_ins = [data["name"] for data in record["data"] if data["kind"] == "stand-in"]
    lines = []
    if stand_ins:
        lines.append(
            f"{' and '.join(stand_ins)} could not be had: a stand-in took its place. What rests on it is a verdict on "
            "the stand-in, and each card says so."
        )
    if record["partial"]:
        lines.append("This report is partial: it shows a selection of the claims, or what was stored by then.")
    return tuple(lines)


def facts(record: Record) -> tuple[tuple[str, str], ...]:
    """Tier, data, seeds, engine, versions, date and cost of a record, as pairs of term and value."""
    environment, engine = record["environment"], record["engine"]
    looks = " or ".join(map(str, record["looks"]))
    data = "; ".join(f"{used['name']}, {used['kind']}, {used['content_hash'][:12]}" for used in record["data"])
    versions = [f"{name} {environment[key]}" for name, key in _SHOWN_VERSIONS if key in environment]
    return (
        ("Tier", f"{record['tier']}: {TIERS[record['tier']]}"),
        ("Data", data or "none"),
        ("Seeds", f"{looks}{_from_seeds(record)}; a claim stops at the first number that decides it"),
        ("Engine", "; ".join([f"{engine['name']}, semantics {engine['semantics']}", *engine.get("deviations", [])])),
        ("Versions", ", ".join(versions)),
        ("Date", moment(record["created"])),
        ("Duration", f"{duration(record['duration_seconds'])}, {counted(record['num_trained'], 'run')} trained"),
        ("All runs", _all_runs(record["arms"])),
    )  # fmt: skip


def _from_seeds(record: Record) -> str:
    """The first seeds of the claims, in words."""
    firsts = Counter(claim["first_seed"] for claim in record["claims"])
    usual = max(firsts, key=lambda first: firsts[first], default=record["first_seed"])
    others = [f"{counted(firsts[first], 'claim')} from seed {first} on" for first in sorted(firsts) if first != usual]
    return ", ".join([f", from seed {usual} on", *others])


def _all_runs(arms: Sequence[ArmRecord]) -> str:
    """The number of runs behind the verdicts, including those of earlier sessions, and the sum of their run times."""
    # Two names of one arm have the same runs.
    runs: dict[str, tuple[int, float]] = {}
    for arm in arms:
        same = runs.get(arm["fingerprint"], (0, 0.0))
        num_seeds = len(arm["seeds"])
        runs[arm["fingerprint"]] = max(same, (num_seeds, num_seeds * (arm["seconds_per_run"] or 0)))
    num_runs, seconds = (sum(numbers) for numbers in zip(*runs.values(), strict=True)) if runs else (0, 0.0)
    return f"{num_runs:,} of {counted(len(arms), 'arm')}, earlier sessions’ too: {duration(seconds)} of work"


_SHOWN_VERSIONS = (
    ("pytest-claims", "pytest_claims"),
    ("Python", "python"),
    ("Keras", "keras"),
    ("JAX", "jax"),
    ("TensorFlow", "tensorflow"),
)


def scope(record: Record) -> str:
    """The scope of a verdict, in words."""
    subset = ", and of the subset of the data" if record["tier"] == "fast" else ""
    return (
        "A verdict speaks about these data, over training randomness: seeds are independent draws of initial weights, "
        f"batch order, dropout masks and noise{subset}. It does not speak about other data."
    )


def error_rate(record: Record) -> str:
    """The probability that any verdict of the report is wrong, in words."""
    k = record["num_statistical"]
    if not k:
        return "No statistical verdict was come to."
    return (
        f"Each claim is judged at a one-sided level of {record['alpha']:g}, whatever else is run; for the "
        f"{counted(k, 'statistical verdict')} here, the nominal probability that any is wrong is "
        f"{record['family_error_rate'] * 100:.2g} %. Nominal means: for numbers that scatter symmetrically over seeds; "
        "where they have long tails it is larger."
    )


def incompatible_by_chance(claims: Sequence[ClaimRecord]) -> str:
    """How many published logs would be called incompatible if all were runs of ours; empty if none was compared.

    Examples
    --------
    >>> log = {"verdict": "compatible", "parts": [{"confidence_level": 0.95}]}
    >>> print(incompatible_by_chance([log] * 9))
    Of 9 published logs, 0.45 would be called incompatible on average if all were runs of ours, and at least one with a
    probability of 37 %.
    """
    compared = [claim for claim in claims if claim["verdict"] in ("compatible", "incompatible")]
    levels = [1 - (claim["parts"][0]["confidence_level"] or 1) for claim in compared]
    if not levels:
        return ""
    return (
        f"Of {counted(len(levels), 'published log')}, {sum(levels):.2g} would be called incompatible on average if all "
        "were runs of ours, and at least one with a probability of "
        f"{(1 - math.prod(1 - level for level in levels)) * 100:.0f} %."
    )
