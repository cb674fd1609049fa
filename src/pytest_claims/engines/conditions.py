"""Conditions: what libraries and their settings add to a run's identity, where they are not as the package expects.

Settings of Keras and JAX change numbers, and so may a new version of a library. Both count in a fingerprint only where
they deviate. So runs of another machine, and published ones, stay valid as long as they are computed alike.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from enum import Enum
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pytest_claims.data.cache import cache_directory, keras_directory
from pytest_claims.engines.base import backend_of, create, known_warnings
from pytest_claims.engines.golden_steps import Numbers, are_equal, differing, kinds_of, shipped, step
from pytest_claims.support.errors import ClaimsError
from pytest_claims.support.files import replace_file

Conditions = dict[str, Any]

KERAS_DEFAULTS: dict[str, Any] = {
    "floatx": "float32",
    "epsilon": 1e-7,
    "image_data_format": "channels_last",
    "dtype_policy": "float32",
    "max_epochs": None,
    "max_steps_per_epoch": None,
}
"""Settings of ``keras.config`` that change numbers, and what Keras ships. Its setters begin with set_."""

EXACT = "highest"
"""Precision of products: that of the numbers. Accelerators otherwise round to 10 bits; a processor never does."""

JAX_DEFAULTS: dict[str, Any] = {
    "jax_enable_x64": False,
    "jax_default_matmul_precision": EXACT,
    "jax_default_prng_impl": "threefry2x32",
    "jax_threefry_partitionable": True,
    "jax_random_seed_offset": 0,
    "jax_numpy_dtype_promotion": "standard",
    "jax_softmax_custom_jvp": False,
}
"""Settings of ``jax.config`` that change numbers, and what JAX ships; on an accelerator the engine sets `EXACT`."""

VARIABLES = ("JAX_", "KERAS_", "NVIDIA_TF32_OVERRIDE", "TF_", "XLA_")
"""Beginnings of environment variables that the libraries read. A run's provenance has those that are set."""


def settings(backend: str) -> Conditions:
    """The settings of this process' libraries that change numbers; empty before the libraries are imported.

    Parameters
    ----------
    backend
        Keras' backend, ``"jax"`` or ``"tensorflow"``.
    """
    if not _is_loaded(backend):
        return {}
    keras = sys.modules["keras"].config
    found = {f"keras.{name}": _plain(getattr(keras, name)()) for name in KERAS_DEFAULTS}
    if backend == "jax":
        values = sys.modules["jax"].config.values
        found |= {name: _plain(values[name]) for name in JAX_DEFAULTS if name in values}
        found["jax_default_matmul_precision"] = found.get("jax_default_matmul_precision") or EXACT
    return found


def variables() -> dict[str, str]:
    """The environment variables of the libraries that are set, without what may be a path."""
    found = {}
    for name, value in sorted(os.environ.items()):
        words = [word for word in value.split() if "/" not in word and os.sep not in word]
        if name.startswith(VARIABLES) and words:
            found[name] = " ".join(words)
    return found


def conditions(engine: str, *, trained: bool = True) -> Conditions:
    """What deviates from what the package expects where an engine is used; mostly nothing.

    Before this process has imported the engine's libraries, a new process is asked, and only if their versions or
    settings are not the checked ones. Its answer is kept in the user's cache.

    Parameters
    ----------
    engine
        The engine's name.
    trained
        False for a measurement. Only the settings count for it.

    Returns
    -------
    dict
        ``"settings"``: by name, the settings that differ. ``"steps"``: by kind, the golden steps that differ. Each is
        there only if it has an entry.

    Raises
    ------
    ClaimsError
        The libraries cannot be imported.
    """
    backend = backend_of(engine)
    hints, versions = _hints(backend), installed(backend)
    is_checked = not trained or versions in shipped()["checked"][backend]
    told = {} if is_checked and not hints else _asked(engine, json.dumps([hints, versions], sort_keys=True))
    here = _deviating(backend)
    if _is_loaded(backend) and (here or told.get("settings")):  # this process may have other settings than a new one
        told = {"settings": here, "steps": _steps_under(backend, _under(backend)) if trained else {}}
    parts = {"settings": told.get("settings", {}), "steps": told.get("steps", {}) if trained else {}}
    return {name: part for name, part in parts.items() if part}


def _under(backend: str) -> str:
    """The settings of this process that differ, as a key; empty if none does."""
    deviating = _deviating(backend)
    return json.dumps(deviating, sort_keys=True) if deviating else ""


@cache
def _steps_under(backend: str, under: str) -> dict[str, Numbers]:
    with known_warnings():
        return differing(backend, under=under)


