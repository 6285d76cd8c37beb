"""Softmax and its logarithm compiled: a few loops over each row.

Builds on: `minigrad.kernels.numba.math`, `minigrad.kernels.numba.sums`. Read next: `minigrad.ops.fused.softmax`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels.numba.jit import X, compiled, inlined
from minigrad.kernels.numba.math import exp, from_rank, rank
from minigrad.kernels.numba.sums import product, total, total_of_exp

__all__ = ["log_softmax", "log_softmax_backward", "softmax", "softmax_backward"]

ZERO, ONE, LOWEST = np.float32(0), np.float32(1), np.float32(-np.inf)


@inlined
def largest(row: Any) -> Any:
    """The largest element, 0 where that is infinite or NaN.

    Compared as whole numbers of the same order: with floating numbers NaN would forbid to compare many at once.
    """
    top = rank(LOWEST)
    for j in range(row.shape[0]):
        top = max(top, rank(row[j]))
    value = from_rank(top)
    return value if np.isfinite(value) else ZERO


@compiled(X[2], X[2])
def softmax(x: Any, y: Any) -> None:
    for i in range(x.shape[0]):
        a, e = x[i], y[i]
        top = largest(a)
        for j in range(a.shape[0]):
            e[j] = exp(a[j] - top)
        scale = ONE / np.float32(total(e))
        for j in range(a.shape[0]):
            e[j] *= scale


@compiled(X[2], X[2], X[2])
def softmax_backward(g: Any, y: Any, dx: Any) -> None:
    for i in range(g.shape[0]):
        a, p, d = g[i], y[i], dx[i]
        s = np.float32(product(a, p))
        for j in range(a.shape[0]):
            d[j] = p[j] * (a[j] - s)


@compiled(X[2], X[2])
def log_softmax(x: Any, y: Any) -> None:
    for i in range(x.shape[0]):
        a, d = x[i], y[i]
        top = largest(a)
        for j in range(a.shape[0]):
            d[j] = a[j] - top
        shift = np.float32(np.log(total_of_exp(d)))
        for j in range(a.shape[0]):
            d[j] -= shift


@compiled(X[2], X[2], X[2])
def log_softmax_backward(g: Any, y: Any, dx: Any) -> None:
    for i in range(g.shape[0]):
        a, b, d = g[i], y[i], dx[i]
        s = np.float32(total(a))
        for j in range(a.shape[0]):
            d[j] = a[j] - exp(b[j]) * s
