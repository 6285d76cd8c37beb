"""Pooling: the largest element of every window, or the sum of it, of each channel by itself.

The plain form of the maximum finds on plain numbers where the largest element of each window stands, and takes it from
there. So its gradient goes to that place, and every order of derivative is that of indexing. Inside, channels stand
before the batch.

The fused forms have channels last, as the convolution leaves them in memory, and give results that lie the same way.
For the gradient of the maximum they keep one byte for each window, the tap that won.

Builds on: `minigrad.ops.windows`, `minigrad.kernels.pool`. Read next: `minigrad.nn.functional.pooling`.
"""

from __future__ import annotations

import math
from functools import lru_cache, reduce
from itertools import product
from typing import Any

import numpy as np

from minigrad.backend import namespace
from minigrad.backend.windows import Steps, taps
from minigrad.kernels import pool as kernels
from minigrad.kernels.pool import TAPS
from minigrad.ops.arrange import pad
from minigrad.ops.index import getitem
from minigrad.ops.shape import reshape, swapaxes, transpose
from minigrad.ops.windows import sliding_windows
from minigrad.tape import Result, Value, op
from minigrad.tensor import raw

__all__ = ["TAPS", "channels_first", "max_pool", "max_pool__plain", "sum_pool", "take_largest"]

Array = np.ndarray[Any, Any]
Ints = tuple[int, ...]


def max_pool__plain(x: Value, /, steps: Steps) -> Value:
    n = len(steps.kernel)
    out, lowest = steps.out(x.shape[x.ndim - n :]), -math.inf if x.dtype.kind == "f" else int(np.iinfo(x.dtype).min)
    x = padded(channels_first(x, n), steps.width, lowest)
    slices = [place for _, place in taps(steps.kernel, out, steps.stride, steps.dilation)]
    size = x.shape[x.ndim - n :]
    plane = np.arange(math.prod(size)).reshape(size)
    table = np.stack([plane[place].ravel() for place in slices])
    y = take_largest(x, [raw(x)[place] for place in slices], table, out)
    return channels_first(y, n)


def take_largest(x: Value, parts: list[Any], table: Array, count: Ints) -> Value:
    """From each window its largest element, of equals the first; a NaN is larger than all.

    `parts` are for each tap the elements that the windows have there, as plain arrays, (..., *count); `table` (taps,
    windows) says where in x they stand, counted over the last axes.
    """
    xp = namespace(parts[0])
    top = reduce(xp.maximum, parts)
    left, tap = True, xp.zeros(top.shape, dtype=xp.int32)
    for part in parts[:-1]:  # counts the taps before the first that is the largest, or NaN
        left = left & (part != top) & (part == part)
        tap = tap + left
    lead, windows = math.prod(top.shape[: top.ndim - len(count)]), math.prod(count)
    size = math.prod(x.shape[x.ndim - len(count) :])
    place = xp.from_host(table.ravel())[tap.reshape(lead, windows) * windows + xp.arange(windows)]
    place = place + (xp.arange(lead) * size).reshape(lead, 1)
    return reshape(getitem(reshape(x, lead * size), place), top.shape)


def channels_first(x: Value, n: int) -> Value:
    """(N, C, ...) to (C, N, ...) and back; one example stays as it is."""
    return swapaxes(x, 0, 1) if x.ndim == n + 2 else x


def padded(x: Value, width: Any, value: float) -> Value:
    """x with `width` more elements before and after its last axes; itself where there are none to add."""
    if not any(map(any, width)):
        return x
    return pad(x, [*[(0, 0)] * (x.ndim - len(width)), *width], constant_values=value)


