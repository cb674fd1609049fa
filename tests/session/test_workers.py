"""Several processes: the same verdicts and numbers, and nothing measured twice."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from types import SimpleNamespace

import pytest

from pytest_claims.planning.shares import Worker
from pytest_claims.session.workers import worker_of
from tests.helpers.four_claims import FOUR_CLAIMS


def scrubbed(record):
    changing = ("created", "duration_seconds", "num_trained", "arms")
    return {key: value for key, value in record.items() if key not in changing}


def test_workers_come_to_the_same_record(four):
    alone = four.run_apart("--claims-store", "alone.sqlite")
    alone.assert_outcomes(passed=2, xfailed=2)
    record = four.record()
    together = four.run_apart("-n", "2", "--claims-store", "together.sqlite")
    together.assert_outcomes(passed=2, xfailed=2)
    assert scrubbed(four.record()) == scrubbed(record)


def test_workers_measure_nothing_twice(four):
    four.run_apart("-n", "3")
    with closing(sqlite3.connect(four.store)) as connection:
        [(count,)] = connection.execute("SELECT count(*) FROM runs").fetchall()
    assert count == 10 + 10 + 20
    assert four.record()["num_trained"] == count


def test_mistakes_are_told_under_workers_too(four):
    four.write(test_numbers=FOUR_CLAIMS.replace("test_low(low", "test_low(lwo"))
    result = four.run_apart("-n", "2")
    assert result.ret != 0
    assert "there is no arm 'lwo'; did you mean 'low'?" in result.stdout.str() + result.stderr.str()


def test_where_no_process_can_be_bound_workers_take_their_share_of_threads_and_say_so(catalogue):
    catalogue.pytester.makeconftest(
        "import os\n"
        "for name in ('sched_setaffinity', 'sched_getaffinity'):\n"
        "    if hasattr(os, name): delattr(os, name)\n"
        "os.cpu_count = lambda: 6\n"
        "from pytest_claims import Measurement, arm\n"
        "from pytest_claims.engines.processors import num_threads\n"
        "def threads(arrays, tier, seed):\n"
        "    return {'accuracy': num_threads()}\n"
        "high = arm(Measurement(threads))\n"
    )
    catalogue.write(
        test_threads='@pytest.mark.claim("A01", "A third each.")\n'
        "def test_threads(high, judge):\n"
        "    assert judge(high.measured('accuracy'), exactly=2)\n"
    )
    result = catalogue.run_apart("-n", "3")
    result.assert_outcomes(passed=1)
    (result.stdout if "cannot bind a process" in result.stdout.str() else result.stderr).fnmatch_lines(
        "claims: this system cannot bind a process to processors: *"
    )


def test_libraries_that_are_loaded_before_a_worker_is_bound_keep_to_its_processors(catalogue):
    catalogue.pytester.makeconftest(
        "import numpy\n"
        "from pytest_claims import Measurement, arm\n"
        "def most_threads(arrays, tier, seed):\n"
        "    import os\n"
        "    from threadpoolctl import threadpool_info\n"
        "    own = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else 1\n"
        "    pools = [pool['num_threads'] for pool in threadpool_info()]\n"
        "    return {'accuracy': max(pools) / own if pools else 1}\n"
        "high = arm(Measurement(most_threads))\n"
    )
    catalogue.write(
        test_threads='@pytest.mark.claim("A01", "A thread for each processor.")\n'
        "def test_threads(high, judge):\n"
        "    assert judge(high.measured('accuracy'), exactly=1)\n"
    )
    catalogue.run_apart("-n", "2").assert_outcomes(passed=1)


def test_fresh_store_is_started_once(four):
    four.run_apart("-n", "2")
    four.run_apart("-n", "2", "--claims-fresh")
    assert four.record()["num_trained"] == 40
    assert len(list(four.store.parent.glob("runs*.sqlite"))) == 2


@pytest.fixture
def three_processors(four):
    """A catalogue on a machine that has three processors, whatever this one has."""
    conftest = four.path / "conftest.py"
    conftest.write_text(
        "from pytest_claims.engines import processors\nprocessors.num_threads = lambda: 3\n" + conftest.read_text()
    )
    return four


AUTO = ("-m", "fast", "-n", "auto")


def num_workers(result: pytest.RunResult) -> int:
    found = [re.search(r"(\d+) workers \[", line) for line in result.outlines]
    return max((int(match[1]) for match in found if match), default=0)


def test_auto_is_as_many_workers_as_processors_whether_runs_are_missing_or_not(three_processors):
    first = three_processors.run_apart(*AUTO)
    first.assert_outcomes(passed=2, xfailed=2)
    record = three_processors.record()
    again = three_processors.run_apart(*AUTO)
    assert (num_workers(first), num_workers(again)) == (3, 3)
    assert scrubbed(three_processors.record()) == scrubbed(record)


def test_worker_is_read_from_what_xdist_tells_whatever_it_is_called():
    def number(name, count=2):
        config = SimpleNamespace(workerinput={"workerid": name, "workercount": count})
        return worker_of(config)

    assert number("gw3", 8) == Worker(3, 8)
    # A worker that replaces a lost one, and one that was named.
    assert number("gw2") == Worker(0, 2)
    assert number("alpha").index in (0, 1)
    assert worker_of(SimpleNamespace()) is None
