"""Sums over a row, in whatever order is wide; a very long one in parts, whose sums are added up in float64.

Builds on: `minigrad.kernels.numba.jit`, `minigrad.kernels.numba.math`. Read next: `minigrad.kernels.numba.softmax`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels.numba.jit import reduced
from minigrad.kernels.numba.math import exp

__all__ = ["LONG", "deviation", "product", "square_sum", "total", "total_of_exp"]

LONG = 1 << 14  # elements of a part
ZERO = np.float32(0)


@reduced
def total(row: Any) -> Any:
    """The sum."""
    whole: Any = 0.0
    for low in range(0, row.shape[0], LONG):
        part, s = row[low : low + LONG], ZERO
        for j in range(part.shape[0]):
            s += part[j]
        whole += s
    return np.float32(whole)


@reduced
def total_of_exp(row: Any) -> Any:
    """The sum of e^x."""
    whole: Any = 0.0
    for low in range(0, row.shape[0], LONG):
        part, s = row[low : low + LONG], ZERO
        for j in range(part.shape[0]):
            s += exp(part[j])
        whole += s
    return np.float32(whole)


@reduced
def square_sum(row: Any) -> Any:
    """The sum of squares, in float64."""
    whole: Any = 0.0
    for low in range(0, row.shape[0], LONG):
        part, s = row[low : low + LONG], ZERO
        for j in range(part.shape[0]):
            s += part[j] * part[j]
        whole += s
    return whole


@reduced
def product(a: Any, b: Any) -> Any:
    """The sum of products."""
    whole: Any = 0.0
    for low in range(0, a.shape[0], LONG):
        part, other, s = a[low : low + LONG], b[low : low + LONG], ZERO
        for j in range(part.shape[0]):
            s += part[j] * other[j]
        whole += s
    return np.float32(whole)


@reduced
def deviation(row: Any, center: Any) -> Any:
    """The sums of d and of d^2, with d = row - center, in float64."""
    sum_d: Any = 0.0
    sum_dd: Any = 0.0
    for low in range(0, row.shape[0], LONG):
        part, s, q = row[low : low + LONG], ZERO, ZERO
        for j in range(part.shape[0]):
            d = part[j] - center
            s += d
            q += d * d
        sum_d += s
        sum_dd += q
    return sum_d, sum_dd
