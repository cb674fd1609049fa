"""A record as a session would write it, with every verdict, rule and oddity in it; all numbers are invented."""

from __future__ import annotations

import math
import random
from typing import Any

NOISE, ZEROS = "mnist_noise", "mnist_zeros"
VERDICTS = ("refuted", "incompatible", "inconclusive", "compatible", "supported")
NOTE = {
    "quantity": f"val_accuracy, highest: {NOISE}", "unit": "accuracy", "difference": False, "seeds": list(range(10)),
    "values": [0.97, 0.971, 0.972, 0.973, 0.974, 0.975, 0.976, 0.977, 0.978, 0.979],
}  # fmt: skip
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


def part(rule: str = "superiority", verdict: str = "supported", **changes: Any) -> dict[str, Any]:
    """A part: by default a difference of two accuracies that lies well above its margin."""
    num_seeds = changes.get("num_seeds", 10)
    defaults: dict[str, Any] = {
        "quantity": f"val_accuracy, mean of the last 5 epochs: {ZEROS} − {NOISE}",
        "marks": [mark("val_accuracy", last_epochs=5)],
        "rule": rule,
        "verdict": verdict,
        "reason": None,
        "estimate": 0.0093,
        "low": 0.0071,
        "high": 0.0115,
        "confidence_level": 0.9997,
        "pvalue": 1e-7,
        "margin": 0.002,
        "alternative": "greater",
        "unit": "accuracy",
        "difference": True,
        "num_seeds": num_seeds,
        "seeds": list(range(num_seeds)),
        "at_least": None,
        "at_most": None,
        "collapsed": None,
        "censored": None,
        "trend_pvalue": None,
        "operands": [],
        "smallest_detectable_effect": None,
    }
    given = defaults | changes
    estimate = given["estimate"] or 0.0
    return {"values": around(estimate, num_seeds, estimate / 6), **given}


def mark(metric: str, *places: str, last_epochs: int | None = None) -> dict[str, Any]:
    """A mark of a metric's curve."""
    return {"metric": metric, "places": list(places), "last_epochs": last_epochs}


def around(mean: float, num_values: int, spread: float) -> list[float]:
    """Values with the given mean, in an order that looks like chance."""
    steps = [(7 * i % num_values - (num_values - 1) / 2) / num_values for i in range(num_values)]
    return [round(mean + 3 * spread * step, 6) for step in steps]


def event(count: int, num_seeds: int = 20, **changes: Any) -> dict[str, Any]:
    """A part about an event that happened in the first `count` runs."""
    share = count / num_seeds
    numbers = {"estimate": share, "low": max(0.0, share - 0.3), "high": min(1.0, share + 0.3), "pvalue": 0.0002}
    outcomes = [float(i < count) for i in range(num_seeds)]
    described = {
        "quantity": "val_accuracy, last epoch, from 0 to 0.12: mnist_fast",
        "marks": [mark("val_accuracy", "last")],
        "unit": "share",
        "difference": False,
    }
    ruled = {"alternative": "usually", "margin": 0.5, "values": outcomes, "num_seeds": num_seeds}
    return part("event", **numbers, **described, **(ruled | changes))


def exact(value: float = 407050.0, expected: float = 407050.0, verdict: str = "supported") -> dict[str, Any]:
    """A part that arithmetic decides."""
    return part(
        "exact", verdict, quantity="num_parameters: mnist_baseline", marks=[], unit="", difference=False,
        alternative="exactly",
        estimate=value, low=value, high=value, confidence_level=1.0, pvalue=None, margin=expected, num_seeds=1,
        values=[value],
    )  # fmt: skip


def log(deviation: float, verdict: str, pvalue: float) -> dict[str, Any]:
    """A part about a published log that lies some standard deviations off our runs."""
    return part(
        "log", verdict, quantity=f"val_accuracy, largest deviation from the other runs (the log's: epoch 3): {NOISE}",
        marks=[mark("val_accuracy")],
        alternative="as far", unit="deviations", difference=False, estimate=deviation, margin=deviation, low=0.0,
        high=3.4, confidence_level=0.95, pvalue=pvalue, values=around(2.5, 19, 0.4), num_seeds=19,
        published={"val_accuracy": [0.9, 0.93, 0.8]},
    )  # fmt: skip


