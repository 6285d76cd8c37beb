"""The weights of attention in NumPy, block by block of matrices, in the memory of the scores.

Builds on: `minigrad.kernels.numpy.scratch`. Read next: `minigrad.kernels.numba.attention`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from minigrad.kernels.numpy.scratch import LARGEST, blocks, scratch

__all__ = ["weights", "weights_backward"]

Array = np.ndarray[Any, Any]


def weights(s: Array, scale: float, offset: int) -> None:
    n, keys, queries = s.shape
    if not s.size:
        return
    for some in blocks(n, keys * queries):
        e = s[some]
        if scale != 1:
            e *= scale
        if offset < keys - 1:
            e += hidden(keys, queries, offset, e.dtype)
        top = e.max(axis=1, keepdims=True)
        top[~np.isfinite(top)] = 0
        e -= top
        np.exp(e, out=e)
        total = total_of(e)
        total += total == 0  # where nothing may be seen
        e /= total


def weights_backward(g: Array, p: Array, scale: float, offset: int) -> None:
    for some in blocks(p.shape[0], p.shape[1] * p.shape[2]):
        d, weight = g[some], p[some]
        d -= total_of(np.multiply(d, weight, out=scratch(0, d.shape, d.dtype)))
        d *= weight
        if scale != 1:
            d *= scale


def total_of(e: Array) -> Array:
    """The sum of each column (n, 1, L), as a product with ones: NumPy's own takes five times as long."""
    return np.ones((1, e.shape[1]), e.dtype) @ e


def hidden(keys: int, queries: int, offset: int, dtype: Any) -> Array:
    """Minus infinity where key j is later than i + offset, else 0: (keys, queries). Kept, unless it is large."""
    make = _hidden if keys * queries <= LARGEST else _hidden.__wrapped__
    return make(keys, queries, offset, dtype)


@lru_cache(maxsize=4)
def _hidden(keys: int, queries: int, offset: int, dtype: Any) -> Array:
    later = np.arange(keys)[:, None] > np.arange(queries) + offset
    return np.where(later, -np.inf, 0.0).astype(dtype)
