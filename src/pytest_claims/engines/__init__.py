"""Engines: what turns an arm and seeds into runs."""

from __future__ import annotations

from pytest_claims.engines.base import ENGINES, Engine, Job, RunResult, Trained, create

__all__ = ["ENGINES", "Engine", "Job", "RunResult", "Trained", "create"]
