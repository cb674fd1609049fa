"""Engines refuse what they would not honour, and what JAX forgives; both refuse the same."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")

from pytest_claims import Split
from pytest_claims.engines import create
from pytest_claims.engines.data_checks import check_split, checked_pool
from pytest_claims.engines.models import build_model, build_optimizer, refuse_own_training
from tests.helpers.engine_arms import DATA, DENSE, dense, split, train


@pytest.fixture(scope="module")
def stacked() -> Any:
    return create("stacked")


ROWS, LABELS = np.arange(10, dtype="i4"), np.arange(10, dtype="i4") % 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"train_targets": LABELS[:5]}, "has 10 train rows, and its train targets are an array of 10, too; got shape"),
        ({"validation_targets": np.arange(12)}, "has 10 validation rows.*got shape \\(12,\\)"),
        ({"train_targets": list(LABELS)}, "got list"),
        ({"train_rows": ROWS > 4}, "must be an integer array of shape.*got bool.*np.flatnonzero"),
        ({"train_rows": list(ROWS)}, "must be an integer array of shape.*got list"),
        ({"train_rows": ROWS.astype("f4")}, "got float32"),
        ({"train_rows": ROWS.reshape(5, 2)}, "got int32 of shape \\(5, 2\\)"),
        ({"train_targets": np.where(LABELS, np.nan, 0.0)}, "must be finite numbers"),
        ({"validation_targets": np.array(["a"] * 10)}, "must be finite numbers, got <U1"),
        ({"train_rows": ROWS + 1}, "lie in 0 to 9, got 10 rows from 1 to 10"),
        ({"overlapping": False}, "^10 of the split's 10 validation rows are train rows, too, such as row 0"),
        ({"validation_rows": ROWS[:0], "validation_targets": LABELS[:0]}, "at least one and lie in 0 to 9, got 0 rows"),
    ],
)
def test_a_split_that_does_not_fit_is_refused_with_both_numbers(changes: dict[str, Any], said: str) -> None:
    given = {
        "train_rows": ROWS,
        "validation_rows": ROWS,
        "overlapping": True,
        "train_targets": LABELS,
        "validation_targets": LABELS,
    }
    check_split(Split(**given), 10)
    check_split(Split(**given | {"train_targets": None, "validation_targets": None}), 10)
    with pytest.raises(ValueError, match=said):
        check_split(Split(**given | changes), 10)


def test_a_masked_target_is_refused_and_so_is_what_is_no_split() -> None:
    masked = np.ma.masked_equal(LABELS, 1)
    with pytest.raises(ValueError, match="train targets are a masked array"):
        check_split(Split(ROWS, ROWS, masked, LABELS), 10)
    with pytest.raises(ValueError, match="split must return a Split, got tuple"):
        check_split((ROWS, ROWS, LABELS, LABELS), 10)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pool", "said"),
    [
        (np.array([[1.0], [np.nan]]), "got NaN or infinity among them"),
        (np.array([[1.0], [-np.inf]], "f2"), "got NaN or infinity among them"),
        (np.array([1, 2**31]), "got integers from 1 to 2147483648, beyond 32 bits"),
        (np.array([-1, -(2**31) - 1]), "beyond 32 bits"),
        (np.array([2**32], "u8"), "beyond 32 bits"),
        (np.array([1j]), "got complex128 of shape"),
        (np.array(["a"]), "got <U1 of shape"),
        (np.array([None]), "got object of shape"),
        (np.array(5), "got int64 of shape \\(\\)"),
    ],
)
def test_a_pool_that_no_device_holds_as_it_is_is_refused(pool: np.ndarray, said: str) -> None:
    with pytest.raises(ValueError, match=f"pool must give finite real numbers of shape.*{said}"):
        checked_pool(pool)


def test_pools_of_32_bits_and_what_fits_into_them_are_taken() -> None:
    for pool in (np.array([2**31 - 1]), np.array([2**32 - 1], "u8"), np.ones(2), np.zeros((0, 2)), np.array([True])):
        assert checked_pool(pool) is pool


def unseeded(arrays: Any, tier: str, seed: int) -> Split:
    return split(arrays, tier, int(np.random.default_rng().integers(2**31)))


def from_the_global_generator(arrays: Any, tier: str, seed: int) -> Split:
    given = split(arrays, tier, seed)
    return replace(given, train_targets=np.random.permutation(given.train_targets))  # noqa: NPY002


def halves(arrays: Any, tier: str, seed: int) -> Split:
    given = split(arrays, tier, seed)
    return replace(given, train_targets=given.train_targets * 0.5)


def with_nan(arrays: Any) -> np.ndarray:
    return np.full((300, 20), np.nan, "f4")


def nothing(xp: Any, batch: Any, rows: Any, seed: Any) -> None:
    return None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"split": unseeded}, "split gave other train_rows when it was called again for seed 0. Draw from the seed"),
        ({"split": from_the_global_generator}, "split gave other train_targets"),
        ({"split": halves}, "some labels are fractions, expected whole numbers"),
        ({"pool": with_nan}, "pool must give finite real numbers"),
        ({"decode": nothing}, "decode must return an array, got NoneType"),
    ],
)
def test_data_that_jax_would_forgive_are_not_trained_on(stacked: Any, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        train(stacked, replace(DENSE, data=replace(DATA, **changes)))


def too_few_labels(arrays: Any, tier: str, seed: int) -> Split:
    given = split(arrays, tier, seed)
    return replace(given, train_targets=given.train_targets[:-100])


def test_an_arm_with_too_few_labels_is_not_trained(stacked: Any) -> None:
    with pytest.raises(ValueError, match=r"230 train rows.*got shape"):
        train(stacked, replace(DENSE, data=replace(DATA, split=too_few_labels)))


def smoothing(input_shape: tuple[int, ...], *, method: str) -> Any:
    import keras

    def own(self: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(super(Smoothing, self), method)(*args, **kwargs)

    Smoothing = type("Smoothing", (keras.Model,), {method: own})
    inputs = keras.Input(input_shape)
    return Smoothing(inputs, keras.layers.Dense(3, activation="softmax")(inputs))


@pytest.mark.parametrize("method", ["compute_loss", "train_step", "test_step", "compute_metrics", "fit", "evaluate"])
def test_a_model_that_trains_in_a_way_of_its_own_is_refused(stacked: Any, method: str) -> None:
    with pytest.raises(ValueError, match=f"Smoothing has a {method} of its own.*--claims-engine=fit"):
        train(stacked, replace(DENSE, model=partial(smoothing, method=method)))


def test_ordinary_models_are_not_refused() -> None:
    import keras

    refuse_own_training(build_model(dense, (20,)))
    inputs = keras.Input((20,))
    refuse_own_training(keras.Model(inputs, keras.layers.Dense(1)(inputs)))


def leaving(input_shape: tuple[int, ...], *, setting: str, value: Any) -> Any:
    import jax
    import keras

    if setting.startswith("jax_"):
        jax.config.update(setting, value)
    else:
        getattr(keras.config, f"set_{setting}")(value)
    return dense(input_shape)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("floatx", "float16"),
        ("epsilon", 1e-3),
        ("image_data_format", "channels_first"),
        ("dtype_policy", "mixed_float16"),
        ("jax_disable_jit", True),
        ("jax_default_matmul_precision", "bfloat16"),
    ],
)
def test_a_builder_that_changes_a_setting_is_refused_and_the_setting_put_back(
    stacked: Any, setting: str, value: Any
) -> None:
    import jax
    import keras

    owner, read = "Keras", getattr(keras.config, setting, None)
    if read is None:
        owner, read = "JAX", lambda: jax.config.values[setting]
    before, alone = read(), train(stacked, DENSE)[0].history
    with pytest.raises(ValueError, match=f"building the model changed {owner}' {setting} from"):
        train(create("stacked"), replace(DENSE, model=partial(leaving, setting=setting, value=value)))
    assert read() == before
    assert train(create("stacked"), DENSE)[0].history == alone


def test_a_setting_is_put_back_though_the_builder_fails() -> None:
    import keras

    def failing(input_shape: tuple[int, ...]) -> Any:
        keras.config.set_floatx("float16")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        build_model(failing, (20,))
    assert keras.config.floatx() == "float32"


def test_an_optimizer_that_changes_a_setting_is_refused() -> None:
    import keras

    def sgd() -> Any:
        keras.config.set_epsilon(1e-3)
        return keras.optimizers.SGD()

    with pytest.raises(ValueError, match="building the optimizer changed Keras' epsilon"):
        build_optimizer(sgd)


def layers_of_keras(input_shape: tuple[int, ...], *, name: str) -> Any:
    import keras

    inputs = keras.Input(input_shape)
    hidden = {
        "rms": lambda: keras.layers.RMSNormalization()(inputs),
        "normalization": lambda: keras.layers.Normalization()(inputs),
        "attention": lambda: keras.layers.Flatten()(
            keras.layers.Attention(use_scale=True)([keras.layers.Reshape((5, 4))(inputs)] * 2)
        ),
    }[name]()
    return keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(hidden))


@pytest.mark.parametrize("name", ["rms", "normalization", "attention"])
def test_weights_that_no_random_number_has_a_part_in_start_as_keras_starts_them(stacked: Any, name: str) -> None:
    arm = replace(DENSE, model=partial(layers_of_keras, name=name))
    first, again = train(stacked, arm, 0, 0)
    assert first.history == again.history
    assert np.isfinite(first.history["loss"]).all()


def test_a_random_weight_without_a_known_initializer_is_refused(stacked: Any) -> None:
    import keras

    def additive(input_shape: tuple[int, ...]) -> Any:
        inputs = keras.Input(input_shape)
        pairs = keras.layers.Reshape((5, 4))(inputs)
        hidden = keras.layers.Flatten()(keras.layers.AdditiveAttention()([pairs, pairs]))
        return keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(hidden))

    with pytest.raises(ValueError, match=r"cannot tell how the weight .* is initialized"):
        train(stacked, replace(DENSE, model=additive))


def test_a_subclass_without_an_output_shape_is_told_what_to_build_instead(stacked: Any) -> None:
    import keras

    class Net(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.last = keras.layers.Dense(3, activation="softmax")

        def call(self, inputs: Any) -> Any:
            return self.last(inputs)

    with pytest.raises(ValueError, match=r"Net, a subclass of keras.Model, does not tell the shape of its output"):
        train(stacked, replace(DENSE, model=lambda input_shape: Net()))


def test_an_overlap_counts_each_row_that_is_in_both_sets():
    given = Split(ROWS[:6], ROWS[5:], LABELS[:6], LABELS[5:])

    with pytest.raises(ValueError, match=r"^1 of the split's 5 validation rows are train rows, too, such as row 5"):
        check_split(given, 10)
