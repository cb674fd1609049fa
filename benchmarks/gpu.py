"""The default engine on a graphics processor. `benchmarks/gpu.sh` calls this module, a process for each measurement.

Each measurement writes one file, ``NAME.json``. The full tier's runs go into ``runs.sqlite``.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
PUBLISHED = ROOT / "reports/lecture/runs.sqlite"
QUICK = os.environ.get("QUICK", "0") not in ("", "0")
TIER = "fast" if QUICK else "full"
SEEDS = (0, 1) if QUICK else tuple(range(10))
ROUNDS = 1 if QUICK else 3
ROUNDED = {"JAX_DEFAULT_MATMUL_PRECISION": "tensorfloat32"}
"""With it a Hopper or Ampere processor multiplies numbers of 32 bits with 10 bits of precision."""


@dataclass(frozen=True)
class Measurement:
    """What one process measures.

    Parameters
    ----------
    kind
        ``"equality"`` or ``"timing"``.
    measure
        Measures, and gives a JSON value.
    title
        The row's name in the table.
    environment
        Variables that hold before JAX is imported.
    """

    kind: str
    measure: Callable[[], dict[str, Any]]
    title: str
    environment: Mapping[str, str] = field(default_factory=dict)


def engine_arms() -> ModuleType:
    """The small arms of the equality tests. An installed package may be called ``tests``, too."""
    spec = importlib.util.spec_from_file_location("engine_arms", ROOT / "tests/helpers/engine_arms.py")
    assert spec
    assert spec.loader
    sys.modules[spec.name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def largest_difference(one: Mapping[str, list[float]], other: Mapping[str, list[float]]) -> float:
    """The largest difference between two histories, relative to the larger number, or to 1 if both are smaller."""
    names = one.keys() & other.keys()
    pairs = [np.array([one[name], other[name]]) for name in names]
    return max(float((np.abs(a - b) / np.maximum(1, np.maximum(np.abs(a), np.abs(b)))).max()) for a, b in pairs)


def equality() -> dict[str, Any]:
    """One epoch of small networks: against Keras' `fit` on JAX, stacked against one by one, and the same again."""
    small = engine_arms()
    from pytest_claims.engines import create

    one_by_one, stacked = create("stacked"), create("stacked")
    one_by_one.stack, stacked.stack = 1, 3
    if os.environ.get("JAX_ENABLE_X64"):
        import keras

        keras.config.set_floatx("float64")
        # With 64 bits Keras' `fit` fails on cuDNN's LSTM.
        sys.modules["keras.src.backend.jax.rnn"].cudnn_ok = lambda *_, **__: False  # type: ignore[attr-defined]
    found = {}
    for name, compared in small.COMPARED_WITH_KERAS.items():
        arm = replace(compared, epochs=1)
        ours = small.histories(one_by_one, arm)[0]
        together, again = (small.histories(stacked, arm, (0, 1, 2)) for _ in range(2))
        apart = small.histories(one_by_one, arm, (0, 1, 2))
        found[name] = {
            "against Keras": largest_difference(ours, small.keras_history(arm)),
            "stacked against one by one": max(map(largest_difference, together, apart)),
            "the same again": together == again,
        }
    return found


def dense() -> Any:
    """The lecture's network on images."""
    from fixtures.arms import MNIST_BASELINE

    return MNIST_BASELINE


def imdb() -> Any:
    """The lecture's largest network on reviews."""
    from fixtures.arms import IMDB_BASELINE
    from fixtures.networks.dense import mlp

    return replace(IMDB_BASELINE, model=partial(mlp, hidden=(512, 512), units=1, activation="sigmoid"))


def patches() -> Any:
    """The catalogue's convolutions, written as matrix products."""
    from fixtures.gradient_descent import arms

    return arms.mnist_convnet.__claims_source__


def convolutions(input_shape: tuple[int, ...]) -> Any:
    """Two of Keras' convolutions for images."""
    from keras import Input, Sequential, layers

    images = [Input(input_shape), layers.Reshape((28, 28, 1))]
    hidden = [layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D()]
    hidden += [layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D()]
    return Sequential([*images, *hidden, layers.Flatten(), layers.Dense(10, "softmax")])


def lstm(input_shape: tuple[int, ...]) -> Any:
    """An LSTM that reads an image row by row."""
    from keras import Input, Sequential, layers

    return Sequential([Input(input_shape), layers.Reshape((28, 28)), layers.LSTM(64), layers.Dense(10, "softmax")])