def claim(claim_id: str, *parts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A claim whose verdict is that of its parts, and is the expected one."""
    verdicts = {held["verdict"] for held in parts}
    verdict = "not run" if not parts else next(v for v in VERDICTS if v in verdicts)
    num_seeds = max((held["num_seeds"] for held in parts), default=0)
    defaults: dict[str, Any] = {
        "id": claim_id,
        "tier": "fast",
        "section": "Noise channels and feature selection",
        "statement": "White-noise channels beside the pixels lower the validation accuracy.",
        "source": "L A N",
        "test": f"claims/test_noise_channels.py::test_{claim_id.lower()}[fast]",
        "verdict": verdict,
        "reason": next((held["reason"] for held in parts if held["verdict"] == verdict), None),
        "expected": verdict if parts else "supported",
        "expected_stability": None,
        "because": None,
        "outcome": "passed" if verdict in ("supported", "compatible") else "xfailed" if parts else "skipped",
        "message": None,
        "parts": list(parts),
        "notes": [],
        "arms": [ZEROS, NOISE],
        "data": ["MNIST"],
        "num_seeds": num_seeds,
        "reproduction": None,
        "stability": None,
        "look": None,
        "first_seed": 0,
    }
    if parts:
        defaults["stability"] = {"probability": 0.9985, "hangs_on_seeds": []}
        defaults["look"] = {
            "num_seeds": num_seeds,
            "alpha": 0.00015,
            "typical_alpha": 0.0,
            "first": True,
            "last": False,
        }
        defaults["reproduction"] = {"share": 0.9, "low": 0.555, "high": 0.9975, "count": 9, "num_seeds": 10}
    return defaults | changes


def arm(name: str, level: float, *, num_seeds: int = 10, num_epochs: int = 10, **declared: Any) -> dict[str, Any]:
    """An arm whose accuracy rises to `level`, and whose cross-entropy falls and rises again."""
    rng = random.Random(name)
    accuracies, losses = [], []
    for _ in range(num_seeds):
        shift = rng.gauss(0, 0.002)
        epochs = range(1, num_epochs + 1)
        accuracies.append([round(level - 0.08 / e + shift + rng.gauss(0, 0.001), 5) for e in epochs])
        losses.append([round(0.3 / e + 0.02 * e + 10 * abs(shift) + rng.gauss(0, 0.003), 5) for e in epochs])
    declaration = {"data": {"dataset": "MNIST"}, "model": {"call": "mlp", "hidden": [512]}, "epochs": num_epochs}
    return {
        "name": name,
        "tier": "fast",
        "fingerprint": f"{rng.getrandbits(128):032x}",
        "declaration": declaration | declared,
        "seeds": list(range(num_seeds)),
        "num_parameters": 808970,
        "seconds_per_run": 1.2,
        "curves": {"val_accuracy": curve(accuracies), "val_cross_entropy": curve(losses)},
    }


def curve(runs: list[list[float | None]]) -> dict[str, Any]:
    """A learning curve; where a run has no number, neither has the mean."""
    means: list[float | None] = []
    for values in zip(*runs, strict=True):
        known = [value for value in values if value is not None]
        means.append(round(sum(known) / len(known), 5) if len(known) == len(values) else None)
    spread = 0.004
    low = [mean if mean is None else round(mean - spread, 5) for mean in means]
    high = [mean if mean is None else round(mean + spread, 5) for mean in means]
    return {"mean": means, "low": low, "high": high, "runs": runs}


def diverging(name: str) -> dict[str, Any]:
    """An arm one of whose runs ends without numbers."""
    declared = arm(name, 0.6, optimizer={"call": "RMSprop", "learning_rate": 1.0})
    for metric, drawn in declared["curves"].items():
        broken = [[*drawn["runs"][0][:6], *[None] * 4], *drawn["runs"][1:]]
        declared["curves"][metric] = curve(broken)
    return declared


def claims() -> list[dict[str, Any]]:
    """Claims of every kind."""
    wide = {
        "values": around(0.003, 20, 0.004),
        "estimate": 0.003,
        "low": -0.001,
        "high": 0.007,
        "num_seeds": 20,
        "pvalue": 0.04,
    }
    same = {"alternative": "within", "margin": [-0.003, 0.003], "estimate": 0.0002, "low": -0.0011, "high": 0.0015,
            "values": around(0.0002, 10, 0.001)}  # fmt: skip
    ratio = {
        "quantity": "rise of val_cross_entropy after its minimum: imdb_l2 / imdb_baseline", "unit": "ratio",
        "difference": False, "alternative": "less", "margin": 0.5, "estimate": 0.62, "low": 0.545, "high": 0.7,
        "values": [0.55, 0.58, 0.6, 0.61, 0.62, 0.63, 0.64, 0.66, 0.7, math.inf],
        "marks": [mark("val_cross_entropy")],
    }  # fmt: skip
    turn = {
        "quantity": "epoch of the lowest val_cross_entropy: imdb_baseline", "unit": "epochs", "difference": False,
        "alternative": "within", "margin": [5.5, 6.5], "estimate": 5.9, "low": 5.62, "high": 6.18,
        "values": [6.0, 6.0, 5.0, 6.0, 6.0, 7.0, 6.0, 5.0, 6.0, 6.0], "marks": [mark("val_cross_entropy")],
    }  # fmt: skip
    nats = {
        "quantity": "val_cross_entropy, lowest: imdb_baseline", "unit": "nats", "difference": False,
        "margin": 0.3, "alternative": "less", "estimate": 0.2613, "low": 0.2587, "high": 0.2639,
        "values": around(0.2613, 10, 0.001), "marks": [mark("val_cross_entropy", "lowest")],
    }  # fmt: skip
    imdb = {"section": "Regularization", "arms": ["imdb_baseline", "imdb_l2"], "data": ["IMDB"], "source": None}
    rates = {"section": "Learning rates", "arms": ["mnist_fast"]}
    small = part(verdict="refuted", reason="negligible", estimate=0.0003, low=-0.0005, high=0.0011, pvalue=0.2)
    return [
        claim("C01", part()),
        claim("C02", part(verdict="inconclusive", reason="underpowered", **wide), because="Ten seeds differ too much."),
        claim("C03", part(), part(**wide, verdict="inconclusive", reason="straddles"), message="expected supported, "
              "got inconclusive", expected="supported", outcome="failed"),
        claim("C04", part("equivalence", **same), statement="All-zero channels change nothing."),
        claim("C05", message="MNIST is not here: set CLAIMS_DATA to the directory that holds it"),
        claim("C06", small, because="Sixty thousand images leave the network no reason to look at the noise.",
              notes=[NOTE]),
        claim("N01", event(19), exact(), **rates, statement="It <script>alert('x')</script> & \"stalls\" at chance."),
        claim("N02", event(11, verdict="inconclusive", reason="straddles"), **rates, statement=LONG_WORD * 4),
        claim("N03", exact(7690.0, 7850.0, "refuted"), **rates, outcome="failed", expected="supported",
              message="expected supported, got refuted"),
        claim("R07", part(verdict="refuted", reason="smaller", **ratio), **imdb, expected="inconclusive",
              expected_stability=0.84, message="expected inconclusive, got refuted (recorded stability 84 %)",
              statement="An L2 penalty makes the network much more resistant to overfitting.", because="The penalty "
              "halves the rise only where the weights are large, as the curves of the single runs show."),
        claim("R08", part("equivalence", **turn), part(**nats), **imdb, statement="It turns near epoch six at 0.26."),
        claim("P-near", log(2.5, "compatible", 0.45), section="Published training logs"),
        claim("P-far", log(21.3, "incompatible", 0.05), section="Published training logs", because="Made otherwise."),
        claim("R09", **imdb, outcome="error", message="ValueError: imdb_l2 has no measurement 'norms'"),
    ]  # fmt: skip


def certificate() -> dict[str, Any]:
    """Controls that passed, failed, and had nothing to check."""
    what = "Negated, with the sides exchanged, each comes to the same verdict."
    passed = {"name": "mirror", "what": what, "num_checked": 14, "failures": [], "exempt": {}, "figures": {}}
    exempt = {"N01": "an event is counted, and has no negative", "N02": "an event is counted, and has no negative"}
    return {
        "controls": [
            passed | {"exempt": exempt, "figures": {"tried": 14}},
            passed | {"name": "judged again", "failures": ["C01, accuracy: recorded as supported, refuted <now>"]},
            passed | {"name": "swapped arms", "num_checked": 0},
        ],
        "calibration": None,
        "audit": None,
    }


def record(**changes: Any) -> dict[str, Any]:
    """The whole record."""
    noise = {"data": {"dataset": "MNIST", "decode": {"call": "beside_noise", "channels": 784}}}
    zeros = {"data": {"dataset": "MNIST", "decode": {"call": "beside_zeros", "channels": 784}}}
    l2 = {"model": {"call": "mlp", "hidden": [16, 16], "l2": 0.002}}
    defaults: dict[str, Any] = {
        "schema": 4,
        "tier": "fast",
        "created": "2026-11-21T04:10:00+00:00",
        "partial": False,
        "duration_seconds": 61.2,
        "num_trained": 120,
        "lecture": "Fundamentals of machine learning",
        "engine": {"name": "stacked", "semantics": 1},
        "first_seed": 0,
        "looks": [10, 20],
        "alpha": 0.0005,
        "num_statistical": sum(
            any(held["rule"] not in ("exact", "log") for held in found["parts"])
            for found in changes.get("claims", claims())
        ),
        "family_error_rate": 0.0045,
        "environment": {
            "python": "3.11.7", "platform": "Linux x86_64", "pytest_claims": "0.1.0", "keras": "3.15.1",
        },
        "data": [
            {"name": "IMDB", "kind": "stand-in", "content_hash": "a0" * 32, "origin": "stand-in"},
            {"name": "MNIST", "kind": "real", "content_hash": "4f1c" * 16, "origin": "directory"},
        ],
        "arms": [
            arm(ZEROS, 0.98, **zeros),
            arm(NOISE, 0.97, **noise),
            diverging("mnist_fast"),
            arm("imdb_baseline", 0.88, num_epochs=20, model={"call": "mlp", "hidden": [16, 16]}),
            arm("imdb_l2", 0.885, num_epochs=20, **l2),
        ],
        "accounted": {
            "sections": [
                {
                    "number": 2,
                    "title": "Noise channels",
                    "assertions": [{"id": "C01", "claims": ["C01"]}, {"id": "C09", "claims": []}],
                },
            ],
            "not_testable": [{"what": "Paper can be <crumpled>.", "reason": "A picture."}],
        },
        "changed_verdicts": {"claims": [], "num_compared": 0, "foretold": 0.0, "limit": 0}
        if "claims" in changes
        else {"claims": ["R07"], "num_compared": 2, "foretold": 0.163, "limit": 1},
        "claims": claims(),
        "certificate": certificate(),
    }  # fmt: skip
    return defaults | changes
