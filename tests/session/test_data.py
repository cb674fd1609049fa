"""Sessions on data sets of a catalogue's own: measured ones from a directory, and made-up ones."""

from __future__ import annotations

import pytest

DATA = """
import pytest
import numpy as np
from pytest_claims import DataSet, Measurement, arm

def read(path):
    with np.load(path, allow_pickle=False) as file:
        return dict(file)

def made_up():
    return {"x": np.random.default_rng(5).normal(1, 0.1, 100)}

def mean(arrays, tier, seed):
    return {"mean": float(np.random.default_rng(seed).choice(arrays["x"], 50).mean())}

MADE_UP = DataSet("Made up", "made_up.npz", read=read, stand_in=made_up, how_to_get="Use the fast tier.")
MEASURED = DataSet("Measured", "measured.npz", read=read, how_to_get="Ask the laboratory.")
of_made_up, of_measured = arm(Measurement(mean, MADE_UP)), arm(Measurement(mean, MEASURED))
"""

CLAIM = """
@pytest.mark.claim("A01", "Both are large.", tiers="{tier}")
def test_large(of_made_up, of_measured, judge):
    assert judge(of_made_up.measured("mean"), above=0.5) & judge(of_measured.measured("mean"), above=0.5)
"""


@pytest.fixture(autouse=True)
def data(catalogue, monkeypatch, tmp_path):
    import numpy as np

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    catalogue.pytester.makeconftest(DATA)
    (catalogue.path / "data").mkdir()
    np.savez(catalogue.path / "data" / "measured.npz", x=np.linspace(0.9, 1.1, 100))


def test_real_and_made_up_data_go_together(catalogue):
    catalogue.write(test_numbers=CLAIM.format(tier="fast"))

    result = catalogue.run("-m", "fast", "--claims-data=data")

    result.assert_outcomes(passed=1)
    origins = {data["name"]: (data["kind"], data["origin"]) for data in catalogue.record()["data"]}
    assert origins == {"Made up": ("stand-in", "stand-in"), "Measured": ("real", "directory")}


def test_full_tier_does_without_what_is_made_up(catalogue):
    catalogue.write(test_numbers=CLAIM.format(tier="full"))

    result = catalogue.run("-m", "full", "--claims-data=data", "-rs")

    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines("*the full tier needs the real data.*Ask the laboratory.*")


@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["one process", "two workers"])
def test_stand_in_without_a_seed_stops_the_session_before_anything_is_trained(catalogue, options):
    catalogue.pytester.makeconftest(DATA.replace("default_rng(5)", "default_rng()"))
    catalogue.write(test_numbers=CLAIM.format(tier="fast"))

    result = catalogue.run_apart("-m", "fast", "--claims-data=data", *options)

    assert result.ret != 0
    output = result.stdout.str() + result.stderr.str()
    assert "the stand-in of Made up gives other data each time" in output
    assert "INTERNALERROR" not in output


def test_stand_in_is_asked_twice_in_the_first_session_alone(catalogue):
    asked = "def made_up():\n    with open('asked', 'a') as file:\n        file.write('.')"
    catalogue.pytester.makeconftest(DATA.replace("def made_up():", asked))
    catalogue.write(test_numbers=CLAIM.format(tier="fast"))

    for times in (2, 3):
        catalogue.run_apart("-m", "fast", "--claims-data=data").assert_outcomes(passed=1)

        assert len((catalogue.path / "asked").read_text()) == times
