"""The data sets of a session, each located once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_claims.support.errors import ClaimsError
from pytest_claims.support.record_types import DataRecord

if TYPE_CHECKING:
    from pytest_claims.data.sets import DataSet, Located


class DataSets:
    """The data sets of a session, each located once."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._declared: dict[DataSet, Located] = {}
        self._located: dict[str, Located] = {}

    def locate(self, dataset: DataSet, *, offline: bool) -> Located | None:
        """Find a data set; where nothing real is to be had, its stand-in if it has one.

        Raises
        ------
        ClaimsError
            If another data set of this name has been found, with other content.
        """
        from pytest_claims.data.locate import locate
        from pytest_claims.fingerprint.fingerprint import code_digest

        if dataset not in self._declared:
            code = code_digest({"read": dataset.read, "convert": dataset.convert}, name=dataset.name)
            located = locate(dataset, directory=self._directory, offline=offline, code=code)
            if located is None:
                return None
            self.adopt(dataset.name, located)
            self._declared[dataset] = located
        return self._declared[dataset]

    def adopt(self, name: str, located: Located) -> None:
        """Take a data set as found elsewhere."""
        known = self._located.setdefault(name, located)
        if known.content_hash != located.content_hash:
            raise ClaimsError(
                f"two data sets are called {name!r}, and their contents differ: their hashes begin with "
                f"{known.content_hash[:12]} and {located.content_hash[:12]}. Give one of them another name"
            )

    def record(self) -> list[DataRecord]:
        """Which data were used, for the report."""
        return [
            {"name": name, "kind": found.kind, "content_hash": found.content_hash, "origin": found.origin}
            for name, found in sorted(self._located.items())
        ]

    def line(self) -> str:
        """Which data were used, in a line."""
        parts = [f"{name} {found.kind} ({found.origin})" for name, found in sorted(self._located.items())]
        return ", ".join(part.replace(" (stand-in)", "") for part in parts)

    def notes(self) -> list[str]:
        """Why a stand-in is used, a line for each data set for which one is."""
        return [found.note for _, found in sorted(self._located.items()) if found.note]
