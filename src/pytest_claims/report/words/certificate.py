"""The certificate in words: controls, calibration and audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_claims.support.record_types import ControlRecord, Record
from pytest_claims.support.text import counted


@dataclass(frozen=True)
class ControlView:
    """One control of the certificate."""

    name: str
    what: str
    outcome: str
    failures: tuple[str, ...]
    exempt: Mapping[str, str]
    figures: str


def controls(record: Record) -> tuple[ControlView, ...]:
    """The controls that were run on the record's own numbers."""
    return tuple(map(_control, record["certificate"]["controls"]))


def _control(control: ControlRecord) -> ControlView:
    failures, checked = control["failures"], f"{control['num_checked']} checked"
    claims_of: dict[str, list[str]] = {}
    for claim, reason in control["exempt"].items():
        claims_of.setdefault(reason, []).append(claim)
    outcome = f"{counted(len(failures), 'failure')}, {checked}" if failures else f"passed, {checked}"
    return ControlView(
        name=control["name"],
        what=control["what"],
        outcome=outcome if control["num_checked"] else "nothing to check",
        failures=tuple(failures),
        exempt={", ".join(claims): reason for reason, claims in claims_of.items()},
        figures=", ".join(f"{name} {value:g}" for name, value in control["figures"].items()),
    )


def calibration(record: Record) -> tuple[str, ...]:
    """The results of the calibration, in sentences."""
    kept = record["certificate"]["calibration"]
    if kept is None:
        return ("Calibration was not run with these statistics: pytest -m controls does it.",)
    promised = [row for row in kept["rows"] if row["promise"]]
    num_kept = sum(row["keeps_promise"] for row in promised)
    of_means, of_typical_runs = (
        [
            row["rate"]
            for row in kept["rows"]
            if row["shape"].startswith("stuck") and bool(row["promise"]) == is_promised
        ]
        for is_promised in (False, True)
    )
    planted = kept["planted"]
    lines = [
        f"Calibration on synthetic numbers whose truth is known ({kept['created'][:10]}): {num_kept} of "
        f"{len(promised)} promised rates are kept."
    ]
    if of_means and of_typical_runs:
        lines.append(
            f"Where runs get stuck, a mean is judged wrongly in up to {max(of_means) * 100:.2g} % of families, a "
            f"typical run in up to {max(of_typical_runs) * 100:.2g} %."
        )
    if planted["num_checked"]:
        lines.append(
            f"Effects planted in the recorded numbers are found in {planted['figures']['power'] * 100:.0f} % of draws, "
            f"{planted['figures']['promised'] * 100:.0f} % are promised."
        )
    return tuple(lines)


def audit(record: Record) -> str:
    """One sentence with the runs that the reference engine retrained, and with the outcome of the comparison."""
    kept = record["certificate"]["audit"]
    if kept is None:
        return "No run of these arms was audited: pytest -m audit does it."
    names = ", ".join(f"{arm['name']} with seed {arm['seed']}" for arm in kept["arms"])
    failed = [arm["name"] for arm in kept["arms"] if not arm["ok"]]
    outcome = (
        f"{', '.join(failed)} came out otherwise" if failed else "all came out as stored, within the spread over seeds"
    )
    return (
        f"Audit ({kept['created'][:10]}): drawn at random from {kept['audit_seed']} and trained again by "
        f"keras.Model.fit on TensorFlow were {names}; {outcome}."
    )
