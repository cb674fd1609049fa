"""The arms of a catalogue as people look for one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_claims.cli.store_contents import Declared
from pytest_claims.fingerprint.declarations import describe, differences

MOST_DIFFERENCES = 6
"""Arms that differ in more have nothing in common that would help to tell them apart."""


@dataclass(frozen=True)
class _Listed:
    """An arm with what is searched and shown of it."""

    name: str
    place: tuple[str, int] | None
    sentence: str
    declaration: Any

    def matches(self, words: Sequence[str]) -> bool:
        """Whether its name, sentence or declaration has all of the words."""
        text = f"{self.name} {self.sentence} {json.dumps(self.declaration, ensure_ascii=False)}".lower()
        return all(word.lower() in text for word in words)


def listed(sources: Sequence[Declared], words: Sequence[str] = ()) -> str:
    """List arms: name, file and line, sentence, and how each differs from the arm nearest to it.

    Parameters
    ----------
    sources
        The arms and measurements of a catalogue.
    words
        Only those are listed whose name, sentence or declaration has all of these.

    Raises
    ------
    ValueError
        No arm has all of the words.
    """
    unique = {(one.name, id(one.source)): one for one in sources}.values()
    arms = [_Listed(one.name, one.place, one.sentence, describe(one.source)) for one in unique]
    arms.sort(key=lambda arm: (arm.place or ("", 0), arm.name))
    found = [arm for arm in arms if arm.matches(words)]
    if not found:
        raise ValueError(f"none of the {len(arms)} arms has {' and '.join(map(repr, words))}")
    return "\n".join(line for arm in found for line in _lines(arm, arms))


def _lines(arm: _Listed, arms: Sequence[_Listed]) -> list[str]:
    where = f"  {_shown(arm.place)}" if arm.place else ""
    lines = [f"{arm.name}{where}"]
    if arm.sentence:
        lines.append(f"    {arm.sentence}")
    nearest, differing = _nearest(arm, arms)
    if nearest is not None:
        lines.append(f"    differs from {nearest.name}: {'; '.join(differing)}")
    return lines


def _nearest(arm: _Listed, arms: Sequence[_Listed]) -> tuple[_Listed | None, list[str]]:
    """The arm that differs in fewest points, the first one of several; ``None`` if all differ in too many."""
    compared = [(differences(other.declaration, arm.declaration), other) for other in arms if other is not arm]
    near = [(found, other) for found, other in compared if 0 < len(found) <= MOST_DIFFERENCES]
    if not near:
        return None, []
    found, other = min(near, key=lambda pair: (len(pair[0]), sum(map(len, pair[0]))))
    return other, found


def _shown(place: tuple[str, int]) -> str:
    file, line = Path(place[0]), place[1]
    return f"{file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file}:{line}"
