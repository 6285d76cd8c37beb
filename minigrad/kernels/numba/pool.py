"""Pooling compiled: image by image and tap by tap, over all channels of a place.

Builds on: `minigrad.kernels.numba.jit`. Read next: `minigrad.ops.fused.pool`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import float32, int64, uint8

from minigrad.kernels.numba.jit import compiled, inlined

__all__ = ["max_pool", "max_pool_backward", "sum_pool", "sum_pool_backward"]

X, BYTES, TAPS, FRAME = float32[:, :, :, :, ::1], uint8[:, :, :, :, ::1], int64[:, :, ::1], int64[:, ::1]
ZERO, LOWEST, NONE = np.float32(0), np.float32(-np.inf), np.uint8(255)


@inlined
def along(tap: Any, axis: Any, frame: Any) -> Any:
    """The windows of a tap along one axis, the stride, and where the tap of window 0 lies or would lie."""
    first, stride = tap[axis, 0], frame[0, axis]
    return range(first, tap[axis, 1]), stride, tap[axis, 2] - first * stride


@compiled(X, TAPS, FRAME, X, BYTES)
def max_pool(x: Any, taps: Any, frame: Any, y: Any, tap: Any) -> None:
    for n in range(x.shape[0]):
        y[n], tap[n] = LOWEST, NONE
        for t in range(taps.shape[0]):
            number = np.uint8(t)
            planes, sd, i = along(taps[t], 0, frame)
            lines, sh, j = along(taps[t], 1, frame)
            columns, sw, k = along(taps[t], 2, frame)
            for d in planes:
                for h in lines:
                    for w in columns:
                        row, top, won = x[n, i + d * sd, j + h * sh, k + w * sw], y[n, d, h, w], tap[n, d, h, w]
                        for m in range(x.shape[4]):
                            v, u = row[m], top[m]
                            more = (not (v <= u)) & (u == u) | (won[m] == NONE)  # a NaN is more, and stays
                            top[m] = v if more else u
                            won[m] = number if more else won[m]


@compiled(X, BYTES, TAPS, FRAME, X)
def max_pool_backward(g: Any, tap: Any, taps: Any, frame: Any, dx: Any) -> None:
    for n in range(g.shape[0]):
        dx[n] = ZERO
        for t in range(taps.shape[0]):
            number = np.uint8(t)
            planes, sd, i = along(taps[t], 0, frame)
            lines, sh, j = along(taps[t], 1, frame)
            columns, sw, k = along(taps[t], 2, frame)
            for d in planes:
                for h in lines:
                    for w in columns:
                        row, sent, won = dx[n, i + d * sd, j + h * sh, k + w * sw], g[n, d, h, w], tap[n, d, h, w]
                        for m in range(g.shape[4]):
                            row[m] += sent[m] if won[m] == number else ZERO


@compiled(X, TAPS, FRAME, X)
def sum_pool(x: Any, taps: Any, frame: Any, y: Any) -> None:
    for n in range(x.shape[0]):
        y[n] = ZERO
        for t in range(taps.shape[0]):
            planes, sd, i = along(taps[t], 0, frame)
            lines, sh, j = along(taps[t], 1, frame)
            columns, sw, k = along(taps[t], 2, frame)
            for d in planes:
                for h in lines:
                    for w in columns:
                        row, total = x[n, i + d * sd, j + h * sh, k + w * sw], y[n, d, h, w]
                        for m in range(x.shape[4]):
                            total[m] += row[m]


@compiled(X, TAPS, FRAME, X)
def sum_pool_backward(g: Any, taps: Any, frame: Any, dx: Any) -> None:
    for n in range(g.shape[0]):
        dx[n] = ZERO
        for t in range(taps.shape[0]):
            planes, sd, i = along(taps[t], 0, frame)
            lines, sh, j = along(taps[t], 1, frame)
            columns, sw, k = along(taps[t], 2, frame)
            for d in planes:
                for h in lines:
                    for w in columns:
                        row, sent = dx[n, i + d * sd, j + h * sh, k + w * sw], g[n, d, h, w]
                        for m in range(g.shape[4]):
                            row[m] += sent[m]
