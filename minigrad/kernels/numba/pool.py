"""Pooling compiled: image by image and tap by tap, over all channels of a place.

`sweep` goes over the places, for all four alike; what happens at one is a function of a row of channels in x, the
windows, and the window that the row lies in.

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
def sweep(meet: Any, n: Any, x: Any, windows: Any, taps: Any, frame: Any) -> None:
    """Wherever a tap of a window lies inside image n: meet(its row of channels in x, windows, the window, the tap)."""
    sd, sh, sw = frame[0, 0], frame[0, 1], frame[0, 2]
    for t in range(taps.shape[0]):
        i, j, k = taps[t, 0, 2], taps[t, 1, 2], taps[t, 2, 2]
        for d in range(taps[t, 0, 0], taps[t, 0, 1]):
            for h in range(taps[t, 1, 0], taps[t, 1, 1]):
                for w in range(taps[t, 2, 0], taps[t, 2, 1]):
                    meet(x[n, i + d * sd, j + h * sh, k + w * sw], windows, (n, d, h, w), np.uint8(t))


@inlined
def take_larger(row: Any, windows: Any, at: Any, number: Any) -> None:
    top, won = windows[0][at], windows[1][at]
    for m in range(row.shape[0]):
        v, u = row[m], top[m]
        more = (not (v <= u)) & (u == u) | (won[m] == NONE)  # a NaN is more, and stays
        top[m] = v if more else u
        won[m] = number if more else won[m]


@compiled(X, TAPS, FRAME, X, BYTES)
def max_pool(x: Any, taps: Any, frame: Any, y: Any, tap: Any) -> None:
    for n in range(x.shape[0]):
        y[n], tap[n] = LOWEST, NONE
        sweep(take_larger, n, x, (y, tap), taps, frame)


@inlined
def send_to_winner(row: Any, windows: Any, at: Any, number: Any) -> None:
    sent, won = windows[0][at], windows[1][at]
    for m in range(row.shape[0]):
        row[m] += sent[m] if won[m] == number else ZERO


@compiled(X, BYTES, TAPS, FRAME, X)
def max_pool_backward(g: Any, tap: Any, taps: Any, frame: Any, dx: Any) -> None:
    for n in range(g.shape[0]):
        dx[n] = ZERO
        sweep(send_to_winner, n, dx, (g, tap), taps, frame)


@inlined
def add_up(row: Any, windows: Any, at: Any, number: Any) -> None:
    total = windows[at]
    for m in range(row.shape[0]):
        total[m] += row[m]


@compiled(X, TAPS, FRAME, X)
def sum_pool(x: Any, taps: Any, frame: Any, y: Any) -> None:
    for n in range(x.shape[0]):
        y[n] = ZERO
        sweep(add_up, n, x, y, taps, frame)


@inlined
def send(row: Any, windows: Any, at: Any, number: Any) -> None:
    sent = windows[at]
    for m in range(row.shape[0]):
        row[m] += sent[m]


@compiled(X, TAPS, FRAME, X)
def sum_pool_backward(g: Any, taps: Any, frame: Any, dx: Any) -> None:
    for n in range(g.shape[0]):
        dx[n] = ZERO
        sweep(send, n, dx, g, taps, frame)
