"""Convolution in NumPy: what each place of the result sees becomes a row of a matrix, and one product makes the result.

The matrix of columns is many times as large as x, so it is made piece by piece, in memory that is used again and stays
in the cache. Making it once more for the gradient is cheaper than fetching it from memory; one that fits into the cache
as a whole is kept.

Builds on: `minigrad.kernels.numpy.scratch`, `minigrad.backend.windows`. Read next: `minigrad.ops.fused.conv`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from minigrad.backend.windows import Steps, taps
from minigrad.kernels.conv import KEPT
from minigrad.kernels.numpy.scratch import blocks, scratch

__all__ = ["conv", "conv_backward_rows", "conv_backward_x"]

Array = np.ndarray[Any, Any]
Ints = tuple[int, ...]

ROOM = KEPT  # elements of columns at a time: a MiB of float32, enough work for one product of matrices
WIDE_ROOM = 1 << 22  # elements of images in their frames at a time
LONG = 16  # elements side by side from which on a copy is fast
COLUMNS, FRAME = range(2)  # places in scratch memory
NOTHING = np.empty(0)


def conv(x: Array, rows: Array, keep: bool, steps: Steps, y: Array, kept: Array) -> None:
    made = matrix(y)
    for places, columns in columns_of(x, len(rows), steps, kept):
        np.matmul(columns, rows, out=made[places])


def conv_backward_rows(g: Array, source: Array, shape: Ints, biased: bool, steps: Steps, d: Array) -> None:
    d.fill(0)
    sent = matrix(g)
    kept = source.ndim == 1
    for places, columns in kept_columns(source, shape, len(d), steps) if kept else columns_of(source, len(d), steps):
        d += columns.T @ sent[places]


def conv_backward_x(g: Array, rows: Array, size: Ints, steps: Steps, dx: Array) -> None:
    """Every row of the columns' gradient is added up where its window lies, overlap-add."""
    depth, sent = len(rows), matrix(g)
    for some, first, form in forms(dx.shape, dx.itemsize, steps):
        frame = scratch(FRAME, form.frame, g.dtype)
        frame.fill(0)
        for images, lines, places in form.pieces:
            columns = scratch(COLUMNS, (places.stop - places.start, depth), g.dtype)
            np.matmul(sent[first:][places], rows.T, out=columns)
            some_windows = images.stop - images.start, lines.stop - lines.start
            windows = columns.reshape(*some_windows, *form.windows[2:])
            below = frame[images, lines.start * steps.stride[0] :]
            add_windows(channels_first(below), channels_first(windows), steps)
        dx[some] = frame[form.inside]


def columns_of(x: Array, height: int, steps: Steps, kept: Array = NOTHING) -> Iterator[tuple[slice, Array]]:
    """Piece by piece what the places of the result see, a row for each, and which places these are.

    A row that is longer than what a place sees ends with a one. They lie in `kept` where that has room.
    """
    for some, first, form in forms(x.shape, x.itemsize, steps):
        frame = x[some]
        if form.frame != frame.shape or not frame.flags.c_contiguous:
            frame = scratch(FRAME, form.frame, x.dtype)
            frame.fill(0)
            frame[form.inside] = x[some]
        seen = np.ndarray(form.windows, x.dtype, frame, strides=form.strides)
        for images, lines, places in form.pieces:
            part, (start, stop) = seen[images, lines], (first + places.start, first + places.stop)
            size = (stop - start) * height
            memory = kept[start * height : stop * height] if kept.size else scratch(COLUMNS, (size,), x.dtype)
            columns = form.lying(memory, stop - start, height)
            columns[:, : form.depth].reshape(part.shape)[...] = part  # a view: the axes are only split
            if height > form.depth:
                columns[:, form.depth :] = 1
            yield slice(start, stop), columns


