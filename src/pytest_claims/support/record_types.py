"""The types of the record, ``claims.json``. They are in this package because verdicts and controls use them, too.

``record/schema.json`` has the same keys and describes each. The value of a seed may be infinite or NaN: the file then
holds a string, see `pytest_claims.record.schema`. All other numbers are finite, or ``None``.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from pytest_claims.support.vocabulary import Kind, Tier, kind_of


class LookRecord(TypedDict):
    """The look at which a claim was judged."""

    num_seeds: int
    alpha: float
    typical_alpha: float
    first: bool
    last: bool


class ShareRecord(TypedDict):
    """A number of seeds, and the exact 95 % interval of their share."""

    count: int
    low: float
    high: float


class ReproductionRecord(ShareRecord):
    """The number of single runs in which a claim holds."""

    share: float
    num_seeds: int


class StabilityRecord(TypedDict):
    """The probability that fresh seeds give the same verdict, and the seeds that the verdict hangs on."""

    probability: float
    hangs_on_seeds: list[int]


class MarkRecord(TypedDict):
    """The points of a metric's curve that a quantity uses."""

    metric: str
    places: list[str]
    last_epochs: int | None


class OperandRecord(TypedDict):
    """One of the quantities from which another was computed."""

    quantity: str
    unit: str
    difference: bool
    values: list[float]


class NoteRecord(TypedDict):
    """A quantity that was recorded beside the verdict and not judged."""

    quantity: str
    unit: str
    difference: bool
    seeds: list[int]
    values: list[float]


class NumbersRecord(TypedDict):
    """The numbers of a part, with the rule and the unit that give them a meaning."""

    rule: str
    estimate: float | None
    low: float | None
    high: float | None
    margin: float | list[float]
    unit: str
    difference: bool


class MeanRecord(TypedDict):
    """What the mean over seeds says where the typical run decides."""

    estimate: float | None
    low: float | None
    high: float | None
    verdict: str


class PartRecord(NumbersRecord):
    """One quantity under one rule."""

    quantity: str
    marks: list[MarkRecord]
    verdict: str
    reason: str | None
    confidence_level: float | None
    pvalue: float | None
    alternative: str
    num_seeds: int
    seeds: list[int]
    values: list[float]
    at_least: list[bool] | None
    at_most: list[bool] | None
    collapsed: ShareRecord | None
    censored: ShareRecord | None
    trend_pvalue: float | None
    operands: list[OperandRecord]
    plain: NotRequired[list[float]]
    mean: NotRequired[MeanRecord]
    witness: NotRequired[bool]
    published: NotRequired[Mapping[str, Sequence[float | None]]]
    smallest_detectable_effect: float | None


class VerdictRecord(TypedDict):
    """The fields of a claim's record that the judge fills in."""

    verdict: str
    reason: str | None
    parts: list[PartRecord]
    num_seeds: int
    reproduction: ReproductionRecord | None
    stability: StabilityRecord | None
    look: LookRecord | None


class ClaimRecord(VerdictRecord):
    """A claim, its verdict, and the outcome of its test."""

    id: str
    tier: Tier
    section: str
    statement: str
    source: str | None
    test: str
    expected: str
    expected_stability: float | None
    because: str | None
    outcome: str
    message: str | None
    notes: list[NoteRecord]
    arms: list[str]
    data: list[str]
    first_seed: int
    revised: NotRequired[str]
    before: NotRequired[str]


class ChangedVerdictsRecord(TypedDict):
    """The verdicts that changed, and how many changes their recorded stability foretells, and makes likely."""

    claims: list[str]
    num_compared: int
    foretold: float | None
    limit: int | None


class CurveRecord(TypedDict):
    """The values of a metric after each epoch."""

    mean: Sequence[float | None]
    low: Sequence[float | None]
    high: Sequence[float | None]
    runs: list[list[float | None]]


class PlannedArmRecord(TypedDict):
    """An arm as the plan has it."""

    name: str
    tier: Tier
    fingerprint: str
    declaration: dict[str, Any]
    seeds: list[int]


class ArmRecord(PlannedArmRecord):
    """An arm and its runs."""

    num_parameters: int | None
    seconds_per_run: float | None
    curves: dict[str, CurveRecord]


class DataRecord(TypedDict):
    """A data set that the session used."""

    name: str
    kind: str
    content_hash: str
    origin: str


class EngineRecord(TypedDict):
    """The engine that trained the runs."""

    name: str
    semantics: int
    deviations: NotRequired[list[str]]
    """Settings and golden steps that are not as the package expects, in words."""


class ControlRecord(TypedDict):
    """The outcome of a control."""

    name: str
    what: str
    num_checked: int
    failures: list[str]
    exempt: dict[str, str]
    figures: dict[str, float]


class CertificateRecord(TypedDict):
    """The results of the checks on the machinery."""

    controls: list[ControlRecord]
    calibration: dict[str, Any] | None
    audit: dict[str, Any] | None


class JudgedRecord(TypedDict):
    """A session's record without its certificate, which is computed from it."""

    schema: int
    tier: Tier
    created: str
    partial: bool
    duration_seconds: float
    num_trained: int
    lecture: str
    engine: EngineRecord
    first_seed: int
    looks: list[int]
    alpha: float
    num_statistical: int
    family_error_rate: float
    environment: dict[str, str]
    data: list[DataRecord]
    arms: list[ArmRecord]
    accounted: dict[str, Any] | None
    changed_verdicts: ChangedVerdictsRecord
    claims: list[ClaimRecord]


class Record(JudgedRecord):
    """The record of one session in one tier."""

    certificate: CertificateRecord


def kind_of_data(claim: ClaimRecord, record: JudgedRecord) -> Kind:
    """The kind of data of a record's claim."""
    kinds = {data["name"]: data["kind"] for data in record["data"]}
    return kind_of(kinds[name] for name in claim["data"])


def is_final(claim: ClaimRecord) -> bool:
    """True if a claim has a verdict that no further seeds can change: it is decided, or judged at its last look."""
    if claim["verdict"] == "inconclusive":
        return claim["look"] is None or claim["look"]["last"]
    return claim["verdict"] != "not run"
