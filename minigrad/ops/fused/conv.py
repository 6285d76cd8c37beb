"""Convolution over any number of axes: sliding windows, one product of matrices, a bias.

The plain form has no formula for a gradient, since each of its steps is differentiable. Inside, its channels stand
before the batch, (C, N, ...): then the forward and both gradients are one product of matrices each, without a
transposed copy, and groups are a batch of such products.

The fused form has its channels last, and leaves them there: its result has the axes (N, O, ...) but lies in memory as
(N, ..., O), which is how the next convolution wants it. Arithmetic between the two keeps that order.

Builds on: `minigrad.ops.windows`, `minigrad.kernels.conv`. Read next: `minigrad.nn.functional.convolution`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.backend.windows import Steps
from minigrad.graph import joint
from minigrad.kernels import conv as kernels
from minigrad.ops.arithmetic import add
from minigrad.ops.arrange import pad
from minigrad.ops.linalg import matmul
from minigrad.ops.shape import reshape, swapaxes, transpose
from minigrad.ops.windows import sliding_windows
from minigrad.tape import Result, Value, op

__all__ = ["conv", "conv__plain", "finish", "grouped"]

Array = np.ndarray[Any, Any]


def conv__plain(x: Value, weight: Value, bias: Value, /, steps: Steps, groups: int = 1) -> Value:
    kernel, size, batch, out = steps.kernel, x.shape[2:], x.shape[0], weight.shape[0]
    n, windows, depth = len(kernel), steps.out(size), weight.shape[1] * math.prod(kernel)
    x = swapaxes(x, 0, 1)  # (C, N, *size)
    if any(map(any, steps.width)):
        x = pad(x, [(0, 0), (0, 0), *steps.width])
    x = sliding_windows(x, kernel, steps.stride, steps.dilation)  # (C, N, *windows, *kernel)
    columns = transpose(x, 0, *range(2 + n, 2 + 2 * n), *range(1, 2 + n))  # (C, *kernel, N, *windows)
    columns = reshape(columns, grouped(groups, depth, batch * math.prod(windows)))
    rows = reshape(weight, grouped(groups, out // groups, depth))
    return finish(reshape(matmul(rows, columns), out, batch, *windows), bias)


def finish(y: Value, bias: Value) -> Value:
    """(O, N, ...) to (N, O, ...), with the bias."""
    if bias is not None:
        y = add(y, reshape(bias, -1, *[1] * (y.ndim - 1)))
    return swapaxes(y, 0, 1)


def grouped(groups: int, rows: int, columns: int) -> tuple[int, ...]:
    """The shape of a matrix for each group; of one plain matrix where there is one group."""
    return (rows, columns) if groups == 1 else (groups, rows, columns)


@op(plain=conv__plain)
def conv(x: Value, weight: Value, bias: Value, /, steps: Steps) -> Result:
    """Convolution, y[n, o, i] = b[o] + sum_c sum_t W[o, c, t] x[n, c, i stride + t dilation - padding].

    Shapes: x (N, C, *size), W (O, C, *kernel), b (O) or None, y (N, O, *out).
    Gradient: that of W is a sum over what each place sees. That of x at stride 1 is again a convolution, of g with the
    flipped kernels; at other strides overlap-add.

    >>> from minigrad import ones
    >>> conv(ones((1, 2, 4)), ones((1, 2, 3)), None, Steps((3,), (1,), (1,), ((1, 0),))).numpy()
    array([[[4., 6., 6.]]], dtype=float32)
    """
    seen, size, weight_shape, biased = last(x), x.shape[2:], weight.shape, bias is not None
    y, kept = kernels.conv(seen, as_rows(weight, bias), True, steps)
    source, shape = kept if kept.size else seen, seen.shape  # what backward keeps: the columns, or x

    def to_weight(g: Array) -> tuple[Array, Array | None]:
        (d,) = kernels.conv_backward_rows(last(g), source, shape, biased, steps)
        depth = len(d) - biased
        d_weight = d[:depth].reshape(*steps.kernel, *weight_shape[1::-1]).transpose(-1, -2, *range(len(steps.kernel)))
        return np.ascontiguousarray(d_weight), d[depth] if biased else None

    to_weight.__name__ = "conv"
    return first(y), (lambda g: first(backward_x(last(g), weight, size, steps)), *joint(2, to_weight))


def backward_x(g: Array, weight: Array, size: tuple[int, ...], steps: Steps) -> Array:
    """The gradient of x, channels last."""
    reach = [d * (k - 1) for k, d in zip(steps.kernel, steps.dilation, strict=True)]
    width = tuple((r - a, r - b) for r, (a, b) in zip(reach, steps.width, strict=True))
    if max(steps.stride) > 1 or min(map(min, width)) < 0:
        return kernels.conv_backward_x(g, as_rows(weight), size, steps)[0]
    backwards: Any = (..., *[slice(None, None, -1)] * len(size))
    turned = weight.swapaxes(0, 1)[backwards]
    return kernels.conv(g, as_rows(turned), False, steps._replace(width=width))[0]


def as_rows(weight: Array, bias: Array | None = None) -> Array:
    """W (O, C, *kernel) as the matrix (*kernel C, O), and the bias as one row more.

    It always lies in memory in the same way, so that equal weights give equal results to the last bit.
    """
    out, channels, *kernel = weight.shape
    depth = channels * math.prod(kernel)
    rows = np.empty((depth + (bias is not None), out), weight.dtype)
    rows[:depth].reshape(*kernel, channels, out)[...] = weight.transpose(*range(2, weight.ndim), 1, 0)
    if bias is not None:
        rows[depth] = bias
    return rows


def last(x: Array) -> Array:
    """(N, C, ...) as (N, ..., C), a view."""
    return x.transpose(0, *range(2, x.ndim), 1)


def first(x: Array) -> Array:
    """(N, ..., C) as (N, C, ...), a view."""
    return x.transpose(0, -1, *range(1, x.ndim - 1))
