"""Sums over rows in NumPy.

Builds on: `minigrad.kernels.numpy.scratch`. Read next: `minigrad.ops.fused.linear`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels.numpy.scratch import ones

__all__ = ["column_sums"]

Array = np.ndarray[Any, Any]


ROWS = 4096  # that are added up in one go: sums of float32 drift with their length


def column_sums(g: Array, s: Array) -> None:
    """A product with ones, which is faster than a sum over the first axis."""
    n = g.shape[0]
    if n <= ROWS:
        np.dot(ones(n, g.dtype), g, out=s)
    else:
        parts = [np.dot(ones(min(ROWS, n - i), g.dtype), g[i : i + ROWS]) for i in range(0, n, ROWS)]
        np.add.reduce(parts, 0, out=s)
