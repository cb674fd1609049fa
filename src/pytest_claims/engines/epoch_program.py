"""One epoch of training and validation as one compiled program, built from Keras' stateless functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import keras
import numpy as np

from pytest_claims.engines.draws import canonical_paths, is_seed_state, seed_state
from pytest_claims.engines.objective import MEAN, Objective
from pytest_claims.engines.own_code import refuse_changes, start_of

if TYPE_CHECKING:
    from pytest_claims.catalogue.arms import Decode
    from pytest_claims.engines.sparse_layer import SparseFirstLayer

# LLVM's second level compiles a fifth longer, and the programs are no faster. The work is in matrix products, which are
# not compiled here, and in loops over contiguous numbers. Sums may round differently. A program uses one processor: two
# runs side by side take little more than half the time of two runs one after the other on all processors.
CPU_OPTIONS: dict[str, str | bool] = {"xla_backend_optimization_level": "1", "xla_cpu_multi_thread_eigen": False}

# Validation needs no gradients and so less memory. Larger batches need fewer steps.
VALIDATION_BATCH_SIZE = 1024


class State(NamedTuple):
    """The variables that training changes: lists of arrays in Keras' order."""

    trainable: list[Any]
    non_trainable: list[Any]
    optimizer: list[Any]


class Rows(NamedTuple):
    """Row numbers into the pool and targets of one run; `targets` is ``None`` if the inputs are the targets."""

    rows: Any
    targets: Any


class _Counted(NamedTuple):
    """Indices of a batch's examples, and their weights: 1 for examples that count, else 0; ``None`` if all count."""

    indices: Any
    weights: Any


class _Batch(NamedTuple):
    """Row numbers of a batch, with its inputs, targets and weights."""

    rows: Any
    inputs: Any
    targets: Any
    weights: Any

    def mean(self, values: Any) -> Any:
        """The mean over the examples that count."""
        if self.weights is None:
            return jnp.mean(values)
        of_examples = values.reshape(len(self.weights), -1).mean(axis=1)
        return jnp.sum(of_examples * self.weights) / jnp.sum(self.weights)


