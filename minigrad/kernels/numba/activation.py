"""Activations compiled: one loop each, wide.

Builds on: `minigrad.kernels.numba.jit`, `minigrad.kernels.numba.math`. Read next: `minigrad.ops.fused.activation`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.kernels.numba.jit import X, compiled
from minigrad.kernels.numba.math import below, exp_up_to_88, sigmoid

__all__ = ["gelu_erf", "gelu_tanh", "relu", "relu_backward", "silu"]

ZERO, ONE = np.float32(0), np.float32(1)
DENSITY = np.float32(1 / math.sqrt(2 * math.pi))
ROOT2 = np.float32(2 * math.sqrt(2 / math.pi))  # twice sqrt(2/pi): s = (1 + tanh u) / 2 is 1 / (1 + e^(-2u))
CUBE2 = np.float32(0.044715 * 2 * math.sqrt(2 / math.pi))
THREE = np.float32(3)


@compiled(X[1], X[1], X[1])
def gelu_erf(x: Any, y: Any, slope: Any) -> None:
    for i in range(x.shape[0]):
        a = x[i]
        e = exp_up_to_88(np.float32(-0.5) * a * a)
        p = below(a, e)
        y[i] = a * p
        slope[i] = p + (a * e * DENSITY if e > ZERO else ZERO)  # 0 where a is infinite; NaN is in p


@compiled(X[1], X[1], X[1])
def gelu_tanh(x: Any, y: Any, slope: Any) -> None:
    for i in range(x.shape[0]):
        a = x[i]
        cube = CUBE2 * a * a
        s = sigmoid(a * (ROOT2 + cube))
        b = a * s
        y[i] = b
        slope[i] = s + b * (ONE - s) * (ROOT2 + THREE * cube)


@compiled(X[1], X[1], X[1])
def silu(x: Any, y: Any, slope: Any) -> None:
    for i in range(x.shape[0]):
        a = x[i]
        s = sigmoid(a)
        b = a * s
        y[i] = b
        slope[i] = s + b * (ONE - s)


@compiled(X[1], X[1])
def relu(x: Any, y: Any) -> None:
    for i in range(x.shape[0]):
        a = x[i]
        y[i] = ZERO if a < ZERO else a  # NaN stays


@compiled(X[1], X[1], X[1])
def relu_backward(g: Any, y: Any, dx: Any) -> None:
    for i in range(y.shape[0]):
        a, h = y[i], g[i]
        dx[i] = h if a > ZERO else ZERO
