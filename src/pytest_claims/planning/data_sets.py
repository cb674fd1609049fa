"""Locates each data set of a session once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_claims.support.errors import ClaimsError
from pytest_claims.support.record_types import DataRecord

if TYPE_CHECKING:
    from pytest_claims.data.sets import DataSet, Located


class DataSets:
    """The data sets of a session, from `directory` if the user named one. Each is located once."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._declared: dict[DataSet, Located] = {}
        self._located: dict[str, Located] = {}

    def locate(self, dataset: DataSet, *, offline: bool) -> Located | None:
        """Find a data set. Without real data, give its stand-in, or ``None`` if it has none.

        Raises
        ------
        ClaimsError
            If a data set with the same name and other content was located before.
        """
        from pytest_claims.data.locate import locate
        from pytest_claims.fingerprint.fingerprint import code_digest

        if dataset not in self._declared:
            code = code_digest({"read": dataset.read, "convert": dataset.convert}, name=dataset.name)
            stand_in_code = code_digest({"stand_in": dataset.stand_in}, name=dataset.name)
            located = locate(
                dataset, directory=self._directory, offline=offline, code=code, stand_in_code=stand_in_code
            )
            if located is None:
                return None
            self.adopt(dataset.name, located)
            self._declared[dataset] = located
        return self._declared[dataset]

    def adopt(self, name: str, located: Located) -> None:
        """Add a data set that was located elsewhere."""
        known = self._located.setdefault(name, located)
        if known.content_hash != located.content_hash:
            raise ClaimsError(
                f"two data sets are called {name!r}, but their contents differ: their hashes begin with "
                f"{known.content_hash[:12]} and {located.content_hash[:12]}. Give one of them another name"
            )

    def record(self) -> list[DataRecord]:
        """The located data sets, for the record."""
        return [
            {"name": name, "kind": located.kind, "content_hash": located.content_hash, "origin": located.origin}
            for name, located in sorted(self._located.items())
        ]

    def line(self) -> str:
        """The located data sets, in one line for the terminal."""
        parts = [f"{name} {located.kind} ({located.origin})" for name, located in sorted(self._located.items())]
        return ", ".join(part.replace(" (stand-in)", "") for part in parts)

    def notes(self) -> list[str]:
        """One line for each stand-in, with the reason why it is used."""
        return [located.note for _, located in sorted(self._located.items()) if located.note]
