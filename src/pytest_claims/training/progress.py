"""Shows the progress of training: a bar on a terminal, else a line per arm."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import IO, Any

from pytest_claims.planning.plan import Key, Plan, Planned
from pytest_claims.support.text import duration, encodable


class Progress:
    """Shows the progress of training: a bar on a terminal, else a line per arm.

    Parameters
    ----------
    file
        File to write to; ``None`` shows nothing.
    uncaptured
        Opens a context in which pytest does not capture `file`.
    """

    def __init__(
        self, file: IO[str] | None, uncaptured: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> None:
        self._file = file
        self._uncaptured = uncaptured
        self._bar: Any = None
        self._weights: dict[Key, float] = {}
        self._num_missing: Callable[[], int] = int
        self._num_runs = 0

    @contextmanager
    def over(self, plan: Plan, missing: Mapping[Key, tuple[int, ...]]) -> Iterator[None]:
        """Show progress over missing runs, weighted by the seconds per epoch of their arms."""
        self._num_missing = lambda: sum(map(len, plan.missing(missing).values()))
        self._num_runs = sum(map(len, missing.values()))
        known = {key: plan.seconds_per_run(key) for key in missing}
        typical = [seconds for seconds in known.values() if seconds] or [1.0]
        self._weights = {
            key: (seconds or sum(typical) / len(typical)) / plan.arms[key].num_epochs for key, seconds in known.items()
        }
        if self._file is None or not self._file.isatty():
            yield
            return
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (
            TextColumn("training {task.description:<28.28}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
        )
        with self._uncaptured(), Bar(*columns, console=Console(file=self._file), transient=True) as bar:
            self._bar = bar
            total = sum(self._weights[key] * plan.arms[key].num_epochs * len(seeds) for key, seeds in missing.items())
            self._task = bar.add_task("", total=total)
            yield
            self._bar = None

    @contextmanager
    def arm(self, planned: Planned, num_seeds: int) -> Iterator[Callable[[int], None]]:
        """Show progress on one arm; yields a function that takes the number of epochs finished since its last call."""
        start = time.perf_counter()

        def advance(num_epochs: int) -> None:
            if self._bar is not None:
                self._bar.update(self._task, advance=num_epochs * self._weights.get(planned.fingerprint, 1.0))

        if self._bar is not None:
            self._bar.update(self._task, description=_label(planned))
        yield advance
        self._print(planned, num_seeds, time.perf_counter() - start)

    def add_finished(self, planned: Planned, num_seeds: int, seconds: float) -> None:
        """Show that another machine has finished some of an arm's runs in so many seconds."""
        if self._bar is not None:
            weight = self._weights.get(planned.fingerprint, 1.0)
            self._bar.update(self._task, description=_label(planned), advance=planned.num_epochs * num_seeds * weight)
        self._print(planned, num_seeds, seconds)

    def _print(self, planned: Planned, num_seeds: int, seconds: float) -> None:
        if self._bar is not None or self._file is None:
            return
        # Other processes train as well.
        num_done = self._num_runs - self._num_missing()
        with self._uncaptured():
            line = (
                f"claims: {_label(planned)}: {num_seeds} runs in {duration(seconds)} ({num_done} of {self._num_runs})"
            )
            print(encodable(line, self._file), file=self._file, flush=True)


def _label(planned: Planned) -> str:
    return f"{planned.name} [{planned.tier}]"
