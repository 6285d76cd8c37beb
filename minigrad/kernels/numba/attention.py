"""The weights of attention compiled: rows of some queries at a time, and of the keys that they see alone.

Builds on: `minigrad.kernels.numba.jit`, `minigrad.kernels.numba.math`. Read next: `minigrad.ops.fused.attention`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels.numba.jit import F, I, X, compiled, inlined
from minigrad.kernels.numba.math import exp

__all__ = ["weights", "weights_backward"]

ZERO, ONE, LOWEST = np.float32(0), np.float32(1), np.float32(-np.inf)
SOME = 256  # queries at a time: what is gathered for them stays in the first cache


@inlined
def first(j: Any, offset: Any, lo: Any) -> Any:
    """The first query, counted from `lo`, that sees key j."""
    return max(j - offset - lo, 0)


@inlined
def whole(query: Any, queries: Any) -> Any:
    """Rounded down to what the processor takes at once, so that loops have no odd ends."""
    return min(query - query % 8, queries)


# Rows are taken out of arrays that are known to lie in one piece: a loop over a slice of a slice is not made wide.


@compiled(X[3], F, I)
def weights(s: Any, scale: float, offset: int) -> None:
    factor, keys = np.float32(scale), s.shape[1]
    tops, totals = np.empty(SOME, np.float32), np.empty(SOME, np.float32)
    for n in range(s.shape[0]):
        for lo in range(0, s.shape[2], SOME):
            hi = min(lo + SOME, s.shape[2])
            top, total = tops[: hi - lo], totals[: hi - lo]
            top[:] = LOWEST
            total[:] = ZERO
            for j in range(keys):
                seen = first(j, offset, lo)
                start = whole(seen, hi - lo)
                row, t = s[n, j, lo + start : hi], top[start:]
                for i in range(row.shape[0]):
                    x = row[i] * factor if i + start >= seen else LOWEST
                    row[i] = x
                    t[i] = x if x > t[i] else t[i]
            for i in range(hi - lo):
                top[i] = top[i] if np.isfinite(top[i]) else ZERO
            for j in range(keys):
                start = whole(first(j, offset, lo), hi - lo)
                s[n, j, lo : lo + start] = ZERO
                row, t, z = s[n, j, lo + start : hi], top[start:], total[start:]
                for i in range(row.shape[0]):
                    e = exp(row[i] - t[i])
                    row[i] = e
                    z[i] += e
            for i in range(hi - lo):
                total[i] = ONE / total[i] if total[i] != ZERO else ZERO  # where nothing may be seen
            for j in range(keys):
                start = whole(first(j, offset, lo), hi - lo)
                row, z = s[n, j, lo + start : hi], total[start:]
                for i in range(row.shape[0]):
                    row[i] *= z[i]


@compiled(X[3], X[3], F, I)
def weights_backward(g: Any, p: Any, scale: float, offset: int) -> None:
    factor, keys = np.float32(scale), p.shape[1]
    totals = np.empty(SOME, np.float32)
    for n in range(p.shape[0]):
        for lo in range(0, p.shape[2], SOME):
            hi = min(lo + SOME, p.shape[2])
            total = totals[: hi - lo]
            total[:] = ZERO
            for j in range(keys):
                start = whole(first(j, offset, lo), hi - lo)
                row, w, z = g[n, j, lo + start : hi], p[n, j, lo + start : hi], total[start:]
                for i in range(row.shape[0]):
                    z[i] += row[i] * w[i]
            for j in range(keys):
                start = whole(first(j, offset, lo), hi - lo)
                g[n, j, lo : lo + start] = ZERO
                row, w, z = g[n, j, lo + start : hi], p[n, j, lo + start : hi], total[start:]
                for i in range(row.shape[0]):
                    row[i] = (row[i] - z[i]) * w[i] * factor
