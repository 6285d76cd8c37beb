"""Dropout in NumPy, block by block.

Builds on: `minigrad.kernels.numpy.scratch`, `minigrad.backend.bits`. Read next: `minigrad.kernels.numba.dropout`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.backend.bits import random_bits
from minigrad.kernels.numpy.scratch import blocks

__all__ = ["dropout", "dropout_backward"]

Array = np.ndarray[Any, Any]


def dropout(x: Array, least: int, scale: float, key: int, start: int, y: Array, m: Array) -> None:
    np.greater_equal(random_bits(np, key, x.shape, start), least, out=m)
    dropout_backward(x, m, scale, y)


def dropout_backward(g: Array, m: Array, scale: float, dx: Array) -> None:
    for here in blocks(g.size, 1):
        d = dx[here]
        np.copyto(d, m[here])  # as numbers, in a pass of its own: a product of booleans and numbers takes longer
        d *= scale
        d *= g[here]
