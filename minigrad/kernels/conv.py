"""Kernels of convolution, over arrays with the channels last: x (N, *size, C), g and y (N, *out, O).

The weight is a matrix of rows (taps of the kernel x C, O), and the bias, where there is one, its last row: the columns
that it is multiplied with end with ones then.

There is no compiled form: nearly all of the time goes into products of matrices.

Builds on: `minigrad.kernels`, `minigrad.backend.windows`. Read next: `minigrad.kernels.numpy.conv`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.backend.windows import Steps
from minigrad.kernels import kernel

__all__ = ["KEPT", "conv", "conv_backward_rows", "conv_backward_x"]

Array = np.ndarray[Any, Any]
Ints = tuple[int, ...]

KEPT = 1 << 18  # elements of columns that are kept: of more, a copy anew is cheaper than fetching them from memory


@kernel
def conv(x: Array, rows: Array, keep: bool, steps: Steps) -> tuple[Array, Array]:
    """y[n, i] = sum_t x[n, i stride + t dilation - padding] rows[t] + bias, and, to `keep`, the columns if they are few

    They are kept as one row in the order that suits the loops, which is empty where there are too many.
    """
    places = (len(x), *steps.out(x.shape[1:-1]))
    size = math.prod(places) * len(rows)
    return np.empty((*places, rows.shape[1]), x.dtype), np.empty(size if keep and size <= KEPT else 0, x.dtype)


@kernel
def conv_backward_rows(g: Array, source: Array, shape: Ints, biased: bool, steps: Steps) -> tuple[Array]:
    """d rows[t] = sum_n,i x[n, i stride + t dilation - padding] g[n, i], and below it the sum of g for the bias

    `source` is x, whose shape is given, or the columns that `conv` kept of it.
    """
    height = math.prod(steps.kernel) * shape[-1] + biased
    return (np.empty((height, g.shape[-1]), g.dtype),)


@kernel
def conv_backward_x(g: Array, rows: Array, size: Ints, steps: Steps) -> tuple[Array]:
    """dx[n, i stride + t dilation - padding] = sum of g[n, i] rows[t] over all i and t that meet there; no bias"""
    return (np.empty((len(g), *size, rows.shape[0] // math.prod(steps.kernel)), g.dtype),)
