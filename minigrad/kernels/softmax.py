"""Kernels of softmax and its logarithm, over the rows of a matrix (n, d).

Builds on: `minigrad.kernels`. Read next: `minigrad.kernels.numpy.softmax`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels import kernel

__all__ = ["log_softmax", "log_softmax_backward", "softmax", "softmax_backward"]

Array = np.ndarray[Any, Any]


def like(x: Array) -> tuple[Array]:
    return (np.empty(x.shape, x.dtype),)


@kernel
def softmax(x: Array) -> tuple[Array]:
    """y = e^(x - max x) / sum e^(x - max x); where the largest is infinite, 0 stands in its place."""
    return like(x)


@kernel
def softmax_backward(g: Array, y: Array) -> tuple[Array]:
    """dx = y (g - sum g y)"""
    return like(g)


@kernel
def log_softmax(x: Array) -> tuple[Array]:
    """y = x - max x - ln sum e^(x - max x)"""
    return like(x)


@kernel
def log_softmax_backward(g: Array, y: Array) -> tuple[Array]:
    """dx = g - e^y sum g"""
    return like(g)