def on_images(model: Callable[..., Any]) -> Any:
    """Train another network on images, for two epochs."""
    return replace(dense(), model=model, epochs=2)


def timing(make_arm: Callable[[], Any], published: str | None = None) -> dict[str, Any]:
    """One seed, ten seeds stacked, and ten seeds one by one: seconds, memory and numbers."""
    from benchmarks.contenders import raw_arrays
    from pytest_claims.engines import Job, create

    arm = make_arm()
    if QUICK:
        arm = replace(arm, epochs=1)
    arrays = raw_arrays(arm.data.dataset, os.environ["CLAIMS_DATA"])
    one_by_one, stacked = create("stacked"), create("stacked")
    one_by_one.stack, stacked.stack = 1, len(SEEDS)
    found: dict[str, Any] = {"num_seeds": len(SEEDS)}
    histories: dict[str, Any] = {}
    for name, engine, seeds in (
        ("one seed", one_by_one, SEEDS[:1]),
        ("one by one", one_by_one, SEEDS),
        ("stacked", stacked, SEEDS),
    ):
        taken, seen = [], []
        for _ in range(1 + (1 if name == "one by one" else ROUNDS)):
            started = time.perf_counter()
            runs = list(engine.train(Job(arm, TIER, seeds, arrays)))
            taken.append(time.perf_counter() - started)
            seen.append([run.history for run in runs])
        histories[name] = seen[-1]
        warm = statistics.median(taken[1:])
        found[name] = {
            "seconds": warm,
            "rounds": taken[1:],
            "seconds of epochs alone": sum(run.seconds for run in runs),
            "seconds more at first": taken[0] - warm,
            "bytes at most": peak_bytes(),
            "the same again": all(one == seen[0] for one in seen),
        }
    found["stacked against one by one"] = apart(histories["stacked"], histories["one by one"])
    if published and not QUICK:
        found["stacked against published"] = apart(histories["stacked"], published_histories(published))
    return found


def apart(ours: list[Any], theirs: list[Any]) -> dict[str, Any]:
    """How far runs of the same seeds lie apart, in the validation cross-entropy, beside the spread over seeds."""
    name = "val_cross_entropy"
    one, other = (np.array([history[name] for history in histories]) for histories in (ours, theirs))
    return {
        "first epoch": float(np.abs(one - other)[:, 0].max()),
        "last epoch": float(np.abs(one - other)[:, -1].max()),
        "means, last epoch": [float(one[:, -1].mean()), float(other[:, -1].mean())],
        "spread over seeds": float(other[:, -1].std(ddof=1)),
    }


def published_histories(arm: str) -> list[Any]:
    """The histories of the published runs of an arm, which a CPU has trained."""
    from pytest_claims.store.store import Store

    with Store.open(PUBLISHED, read_only=True) as store:
        fingerprint = next(row.fingerprint for row in store.summary() if (row.arm, row.tier) == (arm, "full"))
        return [run.history for run in store.runs(fingerprint, SEEDS)]


def peak_bytes() -> int | None:
    """The most memory of the device that this process has used so far; ``None`` on a CPU."""
    import jax

    statistics_of_device = jax.devices()[0].memory_stats()
    return statistics_of_device and statistics_of_device["peak_bytes_in_use"]


MEASUREMENTS = {
    "equality": Measurement("equality", equality, "exact products"),
    "equality-rounded": Measurement("equality", equality, "rounded products (TF32)", ROUNDED),
    "equality-64": Measurement("equality", equality, "64 bits", {"JAX_ENABLE_X64": "1"}),
    "dense": Measurement("timing", partial(timing, dense, "mnist_baseline"), "784-512-10"),
    "dense-rounded": Measurement("timing", partial(timing, dense, "mnist_baseline"), "784-512-10, rounded", ROUNDED),
    "imdb": Measurement("timing", partial(timing, imdb, "imdb_512_512"), "IMDB 512-512"),
    "imdb-rounded": Measurement("timing", partial(timing, imdb, "imdb_512_512"), "IMDB 512-512, rounded", ROUNDED),
    "patches": Measurement("timing", partial(timing, patches, "mnist_convnet"), "the catalogue's convolutions"),
    "convolutions": Measurement("timing", partial(timing, partial(on_images, convolutions)), "Keras' convolutions"),
    "lstm": Measurement("timing", partial(timing, partial(on_images, lstm)), "LSTM of 64 units"),
}


