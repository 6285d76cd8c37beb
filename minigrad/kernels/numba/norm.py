"""Layer and root-mean-square normalisation compiled: a few loops over each row, which stays in the nearest cache.

Sums over a row run on many lanes side by side, and so stay as exact as NumPy's; those over many rows, and over very
long ones, are made in parts.

Builds on: `minigrad.kernels.numba.sums`. Read next: `minigrad.ops.fused.norm`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels.numba.jit import F, X, compiled, inlined
from minigrad.kernels.numba.math import added
from minigrad.kernels.numba.sums import LONG, deviation, product, total

__all__ = ["layer_norm", "layer_norm_backward", "rms_norm", "rms_norm_backward"]

ROWS = 128  # rows that are added up in float32 before they go to the sum of all

f, ZERO = np.float32, np.float32(0)


@inlined
def moments(row: Any, share: Any) -> Any:
    """Mean and variance of a row, whose elements have a share 1/n in both: dividing takes as long as half a row.

    The mean of what is left of the row brings a mean back that a long sum has lost.
    """
    m = f(total(row) * share)
    rest, square = deviation(row, m)
    rest *= share
    var = f(square * share - rest * rest)  # in float64, where both are finite: infinity less infinity is no number
    return f(m + rest), ZERO if var < ZERO else var


@inlined
def products(g: Any, weight: Any, row: Any, center: Any, share: Any) -> Any:
    """The means of g weight, and of g weight (row - center)."""
    sum_h: Any = 0.0
    sum_hd: Any = 0.0
    for low in range(0, row.shape[0], LONG):
        high = low + LONG
        sent, scale, part, s, t = g[low:high], weight[low:high], row[low:high], ZERO, ZERO
        for j in range(part.shape[0]):
            h = sent[j] * scale[j]
            s = added(s, h)
            t = added(t, h * (part[j] - center))
        sum_h += s
        sum_hd += t
    return f(sum_h * share), f(sum_hd * share)


@inlined
def reciprocal_root(var: Any, eps: Any) -> Any:
    """1 / sqrt(var + eps), in float64: for float32 a compiler takes an estimate, which makes NaN of infinity."""
    return f(1.0 / np.sqrt(np.float64(var) + eps))


@compiled(X[2], X[1], X[1], F, X[2], X[1], X[1])
def layer_norm(x: Any, weight: Any, bias: Any, eps: float, y: Any, mean: Any, r: Any) -> None:
    d, share = x.shape[1], 1.0 / x.shape[1]
    for i in range(x.shape[0]):
        a, t = x[i], y[i]
        m, var = moments(a, share)
        s = reciprocal_root(var, eps)
        for j in range(d):
            t[j] = (a[j] - m) * s * weight[j] + bias[j]
        mean[i], r[i] = m, s


@compiled(X[2], X[2], X[1], X[1], X[1], X[2], X[1], X[1])
def layer_norm_backward(g: Any, x: Any, weight: Any, mean: Any, r: Any, dx: Any, dweight: Any, dbias: Any) -> None:
    n, d, share = x.shape[0], x.shape[1], 1.0 / x.shape[1]
    w, b = np.zeros(d, f), np.zeros(d, f)  # of ROWS rows
    dweight[:] = ZERO
    dbias[:] = ZERO
    for low in range(0, n, ROWS):
        w[:] = ZERO
        b[:] = ZERO
        for i in range(low, min(low + ROWS, n)):
            h, a, e, m, s = g[i], x[i], dx[i], mean[i], r[i]
            of_one, of_t = products(h, weight, a, m, share)
            of_one, of_t = of_one * s, of_t * s * s
            for j in range(d):
                t = (a[j] - m) * s
                e[j] = h[j] * weight[j] * s - (of_one + t * of_t)
                w[j] += h[j] * t
                b[j] += h[j]
        for j in range(d):
            dweight[j] += w[j]
            dbias[j] += b[j]


@compiled(X[2], X[1], F, X[2], X[1])
def rms_norm(x: Any, weight: Any, eps: float, y: Any, r: Any) -> None:
    d, share = x.shape[1], 1.0 / x.shape[1]
    for i in range(x.shape[0]):
        a, t = x[i], y[i]
        s = reciprocal_root(f(product(a, a) * share), eps)
        for j in range(d):
            t[j] = a[j] * s * weight[j]
        r[i] = s


@compiled(X[2], X[2], X[1], X[1], X[2], X[1])
def rms_norm_backward(g: Any, x: Any, weight: Any, r: Any, dx: Any, dweight: Any) -> None:
    n, d, share = x.shape[0], x.shape[1], 1.0 / x.shape[1]
    w = np.zeros(d, f)
    dweight[:] = ZERO
    for low in range(0, n, ROWS):
        w[:] = ZERO
        for i in range(low, min(low + ROWS, n)):
            h, a, e, s = g[i], x[i], dx[i], r[i]
            of_t = products(h, weight, a, ZERO, share)[1] * s * s
            for j in range(d):
                t = a[j] * s
                e[j] = h[j] * weight[j] * s - t * of_t
                w[j] += h[j] * t
        for j in range(d):
            dweight[j] += w[j]
