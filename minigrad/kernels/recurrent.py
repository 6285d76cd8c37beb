"""Kernels of recurrence: from the gates of a step to the new state, element by element.

Builds on: `minigrad.kernels`. Read next: `minigrad.kernels.numpy.recurrent`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels import kernel

__all__ = ["gru", "gru_backward", "lstm", "lstm_backward"]

Array = np.ndarray[Any, Any]


@kernel
def lstm(a: Array, b: Array, c: Array) -> tuple[Array, Array, Array]:
    """y = [h', c'] (2, n, hidden), the gates (n, 4 hidden), and tanh c'; of a and b (n, 4 hidden), c (n, hidden)

    gates = [i, f, g, o] = sigmoid or, for g, tanh of a + b;  c' = f c + i g;  h' = o tanh c'
    """
    return np.empty((2, *c.shape), c.dtype), np.empty(a.shape, c.dtype), np.empty(c.shape, c.dtype)


@kernel
def lstm_backward(dy: Array, gates: Array, c: Array, t: Array) -> tuple[Array, Array]:
    """The gradients of a, which are those of b, and of c; with t = tanh c'"""
    return np.empty(gates.shape, c.dtype), np.empty(c.shape, c.dtype)


@kernel
def gru(a: Array, b: Array, h: Array) -> tuple[Array, Array]:
    """h' (n, hidden), and the gates (n, 3 hidden); of a and b (n, 3 hidden), h (n, hidden)

    r, z = sigmoid(a_r + b_r), sigmoid(a_z + b_z);  n = tanh(a_n + r b_n);  h' = n + z (h - n)
    """
    return np.empty(h.shape, h.dtype), np.empty(a.shape, h.dtype)


@kernel
def gru_backward(dy: Array, gates: Array, b: Array, h: Array) -> tuple[Array, Array, Array]:
    """The gradients of a, b and h."""
    return np.empty(b.shape, h.dtype), np.empty(b.shape, h.dtype), np.empty(h.shape, h.dtype)
