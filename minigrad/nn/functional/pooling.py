"""Max pooling: the largest element of every window, of each channel by itself; and where windows lie.

Builds on: `minigrad.ops.fused.pool`. Read next: `minigrad.nn.functional.average`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from minigrad.backend.windows import Steps, places
from minigrad.errors import DTypeError, ShapeError
from minigrad.nn.argument import ArgumentError
from minigrad.ops.axes import per_axis
from minigrad.ops.fused.pool import TAPS, max_pool, max_pool__plain
from minigrad.tape import composite
from minigrad.tensor import as_value

__all__ = ["max_pool1d", "max_pool2d", "max_pool3d"]

Sizes = int | Sequence[int]
Ints = tuple[int, ...]


def numbers(
    name: str, n: int, kernel_size: Any, stride: Any, padding: Any, dilation: Any = 1
) -> tuple[Ints, Ints, Ints, Ints]:
    """Kernel, stride, padding and dilation as one number for each axis, or an error; they ask nothing of x."""
    kernel, gaps = per_axis(name, "kernel_size", kernel_size, n, 1), per_axis(name, "dilation", dilation, n, 1)
    strides = kernel if stride is None else per_axis(name, "stride", stride, n, 1)
    width = per_axis(name, "padding", padding, n)
    spans = span(kernel, gaps)
    if any(2 * p > m for p, m in zip(width, spans, strict=True)):
        raise ArgumentError(
            f"{name}: padding must be at most half the kernel, got {width} for {spans}; more would make windows of "
            "padding alone"
        )
    return kernel, strides, width, gaps


def span(kernel: Ints, dilation: Ints) -> Ints:
    """From the first to the last element of a window."""
    return tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))


def steps_over(
    name: str, n: int, shape: Ints, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> Steps:
    """The windows over the last `n` axes; with `ceil_mode` the last may reach beyond the end, but not start there."""
    if len(shape) not in (n + 1, n + 2):
        raise ShapeError(f"{name}: x is (N, C, ...) with {n} axes behind C, or without N, got {shape}; reshape it")
    given = numbers(name, n, kernel_size, stride, padding, dilation)
    return _steps_over(name, shape[len(shape) - n :], *given, ceil_mode)


@lru_cache(maxsize=256)
def _steps_over(
    name: str, size: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil_mode: bool
) -> Steps:
    spans = span(kernel, dilation)
    padded = tuple(m + 2 * p for m, p in zip(size, padding, strict=True))
    count = places(padded, kernel, stride, dilation)
    if ceil_mode:
        count = tuple(
            c + (c * s < m + p and (c - 1) * s + k < whole)
            for c, s, m, p, k, whole in zip(count, stride, size, padding, spans, padded, strict=True)
        )
    if 0 in count:
        raise ShapeError(
            f"{name}: a window must fit into the padded x, got kernel {spans} for {size} padded to {padded}; "
            "pad more, or take a smaller kernel"
        )
    beyond = (max(0, (c - 1) * s + k - m) for c, s, k, m in zip(count, stride, spans, padded, strict=True))
    width = tuple((p, p + more) for p, more in zip(padding, beyond, strict=True))
    return Steps(kernel, stride, dilation, width)


def _max_pool(name: str, n: int, x: Any, *options: Any) -> Any:
    x = as_value(x)
    steps = steps_over(name, n, x.shape, *options)
    if x.dtype.kind == "b":
        raise DTypeError(f"{name}: takes numbers, got {x.dtype}; cast to float32 first, .astype('float32')")
    return max_pool(x, steps) if math.prod(steps.kernel) <= TAPS else max_pool__plain(x, steps)


@composite
def max_pool1d(
    x: Any,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
) -> Any:
    """The largest element of every window over one axis.

    y[n, c, i] = max over t of x[n, c, i stride + t dilation - padding]

    The stride is the kernel's size where none is given. Padding is -inf, at most half a kernel. With `ceil_mode` a last
    window that reaches beyond the end counts too.

    Shapes: x (N, C, L) or (C, L), y (N, C, L') or (C, L') with
    L' = floor((L + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1.
    Gradient: all of it goes to the largest element; of equals, to the first.

    Raises
    ------
    ShapeError
        If no window fits, or x has other axes.
    ValueError
        If an argument means nothing.

    >>> max_pool1d([[1.0, 3.0, 2.0, 0.0]], 2)
    array([[3., 2.]], dtype=float32)
    """
    return _max_pool("max_pool1d", 1, x, kernel_size, stride, padding, dilation, ceil_mode)


@composite
def max_pool2d(
    x: Any,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
) -> Any:
    """The largest element of every window over height and width.

    y[n, c, i] = max over t of x[n, c, i stride + t dilation - padding], i and t pairs

    Arguments and gradient as in `max_pool1d`; each may differ from axis to axis.

    Shapes: x (N, C, H, W) or (C, H, W), y (N, C, H', W') or (C, H', W').

    Raises
    ------
    ShapeError
        If no window fits, or x has other axes.
    ValueError
        If an argument means nothing.

    >>> max_pool2d([[[1.0, 3.0], [2.0, 0.0]]], 2)
    array([[[3.]]], dtype=float32)
    """
    return _max_pool("max_pool2d", 2, x, kernel_size, stride, padding, dilation, ceil_mode)


@composite
def max_pool3d(
    x: Any,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
) -> Any:
    """The largest element of every window over depth, height and width.

    y[n, c, i] = max over t of x[n, c, i stride + t dilation - padding], i and t triples

    Arguments and gradient as in `max_pool1d`; each may differ from axis to axis.

    Shapes: x (N, C, D, H, W) or (C, D, H, W), y (N, C, D', H', W') or (C, D', H', W').

    Raises
    ------
    ShapeError
        If no window fits, or x has other axes.
    ValueError
        If an argument means nothing.

    >>> from minigrad import ones
    >>> max_pool3d(ones((1, 2, 4, 4, 4)), 2).shape
    (1, 2, 2, 2, 2)
    """
    return _max_pool("max_pool3d", 3, x, kernel_size, stride, padding, dilation, ceil_mode)
