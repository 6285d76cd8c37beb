"""Convolution in NumPy: what each place of the result sees becomes a row of a matrix, and one product makes the result.

The matrix of columns is many times as large as x, so it is made piece by piece, in memory that is used again and stays
in the cache, and never kept: making it once more for the gradient is cheaper than fetching it from memory.

Builds on: `minigrad.kernels.numpy.scratch`, `minigrad.backend.windows`. Read next: `minigrad.ops.fused.conv`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from minigrad.backend.windows import taps, window_view
from minigrad.kernels.numpy.scratch import blocks, scratch

__all__ = ["conv", "conv_backward_rows", "conv_backward_x"]

Array = np.ndarray[Any, Any]
Ints = tuple[int, ...]

ROOM = 1 << 17  # elements of columns at a time: half a MiB of float32, enough work for one product of matrices
WIDE_ROOM = 1 << 22  # elements of images in their frames at a time
LONG = 16  # elements side by side from which on a copy is fast
COLUMNS, FRAME = range(2)  # places in scratch memory


def conv(x: Array, rows: Array, steps: Any, y: Array) -> None:
    made = y.reshape(math.prod(y.shape[:-1]), y.shape[-1])
    for places, columns in columns_of(x, len(rows), y.shape[1:-1], steps):
        np.matmul(columns, rows, out=made[places])


def conv_backward_rows(g: Array, x: Array, biased: bool, steps: Any, d: Array) -> None:
    d.fill(0)
    sent = matrix(g)
    for places, columns in columns_of(x, len(d), g.shape[1:-1], steps):
        d += columns.T @ sent[places]


def conv_backward_x(g: Array, rows: Array, size: Ints, steps: Any, dx: Array) -> None:
    """Every row of the columns' gradient is added up where its window lies, overlap-add."""
    out, depth, sent = g.shape[1:-1], len(rows), matrix(g)
    for some, frame in frames(dx, steps):
        frame.fill(0)
        for images, lines, places in pieces(some, out, depth):
            columns = scratch(COLUMNS, (places.stop - places.start, depth), g.dtype)
            np.matmul(sent[places], rows.T, out=columns)
            windows = columns.reshape(-1, lines.stop - lines.start, *out[1:], *steps.kernel, dx.shape[-1])
            below = frame[images, lines.start * steps.stride[0] :]
            add_windows(channels_first(below), channels_first(windows), steps)
        dx[some] = frame[inside(size, steps.width)]


def columns_of(x: Array, height: int, out: Ints, steps: Any) -> Iterator[tuple[slice, Array]]:
    """Piece by piece what the places of the result see, a row for each, and which places these are.

    One of the two directions lies in one piece in memory: rows, unless the elements that a place sees side by side are
    few, as in an image of one channel. A row that is longer than what a place sees ends with a one.
    """
    depth = math.prod(steps.kernel) * x.shape[-1]
    run = x.shape[-1] * (steps.kernel[-1] if steps.dilation[-1] == 1 else 1)
    by_place = run >= min(LONG, out[-1])
    for some, frame in framed(x, steps):
        windows = window_view(as_strided, channels_first(frame), *steps[:3])
        seen = windows.transpose(0, *range(2, windows.ndim), 1)  # (N, *out, *kernel, C)
        for images, lines, places in pieces(some, out, depth):
            part, count = seen[images, lines], places.stop - places.start
            columns = scratch(COLUMNS, (count, height) if by_place else (height, count), x.dtype)
            columns = columns if by_place else columns.T
            columns[:, :depth].reshape(part.shape)[...] = part  # a view: the axes are only split
            if height > depth:
                columns[:, depth:] = 1
            yield places, columns


def pieces(some: slice, out: Ints, depth: int) -> Iterator[tuple[slice, slice, slice]]:
    """Slices of these images, counted from their first, and of lines, and of the places that both are together.

    So many that their columns have room.

    >>> [places for _, _, places in pieces(slice(1, 4), (4, 4), ROOM // 32)]
    [slice(16, 48, None), slice(48, 64, None)]
    """
    line = math.prod(out[1:])
    start = some.start * out[0] * line
    for images in blocks(some.stop - some.start, out[0] * line * depth, ROOM):
        for lines in blocks(out[0], line * depth, ROOM):  # all of them, unless even one image is too much
            stop = start + (images.stop - images.start) * (lines.stop - lines.start) * line
            yield images, lines, slice(start, stop)
            start = stop


def frames(x: Array, steps: Any) -> Iterator[tuple[slice, Array]]:
    """Slices of images, and scratch memory in which they have a frame around them."""
    shape = (*steps.padded(x.shape[1:-1]), x.shape[-1])
    for some in blocks(len(x), math.prod(shape), WIDE_ROOM):
        yield some, scratch(FRAME, (some.stop - some.start, *shape), x.dtype)


def framed(x: Array, steps: Any) -> Iterator[tuple[slice, Array]]:
    """Slices of images, and these in a frame of zeros; all of x where it needs none and its channels lie together."""
    if not any(map(any, steps.width)) and x.flags.c_contiguous:
        yield slice(0, len(x)), x
        return
    for some, frame in frames(x, steps):
        frame.fill(0)
        frame[inside(x.shape[1:-1], steps.width)] = x[some]
        yield some, frame


def inside(size: Ints, width: Any) -> tuple[slice, ...]:
    """Where in its frame x lies."""
    return (slice(None), *(slice(before, before + m) for m, (before, _) in zip(size, width, strict=True)))


def channels_first(x: Array) -> Array:
    """(N, ..., C) as (N, C, ...), a view."""
    return x.transpose(0, -1, *range(1, x.ndim - 1))


def matrix(g: Array) -> Array:
    """g (N, *out, O) as a matrix with a row for each place."""
    return np.ascontiguousarray(g).reshape(math.prod(g.shape[:-1]), g.shape[-1])


def add_windows(x: Array, windows: Array, steps: Any) -> None:
    """x[..., i stride + t dilation] += windows[..., i, t]"""
    n = len(steps.kernel)
    out = windows.shape[windows.ndim - 2 * n : windows.ndim - n]
    for tap, place in taps(steps.kernel, out, steps.stride, steps.dilation):
        x[place] += windows[tap]
