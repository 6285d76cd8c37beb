"""Functions of one float32 that a compiler can run on many at once: no calls, no branches.

LLVM makes a loop wide only where it knows all that happens in it, and a call of the C library's `exp` ends that. These
forms are polynomials between bit tricks, right to two units in the last place of float32, or to 3e-7.

Builds on: `minigrad.kernels.numba.jit`. Read next: `minigrad.kernels.numba.softmax`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import float32, int32
from numba.extending import intrinsic

from minigrad.kernels.numba.jit import inlined

__all__ = ["exp"]

f = np.float32


def _from_bits(typingctx: Any, bits: Any) -> Any:
    """The float32 whose bits an int32 holds."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.FloatType())

    return float32(int32), generate


from_bits: Any = intrinsic(_from_bits)


@inlined
def exp(x: Any) -> Any:
    """e^x = 2^n e^r, with n a whole number and r in [-ln 2 / 2, ln 2 / 2]; a polynomial of degree 6 for e^r.

    Above 88.72 infinity, below -87.33 zero. NaN stays.

    Reference: Moshier, Cephes Mathematical Library, expf.
    """
    c = min(max(x, f(-87.4)), f(88.8))
    n = np.floor(c * f(1.44269504088896341) + f(0.5))
    r = c - n * f(0.693359375)
    r = r - n * f(-2.12194440e-4)
    p = f(1.9875691500e-4)
    p = p * r + f(1.3981999507e-3)
    p = p * r + f(8.3334519073e-3)
    p = p * r + f(4.1665795894e-2)
    p = p * r + f(1.6666665459e-1)
    p = p * r + f(5.0000001201e-1)
    y = p * r * r + r + f(1)
    k = int32(n)
    half = k >> int32(1)  # 2^128 is no float32: in two steps
    y = y * from_bits((half + int32(127)) << int32(23)) * from_bits((k - half + int32(127)) << int32(23))
    y = f(0) if x < f(-87.33) else y
    return x if x != x else y
