"""Norms of gradients and parameters, which stay on the device, and scaling by them.

Builds on: `minigrad.backend`, `minigrad.kernels`. Read next: `minigrad.optim.layerwise`, `minigrad.optim.clip`.
"""

from __future__ import annotations

from typing import Any

from minigrad.backend import Array, namespace
from minigrad.kernels import served, update
from minigrad.promote import wide

__all__ = ["bound", "norm", "rms", "squares"]


def squares(x: Array) -> Array:
    """The sum of x^2, in float32 at least."""
    if served((x,)):
        return update.squares(x.ravel("K"))[0]
    x = wide(x)
    return (x * x).sum()


def bound(g: Array, scale: Array) -> None:
    """g = g min(1, scale), in place; the scale lies on the device, one number or one for each unit."""
    if scale.ndim == 0 and served((g,)):
        update.bound(g, scale)
    else:
        g *= namespace(scale).minimum(scale, 1).astype(g.dtype)


def norm(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    """sqrt(sum of x^2), in float32 at least.

    >>> import numpy as np
    >>> float(norm(np.full(2, 300.0, np.float16)))
    424.26...
    """
    if axis is None and not keepdims:
        return namespace(x).sqrt(squares(x))
    x = wide(x)
    return namespace(x).sqrt((x * x).sum(axis=axis, keepdims=keepdims))


def rms(x: Array) -> Array:
    """The root of the mean square, in float32 at least."""
    return norm(x) / max(x.size, 1) ** 0.5
