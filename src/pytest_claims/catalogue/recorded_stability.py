"""The stability recorded for expected verdicts, in a committed file beside the claims."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from pytest_claims.catalogue.claims import Claim
from pytest_claims.support.errors import DAMAGED, ClaimsError
from pytest_claims.support.files import replace_file
from pytest_claims.support.record_types import Record, is_final, kind_of_data
from pytest_claims.support.vocabulary import KINDS, TIERS, VERDICTS, Kind, Tier

COMMAND = "`pytest-claims stability`"


class Recorded(NamedTuple):
    """A verdict, and the probability that fresh seeds give it again."""

    verdict: str
    stability: float


@dataclass(frozen=True)
class RecordedStability:
    """The contents of a stability file.

    Parameters
    ----------
    entries
        By claim, then tier, then kind of data.
    """

    entries: dict[str, dict[str, dict[str, Recorded]]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> RecordedStability:
        """Read a stability file. It is empty if there is no file.

        Raises
        ------
        ClaimsError
            If the file is not a stability file.
        """
        if not path.is_file():
            return cls()
        try:
            content = json.loads(path.read_text(encoding="utf-8-sig"))
            return cls(
                {
                    claim: {
                        _known(tier, TIERS): {_known(kind, KINDS): _recorded(entry) for kind, entry in kinds.items()}
                        for tier, kinds in tiers.items()
                    }
                    for claim, tiers in content.items()
                }
            )
        except DAMAGED as error:
            raise ClaimsError(f"{path} is not a stability file ({error}): write it with {COMMAND}") from error

    def write(self, path: Path) -> None:
        """Write a stability file, one line for each claim."""
        lines = [
            f"{json.dumps(claim, ensure_ascii=False)}: "
            + json.dumps({tier: {kind: tiers[tier][kind]._asdict() for kind in tiers[tier]} for tier in sorted(tiers)})
            for claim, tiers in sorted(self.entries.items())
        ]
        replace_file(path, "{\n" + ",\n".join(lines) + "\n}\n")

    def of(self, claim_id: str, tier: Tier, kind: Kind) -> Recorded | None:
        """The verdict of a claim in a tier on a kind of data, with its stability; ``None`` if none is recorded."""
        return self.entries.get(claim_id, {}).get(tier, {}).get(kind)

    def add(self, record: Record) -> list[str]:
        """Add the verdicts of a record that have a stability. They replace earlier ones.

        Returns
        -------
        list of str
            A line for each claim whose verdict is not the one that its mark expects.

        Raises
        ------
        ClaimsError
            If claims of the record could come to another verdict at their later looks.
        """
        if undecided := [
            claim["id"] for claim in record["claims"] if claim["verdict"] != "not run" and not is_final(claim)
        ]:
            raise ClaimsError(
                f"the record has claims that were not judged at their last look: {', '.join(undecided)}. Judge them "
                "without --claims-stored"
            )
        lines = []
        for claim in record["claims"]:
            if claim["stability"] is None:
                continue
            kind = kind_of_data(claim, record)
            recorded = Recorded(claim["verdict"], claim["stability"]["probability"])
            self.entries.setdefault(claim["id"], {}).setdefault(record["tier"], {})[kind] = recorded
            if claim["verdict"] != claim["expected"]:
                lines.append(f"{_place(claim['id'], record['tier'], kind)}: {claim['expected']} → {claim['verdict']}")
        return lines

    def disagreements(self, claims: Iterable[Claim], file: str) -> list[str]:
        """List the claims whose marks expect another verdict than `file` records, one line each."""
        return [
            f"claim {_place(claim.id, claim.tier, kind)}: its mark expects {expected!r}, and {file} "
            f"records {recorded.verdict!r}. If the mark is right, delete the claim's line in the file, and write it "
            f"again with {COMMAND}; else change expected="
            for claim in claims
            for kind in KINDS
            if (recorded := self.of(claim.id, claim.tier, kind))
            and recorded.verdict != (expected := claim.expected_on(stand_in=kind == "stand-in"))
        ]


def _place(claim_id: str, tier: str, kind: str) -> str:
    data = "stand-ins" if kind == "stand-in" else "real data"
    return f"{claim_id} ({tier} tier, {data})"


def _recorded(entry: Any) -> Recorded:
    recorded = Recorded(**entry)
    _known(recorded.verdict, VERDICTS)
    if not 0 <= recorded.stability <= 1:
        raise ValueError(f"found the stability {recorded.stability!r}; expected a probability")
    return recorded


def _known(word: str, words: Iterable[str]) -> str:
    if word not in words:
        raise ValueError(f"found {word!r}; expected one of {', '.join(words)}")
    return word
