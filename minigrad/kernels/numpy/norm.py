"""Layer and root-mean-square normalisation in NumPy, block by block of rows.

Sums of rows and of columns are matrix-vector products, a number for each row times one for each column is a product of
matrices, and what is left runs over whole blocks: two to four times faster than sums and broadcasting.

Builds on: `minigrad.kernels.numpy.scratch`. Read next: `minigrad.kernels.numba.norm`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad.kernels.numpy.scratch import blocks, ones, scratch

__all__ = ["LONG", "column_sums", "layer_norm", "layer_norm_backward", "rms_norm", "rms_norm_backward", "row_sums"]

Array = np.ndarray[Any, Any]

LONG = 4096  # a product adds up so many numbers as exactly as NumPy's sum in pairs


def spans(x: Array) -> Iterator[slice]:
    """Blocks of rows, four times as large as elsewhere: the calls on each are many, and cost as much as the data."""
    return blocks(x.shape[0], x.shape[1] // 4)


def row_sums(x: Array) -> Array:
    sums: Array = x.sum(axis=1) if x.shape[1] > LONG else np.matmul(x, ones(x.shape[1], x.dtype))
    return sums


def dots(x: Array, y: Array) -> Array:
    """The product of each row with a row, or with a vector; of long ones in parts."""
    d = x.shape[1]
    if d <= LONG:
        products: Array = x @ y if y.ndim == 1 else np.vecdot(x, y)
        return products
    parts = [np.vecdot(x[:, i : i + LONG], y[..., i : i + LONG]) for i in range(0, d, LONG)]
    return np.sum(parts, axis=0, dtype=np.float64).astype(x.dtype)


def column_sums(x: Array) -> Array:
    sums: Array = np.matmul(ones(x.shape[0], x.dtype), x)
    return sums


def outer(of_rows: Array, of_columns: Array) -> Array:
    """The product of two vectors, in scratch memory."""
    memory = scratch(0, (of_rows.size, of_columns.size), of_rows.dtype)
    return np.dot(of_rows[:, None], of_columns[None], out=memory)


def layer_norm(x: Array, weight: Array, bias: Array, eps: float, y: Array, mean: Array, r: Array) -> None:
    d = max(1, x.shape[1])
    for rows in spans(x):
        t = y[rows]
        mean[rows] = row_sums(x[rows]) / d
        np.subtract(x[rows], mean[rows, None], out=t)
        r[rows] = 1 / np.sqrt(dots(t, t) / d + eps)
        t *= outer(r[rows], weight)
        t += bias


def layer_norm_backward(
    g: Array, x: Array, weight: Array, mean: Array, r: Array, dx: Array, dweight: Array, dbias: Array
) -> None:
    d = max(1, x.shape[1])
    dweight[...] = dbias[...] = 0
    for rows in spans(x):
        h, s = g[rows], r[rows]
        t = np.subtract(x[rows], mean[rows, None], out=scratch(1, h.shape, h.dtype))
        product = np.multiply(h, t, out=dx[rows])
        dweight += s @ product
        dbias += column_sums(h)
        of_t, of_one = dots(product, weight) * s * s * s / d, dots(h, weight) * s / d
        np.multiply(h, outer(s, weight), out=dx[rows])
        t *= of_t[:, None]
        t += of_one[:, None]
        dx[rows] -= t


def rms_norm(x: Array, weight: Array, eps: float, y: Array, r: Array) -> None:
    d = max(1, x.shape[1])
    for rows in spans(x):
        r[rows] = 1 / np.sqrt(dots(x[rows], x[rows]) / d + eps)
        np.multiply(x[rows], outer(r[rows], weight), out=y[rows])


def rms_norm_backward(g: Array, x: Array, weight: Array, r: Array, dx: Array, dweight: Array) -> None:
    d = max(1, x.shape[1])
    dweight[...] = 0
    for rows in spans(x):
        h, s = g[rows], r[rows]
        product = np.multiply(h, x[rows], out=dx[rows])
        dweight += s @ product
        of_x = dots(product, weight) * s * s * s / d
        np.multiply(h, outer(s, weight), out=dx[rows])
        dx[rows] -= np.multiply(x[rows], of_x[:, None], out=scratch(1, h.shape, h.dtype))
