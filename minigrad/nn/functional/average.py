"""Average pooling: the mean of every window, of each channel by itself.

Builds on: `minigrad.nn.functional.pooling`. Read next: `minigrad.nn.functional.adaptive`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from minigrad.argument import whole
from minigrad.backend import namespace
from minigrad.backend.windows import Steps
from minigrad.nn.argument import ArgumentError
from minigrad.nn.functional.pooling import steps_over
from minigrad.ops import multiply
from minigrad.ops.fused.pool import sum_pool
from minigrad.promote import wide
from minigrad.tape import composite
from minigrad.tensor import as_value, raw

__all__ = ["avg_pool1d", "avg_pool2d"]

Sizes = int | Sequence[int]


def _avg_pool(
    name: str, n: int, x: Any, kernel_size: Any, stride: Any, padding: Any, ceil: bool, with_pad: bool, divisor: Any
) -> Any:
    x = as_value(x)
    steps = steps_over(name, n, x.shape, kernel_size, stride, padding, 1, ceil)
    divisor = check_divisor(name, divisor)
    half, size = x.dtype == "float16", x.shape[x.ndim - n :]
    total = sum_pool(wide(x), steps)
    y = multiply(total, _weights(total, steps, size, with_pad) if divisor is None else 1 / divisor)
    return y.astype("float16") if half else y


def check_divisor(name: str, divisor: Any) -> int | None:
    """The divisor as Python's int, refused where it is 0; None for the size of the window."""
    if divisor is not None and not whole(name, "divisor_override", divisor, -math.inf):
        raise ArgumentError(f"{name}: divisor_override must not be 0, got {divisor}; None is the size of the window")
    return None if divisor is None else int(divisor)


def _weights(x: Any, steps: Steps, size: tuple[int, ...], with_pad: bool) -> Any:
    """1 / how many elements of each window count: all of x, the padding too if `with_pad`, never what lies beyond."""
    counts = []
    for c, k, s, (before, _), m in zip(steps.out(size), steps.kernel, steps.stride, steps.width, size, strict=True):
        first = np.arange(c) * s
        start, stop = (0, m + 2 * before) if with_pad else (before, before + m)
        counts.append(np.minimum(first + k, stop) - np.maximum(first, start))
    whole = reduce(np.multiply.outer, counts)
    if (whole == whole.flat[0]).all():
        return 1 / int(whole.flat[0])
    return namespace(raw(x)).from_host((1 / whole).astype(x.dtype if x.dtype.kind == "f" else np.float32))


@composite
def avg_pool1d(
    x: Any,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """The mean of every window over one axis.

    y[n, c, i] = sum over t of x[n, c, i stride + t - padding] / kernel_size

    The stride is the kernel's size where none is given. Padding is zeros, at most half a kernel; without
    `count_include_pad` they do not count. With `ceil_mode` a last window that reaches beyond the end counts too, with
    the elements that it has.

    Shapes: x (N, C, L) or (C, L), y (N, C, L') or (C, L') with L' = floor((L + 2 padding - kernel_size) / stride) + 1.

    Raises
    ------
    ShapeError
        If no window fits, or x has other axes.
    ValueError
        If an argument means nothing.

    >>> avg_pool1d([[1.0, 3.0, 2.0, 0.0]], 2)
    array([[2., 1.]], dtype=float32)
    """
    return _avg_pool("avg_pool1d", 1, x, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


@composite
def avg_pool2d(
    x: Any,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The mean of every window over height and width.

    y[n, c, i] = sum over t of x[n, c, i stride + t - padding] / (kh kw), i and t pairs

    Arguments as in `avg_pool1d`; `divisor_override` takes the place of kh kw.

    Shapes: x (N, C, H, W) or (C, H, W), y (N, C, H', W') or (C, H', W').

    Raises
    ------
    ShapeError
        If no window fits, or x has other axes.
    ValueError
        If an argument means nothing.

    >>> avg_pool2d([[[1.0, 3.0], [2.0, 0.0]]], 2)
    array([[[1.5]]], dtype=float32)
    """
    return _avg_pool("avg_pool2d", 2, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
