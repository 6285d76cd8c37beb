"""Dropout compiled: the random number of an element is made where it is used.

Builds on: `minigrad.kernels.numba.jit`, `minigrad.backend.bits`. Read next: `minigrad.ops.fused.dropout`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.backend.bits import stretches
from minigrad.kernels.numba.jit import F, I, M, X, compiled

__all__ = ["dropout", "dropout_backward"]

u = np.uint32
ZERO = np.float32(0)
ALL = 1 << 32


def dropout(x: Any, least: int, scale: float, key: int, start: int, y: Any, m: Any) -> None:
    for here, low, words in stretches(key, x.size, start, ALL):
        _dropout(x[here], least, scale, low, *words, y[here], m[here])


@compiled(X[1], I, F, I, I, I, X[1], M)
def _dropout(x: Any, least: Any, scale: Any, low: Any, first: Any, second: Any, y: Any, m: Any) -> None:
    limit, factor, counter, one, two = u(least), np.float32(scale), u(low), u(first), u(second)
    for i in range(x.shape[0]):
        b = (counter + u(i)) ^ one  # the hash of `minigrad.backend.bits`
        b = u((b ^ (b >> u(17))) * u(0xED5AD4BB))
        b = u((b ^ (b >> u(11))) + two)
        b = u(b * u(0xAC4C1B51))
        b = u((b ^ (b >> u(15))) * u(0x31848BAB))
        b = b ^ (b >> u(14))
        m[i] = b >= limit
        y[i] = x[i] * (factor if b >= limit else ZERO)


@compiled(X[1], M, F, X[1])
def dropout_backward(g: Any, m: Any, scale: Any, dx: Any) -> None:
    factor = np.float32(scale)
    for i in range(g.shape[0]):
        dx[i] = g[i] * (factor if m[i] else ZERO)
