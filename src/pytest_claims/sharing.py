"""Who trains what first, where several processes share the work: all come to the same division by themselves."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pytest_claims.arms import Arm

if TYPE_CHECKING:
    from pytest_claims.plan import Key, Planned

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

    @classmethod
    def of(cls, workerinput: Mapping[str, Any]) -> Worker:
        """The worker that xdist's ``workerinput`` describes."""
        return cls(int(workerinput["workerid"].removeprefix("gw")), int(workerinput["workercount"]))


def pieces(
    pending: Pending,
    planned: Mapping[Key, Planned],
    seconds: Callable[[Key], float | None],
    worker: Worker,
    homes: MutableMapping[str, int] | None = None,
) -> list[Piece]:
    """Order the work of one process: its own share first, then what is left of the others', their last first.

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
    homes
        Whose share each program was before, so that nobody compiles at a second look what another has compiled at the
        first; further ones are added.
    """
    costs = _costs(pending, seconds)
    shares = deal(costs, planned, worker.count, homes)
    others = [key for index, share in enumerate(shares) if index != worker.index for key in reversed(share)]
    # What costs more than its due would keep one process busy while the others wait; what nobody knows may do so.
    due = sum(costs.values()) / (2 * worker.count)
    return [
        (key, seeds)
        for key in [*shares[worker.index], *others]
        for seeds in (_blocks(pending[key]) if seconds(key) is None or costs[key] > due else [pending[key]])
    ]


def deal(
    costs: Mapping[Key, float],
    planned: Mapping[Key, Planned],
    num_processes: int,
    homes: MutableMapping[str, int] | None = None,
) -> list[list[Key]]:
    """Deal out arms, those of one program together, costliest first, each time to the process that has least so far.

    Programs that have a home go there first of all.
    """
    homes = {} if homes is None else homes
    groups: dict[str, list[Key]] = {}
    for key in costs:
        groups.setdefault(_program(planned[key]), []).append(key)
    loads: list[float] = [0.0] * num_processes
    shares: list[list[Key]] = [[] for _ in range(num_processes)]
    totals = {program: sum(costs[key] for key in keys) for program, keys in groups.items()}
    for program in sorted(groups, key=lambda program: (program not in homes, -totals[program])):
        home = homes.setdefault(program, loads.index(min(loads)))
        loads[home] += totals[program]
        shares[home] += groups[program]
    return shares


def _costs(pending: Pending, seconds: Callable[[Key], float | None]) -> dict[Key, float]:
    """Seconds for all seeds of each arm; where nobody knows, those of a typical arm."""
    each = {key: seconds(key) for key in pending}
    known = sorted(value for value in each.values() if value)
    typical = known[len(known) // 2] if known else 1.0
    return {key: (each[key] or typical) * len(seeds) for key, seeds in pending.items()}


def _program(planned: Planned) -> str:
    """What an arm's declaration leaves the same in the program that is compiled for it; a measurement's own name."""
    if not isinstance(planned.source, Arm):
        return planned.name
    kept = {name: value for name, value in planned.declaration.items() if name not in _NOT_COMPILED}
    return json.dumps(kept, sort_keys=True, default=str)


def _blocks(seeds: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [tuple(block) for _, block in groupby(seeds, lambda seed: seed // SEEDS_OF_A_PIECE)]
