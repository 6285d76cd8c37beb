"""Steps of optimizers compiled: one loop over the elements.

Builds on: `minigrad.kernels.numba.jit`. Read next: `minigrad.optim.adam`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from minigrad.kernels.numba.jit import F, X, compiled, inlined
from minigrad.kernels.numba.sums import product

__all__ = ["adam", "average", "descent", "momentum", "squares"]

f = np.float32
NUMBER = types.Array(types.float32, 0, "C")


@inlined
def flushed(x: Any, least: Any) -> Any:
    """0 for what is smaller than `least`; NaN stays."""
    return f(0) if abs(x) < least else x


@inlined
def times(factor: Any, x: Any) -> Any:
    """factor x, where a factor of 0 leaves infinities out of it."""
    return factor * x if factor != f(0) else f(0)


@compiled(X[1], X[1], F, F, F)
def descent(p: Any, g: Any, rate: Any, shrink: Any, pull: Any) -> None:
    rate_, shrink_, pull_ = f(rate), f(shrink), f(pull)
    for i in range(p.size):
        p[i] = shrink_ * p[i] - rate_ * (g[i] + times(pull_, p[i]))


@compiled(X[1], X[1], X[1], F, F, F, F, F, F, F, F)
def momentum(
    p: Any, g: Any, b: Any,
    beta: Any, share: Any, along: Any, across: Any,
    rate: Any, shrink: Any, pull: Any, least: Any,
) -> None:  # fmt: skip
    beta_, share_, shrink_, pull_, least_ = f(beta), f(share), f(shrink), f(pull), f(least)
    rate_, of_b, of_g = f(rate), f(along), f(across)
    for i in range(p.size):
        d = g[i] + times(pull_, p[i])
        b[i] = flushed(beta_ * b[i] + share_ * d, least_)
        p[i] = shrink_ * p[i] - rate_ * (times(of_b, b[i]) + times(of_g, d))


@compiled(X[1], X[1], X[1], X[1], F, F, F, F, F, F, F)
def adam(
    p: Any, g: Any, m: Any, v: Any,
    beta1: Any, beta2: Any, eps: Any,
    rate: Any, shrink: Any, pull: Any, least: Any,
) -> None:  # fmt: skip
    b1, c1, b2, c2 = f(beta1), f(1 - beta1), f(beta2), f(1 - beta2)
    eps_, rate_, shrink_, pull_, least_ = f(eps), f(rate), f(shrink), f(pull), f(least)
    for i in range(p.size):
        d = g[i] + times(pull_, p[i])
        m[i] = flushed(b1 * m[i] + c1 * d, least_)
        v[i] = flushed(b2 * v[i] + c2 * (d * d), least_)
        p[i] = shrink_ * p[i] - rate_ * (m[i] / (np.sqrt(v[i]) + eps_))


@compiled(X[1], X[1], F, F)
def average(v: Any, x: Any, beta: Any, least: Any) -> None:
    keep, take, least_ = f(beta), f(1 - beta), f(least)
    for i in range(v.size):
        v[i] = flushed(keep * v[i] + take * x[i], least_)


@compiled(X[1], NUMBER)
def squares(g: Any, s: Any) -> None:
    s[()] = product(g, g)
