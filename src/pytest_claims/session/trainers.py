"""Chooses the trainer of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_claims.planning.plan import Plan
from pytest_claims.planning.shares import Worker
from pytest_claims.training.trainer import Trainer

if TYPE_CHECKING:
    from pytest_claims.engines.base import Engine
    from pytest_claims.session.options import Options


def trainer_of(plan: Plan, options: Options, worker: Worker | None) -> Trainer:
    """The trainer of a session with these options."""
    if options.executor:
        from pytest_claims.training.dask_trainer import DaskTrainer

        return DaskTrainer(plan, options.executor)

    def make_engine() -> Engine:
        from pytest_claims.engines.base import create

        return create(options.engine)

    return Trainer(plan, make_engine if options.trains else None, worker=worker)
