"""Linear systems: solutions, inverses, Cholesky factors. Derivatives by formula, from the results themselves.

LAPACK knows float32 and float64: float16 is computed in float32 and rounded at the end. A matrix that has no result
raises `minigrad.errors.LinAlgError` on the host; on a device, which cannot say so without being waited for, infinities
or NaN come out for it.

Builds on: `minigrad.ops.linalg`. Read next: `minigrad.ops.determinant`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.backend import Array, namespace
from minigrad.errors import DTypeError, ShapeError
from minigrad.graph import joint
from minigrad.ops.linalg import tril
from minigrad.ops.piecewise import astype
from minigrad.promote import together
from minigrad.tape import Result, Value, composite, op
from minigrad.tensor import raw

__all__ = ["cholesky", "inv", "solve"]


def turned(x: Value) -> Value:
    """The matrices of a stack, transposed."""
    return x.swapaxes(-1, -2)


def at_least_float32(function: Callable[..., Any], *xs: Any) -> Any:
    """`function` of the values, float16 ones in float32; what it returns is rounded again if all were float16."""
    if all(x.dtype.kind != "f" for x in xs):  # or LAPACK would make float64 of them, and find them singular first
        raise DTypeError(
            f"linalg: needs floating numbers, got {xs[0].dtype}; cast to float32 first, .astype('float32')"
        )
    half = [x.dtype == np.float16 for x in xs]
    y = function(*(astype(x, np.float32) if is_half else x for x, is_half in zip(xs, half, strict=True)))
    if not all(half):
        return y
    return tuple(astype(part, np.float16) for part in y) if isinstance(y, tuple) else astype(y, np.float16)


def square_matrices(name: str, x: Any) -> Any:
    """The argument as an array or Tensor of square matrices."""
    (x,) = together([x])
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"{name}: needs square matrices (..., n, n), got shape {x.shape}; check the last two axes")
    return x


@composite
def inv(x: Any) -> Any:
    """Inverse of square matrices.

    y x = 1

    Shapes: (..., n, n) gives (..., n, n).
    Gradient: -y^T g y^T.

    Raises
    ------
    LinAlgError
        If a matrix is singular, on the host; on a device its elements are not finite.

    >>> inv([[2.0, 0.0], [0.0, 4.0]])
    array([[0.5 , 0.  ],
           [0.  , 0.25]], dtype=float32)
    """
    return at_least_float32(_inv, square_matrices("inv", x))


@op
def _inv(x: Value) -> Result:
    y = namespace(x).inv(x)
    return y, (lambda g: -(turned(y) @ g @ turned(y)),)


@composite
def solve(a: Any, b: Any) -> Any:
    """Solution of linear systems with square matrices.

    a x = b

    Shapes: `b` with one axis is a vector (n,), any other a stack of matrices (..., n, k), as in NumPy 2; the axes
    before broadcast. x is like b.
    Gradient: dx/db = h = a^-T g, dx/da = -h x^T.

    Raises
    ------
    LinAlgError
        If a matrix is singular, on the host; on a device the elements of its solution are not finite.

    >>> solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0])
    array([1. , 0.5], dtype=float32)
    """
    a, b = together([a, b])
    a, vector = square_matrices("solve", a), b.ndim == 1
    columns = b[:, None] if vector else b
    if columns.ndim < 2 or columns.shape[-2] != a.shape[-1]:
        raise ShapeError(
            f"solve: b must be a vector of the {a.shape[-1]} rows of a, or matrices (..., {a.shape[-1]}, k), "
            f"got shapes {a.shape} and {b.shape}; a stack of vectors is b[..., None]"
        )
    x = at_least_float32(_solve, a, columns)
    return x[..., 0] if vector else x


@op
def _solve(a: Value, b: Value) -> Result:
    xp, stack = namespace(a, b), np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a = xp.broadcast_to(a, stack + a.shape[-2:])
    x = xp.solve(a, xp.broadcast_to(b, stack + b.shape[-2:]))

    def solve(g: Array) -> tuple[Array, Array]:
        h = namespace(a, g).solve(turned(a), g)
        return -(h @ turned(x)), h

    return x, joint(2, solve)


@composite
def cholesky(x: Any, *, upper: bool = False) -> Any:
    """Cholesky factor of symmetric, positive definite matrices: y lower triangular with a positive diagonal.

    y y^T = x, or y^T y = x with `upper`

    Shapes: (..., n, n) gives (..., n, n). Only the lower triangle of x is read (with `upper` the upper one).
    Gradient: the symmetric 1/2 (S + S^T), S = y^-T P(y^T g) y^-1, where P takes the lower triangle and half the
    diagonal.

    Raises
    ------
    LinAlgError
        If a matrix is not positive definite, on the host; on a device its factor is NaN.

    >>> cholesky([[4.0, 2.0], [2.0, 5.0]])
    array([[2., 0.],
           [1., 2.]], dtype=float32)

    Reference: Murray, Differentiation of the Cholesky decomposition, 2016, eqs. 8 and 10.
    """
    x = square_matrices("cholesky", x)
    return turned(at_least_float32(_cholesky, turned(x))) if upper else at_least_float32(_cholesky, x)


@op
def _cholesky(x: Value) -> Result:
    y = namespace(x).cholesky(x)
    half = 1 - namespace(raw(y)).eye(y.shape[-1], dtype=y.dtype) / 2

    def cholesky(g: Array) -> Array:
        xp, y_t = namespace(y, g), turned(y)
        p = tril(y_t @ g) * half
        s = xp.solve(y_t, turned(xp.solve(y_t, turned(p))))  # y^-T p y^-1
        return (s + turned(s)) / 2

    return y, (cholesky,)
