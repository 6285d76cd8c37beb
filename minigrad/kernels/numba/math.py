"""Functions of one float32 that a compiler can run on many at once: no calls, no branches.

LLVM makes a loop wide only where it knows all that happens in it, and a call of the C library's `exp` ends that. These
forms are polynomials between bit tricks, right to a few units in the last place of float32.

Builds on: `minigrad.kernels.numba.jit`. Read next: `minigrad.kernels.numba.softmax`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import float32, int32
from numba.extending import intrinsic

from minigrad.kernels.numba.jit import inlined

__all__ = ["added", "below", "exp", "exp_up_to_88", "fma", "from_rank", "rank", "sigmoid", "tanh"]

f = np.float32


def _fma(typingctx: Any, a: Any, b: Any, c: Any) -> Any:
    """a b + c, rounded once."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fma(*args)

    return float32(float32, float32, float32), generate


def _added(typingctx: Any, a: Any, b: Any) -> Any:
    """a + b, as one of many summands that may be added up in any order."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fadd(*args, flags=("reassoc", "nsz"))

    return float32(float32, float32), generate


def _from_bits(typingctx: Any, bits: Any) -> Any:
    """The float32 whose bits an int32 holds."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.FloatType())

    return float32(int32), generate


def _to_bits(typingctx: Any, x: Any) -> Any:
    """The bits of a float32 as an int32."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(32))

    return int32(float32), generate


added: Any = intrinsic(_added)
fma: Any = intrinsic(_fma)
from_bits: Any = intrinsic(_from_bits)
to_bits: Any = intrinsic(_to_bits)


@inlined
def rank(x: Any) -> Any:
    """An int32 that orders as x does: the bits of negative numbers count downwards. NaN stands beyond infinity."""
    bits = to_bits(x)
    return bits ^ ((bits >> int32(31)) & int32(0x7FFFFFFF))


@inlined
def from_rank(order: Any) -> Any:
    """The number of a rank."""
    return from_bits(order ^ ((order >> int32(31)) & int32(0x7FFFFFFF)))


@inlined
def exp(x: Any) -> Any:
    """e^x = 2^n e^r, with n a whole number and r in [-ln 2 / 2, ln 2 / 2]; a polynomial of degree 5 for e^r.

    Right to 2e-7 between -10 and 10, and to 4e-7 everywhere. Above 88.72 infinity, below -87 zero. NaN stays, since it
    is neither above nor below. 2^128 is no float32, so the polynomial makes 2 e^r, and 2^(n-1) is put together from its
    bits, of which 2^-127 has none.
    """
    return exp_up_to_88(f(88.8) if x > f(88.8) else x)


@inlined
def exp_up_to_88(x: Any) -> Any:
    """`exp` of what is known not to lie above 88.8; NaN may come."""
    c = f(-87.3) if x < f(-87.3) else x
    n = np.rint(c * f(1.44269504088896341))
    r = fma(n, f(-0.693147180559945), c)
    p = fma(f(2 * 8.3125275147e-3), r, f(2 * 4.1890118071e-2))
    p = fma(p, r, f(2 * 1.6667114458e-1))
    p = fma(p, r, f(2 * 4.9999231758e-1))
    p = fma(p, r, f(2))
    p = fma(p, r, f(2))
    k: Any = int32(n)
    return p * from_bits((k + int32(126)) << int32(23))


@inlined
def below(x: Any, e: Any) -> Any:
    """The chance of a standard normal number to lie below x, with e = e^(-x^2/2): F(x) = (1 + erf(x / sqrt 2)) / 2.

    1 - F(x) = (a1 t + ... + a6 t^6) e^(-x^2/2), with t = 1 / (1 + 0.275 x) for x >= 0, fitted by least squares to
    5e-9; with the rounding of t right to 1.7e-7.

    Reference: Abramowitz and Stegun, Handbook of Mathematical Functions, 1964, 7.1.26, for the form.
    """
    t = f(1) / fma(f(0.275), abs(x), f(1))
    p = fma(f(-0.114858338), t, f(0.451998733))
    p = fma(p, t, f(-0.330993423))
    p = fma(p, t, f(0.333932300))
    p = fma(p, t, f(0.042111479))
    p = fma(p, t, f(0.117809254))
    tail = p * t * e
    return f(1) - tail if x > 0 else tail


@inlined
def tanh(x: Any) -> Any:
    """tanh x = x p(x^2) / q(x^2) between -9 and 9, fitted by least squares; right to 4e-7 of itself."""
    c = f(9) if x > f(9) else x
    c = f(-9) if c < f(-9) else c
    z = c * c
    p = fma(f(1.33543602e-8), z, f(2.06088673e-5))
    p = fma(p, z, f(3.49557514e-3))
    p = fma(p, z, f(0.133810147))
    p = fma(p, z, f(0.999999979))
    q = fma(f(7.77643577e-7), z, f(3.28561353e-4))
    q = fma(q, z, f(2.58769328e-2))
    q = fma(q, z, f(0.467143303))
    q = fma(q, z, f(1))
    return c * p / q


@inlined
def sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x)"""
    return f(1) / (f(1) + exp(-x))
