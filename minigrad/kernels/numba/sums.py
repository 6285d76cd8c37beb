"""Sums over a row, in whatever order is wide; a very long one in parts, whose sums are added up in float64.

Builds on: `minigrad.kernels.numba.jit`, `minigrad.kernels.numba.math`. Read next: `minigrad.kernels.numba.softmax`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels.numba.jit import inlined
from minigrad.kernels.numba.math import added, exp

__all__ = ["LONG", "deviation", "product", "total", "total_of_exp", "weighted"]

LONG = 1 << 14  # elements of a part
ZERO = np.float32(0)


@inlined
def total(row: Any) -> Any:
    """The sum, in float64."""
    whole: Any = 0.0
    for low in range(0, row.shape[0], LONG):
        part, s = row[low : low + LONG], ZERO
        for j in range(part.shape[0]):
            s = added(s, part[j])
        whole += s
    return whole


@inlined
def total_of_exp(row: Any) -> Any:
    """The sum of e^x, in float64."""
    whole: Any = 0.0
    for low in range(0, row.shape[0], LONG):
        part, s = row[low : low + LONG], ZERO
        for j in range(part.shape[0]):
            s = added(s, exp(part[j]))
        whole += s
    return whole


@inlined
def product(a: Any, b: Any) -> Any:
    """The sum of products, in float64."""
    whole: Any = 0.0
    for low in range(0, a.shape[0], LONG):
        part, other, s = a[low : low + LONG], b[low : low + LONG], ZERO
        for j in range(part.shape[0]):
            s = added(s, part[j] * other[j])
        whole += s
    return whole


@inlined
def deviation(row: Any, center: Any) -> Any:
    """The sums of d and of d^2, with d = row - center, in float64."""
    sum_d: Any = 0.0
    sum_dd: Any = 0.0
    for low in range(0, row.shape[0], LONG):
        part, s, q = row[low : low + LONG], ZERO, ZERO
        for j in range(part.shape[0]):
            d = part[j] - center
            s = added(s, d)
            q = added(q, d * d)
        sum_d += s
        sum_dd += q
    return sum_d, sum_dd


@inlined
def weighted(g: Any, row: Any, center: Any) -> Any:
    """The sums of g and of g (row - center), in float64."""
    sum_g: Any = 0.0
    sum_gd: Any = 0.0
    for low in range(0, row.shape[0], LONG):
        sent, part, s, t = g[low : low + LONG], row[low : low + LONG], ZERO, ZERO
        for j in range(part.shape[0]):
            s = added(s, sent[j])
            t = added(t, sent[j] * (part[j] - center))
        sum_g += s
        sum_gd += t
    return sum_g, sum_gd
