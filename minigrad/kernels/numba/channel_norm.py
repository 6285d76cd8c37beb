"""Normalisation by channels compiled: one loop over each row, whose coefficients are numbers or rows themselves.

Builds on: `minigrad.kernels.numba.norm`. Read next: `minigrad.ops.fused.channel_norm`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels.numba.jit import I, X, compiled, inlined
from minigrad.kernels.numba.norm import ROWS
from minigrad.kernels.numba.sums import deviation, weighted

__all__ = ["affine", "affine_backward", "moments", "products"]

f, ZERO = np.float32, np.float32(0)


@inlined
def tiled(of_channels: Any, width: int) -> Any:
    """A number for each channel as one for each column."""
    many, channels = np.empty(width, f), of_channels.shape[0]
    for j in range(width):
        many[j] = of_channels[j % channels]
    return many


@inlined
def moved(part: Any, total: Any) -> None:
    """The sums of some rows go to the sums of all, and begin anew."""
    for j in range(part.shape[0]):
        total[j] += part[j]
        part[j] = ZERO


@inlined
def folded(of_columns: Any, of_channels: Any, n: float) -> None:
    """Sums over columns as sums over channels, divided by n."""
    channels = of_channels.shape[0]
    for c in range(channels):
        s = 0.0
        for j in range(c, of_columns.shape[0], channels):
            s += of_columns[j]
        of_channels[c] = s / n


@inlined
def moments_of_columns(x: Any, n: float, mean: Any, var: Any) -> None:
    """Some rows are added up in float32, and their sums in float64."""
    d = x.shape[1]
    p, q, total, square, rest = np.zeros(d, f), np.zeros(d, f), np.zeros(d), np.zeros(d), np.zeros(mean.shape[0])
    for low in range(0, x.shape[0], ROWS):
        for i in range(low, min(low + ROWS, x.shape[0])):
            a = x[i]
            for j in range(d):
                p[j] += a[j]
        moved(p, total)
    folded(total, mean, n)
    m = tiled(mean, d)
    total = np.zeros(d)
    for low in range(0, x.shape[0], ROWS):
        for i in range(low, min(low + ROWS, x.shape[0])):
            a = x[i]
            for j in range(d):
                t = a[j] - m[j]
                p[j] += t
                q[j] += t * t
        moved(p, total)
        moved(q, square)
    folded(total, rest, n)
    folded(square, var, n)
    for c in range(mean.shape[0]):
        mean[c] += rest[c]
        var[c] -= rest[c] * rest[c]


@inlined
def moments_of_rows(x: Any, channels: int, n: float, mean: Any, var: Any) -> None:
    """A channel's rows one after the other, so that they lie in the cache when they are passed again."""
    for c in range(channels):
        total, rest, square = 0.0, 0.0, 0.0
        for i in range(c, x.shape[0], channels):
            total += deviation(x[i], ZERO)[0]
        m = f(total / n)
        for i in range(c, x.shape[0], channels):
            s, q = deviation(x[i], m)
            rest += s
            square += q
        mean[c], var[c] = m + rest / n, square / n - (rest / n) * (rest / n)


@compiled(X[2], I, I, X[1], X[1])
def moments(x: Any, channels: int, last: int, mean: Any, var: Any) -> None:
    n = x.size / channels
    if last:
        moments_of_columns(x, n, mean, var)
    else:
        moments_of_rows(x, channels, n, mean, var)
    for c in range(channels):
        var[c] = ZERO if var[c] < ZERO else var[c]  # NaN stays


@compiled(X[2], X[1], X[1], X[1], I, X[2])
def affine(x: Any, center: Any, scale: Any, shift: Any, last: int, y: Any) -> None:
    d, channels = x.shape[1], center.shape[0]
    wide = d if last else 0
    ms, ks, bs = tiled(center, wide), tiled(scale, wide), tiled(shift, wide)
    for i in range(x.shape[0]):
        a, t = x[i], y[i]
        if last:
            for j in range(d):
                t[j] = (a[j] - ms[j]) * ks[j] + bs[j]
        else:
            m, k, b = center[i % channels], scale[i % channels], shift[i % channels]
            for j in range(d):
                t[j] = (a[j] - m) * k + b


@inlined
def products_of_columns(g: Any, x: Any, center: Any, sum_g: Any, sum_gd: Any) -> None:
    d = x.shape[1]
    p, q, m, of_g, of_gd = np.zeros(d, f), np.zeros(d, f), tiled(center, d), np.zeros(d), np.zeros(d)
    for low in range(0, x.shape[0], ROWS):
        for i in range(low, min(low + ROWS, x.shape[0])):
            h, a = g[i], x[i]
            for j in range(d):
                p[j] += h[j]
                q[j] += h[j] * (a[j] - m[j])
        moved(p, of_g)
        moved(q, of_gd)
    folded(of_g, sum_g, 1.0)
    folded(of_gd, sum_gd, 1.0)


@inlined
def products_of_rows(g: Any, x: Any, center: Any, sum_g: Any, sum_gd: Any) -> None:
    channels = center.shape[0]
    of_g, of_gd = np.zeros(channels), np.zeros(channels)
    for i in range(x.shape[0]):
        p, q = weighted(g[i], x[i], center[i % channels])
        of_g[i % channels] += p
        of_gd[i % channels] += q
    for c in range(channels):
        sum_g[c], sum_gd[c] = of_g[c], of_gd[c]


@compiled(X[2], X[2], X[1], I, X[1], X[1])
def products(g: Any, x: Any, center: Any, last: int, sum_g: Any, sum_gd: Any) -> None:
    if last:
        products_of_columns(g, x, center, sum_g, sum_gd)
    else:
        products_of_rows(g, x, center, sum_g, sum_gd)


@compiled(X[2], X[2], X[1], X[1], X[1], X[1], I, X[2])
def affine_backward(g: Any, x: Any, center: Any, scale: Any, slope: Any, shift: Any, last: int, dx: Any) -> None:
    d, channels = x.shape[1], center.shape[0]
    wide = d if last else 0
    ms, ks, qs, bs = tiled(center, wide), tiled(scale, wide), tiled(slope, wide), tiled(shift, wide)
    for i in range(x.shape[0]):
        h, a, e = g[i], x[i], dx[i]
        if last:
            for j in range(d):
                e[j] = h[j] * ks[j] - (a[j] - ms[j]) * qs[j] - bs[j]
        else:
            c = i % channels
            m, k, q, b = center[c], scale[c], slope[c], shift[c]
            for j in range(d):
                e[j] = h[j] * k - (a[j] - m) * q - b
