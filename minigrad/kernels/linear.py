"""Kernels around a product of matrices; the product itself is the linear algebra library's.

Builds on: `minigrad.kernels`. Read next: `minigrad.kernels.numpy.linear`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels import kernel

__all__ = ["column_sums"]

Array = np.ndarray[Any, Any]


@kernel
def column_sums(g: Array) -> tuple[Array]:
    """s = sum over the rows of g (n, d), s (d)"""
    return (np.empty(g.shape[1], g.dtype),)
