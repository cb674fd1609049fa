"""Lists and searches the arms of a catalogue."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_claims.cli.store_contents import Declared
from pytest_claims.fingerprint.declarations import describe, differences

MOST_DIFFERENCES = 6
"""Arms with more differences are not compared, since such a list would not help."""


@dataclass(frozen=True)
class _Listed:
    """An arm with its searched and shown texts."""

    name: str
    place: tuple[str, int] | None
    sentence: str
    declaration: Any

    def matches(self, words: Sequence[str]) -> bool:
        """True if the arm's name, sentence and declaration together contain all words."""
        text = f"{self.name} {self.sentence} {json.dumps(self.declaration, ensure_ascii=False)}".lower()
        return all(word.lower() in text for word in words)


def listed(sources: Sequence[Declared], words: Sequence[str] = ()) -> str:
    """List arms: name, file and line, sentence, and the differences from the most similar arm.

    Parameters
    ----------
    sources
        The arms and measurements of a catalogue.
    words
        Lists only arms whose name, sentence and declaration together contain all these words.

    Raises
    ------
    ValueError
        If no arm contains all words.
    """
    unique = {(arm.name, id(arm.source)): arm for arm in sources}.values()
    arms = [_Listed(arm.name, arm.place, arm.sentence, describe(arm.source)) for arm in unique]
    arms.sort(key=lambda arm: (arm.place or ("", 0), arm.name))
    matching = [arm for arm in arms if arm.matches(words)]
    if not matching:
        raise ValueError(f"none of the {len(arms)} arms has {' and '.join(map(repr, words))}")
    return "\n".join(line for arm in matching for line in _lines(arm, arms))


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
    """The first arm with the fewest differences, and these; ``None`` if all arms have too many differences."""
    compared = [(differences(other.declaration, arm.declaration), other) for other in arms if other is not arm]
    near = [(differing, other) for differing, other in compared if 0 < len(differing) <= MOST_DIFFERENCES]
    if not near:
        return None, []
    differing, nearest = min(near, key=lambda pair: (len(pair[0]), sum(map(len, pair[0]))))
    return nearest, differing


def _shown(place: tuple[str, int]) -> str:
    file, line = Path(place[0]), place[1]
    return f"{file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file}:{line}"
