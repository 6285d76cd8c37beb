"""Kernels of layer and root-mean-square normalisation, over the rows of a matrix (n, d).

Backward makes the standard form t once more from x and what is kept for each row: the mean, and r = 1 / deviation.

Builds on: `minigrad.kernels`. Read next: `minigrad.kernels.numpy.norm`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels import kernel

__all__ = ["layer_norm", "layer_norm_backward", "rms_norm", "rms_norm_backward"]

Array = np.ndarray[Any, Any]


@kernel
def layer_norm(x: Array, weight: Array, bias: Array, eps: float) -> tuple[Array, ...]:
    """y = t weight + bias with t = (x - mean) r; mean = mean x, r = 1 / sqrt(var x + eps) of each row"""
    n = x.shape[0]
    return np.empty(x.shape, x.dtype), np.empty(n, x.dtype), np.empty(n, x.dtype)


@kernel
def layer_norm_backward(g: Array, x: Array, weight: Array, mean: Array, r: Array) -> tuple[Array, ...]:
    """dx = (h - mean h - t mean(h t)) r with h = g weight; dweight = sum g t and dbias = sum g over the rows"""
    return np.empty(x.shape, x.dtype), np.empty(weight.shape, x.dtype), np.empty(weight.shape, x.dtype)


@kernel
def rms_norm(x: Array, weight: Array, eps: float) -> tuple[Array, ...]:
    """y = t weight with t = x r; r = 1 / sqrt(mean x^2 + eps) of each row"""
    return np.empty(x.shape, x.dtype), np.empty(x.shape[0], x.dtype)


@kernel
def rms_norm_backward(g: Array, x: Array, weight: Array, r: Array) -> tuple[Array, ...]:
    """dx = (h - t mean(h t)) r with h = g weight; dweight = sum g t over the rows"""
    return np.empty(x.shape, x.dtype), np.empty(weight.shape, x.dtype)
