"""Activations in NumPy, block by block, so that a dozen passes over the data stay in the cache.

Builds on: `minigrad.kernels.numpy.scratch`, `minigrad.backend.erf`. Read next: `minigrad.ops.fused.activation`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.backend.erf import erf
from minigrad.kernels.numpy.scratch import BITS, blocks, scratch

__all__ = ["activation_backward", "gelu_erf", "gelu_tanh", "relu", "relu_backward", "silu"]

Array = np.ndarray[Any, Any]

ROOT, CUBIC = math.sqrt(2 / math.pi), 0.044715

# artanh(2 Phi(x) - 1) / s as a rational function of s * s, where Phi is the chance of a standard normal number to lie
# below x = s sqrt(2 pi), |x| <= 6, highest power first and the lower one's first power 1; error of Phi 5.4e-8.
CHANCE_P = [np.array(c, np.float32) for c in (0.2856764925, 3.953435185, 11.45682143, 15.8826106)]
CHANCE_Q = [np.array(c, np.float32) for c in (3.456364771, 7.941298625)]
HALF = np.array(0.5, np.float32)
SQRT_TAU = math.sqrt(2 * math.pi)


def gelu_erf(x: Array, y: Array, slope: Array) -> None:
    """y = x Phi(x), and its slope Phi(x) + x e^(-x^2 / 2) / sqrt(2 pi); in terms of s that is Phi + s e^(-pi s^2)."""
    chance = _chance if x.dtype == np.float32 else _chance_by_erf
    unit, exponent = np.asarray(1 / SQRT_TAU, x.dtype), np.asarray(-math.pi, x.dtype)
    for here in blocks(x.size, 1):
        a, below, d = x[here], y[here], slope[here]
        s, z = scratch(0, a.shape, a.dtype), scratch(1, a.shape, a.dtype)
        np.multiply(a, unit, s)
        np.clip(s, -6, 6, s)  # e^(-pi s^2) is next to 0 there, and no power overflows
        np.multiply(s, s, z)
        np.multiply(z, exponent, d)
        np.exp(d, d)
        d *= s
        chance(s, z, below)
        d += below
        below *= a


def _chance(s: Array, z: Array, out: Array) -> None:
    """Phi in float32, with z = s^2; s is overwritten."""
    np.multiply(z, CHANCE_P[0], out)
    for c in CHANCE_P[1:-1]:
        out += c
        out *= z
    out += CHANCE_P[-1]
    out *= s
    np.add(z, CHANCE_Q[0], s)
    s *= z
    s += CHANCE_Q[1]
    out /= s
    np.tanh(out, out)
    out *= HALF
    out += HALF


def _chance_by_erf(s: Array, z: Array, out: Array) -> None:
    out[...] = erf(np, s * math.sqrt(math.pi))
    out *= 0.5
    out += 0.5


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
    x.clip(0.0, math.inf, y)  # a maximum with one number is not computed wide, and takes three times as long


def relu_backward(g: Array, y: Array, dx: Array) -> None:
    """The bits of g times 0 or 1, so that infinities and NaN go as well; blocks would not pay for two passes."""
    bits = BITS[g.dtype]
    np.multiply(g.view(bits), y > 0, out=dx.view(bits))
