"""Kernels of activations: what they make of each element, and their slope there.

The slope of a smooth one is made beside the result, from what both have in common, so that the gradient is one product.
That of a rectifier is 0 or 1, and read off its result.

Builds on: `minigrad.kernels`. Read next: `minigrad.kernels.numpy.activation`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels import kernel

__all__ = ["activation_backward", "gelu_erf", "gelu_tanh", "relu", "relu_backward", "silu"]

Array = np.ndarray[Any, Any]


def result_and_slope(x: Array) -> tuple[Array, Array]:
    return np.empty(x.shape, x.dtype), np.empty(x.shape, x.dtype)


@kernel
def gelu_erf(x: Array) -> tuple[Array, Array]:
    """y = x F(x), dy/dx = F(x) + x e^(-x^2/2) / sqrt(2 pi), with F(x) = (1 + erf(x / sqrt 2)) / 2; of x (n,)"""
    return result_and_slope(x)


@kernel
def gelu_tanh(x: Array) -> tuple[Array, Array]:
    """y = x s, dy/dx = s + 2 u' y (1 - s), with s = (1 + tanh u) / 2, u = sqrt(2/pi) (x + 0.044715 x^3); of x (n,)"""
    return result_and_slope(x)


@kernel
def silu(x: Array) -> tuple[Array, Array]:
    """y = x s, dy/dx = s + y (1 - s), with s = 1 / (1 + e^-x); of x (n,)"""
    return result_and_slope(x)


@kernel
def activation_backward(g: Array, slope: Array) -> tuple[Array]:
    """dx = g slope"""
    return (np.empty(g.shape, g.dtype),)


@kernel
def relu(x: Array) -> tuple[Array]:
    """y = max(x, 0), of x (n,)"""
    return (np.empty(x.shape, x.dtype),)


@kernel
def relu_backward(g: Array, y: Array) -> tuple[Array]:
    """dx = g where y > 0, else 0, whatever g is there; of g and y (n,)"""
    return (np.empty(y.shape, y.dtype),)