def measure(name: str, output: Path) -> None:
    """Make one measurement, unless its file is there."""
    path = output / f"{name}.json"
    if path.exists():
        return
    chosen = MEASUREMENTS[name]
    os.environ.update(chosen.environment, KERAS_BACKEND="jax")
    if chosen.kind == "equality":
        os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    started = time.perf_counter()
    found = chosen.measure()
    write(path, {"machine": machine(), "seconds": time.perf_counter() - started, "found": found})
    print(f"{name}: {time.perf_counter() - started:.0f} s", flush=True)


def machine() -> dict[str, Any]:
    """The device, its driver, and versions."""
    import jax

    from pytest_claims.engines.provenance import environment

    return {
        "device": jax.devices()[0].device_kind,
        "driver": nvidia_smi("driver_version"),
        "memory, MiB": nvidia_smi("memory.total"),
        "processors": len(os.sched_getaffinity(0)),
        "date": time.strftime("%Y-%m-%d"),
        **environment(),
    }


def nvidia_smi(quantity: str) -> str | None:
    """What the driver's tool says of the first graphics processor; ``None`` without the tool."""
    try:
        done = subprocess.run(
            ["nvidia-smi", f"--query-gpu={quantity}", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.splitlines()[0].strip()


def write(path: Path, value: Any) -> None:
    """Write a file in one step, so that there is none after an interruption."""
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(value, indent=1), encoding="utf-8")
    unfinished.replace(path)


def train(output: Path, seconds: float, workers: str) -> None:
    """Train the catalogue's missing runs for so many seconds, and add a row to ``full.json``."""
    path = output / "full.json"
    rounds = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    if rounds and rounds[-1]["finished"]:
        return
    before = stored(output)
    pytest = [sys.executable, "-m", "pytest", "-m", TIER, "-n", workers, "-q", "-p", "no:cacheprovider"]
    # An installed pytest-benchmark warns of workers, and warnings are errors here.
    pytest += ["-p", "no:benchmark", "claims"]
    pytest += [f"--claims-store={output / 'runs.sqlite'}", f"--claims-report={output / 'report'}"]
    if QUICK:
        pytest += ["-k", "R13", "--claims-seeds=2"]
    log = output / "full.log"
    with log.open("a", encoding="utf-8") as lines:
        started = time.perf_counter()
        # Memory is taken as needed, so that the driver's tool shows what is used.
        process = subprocess.Popen(
            pytest,
            cwd=ROOT,
            env=os.environ | {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"},
            stdout=lines,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        most = watched(process, seconds)
        taken = time.perf_counter() - started
        stop(process)
    after = stored(output)
    rounds.append(
        {
            "workers": workers,
            "seconds": taken,
            "finished": process.returncode in (0, 1),
            "trained": {kind: after[kind] - before[kind] for kind in after},
            "stored": after,
            "driver's megabytes at most": most,
        }
    )
    write(path, rounds)
    print(log.read_text(encoding="utf-8")[-2000:], flush=True)


def watched(process: subprocess.Popen[Any], seconds: float) -> int | None:
    """Wait for the process, at most so long; returns the most memory of the device that was used, in megabytes."""
    seen: list[int] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(2) and (used := nvidia_smi("memory.used")):
            seen.append(int(used))

    watcher = threading.Thread(target=look)
    watcher.start()
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    ended.set()
    watcher.join()
    return max(seen, default=None)


def stop(process: subprocess.Popen[Any]) -> None:
    """Interrupt the process as a user would; end it and its workers if that does not help."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(15)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def stored(output: Path) -> dict[str, int]:
    """Number of stored runs that an engine has trained, and of measurements without one."""
    from pytest_claims.store.store import Store

    path = output / "runs.sqlite"
    if not path.exists():
        return {"runs": 0, "measurements": 0}
    with Store.open(path, read_only=True) as store:
        rows = [row for row in store.summary() if row.tier == TIER]
    counts = {"runs": 0, "measurements": 0}
    for row in rows:
        counts["measurements" if row.engine == "measurement" else "runs"] += row.num_seeds
    return counts


def table(output: Path) -> str:
    """All that was measured, in Markdown."""
    read = {
        name: json.loads(path.read_text(encoding="utf-8"))
        for name in [*MEASUREMENTS, "full"]
        if (path := output / f"{name}.json").exists()
    }
    rounds = read.pop("full", [])
    parts = [machine_table(read), equality_table(read), timing_table(read), numbers_table(read), rounds_table(rounds)]
    return "\n\n".join(part for part in parts if part)


def in_markdown(head: str, rows: list[list[str]]) -> str:
    """A table, or nothing if it has no rows."""
    lines = [head, *(" | ".join(cells) for cells in [["---"] * len(rows[0]), *rows])] if rows else []
    return "\n".join(f"| {line} |" for line in lines)


def machine_table(read: Mapping[str, Any]) -> str:
    """The machines of all measurements, mostly one."""
    machines = {json.dumps(one["machine"], sort_keys=True): one["machine"] for one in read.values()}
    rows = [[name, str(value)] for machine in machines.values() for name, value in machine.items() if value]
    return in_markdown("machine | ", rows)


def equality_table(read: Mapping[str, Any]) -> str:
    """The largest relative differences, for each small network and precision."""
    columns = [name for name in read if MEASUREMENTS[name].kind == "equality"]
    rows = []
    for network in read[columns[0]]["found"] if columns else ():
        cells = [network]
        for comparison in ("against Keras", "stacked against one by one"):
            cells += [f"{read[name]['found'][network][comparison]:.0e}" for name in columns]
        rows.append([*cells, same_again([read[name]["found"][network]["the same again"] for name in columns])])
    titles = [MEASUREMENTS[name].title for name in columns]
    heads = [f"{what}: {title}" for what in ("against Keras", "stacked") for title in titles]
    return in_markdown(" | ".join(["one epoch", *heads, "the same again"]), rows)


def same_again(found: list[bool]) -> str:
    """In words, if the same call gave the same bits."""
    return "yes" if all(found) else "no" if not any(found) else "partly"


def timing_table(read: Mapping[str, Any]) -> str:
    """Seconds and memory."""
    rows = []
    for name, one in read.items():
        if MEASUREMENTS[name].kind == "timing":
            found = one["found"]
            single, stacked, apart = (found[key] for key in ("one seed", "stacked", "one by one"))
            peak = stacked["bytes at most"]
            rows.append(
                [
                    MEASUREMENTS[name].title,
                    f"{single['seconds']:.2f} s (+{single['seconds more at first']:.1f})",
                    f"{stacked['seconds']:.2f} s (+{stacked['seconds more at first']:.1f})",
                    f"{stacked['seconds'] / single['seconds']:.2f}",
                    f"{apart['seconds']:.2f} s",
                    f"{stacked['seconds'] / found['num_seeds']:.3f} s",
                    " / ".join(f"{side['bytes at most'] / 1e9:.2f}" for side in (single, stacked)) if peak else "–",
                    same_again([single["the same again"], stacked["the same again"]]),
                ]
            )
    head = "network | one seed (first time) | ten stacked | ratio | ten one by one | a run | GB | the same again"
    return in_markdown(head, rows)


def numbers_table(read: Mapping[str, Any]) -> str:
    """Differences in the validation cross-entropy."""
    rows = []
    for name, one in read.items():
        for what in ("stacked against one by one", "stacked against published"):
            if found := one["found"].get(what) if MEASUREMENTS[name].kind == "timing" else None:
                means = " and ".join(f"{mean:.4f}" for mean in found["means, last epoch"])
                numbers = [f"{found[key]:.1e}" for key in ("first epoch", "last epoch", "spread over seeds")]
                rows.append([MEASUREMENTS[name].title, what, *numbers, means])
    head = "val_cross_entropy | | first epoch: largest difference | last epoch | spread over seeds | means"
    return in_markdown(head, rows)


def rounds_table(rounds: list[Any]) -> str:
    """What was trained of the full tier."""
    rows = [
        [
            str(one["workers"]),
            f"{one['seconds']:.0f} s",
            f"{one['trained']['runs']} + {one['trained']['measurements']}",
            f"{one['stored']['runs']} + {one['stored']['measurements']}",
            "yes" if one["finished"] else "no",
            f"{one[key] / 1e3:.1f}" if one[key := "driver's megabytes at most"] else "–",
        ]
        for one in rounds
    ]
    head = f"{TIER} tier: workers | time | trained: runs + measurements | stored | finished | GB at most"
    return in_markdown(head, rows)


def main(command: str, *arguments: str) -> None:
    """Do what the first argument names."""
    match command, *arguments:
        case "names", kind:
            print(*(name for name, one in MEASUREMENTS.items() if one.kind == kind))
        case "measure", name, output:
            measure(name, Path(output))
        case "train", output, seconds, workers:
            train(Path(output), float(seconds), workers)
        case "table", output:
            print(table(Path(output)))
        case _:
            raise SystemExit(f"received {command!r} with {len(arguments)} arguments; call benchmarks/gpu.sh instead")


if __name__ == "__main__":
    main(*sys.argv[1:])
