"""Who trains what first, where several processes share the work: all come to the same division by themselves."""

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
"""Of an arm too costly for one process: few enough that none waits long for the last piece."""

_NOT_COMPILED = ("optimizer", "measurements", "initial_weights")


@dataclass(frozen=True)
class Worker:
    """One of several processes.

    Parameters
    ----------
    index
        From 0.
    count
        How many there are.
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
    """Order the work of one process: what it has compiled, its own share, then what is left of the others', backwards.

    Arms that one compiled program trains stay together, since each process compiles for itself.

    Parameters
    ----------
    pending
        Seeds to train, by arm.
    planned
        The arms.
    seconds
        What a run of an arm takes; ``None`` where nobody knows.
    worker
        Whose order is wanted.
    compiled
        Programs (`program_of`) that this process has compiled at an earlier look, so that it need not be done again.
    """
    each = {key: seconds(key) for key in pending}
    costs = _costs(pending, each)
    shares = deal(costs, planned, worker.count)
    known = [key for share in shares for key in share if program_of(planned[key]) in compiled]
    own = shares[worker.index]
    others = [key for index, share in enumerate(shares) if index != worker.index for key in reversed(share)]
    # What costs more than its due would keep one process busy while the others wait; what nobody knows may do so.
    due = sum(costs.values()) / (2 * worker.count)
    return [
        (key, seeds)
        for key in dict.fromkeys([*known, *own, *others])
        for seeds in (_blocks(pending[key]) if each[key] is None or costs[key] > due else [pending[key]])
    ]


def deal(costs: Mapping[Key, float], planned: Mapping[Key, Planned], num_processes: int) -> list[list[Key]]:
    """Deal out arms, those of one program together, costliest first, each time to the process that has least so far."""
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
    """Seconds for all seeds of each arm; where nobody knows, those of a typical arm."""
    known = sorted(value for value in each.values() if value)
    typical = known[len(known) // 2] if known else 1.0
    return {key: (each[key] or typical) * len(seeds) for key, seeds in pending.items()}


def program_of(planned: Planned) -> str:
    """What an arm's declaration leaves the same in the program that is compiled for it; a measurement's own name."""
    if not isinstance(planned.source, Arm):
        return planned.name
    kept = {name: value for name, value in planned.declaration.items() if name not in _NOT_COMPILED}
    return json.dumps(kept, sort_keys=True, default=str)


def _blocks(seeds: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [tuple(block) for _, block in groupby(seeds, lambda seed: seed // SEEDS_OF_A_PIECE)]
