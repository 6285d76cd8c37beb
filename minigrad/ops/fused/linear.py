"""The affine map of the last axis: one op for product and bias, and one with an activation behind them.

Builds on: `minigrad.ops.fused.rows`, `minigrad.ops.fused.activation`, `minigrad.kernels.linear`. Read next:
`minigrad.nn.functional.linear`.
"""

from __future__ import annotations

import math

import numpy as np

from minigrad.graph import joint
from minigrad.kernels import linear as kernels
from minigrad.ops.fused.activation import ACTIVATIONS
from minigrad.ops.fused.rows import as_rows, shaped
from minigrad.tape import Result, Value, op

__all__ = ["linear", "linear__activated"]


@op
def linear__plain(x: Value, w: Value, b: Value, /) -> Result:
    """One product of matrices whatever the axes before, so one node instead of three."""
    flat = x if x.ndim == 2 else x.reshape(math.prod(x.shape[:-1]), x.shape[-1])
    y, shape, x_shape = flat @ w.T, (*x.shape[:-1], w.shape[0]), x.shape
    y = y if b is None else y + b

    def rows(g: Value) -> Value:
        return g if g.ndim == 2 else g.reshape(math.prod(shape[:-1]), shape[-1])

    return y if x.ndim == 2 else y.reshape(shape), (
        lambda g: (rows(g) @ w).reshape(x_shape),
        lambda g: rows(g).T @ flat,
        lambda g: rows(g).sum(axis=0),
    )


@op(plain=linear__plain)
def linear(x: Value, w: Value, b: Value, /) -> Result:
    """y = x W^T + b

    Shapes: x (..., in), W (out, in), b (out) or None, y (..., out).
    """
    rows, x_shape = as_rows(x), x.shape
    y = np.dot(rows, w.T)
    if b is not None:
        np.add(y, b, y)
    return y if x.ndim == 2 else y.reshape(*x_shape[:-1], w.shape[0]), (
        lambda g: shaped(np.dot(as_rows(g), w), x_shape),
        lambda g: np.dot(as_rows(g).T, rows),
        lambda g: kernels.column_sums(as_rows(g))[0],
    )


def linear__activated_plain(x: Value, w: Value, b: Value, /, activation: str) -> Value:
    return ACTIVATIONS[activation].op(linear__plain(x, w, b))


@op(plain=linear__activated_plain)
def linear__activated(x: Value, w: Value, b: Value, /, activation: str) -> Result:
    """z = activation(x W^T + b), one node for both."""
    kind = ACTIVATIONS[activation]
    y, (to_x, to_w, to_b) = linear.body(x, w, b)
    z, *kept = kind.forward(y.reshape(-1))
    z = z.reshape(y.shape)

    def behind(g: Value) -> tuple[Value, ...]:
        """The gradient behind the activation, made once for all three."""
        h = kind.backward(g.reshape(-1), *kept or (z.reshape(-1),))[0].reshape(g.shape)
        return h, h, h

    for_x, for_w, for_b = joint(3, behind)
    return z, (lambda g: to_x(for_x(g)), lambda g: to_w(for_w(g)), lambda g: to_b(for_b(g)))