@op(plain=max_pool__plain)
def max_pool(x: Value, /, steps: Steps) -> Result:
    """The largest element of every window, y[n, c, i] = max over t of x[n, c, i stride + t dilation - padding].

    A window has at most `TAPS` elements.

    Shapes: x (N, C, *size) or (C, *size), y (N, C, *out) or (C, *out).
    Gradient: all of it goes to the largest element; of equals, to the first.

    >>> from minigrad import tensor
    >>> max_pool(tensor([[1.0, 3.0, 2.0, 0.0]]), Steps((2,), (2,), (1,), ((0, 0),))).numpy()
    array([[3., 2.]], dtype=float32)
    """
    n, shape = len(steps.kernel), x.shape
    where = tables(steps, shape[x.ndim - n :])
    y, tap = kernels.max_pool(last(x, n), *where)

    def vjp(g: Array) -> Array:
        return first(kernels.max_pool_backward(np.ascontiguousarray(last(g, n)), tap, *where)[0], shape)

    return first(y, (*shape[: x.ndim - n], *y.shape[4 - n : 4])), (vjp,)


def sum_pool__plain(x: Value, /, steps: Steps) -> Value:
    n = len(steps.kernel)
    x = padded(channels_first(x, n), steps.width, 0.0)
    lead = x.ndim - n
    x = sliding_windows(x, steps.kernel, steps.stride, steps.dilation)  # (C, N, *out, *kernel)
    x = transpose(x, *range(lead + n, lead + 2 * n), *range(lead + n))
    x = reshape(x, math.prod(steps.kernel), *x.shape[n:]).sum(axis=0)  # the taps first: the sum adds whole arrays
    return channels_first(x, n)


@op(plain=sum_pool__plain)
def sum_pool(x: Value, /, steps: Steps) -> Result:
    """The sum of every window, y[n, c, i] = sum over t of x[n, c, i stride + t dilation - padding].

    Shapes: x (N, C, *size) or (C, *size), y (N, C, *out) or (C, *out).

    >>> from minigrad import tensor
    >>> sum_pool(tensor([[1.0, 3.0, 2.0, 0.0]]), Steps((2,), (2,), (1,), ((0, 0),))).numpy()
    array([[4., 2.]], dtype=float32)
    """
    n, shape = len(steps.kernel), x.shape
    where = tables(steps, shape[x.ndim - n :])
    (y,) = kernels.sum_pool(last(x, n), *where)

    def vjp(g: Array) -> Array:
        return first(kernels.sum_pool_backward(last(g, n), *where)[0], shape)

    return first(y, (*shape[: x.ndim - n], *y.shape[4 - n : 4])), (vjp,)


# -- how kernels see it ------------------------------------------------------------------------------------------------


def last(x: Array, n: int) -> Array:
    """x with `n` axes to move along as (N, D, H, W, C), a view."""
    batch = x.shape[0] if x.ndim == n + 2 else 1
    return x.reshape(batch, x.shape[-n - 1], *[1] * (3 - n), *x.shape[-n:]).transpose(0, 2, 3, 4, 1)


def first(y: Array, shape: Ints) -> Array:
    """(N, D, H, W, C) with the axes of the shape (N, C, ...) or (C, ...), a view."""
    return y.transpose(0, 4, 1, 2, 3).reshape(shape)


@lru_cache(maxsize=256)
def tables(steps: Steps, size: Ints) -> tuple[Array, Array]:
    """Where the taps lie, and the frame, as kernels take them (see `minigrad.kernels.pool`), for three axes."""
    missing, counts = 3 - len(size), steps.out(size)
    along = [[(0, 1, 0)]] * missing
    for k, s, d, (before, _), out, m in zip(*steps, counts, size, strict=True):
        starts = [t * d - before for t in range(k)]
        firsts = [max(0, -(start // s)) for start in starts]
        ends = [min(out, (m - 1 - start) // s + 1) for start in starts]
        along.append(list(zip(firsts, map(max, firsts, ends), starts, strict=True)))
    rows = [(1,) * missing + numbers for numbers in (steps.stride, counts, size)]
    return np.array(list(product(*along))), np.array(rows)
