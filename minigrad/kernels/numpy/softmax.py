"""Softmax and its logarithm in NumPy, block by block of rows, in the memory of the result.

Builds on: `minigrad.kernels.numpy.scratch`. Read next: `minigrad.kernels.numba.softmax`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.kernels.numpy.scratch import blocks, ones, scratch

__all__ = ["log_softmax", "log_softmax_backward", "shifted", "softmax", "softmax_backward", "total"]

Array = np.ndarray[Any, Any]

LONG = 1 << 16  # elements of a row that are summed in one go


def softmax(x: Array, y: Array) -> None:
    for rows in blocks(*x.shape):
        e = shifted(x[rows], y[rows])
        np.exp(e, out=e)
        e /= total(e)


def softmax_backward(g: Array, y: Array, dx: Array) -> None:
    for rows in blocks(*g.shape):
        d, p = dx[rows], y[rows]
        np.multiply(g[rows], p, out=d)
        np.subtract(g[rows], total(d), out=d)
        d *= p


def log_softmax(x: Array, y: Array) -> None:
    for rows in blocks(*x.shape if x.size else (0, 0)):  # a row of nothing has no sum to take the logarithm of
        d = shifted(x[rows], y[rows])
        e = np.exp(d, out=scratch(0, d.shape, d.dtype))
        d -= np.log(total(e))


def log_softmax_backward(g: Array, y: Array, dx: Array) -> None:
    for rows in blocks(*g.shape):
        d = np.exp(y[rows], out=dx[rows])
        d *= total(g[rows])
        np.subtract(g[rows], d, out=d)


def shifted(x: Array, out: Array) -> Array:
    """x less the largest of each row, 0 in its place where that is infinite."""
    if not x.shape[1]:
        return out
    top = x[np.arange(len(x)), x.argmax(axis=1)]  # finding the place is three times faster than max
    if not math.isfinite(np.dot(top, top)):  # the cheapest look at all; it may overflow, and the next one is exact
        top[~np.isfinite(top)] = 0
    np.subtract(x, top[:, None], out=out)
    return out


def total(x: Array) -> Array:
    """The sum of each row, as a product with ones: four times faster than a sum. Long rows go in parts."""
    n = x.shape[1]
    if n <= LONG:
        sums: Array = np.dot(x, ones(n, x.dtype))
        return sums[:, None]
    parts = [total(x[:, i : i + LONG]) for i in range(0, n, LONG)]
    return np.sum(parts, axis=0, dtype=np.float64).astype(x.dtype)
