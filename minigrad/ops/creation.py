"""New Tensors: constants, ranges and random numbers, float32 on the default backend unless told otherwise.

Builds on: `minigrad.tensor`, `minigrad.backend.random`. Read next: `minigrad.ops`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.argument import sizes, whole
from minigrad.backend import default_backend, namespace
from minigrad.backend.random import default_generator
from minigrad.errors import DTypeError
from minigrad.tape import composite
from minigrad.tensor import Tensor, raw

__all__ = [
    "arange", "eye", "full", "full_like", "ones", "ones_like", "rand", "rand_like", "randn", "randn_like", "zeros",
    "zeros_like",
]  # fmt: skip

Shape = Any  # an int or a tuple of ints


@composite
def zeros(*shape: Any, dtype: Any = np.float32, requires_grad: bool = False) -> Tensor:
    """A Tensor of zeros.

    y = 0

    >>> zeros(2).tolist()
    [0.0, 0.0]
    """
    return Tensor(default_backend().zeros(_shape(shape), dtype=dtype), requires_grad)


@composite
def ones(*shape: Any, dtype: Any = np.float32, requires_grad: bool = False) -> Tensor:
    """A Tensor of ones.

    y = 1

    >>> ones(2).tolist()
    [1.0, 1.0]
    """
    return Tensor(default_backend().ones(_shape(shape), dtype=dtype), requires_grad)


@composite
def full(shape: Shape, value: float, dtype: Any = np.float32, requires_grad: bool = False) -> Tensor:
    """A Tensor with one value everywhere.

    y = value

    >>> full(2, 3.0).tolist()
    [3.0, 3.0]
    """
    return Tensor(default_backend().full(_shape((shape,)), value, dtype=dtype), requires_grad)


@composite
def arange(start: float, stop: float | None = None, step: float = 1, dtype: Any = None) -> Tensor:
    """Evenly spaced numbers from `start` up to but without `stop`: int64 for integers, else float32.

    y_i = start + i step

    >>> arange(3).tolist()
    [0, 1, 2]
    """
    if stop is None:
        start, stop = 0, start
    if dtype is None:
        dtype = np.int64 if all(isinstance(v, (int, np.integer)) for v in (start, stop, step)) else np.float32
    return Tensor(default_backend().arange(start, stop, step, dtype=dtype))


@composite
def eye(n: int, m: int | None = None, dtype: Any = np.float32) -> Tensor:
    """The identity matrix, or its first `m` columns.

    y[i, j] = 1 where i = j, else 0

    >>> eye(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    n, m = whole("eye", "n", n), None if m is None else whole("eye", "m", m)
    return Tensor(default_backend().eye(n, m, dtype=dtype))


@composite
def rand(*shape: Any, dtype: Any = np.float32, requires_grad: bool = False) -> Tensor:
    """Uniform random numbers in [0, 1), from the stream that `manual_seed` starts.

    y ~ U(0, 1), so Var(y) = 1/12

    >>> rand(2, 3).shape
    (2, 3)
    """
    draw = default_generator().uniform(_shape(shape), dtype=_float(dtype), xp=default_backend())
    return Tensor(draw, requires_grad)


@composite
def randn(*shape: Any, dtype: Any = np.float32, requires_grad: bool = False) -> Tensor:
    """Standard normal random numbers, from the stream that `manual_seed` starts.

    y ~ N(0, 1), so Var(y) = 1

    >>> randn(2, 3).shape
    (2, 3)
    """
    draw = default_generator().normal(_shape(shape), dtype=_float(dtype), xp=default_backend())
    return Tensor(draw, requires_grad)


def _shape(shape: tuple[Any, ...]) -> tuple[int, ...]:
    return sizes("shape", "a size", shape[0] if len(shape) == 1 else shape)


def _float(dtype: Any) -> Any:
    dtype = np.dtype(dtype)
    if dtype.kind != "f":
        raise DTypeError(f"rand: draws floating numbers, got dtype {dtype}; cast the result with .astype")
    return dtype


# -- like another ------------------------------------------------------------------------------------------------------


@composite
def zeros_like(x: Any, dtype: Any = None) -> Tensor:
    """Zeros of the shape, dtype and device of another array.

    y = 0

    >>> zeros_like(ones(2)).tolist()
    [0.0, 0.0]
    """
    return Tensor(namespace(raw(x)).zeros_like(raw(x), dtype=dtype))


@composite
def ones_like(x: Any, dtype: Any = None) -> Tensor:
    """Ones of the shape, dtype and device of another array.

    y = 1

    >>> ones_like(zeros(2)).tolist()
    [1.0, 1.0]
    """
    return Tensor(namespace(raw(x)).ones_like(raw(x), dtype=dtype))


@composite
def full_like(x: Any, value: float, dtype: Any = None) -> Tensor:
    """One value everywhere, in the shape, dtype and device of another array.

    y = value

    >>> full_like(zeros(2), 3.0).tolist()
    [3.0, 3.0]
    """
    return Tensor(namespace(raw(x)).full_like(raw(x), value, dtype=dtype))


@composite
def rand_like(x: Any) -> Tensor:
    """Uniform random numbers in [0, 1), in the shape, dtype and device of another array.

    y ~ U(0, 1), so Var(y) = 1/12

    >>> rand_like(zeros((2, 3))).shape
    (2, 3)
    """
    x = raw(x)
    return Tensor(default_generator().uniform(x.shape, dtype=_float(x.dtype), xp=namespace(x)))


@composite
def randn_like(x: Any) -> Tensor:
    """Standard normal random numbers, in the shape, dtype and device of another array.

    y ~ N(0, 1), so Var(y) = 1

    >>> randn_like(zeros((2, 3))).shape
    (2, 3)
    """
    x = raw(x)
    return Tensor(default_generator().normal(x.shape, dtype=_float(x.dtype), xp=namespace(x)))
