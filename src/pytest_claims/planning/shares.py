"""Division of the missing runs among several processes. Each process computes the same division by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from pytest_claims.catalogue.arms import Arm

if TYPE_CHECKING:
    from pytest_claims.planning.plan import Key, Planned

Pending = Mapping["Key", tuple[int, ...]]
Piece = tuple["Key", tuple[int, ...]]

SEEDS_OF_A_PIECE = 5
"""Seeds in a piece of a costly arm: so few that no process waits long for the last piece."""

_NOT_COMPILED = ("optimizer", "measurements", "initial_weights")


@dataclass(frozen=True)
class Worker:
    """One of several processes.

    Parameters
    ----------
    index
        The process' number, from 0.
    count
        Number of processes.
    """

    index: int
    count: int


def pieces(
    pending: Pending,
    planned: Mapping[Key, Planned],
    seconds: Callable[[Key], float | None],
    worker: Worker,
    compiled: Collection[str] = (),
) -> list[Piece]:
    """Order one worker's pieces.

    Programs it has already compiled come first, then its own share, then the other workers' leftovers in reverse order.
    Arms of the same compiled program stay together, since each process compiles its own programs.

    Parameters
    ----------
    pending
        Seeds to train, by arm.
    planned
        The arms.
    seconds
        Gives the seconds per run of an arm; ``None`` if unknown.
    worker
        The worker.
    compiled
        Programs (`program_of`) that this worker has compiled at an earlier look.
    """
    each = {key: seconds(key) for key in pending}
    costs = _costs(pending, each)
    shares = deal(costs, planned, worker.count)
    known = [key for share in shares for key in share if program_of(planned[key]) in compiled]
    own = shares[worker.index]
    others = [key for index, share in enumerate(shares) if index != worker.index for key in reversed(share)]
    # An arm above this cost would keep one process busy while the others wait. An arm of unknown cost may do so.
    due = sum(costs.values()) / (2 * worker.count)
    return [
        (key, seeds)
        for key in dict.fromkeys([*known, *own, *others])
        for seeds in (_blocks(pending[key]) if each[key] is None or costs[key] > due else [pending[key]])
    ]


def deal(costs: Mapping[Key, float], planned: Mapping[Key, Planned], num_processes: int) -> list[list[Key]]:
    """Deal out arms, those of one program together. Each time the costliest goes to the process with the least work."""
    groups: dict[str, list[Key]] = {}
    for key in costs:
        groups.setdefault(program_of(planned[key]), []).append(key)
    loads: list[float] = [0.0] * num_processes
    shares: list[list[Key]] = [[] for _ in range(num_processes)]
    for group in sorted(groups.values(), key=lambda keys: -sum(costs[key] for key in keys)):
        least = loads.index(min(loads))
        loads[least] += sum(costs[key] for key in group)
        shares[least] += group
    return shares


def _costs(pending: Pending, each: Mapping[Key, float | None]) -> dict[Key, float]:
    """Seconds for all seeds of each arm. An arm of unknown cost counts as a typical arm."""
    known = sorted(value for value in each.values() if value)
    typical = known[len(known) // 2] if known else 1.0
    return {key: (each[key] or typical) * len(seeds) for key, seeds in pending.items()}


def program_of(planned: Planned) -> str:
    """The part of an arm's declaration that determines its compiled program; for a measurement, its name."""
    if not isinstance(planned.source, Arm):
        return planned.name
    kept = {name: value for name, value in planned.declaration.items() if name not in _NOT_COMPILED}
    return json.dumps(kept, sort_keys=True, default=str)


def _blocks(seeds: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [tuple(block) for _, block in groupby(seeds, lambda seed: seed // SEEDS_OF_A_PIECE)]
