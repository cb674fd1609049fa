"""Builds the record of a session, ``claims.json``, from values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from pytest_claims.catalogue.assertions import account
from pytest_claims.controls import certificate
from pytest_claims.engines.provenance import environment
from pytest_claims.record.schema import SCHEMA_VERSION
from pytest_claims.statistics import ALPHA, RULES, family_error_rate, looks, most_likely_changed
from pytest_claims.store.store import Run, Store
from pytest_claims.support.record_types import (
    ArmRecord,
    ChangedVerdictsRecord,
    ClaimRecord,
    CurveRecord,
    DataRecord,
    EngineRecord,
    JudgedRecord,
    PlannedArmRecord,
    Record,
    is_final,
)
from pytest_claims.support.vocabulary import Tier


@dataclass(frozen=True)
class RecordInputs:
    """The values from which the record of one tier is built.

    Parameters
    ----------
    tier
        The tier.
    claims
        The records of its claims, in the lecture's order.
    arms
        Name, tier, fingerprint, declaration and seeds of each arm.
    data, engine, num_trained
        The data sets, the engine, and the number of runs trained in this session.
    known
        Ids of all collected claims. They show which assertions of the lecture are tested.
    lecture, assertions
        The lecture's title, and the list of its assertions if there is one.
    partial
        True if only a selection of the claims has run.
    duration_seconds
        Duration of the session.
    first_seed, num_seeds
        First seed of claims without a block of their own, and the number of seeds if an option fixed it.
    folder
        Directory of the reports. It also holds the results of the long checks for the certificate.
    """

    tier: Tier
    claims: list[ClaimRecord]
    arms: list[PlannedArmRecord]
    data: list[DataRecord]
    engine: EngineRecord
    num_trained: int
    known: list[str]
    lecture: str
    assertions: dict[str, Any] | None
    partial: bool
    duration_seconds: float
    first_seed: int
    num_seeds: int | None
    folder: Path


def build(inputs: RecordInputs, store: Store) -> Record:
    """Build the record of one tier, according to ``schema.json``. Its curves come from the store."""
    fixed = [inputs.num_seeds] if inputs.num_seeds else None
    num_statistical = sum(any(RULES[part["rule"]].is_statistical for part in claim["parts"]) for claim in inputs.claims)
    record: JudgedRecord = {
        "schema": SCHEMA_VERSION,
        "tier": inputs.tier,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "partial": inputs.partial,
        "duration_seconds": inputs.duration_seconds,
        "num_trained": inputs.num_trained,
        "lecture": inputs.lecture,
        "engine": inputs.engine,
        "first_seed": inputs.first_seed,
        "looks": fixed or [look.num_seeds for look in looks(inputs.tier)],
        "alpha": ALPHA,
        "num_statistical": num_statistical,
        "family_error_rate": family_error_rate(num_statistical),
        "environment": environment(),
        "data": inputs.data,
        "arms": [_arm(arm, store) for arm in inputs.arms],
        "accounted": account(inputs.assertions, inputs.known),
        "changed_verdicts": changed_verdicts(inputs.claims, usual_looks=fixed is None),
        "claims": inputs.claims,
    }
    return {**record, "certificate": certificate(record, inputs.folder)}


def changed_verdicts(claims: Sequence[ClaimRecord], *, usual_looks: bool) -> ChangedVerdictsRecord:
    """The verdicts that changed, among the claims with a recorded stability.

    Parameters
    ----------
    claims
        The claims of one tier.
    usual_looks
        True if the claims were judged at their usual looks. Stability foretells nothing for others.
    """
    compared = [
        (claim, stability)
        for claim in claims
        if (stability := claim["expected_stability"]) is not None and is_final(claim)
    ]
    stabilities = [stability for _, stability in compared]
    return {
        "claims": [claim["id"] for claim, _ in compared if claim["verdict"] != claim["expected"]],
        "num_compared": len(compared),
        "foretold": round(sum(1 - stability for stability in stabilities), 4) if usual_looks else None,
        "limit": most_likely_changed(stabilities) if usual_looks else None,
    }


def _arm(arm: PlannedArmRecord, store: Store) -> ArmRecord:
    runs = store.runs(arm["fingerprint"], arm["seeds"])
    return {
        **arm,
        "num_parameters": runs[0].measurements.get("num_parameters"),
        "seconds_per_run": round(sum(run.seconds for run in runs) / len(runs), 3),
        "curves": curves(runs),
    }


def curves(stored: Sequence[Run]) -> dict[str, CurveRecord]:
    """Learning curves for the report: for each metric the mean, mean ∓ standard deviation, and the single runs.

    Numbers that are not finite become ``None``.
    """
    result = {}
    for metric in stored[0].history:
        values = np.array([run.history[metric] for run in stored], float)
        with np.errstate(invalid="ignore"):
            mean = values.mean(axis=0)
            spread = values.std(axis=0, ddof=1) if len(values) > 1 else np.zeros_like(mean)
        result[metric] = CurveRecord(
            mean=_rounded(mean),
            low=_rounded(mean - spread),
            high=_rounded(mean + spread),
            runs=[_rounded(run) for run in values],
        )
    return result


def _rounded(values: np.ndarray) -> list[float | None]:
    return [float(f"{value:.5g}") if math.isfinite(value) else None for value in values.tolist()]
