"""Adaptive pooling: so many regions, whatever the size of x.

Region i of o over an axis of n elements goes from floor(i n / o) to ceil((i + 1) n / o): of different lengths where o
does not divide n, and with an element in common.

Builds on: `minigrad.nn.functional.pooling`, `minigrad.nn.functional.resample`. Read next: `minigrad.nn.adaptive`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.argument import whole
from minigrad.backend import Array, namespace
from minigrad.backend.windows import Steps
from minigrad.errors import ShapeError
from minigrad.nn.argument import ArgumentError
from minigrad.nn.functional.pooling import steps_over
from minigrad.nn.functional.resample import mixed
from minigrad.ops.fused.pool import TAPS, channels_first, max_pool, sum_pool, take_largest
from minigrad.promote import wide
from minigrad.tape import composite
from minigrad.tensor import as_value, raw

__all__ = ["adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_max_pool1d", "adaptive_max_pool2d"]

Output = int | None | Sequence[int | None]


def regions(name: str, output_size: Output, size: tuple[int, ...]) -> list[tuple[Array, Array]]:
    """For each axis the places (o, t) of the regions' elements and their weights in the mean.

    Short regions are filled up with their last place, at weight 0.
    """
    n = len(size)
    wanted: Any = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,) * n
    if len(wanted) != n:
        raise ArgumentError(f"{name}: output_size is one number, or one for each of {n} axes, got {output_size!r}; fit")
    wanted = [None if o is None else whole(name, "output_size", o, 1) for o in wanted]
    found = []
    for m, o in zip(size, wanted, strict=True):
        i = np.arange(m if o is None else o)
        start, stop = i * m // len(i), -(-(i + 1) * m // len(i))
        place = start[:, None] + np.arange((stop - start).max())
        inside = place < stop[:, None]
        found.append((np.minimum(place, stop[:, None] - 1), inside / inside.sum(axis=1, keepdims=True)))
    return found


def _size(name: str, n: int, x: Any) -> tuple[int, ...]:
    size: tuple[int, ...] = x.shape[x.ndim - n :]
    if x.ndim not in (n + 1, n + 2) or 0 in size:
        raise ShapeError(
            f"{name}: x is (N, C, ...) with {n} axes behind C, or without N, none of them empty, got {x.shape}; reshape"
        )
    return size


def as_windows(name: str, x: Any, parts: list[Array]) -> Steps | None:
    """The regions as windows of ordinary pooling, where they are equal and side by side; else None."""
    n = len(parts)
    kernel = tuple(place.shape[1] for place in parts)
    side_by_side = all(place.size == m for place, m in zip(parts, x.shape[x.ndim - n :], strict=True))
    return steps_over(name, n, x.shape, kernel, None, 0, 1, False) if side_by_side else None


def _average(name: str, n: int, x: Any, output_size: Output) -> Any:
    x = as_value(x)
    size = _size(name, n, x)
    parts = regions(name, output_size, size)
    steps = as_windows(name, x, [place for place, _ in parts])
    if steps and max(steps.out(size)) > 1:
        y = sum_pool(wide(x), steps) * (1 / math.prod(steps.kernel))
        return y.astype("float16") if x.dtype == "float16" else y
    y = channels_first(wide(x), n)
    if all(len(place) == 1 for place, _ in parts):  # everything: one mean
        y = y.mean(axis=tuple(range(x.ndim - n, x.ndim)), keepdims=True)
    else:
        for axis, (place, weight) in enumerate(parts, x.ndim - n):
            y = mixed(y, axis, place, weight)
    y = channels_first(y, n)
    return y.astype("float16") if x.dtype == "float16" else y


def _largest(name: str, n: int, x: Any, output_size: Output) -> Any:
    x = as_value(x)
    size = _size(name, n, x)
    parts = [place for place, _ in regions(name, output_size, size)]
    steps = as_windows(name, x, parts) if x.dtype.kind == "f" else None
    if steps and math.prod(steps.kernel) <= TAPS:
        return max_pool(x, steps)
    x = channels_first(x, n)
    count = tuple(len(place) for place in parts)
    table = []
    for tap in np.ndindex(*(place.shape[1] for place in parts)):
        grid = np.ix_(*(place[:, t] for place, t in zip(parts, tap, strict=True)))
        table.append(np.ravel_multi_index(np.broadcast_arrays(*grid), size).ravel())
    values, xp = raw(x).reshape(*x.shape[: x.ndim - n], math.prod(size)), namespace(raw(x))
    taken = [values[..., xp.from_host(row)].reshape(*x.shape[: x.ndim - n], *count) for row in table]
    return channels_first(take_largest(x, taken, np.stack(table), count), n)


@composite
def adaptive_avg_pool1d(x: Any, output_size: Output) -> Any:
    """The mean of each of `output_size` regions over one axis.

    y[n, c, i] = mean of x[n, c, floor(i L / output_size) : ceil((i + 1) L / output_size)]

    Shapes: x (N, C, L) or (C, L), y (N, C, output_size) or (C, output_size).

    Raises
    ------
    ShapeError
        If x has other axes, or is empty.
    ValueError
        If output_size means nothing.

    >>> adaptive_avg_pool1d([[1.0, 2.0, 6.0]], 2)
    array([[1.5, 4. ]], dtype=float32)
    """
    return _average("adaptive_avg_pool1d", 1, x, output_size)


@composite
def adaptive_avg_pool2d(x: Any, output_size: Output) -> Any:
    """The mean of each of (h, w) regions over height and width; None keeps the size of an axis.

    y[n, c, i, j] = mean of the region between floor(i H / h) and ceil((i + 1) H / h), and likewise for j

    Shapes: x (N, C, H, W) or (C, H, W), y (N, C, h, w) or (C, h, w).

    Raises
    ------
    ShapeError
        If x has other axes, or is empty.
    ValueError
        If output_size means nothing.

    >>> adaptive_avg_pool2d([[[1.0, 3.0], [2.0, 0.0]]], (2, 1))
    array([[[2.],
            [1.]]], dtype=float32)
    """
    return _average("adaptive_avg_pool2d", 2, x, output_size)


@composite
def adaptive_max_pool1d(x: Any, output_size: Output) -> Any:
    """The largest element of each of `output_size` regions over one axis.

    y[n, c, i] = max of x[n, c, floor(i L / output_size) : ceil((i + 1) L / output_size)]

    Shapes: x (N, C, L) or (C, L), y (N, C, output_size) or (C, output_size).
    Gradient: all of it goes to the largest element; of equals, to the first.

    Raises
    ------
    ShapeError
        If x has other axes, or is empty.
    ValueError
        If output_size means nothing.

    >>> adaptive_max_pool1d([[1.0, 2.0, 6.0]], 2)
    array([[2., 6.]], dtype=float32)
    """
    return _largest("adaptive_max_pool1d", 1, x, output_size)


@composite
def adaptive_max_pool2d(x: Any, output_size: Output) -> Any:
    """The largest element of each of (h, w) regions over height and width; None keeps the size of an axis.

    y[n, c, i, j] = max of the region between floor(i H / h) and ceil((i + 1) H / h), and likewise for j

    Shapes: x (N, C, H, W) or (C, H, W), y (N, C, h, w) or (C, h, w).
    Gradient: all of it goes to the largest element; of equals, to the first.

    Raises
    ------
    ShapeError
        If x has other axes, or is empty.
    ValueError
        If output_size means nothing.

    >>> adaptive_max_pool2d([[[1.0, 3.0], [2.0, 0.0]]], (2, 1))
    array([[[3.],
            [2.]]], dtype=float32)
    """
    return _largest("adaptive_max_pool2d", 2, x, output_size)
