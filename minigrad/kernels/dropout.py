"""Kernels of dropout: random bits, mask and scaling in one.

Builds on: `minigrad.kernels`. Read next: `minigrad.kernels.numpy.dropout`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels import kernel

__all__ = ["dropout", "dropout_backward"]

Array = np.ndarray[Any, Any]


@kernel
def dropout(x: Array, least: int, scale: float, key: int, start: int) -> tuple[Array, Array]:
    """y = x m scale, and m: 1 byte for each element of x (n,), 1 where its number at (key, start + i) is >= least"""
    return np.empty(x.shape, x.dtype), np.empty(x.shape, np.bool_)


@kernel
def dropout_backward(g: Array, m: Array, scale: float) -> tuple[Array]:
    """dx = g m scale"""
    return (np.empty(g.shape, g.dtype),)
