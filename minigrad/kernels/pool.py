"""Kernels of pooling, over arrays with the channels last and three axes to move along: x (N, D, H, W, C).

`taps` has for each tap and axis three numbers: the first window in which the tap lies inside x, the window behind the
last one, and where the tap of window 0 lies or would lie; `frame` has for each axis, as its rows, the stride, how many
windows there are, and the size of x. What lies in the padding takes no part.

Builds on: `minigrad.kernels`. Read next: `minigrad.kernels.numpy.pool`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels import kernel

__all__ = ["TAPS", "max_pool", "max_pool_backward", "sum_pool", "sum_pool_backward"]

Array = np.ndarray[Any, Any]

TAPS = 255  # as many as a byte can number, less one number for none


def empty(like: Array, axes: Array, dtype: Any) -> Array:
    return np.empty((len(like), *axes.tolist(), like.shape[-1]), dtype)


@kernel
def max_pool(x: Array, taps: Array, frame: Array) -> tuple[Array, Array]:
    """y[i] = max over t of x[i stride + t dilation - padding], and which t that is: of equals the first, or a NaN"""
    return empty(x, frame[1], x.dtype), empty(x, frame[1], np.uint8)


@kernel
def max_pool_backward(g: Array, tap: Array, taps: Array, frame: Array) -> tuple[Array]:
    """dx[i stride + tap[i] dilation - padding] += g[i]"""
    return (empty(g, frame[2], g.dtype),)


@kernel
def sum_pool(x: Array, taps: Array, frame: Array) -> tuple[Array]:
    """y[i] = sum over t of x[i stride + t dilation - padding]"""
    return (empty(x, frame[1], x.dtype),)


@kernel
def sum_pool_backward(g: Array, taps: Array, frame: Array) -> tuple[Array]:
    """dx[i stride + t dilation - padding] += g[i], for all t"""
    return (empty(g, frame[2], g.dtype),)
