"""Products of matrices, and the parts of a matrix.

Builds on: `minigrad.ops.shape`, `minigrad.ops.index`. Read next: `minigrad.ops.systems`.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from minigrad.backend import Array, namespace
from minigrad.errors import ShapeError
from minigrad.ops.axes import all_axes, one_axis
from minigrad.ops.shape import expand_dims, reshape, transpose
from minigrad.promote import together
from minigrad.tape import Result, Value, composite, op
from minigrad.tensor import as_value

__all__ = ["diagonal", "matmul", "outer", "tensordot", "trace", "tril", "triu"]


@op
def matmul(a: Value, b: Value) -> Result:
    """Matrix product, over the last two axes; the axes before them broadcast.

    y[i, k] = sum_j a[i, j] b[j, k]

    Shapes: (..., n, m) and (..., m, p) give (..., n, p); a vector stands for a row on the left, a column on the right.
    Gradient: dy/da = g b^T, dy/db = a^T g.

    >>> matmul([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    array([3., 7.], dtype=float32)
    """
    _check_matmul(a, b)
    if a.ndim > 2 and b.ndim == 2:  # one large product instead of a batch of small ones
        flat = a.reshape(math.prod(a.shape[:-1]), a.shape[-1])
        y = (flat @ b).reshape(*a.shape[:-1], b.shape[-1])
    else:
        y = a @ b
    a_shape, b_shape = a.shape, b.shape
    return y, (lambda g: _left(g, b, a_shape), lambda g: _right(g, a, b_shape))


def _check_matmul(a: Array, b: Array) -> None:
    left, right = (getattr(x, "shape", ()) for x in (a, b))
    if not left or not right:
        raise ShapeError(f"matmul: needs vectors or matrices, got shapes {left} and {right}; use * for a scalar")
    if left[-1] != right[-2:][0]:
        raise ShapeError(
            f"matmul: the last axis of the first must match the last but one of the second, got {left} and {right}; "
            "transpose one of them, or check the layer's in_features"
        )


def _left(g: Array, b: Array, a_shape: tuple[int, ...]) -> Array:
    """g b^T, in the shape of a or one that sums to it."""
    if b.ndim == 1:
        return expand_dims(g, -1) * b
    if len(a_shape) == 1:
        return (b @ expand_dims(g, -1))[..., 0]
    if b.ndim == 2 and g.ndim > 2:
        return (g.reshape(math.prod(g.shape[:-1]), g.shape[-1]) @ b.T).reshape(*g.shape[:-1], b.shape[0])
    return g @ b.swapaxes(-1, -2)


def _right(g: Array, a: Array, b_shape: tuple[int, ...]) -> Array:
    """a^T g, in the shape of b or one that sums to it."""
    if a.ndim == 1:
        return a * g if len(b_shape) == 1 else expand_dims(a, -1) * expand_dims(g, -2)
    if len(b_shape) == 1:
        return (a.swapaxes(-1, -2) @ expand_dims(g, -1))[..., 0]
    if len(b_shape) == 2 and a.ndim > 2:
        rows = math.prod(a.shape[:-1])
        return a.reshape(rows, a.shape[-1]).T @ g.reshape(rows, g.shape[-1])
    if g.shape[-2] == 1:  # one term in each sum: NumPy's matmul takes eight times as long as a multiplication
        return a.swapaxes(-1, -2) * g
    return a.swapaxes(-1, -2) @ g


@composite
def outer(a: Any, b: Any) -> Any:
    """Every element of one array times every element of another, both flattened.

    y[i, j] = a_i b_j

    >>> outer([1.0, 2.0], [3.0, 4.0])
    array([[3., 4.],
           [6., 8.]], dtype=float32)
    """
    a, b = together([a, b])
    return reshape(a, -1, 1) * reshape(b, 1, -1)


@composite
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Sum of products over several axes of two arrays.

    y[i, k] = sum_j a[i, j] b[j, k], with j running over all the contracted axes

    Parameters
    ----------
    axes
        How many: the last of `a` with the first of `b`; or two lists of axes.

    >>> tensordot([[1.0, 2.0]], [[1.0], [1.0]], axes=1)
    array([[3.]], dtype=float32)
    """
    a, b = together([a, b])
    if not isinstance(axes, (tuple, list)):
        n = operator.index(axes)
        if not 0 <= n <= min(a.ndim, b.ndim):
            raise ShapeError(
                f"tensordot: axes must lie in 0 to {min(a.ndim, b.ndim)}, got {n}; or pass two lists of axes"
            )
        axes = (tuple(range(a.ndim - n, a.ndim)), tuple(range(n)))
    left, right = all_axes(axes[0], a.shape), all_axes(axes[1], b.shape)
    if [a.shape[i] for i in left] != [b.shape[i] for i in right]:
        raise ShapeError(
            f"tensordot: contracted axes must have equal sizes, got {a.shape} over {left}, {b.shape} over {right}; "
            "check axes="
        )
    a_free = [i for i in range(a.ndim) if i not in left]
    b_free = [i for i in range(b.ndim) if i not in right]
    n = math.prod(a.shape[i] for i in left)
    y = reshape(transpose(a, [*a_free, *left]), math.prod(a.shape[i] for i in a_free), n) @ reshape(
        transpose(b, [*right, *b_free]), n, math.prod(b.shape[i] for i in b_free)
    )
    return reshape(y, (*(a.shape[i] for i in a_free), *(b.shape[i] for i in b_free)))


def _matrix(x: Value) -> None:
    if x.ndim < 2:
        raise ShapeError(f"matrix: needs two axes or more, got shape {x.shape}; expand_dims adds one")


@op
def tril(x: Value, /, k: int = 0) -> Result:
    """The lower triangle of the last two axes, zeros above diagonal `k`.

    y[i, j] = x[i, j] where j <= i + k, else 0

    >>> tril([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 0.],
           [3., 4.]], dtype=float32)
    """
    _matrix(x)
    return namespace(x).tril(x, k), (lambda g: namespace(g).tril(g, k),)


@op
def triu(x: Value, /, k: int = 0) -> Result:
    """The upper triangle of the last two axes, zeros below diagonal `k`.

    y[i, j] = x[i, j] where j >= i + k, else 0

    >>> triu([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 2.],
           [0., 4.]], dtype=float32)
    """
    _matrix(x)
    return namespace(x).triu(x, k), (lambda g: namespace(g).triu(g, k),)


@composite
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The diagonal of two axes, as a new last axis.

    y[..., i] = x[i, i + offset, ...]

    >>> diagonal([[1.0, 2.0], [3.0, 4.0]])
    array([1., 4.], dtype=float32)
    """
    x = as_value(x)
    _matrix(x)
    a, b = one_axis(axis1, x.shape), one_axis(axis2, x.shape)
    if a == b:
        raise ShapeError(f"diagonal: needs two different axes, got axis {a} twice for shape {x.shape}; name another")
    x = transpose(x, [i for i in range(x.ndim) if i not in (a, b)] + [a, b])
    rows, columns = x.shape[-2:]
    first = max(-offset, 0)
    i = np.arange(first, max(first, min(rows, columns - offset)))
    return x[..., i, i + offset]


@composite
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Sum of the diagonal of two axes.

    y = sum_i x[i, i + offset]

    >>> trace([[1.0, 2.0], [3.0, 4.0]])
    array(5., dtype=float32)
    """
    return diagonal(x, offset, axis1, axis2).sum(axis=-1)
