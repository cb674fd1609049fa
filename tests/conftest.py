"""What the tests of the plugin share: a catalogue of claims about random numbers, which needs no training."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import filelock  # noqa: F401
import jinja2  # noqa: F401
import pytest
import rich.table  # noqa: F401
import scipy.stats  # noqa: F401

# What Keras compiles runs for milliseconds here, and takes seconds to optimize. The engine's programs are as ever.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

# pytester forgets the modules that an inner run imports. NumPy and what is built on it must not be imported twice in a
# process, so they are imported here, before any inner run.

ARMS = """
import numpy as np
from functools import partial
from pytest_claims import Measurement, arm

def normal(arrays, tier, seed, *, mean, sd, stream):
    value = np.random.default_rng([seed, stream]).normal(mean, sd)
    return {"accuracy": value, "twice": 2 * value}

low = arm(Measurement(partial(normal, mean=0.5, sd=0.01, stream=1)))
high = arm(Measurement(partial(normal, mean=0.6, sd=0.01, stream=2)))
wide = arm(Measurement(partial(normal, mean=0.51, sd=0.012, stream=3)))
vague = arm(Measurement(partial(normal, mean=0.5, sd=0.5, stream=4)))
"""

HEAD = """
import pytest
pytestmark = pytest.mark.section("Numbers")
"""


WITHOUT = ("-p", "no:cacheprovider", "-p", "no:benchmark", "-p", "no:randomly")
"""Other plugins that inner runs do without: tests assert in which order claims are told."""


class Catalogue:
    """A catalogue of claims in a directory of its own."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.path = pytester.path
        pytester.makeini(
            "[pytest]\naddopts = --strict-markers\nfilterwarnings = error\nxfail_strict = true\n"
            "claims_lecture = Numbers"
        )
        pytester.makeconftest(ARMS)

    def write(self, **modules: str) -> None:
        self.pytester.makepyfile(**{name: HEAD + body for name, body in modules.items()})

    def claim(self, name: str = "A01", body: str = "judge(high.measured('accuracy'), above=0.55)", **mark: Any) -> None:
        """Write a catalogue of one claim."""
        keywords = "".join(f", {key}={value!r}" for key, value in mark.items())
        arms = ", ".join(arm for arm in ("low", "high", "wide", "vague") if arm in body)
        self.write(
            test_numbers=f'@pytest.mark.claim("{name}", "High is high."{keywords})\n'
            f"def test_high({arms}, judge):\n    verdict = {body}\n    assert verdict\n"
        )

    def run(self, *options: str) -> pytest.RunResult:
        return self.pytester.runpytest_inprocess(*WITHOUT, *options)

    def run_apart(self, *options: str) -> pytest.RunResult:
        return self.pytester.runpytest_subprocess(*WITHOUT, *options)

    def record(self, name: str = "claims") -> Any:
        from pytest_claims.record.schema import read_record

        return read_record(self.path / "reports" / f"{name}.json")

    @property
    def store(self) -> Path:
        return self.path / ".claims" / "runs.sqlite"


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let an interrupt reach this process and its children.

    A shell lets what it starts in the background ignore interrupts. Children inherit that, but not a handler.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def catalogue(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    for variable in ("CLAIMS_DATA", "CLAIMS_STORE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("CLAIMS_OFFLINE", "1")
    return Catalogue(pytester)