def verify(engine: str, model: Any, optimizer: Any, loss: str) -> None:
    """Compare the golden steps of an arm's parts in this process with those that the session was planned with.

    Raises
    ------
    ValueError
        A step differs: a library was edited or patched, or an environment variable changes what it computes.
    """
    backend = backend_of(engine)
    under = _under(backend)  # under other settings the steps that differ are in the fingerprint, as they are here
    golden = {} if under else {**shipped()["steps"][backend], **conditions(engine).get("steps", {})}
    for kind in kinds_of(model, optimizer, loss):
        _verified[kind] = step(kind, under)
        if not under and not are_equal(_verified[kind], golden[kind]):
            with_set = [f"{name} {number}" for name, number in installed(backend).items()]
            with_set += [f"{name}={value}" for name, value in variables().items()]
            raise ValueError(
                f"the {kind} computes {_verified[kind]} on fixed numbers, expected {golden[kind]}. A library was "
                "edited or patched since it was installed, or a variable changes it "
                f"({', '.join(with_set)}). Install it anew, or unset the variable."
            )


_verified: dict[str, Numbers] = {}


def verified_steps() -> dict[str, Numbers]:
    """By kind, the golden steps that this process has computed for its arms."""
    return dict(sorted(_verified.items()))


def in_words(engine: str, deviating: Conditions) -> list[str]:
    """One sentence for the settings that differ and one for the steps."""
    backend = backend_of(engine)
    lines = [f"{name} is {value}" for name, value in deviating.get("settings", {}).items()]
    if steps := deviating.get("steps"):
        checked = shipped()["checked"][backend][-1]
        others = [
            f"{name} {now}, checked was {checked.get(name)}"
            for name, now in installed(backend).items()
            if now != checked.get(name)
        ]
        lines.append(f"{', '.join(steps)} computes otherwise" + (f" ({'; '.join(others)})" if others else ""))
    return lines


def material(deviating: Conditions) -> Conditions:
    """The deviations as they count in a fingerprint: steps with three digits, which processors agree in."""
    steps = {kind: [f"{number:.3g}" for number in numbers] for kind, numbers in deviating.get("steps", {}).items()}
    return {**deviating, "steps": steps} if steps else deviating


def _is_loaded(backend: str) -> bool:
    return "keras" in sys.modules and backend in sys.modules


@cache
def installed(backend: str) -> dict[str, str]:
    """The installed versions of the libraries that a golden step uses."""
    of_backend = ("jax", "jaxlib") if backend == "jax" else ("tensorflow",)
    found = {}
    for name in ("keras", *of_backend, "numpy", "scipy"):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _deviating(backend: str) -> Conditions:
    """The settings of this process' libraries that are not as the package expects."""
    expected = {**{f"keras.{name}": value for name, value in KERAS_DEFAULTS.items()}, **JAX_DEFAULTS}
    return {name: value for name, value in settings(backend).items() if value != expected[name]}


def _plain(value: Any) -> Any:
    """A setting's value as a string or a number: the name of a dtype policy, the value of an enumeration."""
    return value.value if isinstance(value, Enum) else getattr(value, "name", value)


def _hints(backend: str) -> dict[str, str]:
    """What may set the libraries' settings in a new process: environment variables, and Keras' own file."""
    names = [
        "KERAS_MAX_EPOCHS",
        "KERAS_MAX_STEPS_PER_EPOCH",
        *(map(str.upper, JAX_DEFAULTS) if backend == "jax" else ()),
    ]
    hints = {name: os.environ[name] for name in names if name in os.environ}
    downloads = keras_directory()
    if downloads is not None:
        with suppress(OSError, ValueError):
            kept: Mapping[str, Any] = json.loads((downloads.parent / "keras.json").read_text("utf-8"))
            hints |= {
                name: repr(kept[name]) for name, value in KERAS_DEFAULTS.items() if kept.get(name, value) != value
            }
    return hints


@cache
def _asked(engine: str, surroundings: str) -> Conditions:
    """The deviations in a new process with these surroundings, from the cache or by starting one."""
    directory = cache_directory()
    kept = directory and directory / "conditions" / f"{sha256(f'{engine} {surroundings}'.encode()).hexdigest()}.json"
    with suppress(OSError, ValueError, AttributeError):
        answer: Conditions = json.loads(kept.read_text("utf-8"))  # type: ignore[union-attr]
        return answer
    command = [sys.executable, "-m", "pytest_claims.engines.conditions", engine]
    process = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    *_, last = ["it said nothing", *(process.stderr if process.returncode else process.stdout).strip().splitlines()]
    if process.returncode:
        raise ClaimsError(f"the engine {engine!r} cannot start with {surroundings}: {last}")
    with suppress(OSError):
        if kept is not None:
            replace_file(kept, last)
    answer = json.loads(last)
    return answer


def _own(engine: str) -> Conditions:
    """The deviations in this process. It loads the engine, and computes all golden steps."""
    create(engine)
    backend = backend_of(engine)
    return {"settings": _deviating(backend), "steps": _steps_under(backend, _under(backend))}


if __name__ == "__main__":
    print(json.dumps(_own(sys.argv[1])))
