"""Steps of optimizers in NumPy: chunk by chunk, so that what one call leaves in the cache the next one finds there.

Builds on: `minigrad.kernels.numpy.scratch`. Read next: `minigrad.kernels.numba.update`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels.numpy.scratch import BLOCK, scratch

__all__ = ["adam", "average", "bound", "descent", "momentum", "squares"]

Array = np.ndarray[Any, Any]
ROW = 2048  # elements that are summed in their own dtype; the sums of these are summed in float64


def descent(p: Array, g: Array, rate: float, shrink: float, pull: float) -> None:
    keep, r = numbers(p.dtype, shrink, rate)
    for q, h, s in chunks(p, g):
        h = pulled(h, q, pull)
        if shrink != 1:
            np.multiply(q, keep, q)
        np.subtract(q, np.multiply(h, r, s), q)


def momentum(
    p: Array, g: Array, b: Array,
    beta: float, share: float, along: float, across: float,
    rate: float, shrink: float, pull: float, least: float,
) -> None:  # fmt: skip
    keep, stay, of_b, of_g = numbers(p.dtype, shrink, beta, rate * along, rate * across)
    for q, h, c, s in chunks(p, g, b):
        h = pulled(h, q, pull)
        np.multiply(c, stay, c)
        np.add(c, h if share == 1 else np.multiply(h, share, s), c)
        if least:
            flush(c, least, s)
        if shrink != 1:
            np.multiply(q, keep, q)
        if along:
            np.subtract(q, np.multiply(c, of_b, s), q)
        if across:
            np.subtract(q, np.multiply(h, of_g, s), q)


def adam(
    p: Array, g: Array, m: Array, v: Array,
    beta1: float, beta2: float, eps: float,
    rate: float, shrink: float, pull: float, least: float,
) -> None:  # fmt: skip
    b1, c1, b2, c2, e, r, keep = numbers(p.dtype, beta1, 1 - beta1, beta2, 1 - beta2, eps, rate, shrink)
    for q, h, a, b, s in chunks(p, g, m, v):
        h = pulled(h, q, pull)
        np.multiply(a, b1, a)
        np.add(a, np.multiply(h, c1, s), a)
        np.multiply(b, b2, b)
        np.multiply(h, h, s)
        np.add(b, np.multiply(s, c2, s), b)
        if least:
            flush(a, least, s)
            flush(b, least, s)
        np.add(np.sqrt(b, s), e, s)
        np.multiply(np.divide(a, s, s), r, s)
        if shrink != 1:
            np.multiply(q, keep, q)
        np.subtract(q, s, q)


def average(v: Array, x: Array, beta: float, least: float) -> None:
    stay, take = numbers(v.dtype, beta, 1 - beta)
    for a, y, s in chunks(v, x):
        np.multiply(a, stay, a)
        np.add(a, np.multiply(y, take, s), a)
        if least:
            flush(a, least, s)


def bound(g: Array, scale: float) -> None:
    if not scale >= 1:  # NaN too goes into the gradients
        g *= scale


def squares(g: Array, s: Array) -> None:
    flat = g.ravel("K")
    whole = flat.size // ROW * ROW
    rows, rest = flat[:whole].reshape(-1, ROW), flat[whole:]
    total = np.dot(rest, rest)
    s[...] = total + np.vecdot(rows, rows).sum(dtype=np.float64) if whole else total


def chunks(*arrays: Array) -> list[tuple[Array, ...]]:
    """The arrays piece by piece, and scratch memory of that size."""
    first, size = arrays[0], arrays[0].size
    s = scratch(0, (min(size, BLOCK),), first.dtype)
    if size <= BLOCK:
        return [(*arrays, s)]
    spans = [slice(start, start + BLOCK) for start in range(0, size, BLOCK)]
    return [(*[a[span] for a in arrays], s[: size - span.start]) for span in spans]


def pulled(g: Array, p: Array, pull: float) -> Array:
    """g + pull p, in scratch memory of its own"""
    if not pull:
        return g
    d = scratch(1, g.shape, g.dtype)
    return np.add(np.multiply(p, pull, d), g, d)  # type: ignore[no-any-return]


def numbers(dtype: Any, *values: float) -> list[Array]:
    """Python's numbers as 0-d arrays, which NumPy multiplies by in half the time."""
    return [np.asarray(value, dtype) for value in values]


def flush(v: Array, least: float, s: Array) -> None:
    """Zeros for what is smaller than `least`; NaN stays."""
    v *= np.abs(v, out=s) >= least
