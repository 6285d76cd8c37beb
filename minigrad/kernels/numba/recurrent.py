"""Recurrence compiled: row by row, in loops of few arrays each, since a compiler gives up on loops of many.

Builds on: `minigrad.kernels.numba.jit`, `minigrad.kernels.numba.math`. Read next: `minigrad.ops.fused.recurrent`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels.numba.jit import X, compiled, inlined
from minigrad.kernels.numba.math import sigmoid, tanh

__all__ = ["gru", "gru_backward", "lstm", "lstm_backward"]

ONE = np.float32(1)


@inlined
def part(row: Any, k: int, width: int) -> Any:
    """Block k of the columns of a row."""
    return row[k * width : (k + 1) * width]


@inlined
def sigmoid_of_sum(a: Any, b: Any, out: Any) -> None:
    for j in range(out.shape[0]):
        out[j] = sigmoid(a[j] + b[j])


@compiled(X[2], X[2], X[2], X[3], X[2], X[2])
def lstm(a: Any, b: Any, c: Any, y: Any, gates: Any, t: Any) -> None:
    w = c.shape[1]
    for k in range(c.shape[0]):
        before, after, h, s = c[k], y[1, k], y[0, k], t[k]
        i, f, g, o = part(gates[k], 0, w), part(gates[k], 1, w), part(gates[k], 2, w), part(gates[k], 3, w)
        both, ag, bg = gates[k, : 2 * w], part(a[k], 2, w), part(b[k], 2, w)
        sigmoid_of_sum(a[k, : 2 * w], b[k, : 2 * w], both)
        sigmoid_of_sum(part(a[k], 3, w), part(b[k], 3, w), o)
        for j in range(w):
            g[j] = tanh(ag[j] + bg[j])
        for j in range(w):
            after[j] = f[j] * before[j] + i[j] * g[j]
        for j in range(w):
            s[j] = tanh(after[j])
        for j in range(w):
            h[j] = o[j] * s[j]


@compiled(X[3], X[2], X[2], X[2], X[2], X[2])
def lstm_backward(dy: Any, gates: Any, c: Any, t: Any, dgates: Any, dc: Any) -> None:
    w = c.shape[1]
    for k in range(c.shape[0]):
        before, s, d, dh, dafter = c[k], t[k], dc[k], dy[0, k], dy[1, k]
        i, f, g, o = part(gates[k], 0, w), part(gates[k], 1, w), part(gates[k], 2, w), part(gates[k], 3, w)
        di, df, dg, do = part(dgates[k], 0, w), part(dgates[k], 1, w), part(dgates[k], 2, w), part(dgates[k], 3, w)
        for j in range(w):
            d[j] = dafter[j] + dh[j] * o[j] * (ONE - s[j] * s[j])
        for j in range(w):
            do[j] = dh[j] * s[j] * o[j] * (ONE - o[j])
        for j in range(w):
            di[j] = d[j] * g[j] * i[j] * (ONE - i[j])
        for j in range(w):
            dg[j] = d[j] * i[j] * (ONE - g[j] * g[j])
        for j in range(w):
            df[j] = d[j] * before[j] * f[j] * (ONE - f[j])
        for j in range(w):
            d[j] *= f[j]


@compiled(X[2], X[2], X[2], X[2], X[2])
def gru(a: Any, b: Any, h: Any, y: Any, gates: Any) -> None:
    w = h.shape[1]
    for k in range(h.shape[0]):
        before, after, r, z, n = h[k], y[k], part(gates[k], 0, w), part(gates[k], 1, w), part(gates[k], 2, w)
        both, an, bn = gates[k, : 2 * w], part(a[k], 2, w), part(b[k], 2, w)
        sigmoid_of_sum(a[k, : 2 * w], b[k, : 2 * w], both)
        for j in range(w):
            n[j] = tanh(an[j] + r[j] * bn[j])
        for j in range(w):
            after[j] = n[j] + z[j] * (before[j] - n[j])


@compiled(X[2], X[2], X[2], X[2], X[2], X[2], X[2])
def gru_backward(dy: Any, gates: Any, b: Any, h: Any, da: Any, db: Any, dh: Any) -> None:
    w = h.shape[1]
    for k in range(h.shape[0]):
        before, g, d, bn = h[k], dy[k], dh[k], part(b[k], 2, w)
        r, z, n = part(gates[k], 0, w), part(gates[k], 1, w), part(gates[k], 2, w)
        dr, dz, dn, dbn = part(da[k], 0, w), part(da[k], 1, w), part(da[k], 2, w), part(db[k], 2, w)
        both, copied = da[k, : 2 * w], db[k, : 2 * w]
        for j in range(w):
            d[j] = g[j] * z[j]
        for j in range(w):
            dz[j] = g[j] * (before[j] - n[j]) * z[j] * (ONE - z[j])
        for j in range(w):
            dn[j] = g[j] * (ONE - z[j]) * (ONE - n[j] * n[j])
        for j in range(w):
            dr[j] = dn[j] * bn[j] * r[j] * (ONE - r[j])
        for j in range(w):
            dbn[j] = dn[j] * r[j]
        for j in range(2 * w):
            copied[j] = both[j]