def kept_columns(kept: Array, shape: Ints, height: int, steps: Steps) -> Iterator[tuple[slice, Array]]:
    """What `columns_of` made of images of this shape, from where it was kept."""
    for _, first, form in forms(shape, kept.itemsize, steps):
        for _, _, places in form.pieces:
            start, stop = first + places.start, first + places.stop
            yield slice(start, stop), form.lying(kept[start * height : stop * height], stop - start, height)


class Form(NamedTuple):
    """Some images with a frame of zeros around them, and the windows in them, (N, *out, *kernel, C)."""

    frame: Ints
    inside: tuple[slice, ...]  # where the images lie
    windows: Ints
    strides: Ints  # of the windows
    depth: int  # how many elements a place sees
    by_place: bool  # whether rows of columns lie in one piece, unless what a place sees side by side is short
    pieces: list[tuple[slice, slice, slice]]

    def lying(self, memory: Array, count: int, height: int) -> Array:
        """Memory as columns (count, height), of which one direction lies in one piece."""
        return memory.reshape(count, height) if self.by_place else memory.reshape(height, count).T


@lru_cache(maxsize=256)
def forms(shape: Ints, itemsize: int, steps: Steps) -> list[tuple[slice, int, Form]]:
    """Slices of images (N, *size, C), the number of the first place in them, and their form."""
    padded, out = steps.padded(shape[1:-1]), steps.out(shape[1:-1])
    return [
        (some, some.start * math.prod(out), form_of((some.stop - some.start, *shape[1:]), itemsize, steps))
        for some in blocks(shape[0], math.prod(padded) * shape[-1], WIDE_ROOM)
    ]


def form_of(shape: Ints, itemsize: int, steps: Steps) -> Form:
    batch, size, channels = shape[0], shape[1:-1], shape[-1]
    padded, out = steps.padded(size), steps.out(size)
    frame = (batch, *padded, channels)
    depth, run = math.prod(steps.kernel) * channels, channels * (steps.kernel[-1] if steps.dilation[-1] == 1 else 1)
    first, *along = (itemsize * math.prod(frame[axis:]) for axis in range(1, len(frame)))
    inside = (slice(None), *(slice(before, before + m) for m, (before, _) in zip(size, steps.width, strict=True)))
    strides = (
        first,
        *(n * s for n, s in zip(along, steps.stride, strict=True)),
        *(n * d for n, d in zip(along, steps.dilation, strict=True)),
        itemsize,
    )
    windows, by_place = (batch, *out, *steps.kernel, channels), run >= min(LONG, out[-1])
    return Form(frame, inside, windows, strides, depth, by_place, list(pieces(batch, out, depth)))


def pieces(batch: int, out: Ints, depth: int) -> Iterator[tuple[slice, slice, slice]]:
    """Slices of the images, and of lines, and of the places that both are together.

    So many that their columns have room.

    >>> [places for _, _, places in pieces(3, (4, 4), ROOM // 32)]
    [slice(0, 32, None), slice(32, 48, None)]
    """
    line, start = math.prod(out[1:]), 0
    for images in blocks(batch, out[0] * line * depth, ROOM):
        for lines in blocks(out[0], line * depth, ROOM):  # all of them, unless even one image is too much
            stop = start + (images.stop - images.start) * (lines.stop - lines.start) * line
            yield images, lines, slice(start, stop)
            start = stop


def channels_first(x: Array) -> Array:
    """(N, ..., C) as (N, C, ...), a view."""
    return x.transpose(0, -1, *range(1, x.ndim - 1))


def matrix(g: Array) -> Array:
    """g (N, *out, O) as a matrix with a row for each place."""
    return g.reshape(math.prod(g.shape[:-1]), g.shape[-1])


def add_windows(x: Array, windows: Array, steps: Steps) -> None:
    """x[..., i stride + t dilation] += windows[..., i, t]"""
    n = len(steps.kernel)
    out = windows.shape[windows.ndim - 2 * n : windows.ndim - n]
    for tap, place in taps(steps.kernel, out, steps.stride, steps.dilation):
        x[place] += windows[tap]