class EpochProgram:
    """The compiled epoch of one shape class of arms, which differ only in weights, learning rate, targets and rows.

    Parameters
    ----------
    model, optimizer
        Built from the first arm of the class. Their own variables serve as placeholders.
    objective
        The loss and accuracy of the model.
    decode
        Turns rows of the pool into inputs.
    batch_size
        Batch size of training.
    examples_meet
        True if examples of a batch act on each other. Then validation has the batches of training.

    Attributes
    ----------
    first_layer
        Replaces the model's first layer if the pool is sparse.
    """

    def __init__(
        self,
        model: Any,
        optimizer: Any,
        objective: Objective,
        decode: Decode,
        batch_size: int,
        examples_meet: bool = False,
    ) -> None:
        self.model = model
        self.optimizer = optimizer
        self.objective = objective
        self.first_layer: SparseFirstLayer | None = None
        self.num_traces = 0
        self._decode = decode
        self._batch_size = batch_size
        self._loss = objective.from_output()
        # If no computation mixes examples, the last batch can be padded with examples that do not count. Otherwise the
        # last batch is smaller. Its separate step makes the program half as large again, and as long to compile.
        independent = (
            not examples_meet
            and len(model.output_shape) == 2
            and not any(layer.activity_regularizer for layer in model._flatten_layers())
        )
        self._examples_meet = examples_meet
        self._fills_validation = independent and self._loss.reduction == MEAN
        self._fills_training = self._fills_validation and not model.non_trainable_variables
        self._executables: dict[int, Any] = {}
        # JAX cannot stack cuDNN's recurrence, which Keras chooses on a graphics processor.
        for layer in model._flatten_layers():
            if hasattr(layer, "use_cudnn"):
                layer.use_cudnn = False
        self._logits = jax.jit(self._compute_logits)
        # Copies, since each run leaves its own values in the variables.
        self._defaults = [np.array(v) for v in model.non_trainable_variables]
        self._optimizer_start = start_of(optimizer, model.trainable_variables)

    def start(self, weights: Mapping[str, np.ndarray], seed: int, learning_rate: float | None) -> State:
        """Make the initial state of a run, on the host."""
        by_id = {id(v): values for v, values in zip(self.model.weights, weights.values(), strict=True)}
        non_trainable = self.model.non_trainable_variables
        for variable, path, default in zip(non_trainable, canonical_paths(non_trainable), self._defaults, strict=True):
            if id(variable) not in by_id:
                by_id[id(variable)] = seed_state(path, seed, default) if is_seed_state(path) else default
        start = [values.copy() for values in self._optimizer_start]
        for variable, values in zip(self.optimizer.variables, start, strict=True):
            if variable is self.optimizer.learning_rate and learning_rate is not None:
                values[...] = learning_rate
        return State(
            [by_id[id(v)] for v in self.model.trainable_variables], [by_id[id(v)] for v in non_trainable], start
        )

    def restore(self, state: State) -> dict[str, np.ndarray]:
        """Put a run's final state into the model's variables; returns the weights by canonical path."""
        for variable, values in zip(self.model.trainable_variables, state.trainable, strict=True):
            variable.assign(values)
        for variable, values in zip(self.model.non_trainable_variables, state.non_trainable, strict=True):
            variable.assign(values)
        return dict(zip(canonical_paths(self.model.weights), map(np.array, self.model.weights), strict=True))

    def logits(self, inputs: np.ndarray) -> np.ndarray:
        """Compute the logits of inputs with the model's current weights."""
        values = (
            [v.value for v in self.model.trainable_variables],
            [v.value for v in self.model.non_trainable_variables],
        )
        batches = np.split(inputs, range(VALIDATION_BATCH_SIZE, len(inputs), VALIDATION_BATCH_SIZE))
        return np.concatenate([np.asarray(self._logits(*values, batch)) for batch in batches])

    def compiled(self, stack: int, *arguments: Any) -> Any:
        """Give the executable of `run` for `stack` runs in one call, compiled for the shapes of `arguments`."""
        if stack not in self._executables:
            function = self.run if stack == 1 else jax.vmap(self.run, in_axes=(0, None, 0, 0, 0, 0))
            lowered = jax.jit(function, donate_argnums=0).lower(*arguments)
            self._executables[stack] = lowered.compile(
                compiler_options=CPU_OPTIONS if jax.default_backend() == "cpu" else None
            )
        return self._executables[stack]

    def run(
        self, state: State, pool: Any, train: Rows, validation: Rows, order: Any, seed: Any
    ) -> tuple[State, dict[str, Any]]:
        """Train for one epoch in `order`, then validate. This is the function that is compiled.

        Returns the new state, and the history's numbers of this epoch, summed over examples.
        """
        self.num_traces += 1
        step = partial(self._train_step, pool=pool, data=train, seed=seed)
        state, logs = _over_batches(step, state, order, self._batch_size, fill=self._fills_training)
        everything = jnp.arange(len(validation.rows), dtype=jnp.int32)
        step = partial(self._validation_step, pool=pool, data=validation, seed=seed)
        # Batches of nearly equal size need the least padding.
        num_batches = -(-len(everything) // max(self._batch_size, VALIDATION_BATCH_SIZE))
        batch_size = self._batch_size if self._examples_meet else -(-len(everything) // num_batches)
        _, validation_logs = _over_batches(step, state, everything, batch_size, fill=self._fills_validation)
        return state, logs | {f"val_{name}": value for name, value in validation_logs.items()}

    def _batch(self, pool: Any, data: Rows, counted: _Counted, seed: Any) -> _Batch:
        rows = data.rows[counted.indices]
        # With a sparse first layer no layer uses the inputs, so the compiler removes them.
        inputs = jnp.asarray(
            self._decode(jnp, jnp.take(pool, rows, axis=0, mode="clip"), rows, seed), keras.config.floatx()
        )
        targets = inputs if data.targets is None else data.targets[counted.indices]
        return _Batch(rows, inputs, targets, counted.weights)

    def _train_step(
        self, state: State, counted: _Counted, pool: Any, data: Rows, seed: Any
    ) -> tuple[State, dict[str, Any]]:
        batch = self._batch(pool, data, counted, seed)
        gradient = jax.value_and_grad(self._forward, has_aux=True)
        (_, (logs, non_trainable)), gradients = gradient(state.trainable, state.non_trainable, batch, True)
        trainable, optimizer = self.optimizer.stateless_apply(state.optimizer, gradients, state.trainable)
        return State(trainable, non_trainable, optimizer), logs

    def _validation_step(
        self, state: State, counted: _Counted, pool: Any, data: Rows, seed: Any
    ) -> tuple[State, dict[str, Any]]:
        batch = self._batch(pool, data, counted, seed)
        _, (logs, _) = self._forward(state.trainable, state.non_trainable, batch, False)
        return state, logs

    def _forward(
        self, trainable: list[Any], non_trainable: list[Any], batch: _Batch, training: bool
    ) -> tuple[Any, tuple[dict[str, Any], list[Any]]]:
        first: AbstractContextManager[None] = self.first_layer.on(batch.rows) if self.first_layer else nullcontext()
        with self.objective.logits(), first:
            output, updated, penalties = self.model.stateless_call(
                trainable, non_trainable, batch.inputs, training=training, return_losses=True
            )
        if not training:
            refuse_changes(self.model, non_trainable, updated)
        plain = self._loss(batch.targets, output, batch.weights)
        loss = plain + sum(jnp.sum(penalty) for penalty in penalties)
        logs = {"loss": loss, self.objective.quantity: plain}
        if self.objective.accuracy_metric:
            logs["accuracy"] = batch.mean(self.objective.matches(batch.targets, self.objective.activate(output)))
        return loss, (logs, updated)

    def _compute_logits(self, trainable: list[Any], non_trainable: list[Any], inputs: Any) -> Any:
        with self.objective.logits():
            output, _ = self.model.stateless_call(trainable, non_trainable, inputs, training=False)
        return output


def _over_batches(
    step: Callable[..., Any], state: State, indices: Any, batch_size: int, *, fill: bool
) -> tuple[State, dict[str, Any]]:
    """Step through batches of `indices`; returns the last state and the sums over examples.

    The last batch is smaller. With `fill` it is padded to full size with examples that do not count.
    """
    num_full, remainder = divmod(len(indices), batch_size)
    weights = None
    if fill and remainder:
        num_full, remainder = num_full + 1, 0
        weights = (jnp.arange(num_full * batch_size) < len(indices)).astype(keras.config.floatx())
        indices = jnp.resize(indices, num_full * batch_size)

    def batched(values: Any) -> Any:
        return None if values is None else values[: num_full * batch_size].reshape(num_full, batch_size)

    totals: dict[str, Any] = {}
    if num_full:
        counted = _Counted(batched(indices), batched(weights))
        state, logs = jax.lax.scan(step, state, counted)
        sizes = batch_size if weights is None else counted.weights.sum(axis=1)
        totals = {name: (values * sizes).sum() for name, values in logs.items()}
    if remainder:
        state, logs = step(state, _Counted(indices[num_full * batch_size :], None))
        totals = {name: totals.get(name, 0) + value * remainder for name, value in logs.items()}
    return state, totals
