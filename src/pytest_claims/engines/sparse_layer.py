"""A dense first layer on mostly zero inputs: SciPy multiplies only the nonzero entries, on the host."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import jax
import keras
import numpy as np
from jax.extend.core import Primitive
from jax.interpreters import mlir
from scipy.sparse import csr_array

# Measured on one core, per number: XLA's dense product takes 0.05 to 0.1 ns, SciPy's sparse product 0.5 ns. Each call
# from a compiled program to Python takes about 0.3 ms. So the inputs must be sparse, and the product large.
LARGEST_SHARE = 0.06
SMALLEST_PRODUCT = 2**25


def sparse_pool(pool: np.ndarray) -> csr_array | None:
    """Turn a pool into a sparse matrix in the precision of training; ``None`` if too much of it is nonzero.

    Parameters
    ----------
    pool
        Inputs, shape ``(num_rows, num_inputs)``. Other shapes give ``None``.
    """
    if pool.ndim != 2 or np.count_nonzero(pool) > LARGEST_SHARE * pool.size:
        return None
    return csr_array(pool, dtype=keras.config.floatx())


class SparseFirstLayer:
    """Replaces a model's first layer if its inputs are rows of a sparse matrix.

    The compiled program passes row numbers to Python, which multiplies those rows with the kernel or the gradient.

    Parameters
    ----------
    layer
        The dense layer.
    """

    def __init__(self, layer: Any) -> None:
        self._layer = layer
        self._pool: csr_array | None = None
        self._last = threading.local()  # threads train on different rows

    @classmethod
    def for_model(cls, model: Any, batch_size: int) -> SparseFirstLayer | None:
        """Replace the first layer of a built model; ``None`` unless it is a plain dense layer of sufficient size."""
        if not isinstance(model, keras.Sequential) or type(model.layers[0]) is not keras.layers.Dense:
            return None
        layer = model.layers[0]
        is_plain = layer.dtype_policy.name == keras.config.floatx() and not layer.lora_enabled
        is_large = batch_size * layer.kernel.shape[0] * layer.units >= SMALLEST_PRODUCT
        return cls(layer) if is_plain and is_large and len(model.input_shape) == 2 else None

    def use(self, pool: csr_array) -> None:
        """Use the rows of this matrix from now on."""
        if pool is not self._pool:
            self._pool, self._last = pool, threading.local()

    @contextmanager
    def on(self, rows: Any) -> Iterator[None]:
        """Inside this context the layer uses these rows of the matrix, and ignores its inputs."""
        before = self._layer.call
        self._layer.call = partial(self._call, rows)
        try:
            yield
        finally:
            self._layer.call = before

    def _call(self, rows: Any, inputs: Any, training: bool | None = None) -> Any:
        """Do the same as `keras.layers.Dense`, except for the product."""
        output = self._product(self._layer.kernel.value, rows)
        if self._layer.use_bias:
            output = keras.ops.add(output, self._layer.bias)
        return output if self._layer.activation is None else self._layer.activation(output)

    def _product(self, kernel: Any, rows: Any) -> Any:
        """Multiply the rows with the kernel. The kernel's gradient is the rows' transpose times the product's."""

        def forward(kernel: Any) -> Any:
            shape = (rows.shape[0], kernel.shape[1])
            return on_host(lambda rows, kernel: self._taken(rows) @ kernel, shape, rows, kernel)

        def backward(_: None, gradient: Any) -> tuple[Any]:
            transposed = on_host(lambda rows, gradient: self._taken(rows).T @ gradient, kernel.shape, rows, gradient)
            return (transposed,)

        product = jax.custom_vjp(forward)
        product.defvjp(lambda kernel: (forward(kernel), None), backward)
        return product(kernel)

    def _taken(self, rows: np.ndarray) -> csr_array:
        """The rows of the matrix. The last rows are kept, since the gradient needs them again."""
        assert self._pool is not None
        last, which = self._last, rows.tobytes()
        if getattr(last, "which", None) != which:
            last.which, last.taken = which, self._pool[rows]
        taken: csr_array = last.taken
        return taken


_on_host = Primitive("on_host")


def on_host(function: Callable[..., np.ndarray], shape: tuple[int, ...], *arguments: Any) -> Any:
    """Call a pure function of NumPy arrays from a compiled program; the result has the dtype of the last argument.

    `jax.pure_callback` passes JAX arrays. In a process with one processor, a thread that reads such an array waits for
    itself (jax-ml/jax issue 24255). This function passes the program's own buffers, to be read only during the call.
    """
    return _on_host.bind(*arguments, function=function, shape=tuple(shape))


def _abstract(*arguments: Any, shape: tuple[int, ...], **_: Any) -> Any:
    return jax.core.ShapedArray(shape, arguments[-1].dtype)


def _lowered(context: Any, *operands: Any, function: Callable[..., np.ndarray], **_: Any) -> Any:
    results, _token, _kept = mlir.emit_python_callback(
        context,
        lambda *values: (function(*values),),
        None,
        list(operands),
        context.avals_in,
        context.avals_out,
        has_side_effect=False,
        returns_token=False,
    )
    return results


_on_host.def_abstract_eval(_abstract)
mlir.register_lowering(_on_host, _lowered, platform="cpu")
