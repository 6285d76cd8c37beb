"""Normalisation by channels in NumPy, block by block of rows.

Builds on: `minigrad.kernels.numpy.norm`. Read next: `minigrad.ops.fused.channel_norm`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad.kernels.numpy.norm import LONG, column_sums, row_sums
from minigrad.kernels.numpy.scratch import blocks, scratch

__all__ = ["affine", "affine_backward", "moments", "products"]

Array = np.ndarray[Any, Any]

ROOM = 1 << 17  # elements at a time: four times as many as elsewhere, since the calls on each block are many


def spans(x: Array) -> Iterator[slice]:
    """Blocks of rows, no more than a product adds up exactly."""
    return blocks(x.shape[0], max(x.shape[1], ROOM // LONG), ROOM)


def spread(of_channels: Array, x: Array, last: int) -> Array:
    """A number for each channel as one for each column, or for each row."""
    many = np.empty((x.shape[1 if last else 0] // max(1, of_channels.size), of_channels.size), of_channels.dtype)
    many[...] = of_channels
    return many.reshape(-1) if last else many.reshape(-1, 1)


def of(rows: slice, many: Array) -> Array:
    """What belongs to a block of rows."""
    return many[rows] if many.ndim == 2 else many


class Sums:
    """Sums over the channels of a matrix that comes in blocks of rows; those of the blocks are added up in float64."""

    def __init__(self, x: Array, last: int) -> None:
        self.last, self.sums = last, np.zeros(x.shape[1 if last else 0])

    def add(self, rows: slice, block: Array) -> None:
        if self.last:
            self.sums += column_sums(block)
        else:
            self.sums[rows] = row_sums(block)

    def of_channels(self, channels: int) -> Array:
        return self.sums.reshape(self.sums.size // max(1, channels), channels).sum(axis=0)  # type: ignore[no-any-return]


def moments(x: Array, channels: int, last: int, mean: Array, var: Array) -> None:
    n = x.size / max(1, channels)
    total, rest, square = Sums(x, last), Sums(x, last), Sums(x, last)
    for rows in spans(x):
        total.add(rows, x[rows])
    mean[...] = total.of_channels(channels) / n
    center = spread(mean, x, last)
    for rows in spans(x):
        d = np.subtract(x[rows], of(rows, center), out=scratch(1, x[rows].shape, x.dtype))
        rest.add(rows, d)
        d *= d
        square.add(rows, d)
    left = rest.of_channels(channels) / n  # what a long sum has lost of the mean
    mean += left
    var[...] = np.maximum(square.of_channels(channels) / n - left * left, 0)


def affine(x: Array, center: Array, scale: Array, shift: Array, last: int, y: Array) -> None:
    m, a, b = (spread(v, x, last) for v in (center, scale, shift))
    for rows in spans(x):
        t = np.subtract(x[rows], of(rows, m), out=y[rows])
        t *= of(rows, a)
        t += of(rows, b)


def products(g: Array, x: Array, center: Array, last: int, sum_g: Array, sum_gd: Array) -> None:
    m, of_g, of_gd = spread(center, x, last), Sums(x, last), Sums(x, last)
    for rows in spans(x):
        d = np.subtract(x[rows], of(rows, m), out=scratch(1, x[rows].shape, x.dtype))
        d *= g[rows]
        of_g.add(rows, g[rows])
        of_gd.add(rows, d)
    sum_g[...], sum_gd[...] = of_g.of_channels(center.size), of_gd.of_channels(center.size)


def affine_backward(
    g: Array, x: Array, center: Array, scale: Array, slope: Array, shift: Array, last: int, dx: Array
) -> None:
    a, b, c = (spread(v, x, last) for v in (scale, slope, shift - center * slope))
    for rows in spans(x):
        t = np.multiply(g[rows], of(rows, a), out=dx[rows])
        t -= np.multiply(x[rows], of(rows, b), out=scratch(1, t.shape, t.dtype))
        t -= of(rows, c)
