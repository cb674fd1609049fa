"""Engines: each trains an arm on seeds and gives runs."""

from __future__ import annotations

from pytest_claims.engines.base import ENGINES, Engine, Job, RunResult, Trained, create

__all__ = ["ENGINES", "Engine", "Job", "RunResult", "Trained", "create"]
