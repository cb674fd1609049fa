"""Seconds per epoch of the lecture's networks, by engine. Run it once per engine, on a machine that does nothing else.

``pytest benchmarks --claims-data DIR --benchmark-save stacked``, then the same with ``--claims-engine fit``. With data
the epochs are of the full size, else of the stand-ins in the fast tier.
"""

from dataclasses import replace

import pytest

from fixtures import arms
from pytest_claims.data import locate
from pytest_claims.engines import Job, create
from pytest_claims.session import session_of

NUM_EPOCHS = 3


@pytest.fixture(scope="session")
def options(request):
    return session_of(request.config).options


@pytest.fixture(scope="session")
def engine(options):
    return create(options.engine)


@pytest.mark.parametrize(
    "name", ["mnist_baseline", "mnist_96_96", "mnist_logistic", "imdb_baseline", "imdb_4_4", "imdb_512_512"]
)
def test_epochs(benchmark, name, engine, options):
    source = replace(getattr(arms, name).__claims_source__, epochs=NUM_EPOCHS)
    located = locate(source.data.dataset, directory=options.data, offline=True)
    tier = "full" if located.kind == "real" else "fast"

    def train():
        return list(engine.train(Job(source, tier, (900,), located.arrays)))

    [run] = benchmark.pedantic(train, rounds=5, warmup_rounds=1)

    benchmark.extra_info.update(engine=engine.name, tier=tier, seconds_per_epoch=run.seconds / NUM_EPOCHS)
    assert len(run.history["loss"]) == NUM_EPOCHS
