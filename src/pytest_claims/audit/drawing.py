"""Which runs are audited: a random sample, from one recorded integer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Drawn:
    """A run that was drawn.

    Parameters
    ----------
    arm
        Its name.
    seed
        Of the run.
    sections
        For which sections of the lecture it stands.
    """

    arm: str
    seed: int
    sections: tuple[str, ...]


def draw(sections: Mapping[str, Mapping[str, Sequence[int]]], audit_seed: int) -> list[Drawn]:
    """Draw an arm for each section, and a seed of each arm.

    A section gets an arm that no section before it has got. Where it has no other, one drawn already stands for both:
    its runs are the same in either, and to train one of them twice would show nothing more.

    Parameters
    ----------
    sections
        By section, its arms; by arm, the seeds whose runs are there. Their order does not matter.
    audit_seed
        Fixes the draw.

    Raises
    ------
    ValueError
        A section has no arm, or an arm no seed.

    Examples
    --------
    >>> seeds = range(10)
    >>> draw({"Noise": {"noise": seeds}, "Capacity": {"small": seeds, "large": seeds}}, audit_seed=1)
    [Drawn(arm='large', seed=5, sections=('Capacity',)), Drawn(arm='noise', seed=7, sections=('Noise',))]
    """
    rng = np.random.default_rng(audit_seed)
    sections_of: dict[str, list[str]] = {}
    for section, arms in sorted(sections.items()):
        if not arms or not all(arms.values()):
            raise ValueError(f"section {section!r} has {dict(arms)}: expected arms, and seeds of each, to draw from")
        candidates = sorted(arms.keys() - sections_of.keys()) or sorted(arms)
        sections_of.setdefault(candidates[rng.integers(len(candidates))], []).append(section)
    seeds = {name: sorted(found) for arms in sections.values() for name, found in arms.items()}
    return [
        Drawn(name, int(seeds[name][rng.integers(len(seeds[name]))]), tuple(found))
        for name, found in sorted(sections_of.items())
    ]
