"""Probabilities in proportion to e^x, and their logarithms.

The largest element is subtracted before the exponential, so that nothing overflows. It counts as a constant: a shift
changes neither the result nor any derivative.

Builds on: `minigrad.ops.fused.rows`, `minigrad.kernels.softmax`. Read next:
`minigrad.nn.functional.classification`.
"""

from __future__ import annotations

from typing import Any

from minigrad.backend import Array, namespace
from minigrad.kernels import softmax as kernels
from minigrad.ops.axes import one_axis
from minigrad.ops.fused.rows import along
from minigrad.tape import Result, Value, op
from minigrad.tensor import raw

__all__ = ["largest", "log_softmax", "softmax"]


@op
def softmax__plain(x: Value, /, axis: int = -1) -> Result:
    axis = one_axis(axis, x.shape)
    e = namespace(x).exp(x - largest(x, axis))
    y = e / e.sum(axis=axis, keepdims=True)
    return y, (lambda g: y * (g - (g * y).sum(axis=axis, keepdims=True)),)


@op(plain=softmax__plain)
def softmax(x: Value, /, axis: int = -1) -> Result:
    """Probabilities in proportion to e^x along an axis, without overflow.

    y_i = e^(x_i) / sum_j e^(x_j)

    Gradient: y (g - sum_j g_j y_j).

    >>> softmax([1000.0, 1000.0])
    array([0.5, 0.5], dtype=float32)
    """
    axis = one_axis(axis, x.shape)
    rows, back = along(x, axis)
    (y,) = kernels.softmax(rows)
    return back(y), (lambda g: back(kernels.softmax_backward(along(g, axis)[0], y)[0]),)


@op
def log_softmax__plain(x: Value, /, axis: int = -1) -> Result:
    axis, xp = one_axis(axis, x.shape), namespace(x)
    shifted = x - largest(x, axis)
    y = shifted - xp.log(xp.exp(shifted).sum(axis=axis, keepdims=True))
    return y, (lambda g: g - namespace(y).exp(y) * g.sum(axis=axis, keepdims=True),)


@op(plain=log_softmax__plain)
def log_softmax(x: Value, /, axis: int = -1) -> Result:
    """Logarithms of probabilities in proportion to e^x, without overflow.

    y = x - ln sum_i e^(x_i)

    Gradient: g - e^y sum_j g_j.

    >>> log_softmax([0.0, 0.0])
    array([-0.6931, -0.6931], dtype=float32)
    """
    axis = one_axis(axis, x.shape)
    rows, back = along(x, axis)
    (y,) = kernels.log_softmax(rows)
    return back(y), (lambda g: back(kernels.log_softmax_backward(along(g, axis)[0], y)[0]),)


def largest(x: Value, axis: Any) -> Array:
    """The largest element along the axis, 0 where that is infinite."""
    values = raw(x)
    top, xp = values.max(axis=axis, keepdims=True), namespace(values)
    return xp.where(xp.isfinite(top), top, 0)
