"""Sums over a row, in whatever order is wide.

Builds on: `minigrad.kernels.numba.jit`, `minigrad.kernels.numba.math`. Read next: `minigrad.kernels.numba.softmax`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels.numba.jit import reduced
from minigrad.kernels.numba.math import exp

__all__ = ["product", "square_sum", "total", "total_of_exp"]

ZERO = np.float32(0)


@reduced
def total(row: Any) -> Any:
    """The sum."""
    s = ZERO
    for j in range(row.shape[0]):
        s += row[j]
    return s


@reduced
def total_of_exp(row: Any) -> Any:
    """The sum of e^x."""
    s = ZERO
    for j in range(row.shape[0]):
        s += exp(row[j])
    return s


@reduced
def square_sum(row: Any) -> Any:
    """The sum of squares."""
    s = ZERO
    for j in range(row.shape[0]):
        s += row[j] * row[j]
    return s


@reduced
def product(a: Any, b: Any) -> Any:
    """The sum of products."""
    s = ZERO
    for j in range(a.shape[0]):
        s += a[j] * b[j]
    return s
