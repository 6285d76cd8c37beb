"""Activations in NumPy, block by block, so that a dozen passes over the data stay in the cache.

Builds on: `minigrad.kernels.numpy.scratch`, `minigrad.backend.erf`. Read next: `minigrad.ops.fused.activation`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.backend.erf import P32, Q32, erf
from minigrad.kernels.numpy.scratch import BITS, blocks, scratch

__all__ = ["activation_backward", "gelu_erf", "gelu_tanh", "relu", "relu_backward", "silu"]

Array = np.ndarray[Any, Any]

ROOT, CUBIC = math.sqrt(2 / math.pi), 0.044715


def gelu_erf(x: Array, y: Array, slope: Array) -> None:
    for here in blocks(x.size, 1):
        a, below, d = x[here], y[here], slope[here]
        scaled = np.multiply(a, math.sqrt(0.5), out=scratch(0, a.shape, a.dtype))
        np.multiply(scaled, scaled, out=d)
        np.negative(d, out=d)
        np.exp(d, out=d)
        _erf(scaled, below)
        below *= 0.5
        below += 0.5  # the chance of a standard normal number to lie below x
        d *= 1 / math.sqrt(2 * math.pi)  # its density
        d *= a
        d += below
        below *= a


def _erf(x: Array, out: Array) -> None:
    """The error function of `minigrad.backend.erf`, in float32 without new memory; x is overwritten."""
    if x.dtype != np.float32:
        out[...] = erf(np, x)
        return
    np.clip(x, -4.3, 4.3, out=x)  # by then tanh has rounded to 1
    z = np.multiply(x, x, out=scratch(1, x.shape, x.dtype))
    _polynomial(P32, z, out)
    out *= x
    _polynomial(Q32, z, x)
    out /= x
    np.tanh(out, out=out)


def _polynomial(coefficients: tuple[float, ...], z: Array, out: Array) -> None:
    np.multiply(z, coefficients[0], out=out)
    for c in coefficients[1:-1]:
        out += c
        out *= z
    out += coefficients[-1]


def gelu_tanh(x: Array, y: Array, slope: Array) -> None:
    for here in blocks(x.size, 1):
        a, s, d = x[here], y[here], slope[here]
        np.multiply(a, a, out=d)
        np.multiply(d, CUBIC * ROOT, out=s)
        s += ROOT
        s *= a
        np.tanh(s, out=s)
        s += 1
        s *= 0.5
        d *= 6 * CUBIC * ROOT
        d += 2 * ROOT  # twice the slope of u
        _with_slope(a, s, d)


def silu(x: Array, y: Array, slope: Array) -> None:
    with np.errstate(over="ignore"):  # where e^-x is infinite, s is 0
        for here in blocks(x.size, 1):
            a, s, d = x[here], y[here], slope[here]
            np.negative(a, out=s)
            np.exp(s, out=s)
            s += 1
            np.reciprocal(s, out=s)
            d.fill(1)
            _with_slope(a, s, d)


def _with_slope(x: Array, s: Array, d: Array) -> None:
    """s becomes y = x s, and d becomes s + d y (1 - s)."""
    rest = np.subtract(1, s, out=scratch(0, s.shape, s.dtype))
    d *= rest
    rest[...] = s
    s *= x
    d *= s
    d += rest


def activation_backward(g: Array, slope: Array, dx: Array) -> None:
    np.multiply(g, slope, out=dx)


def relu(x: Array, y: Array) -> None:
    np.maximum(x, 0, out=y)


def relu_backward(g: Array, y: Array, dx: Array) -> None:
    """The bits of g times 0 or 1, so that infinities and NaN go as well; blocks would not pay for two passes."""
    bits = BITS[g.dtype]
    np.multiply(g.view(bits), y > 0, out=dx.view(bits))
