"""Norms of gradients and parameters, which stay on the device.

Builds on: `minigrad.backend`. Read next: `minigrad.optim.layerwise`, `minigrad.optim.clip`.
"""

from __future__ import annotations

from typing import Any

from minigrad.backend import Array, namespace
from minigrad.promote import wide

__all__ = ["norm", "rms"]


def norm(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    """sqrt(sum of x^2), in float32 at least.

    >>> import numpy as np
    >>> float(norm(np.full(2, 300.0, np.float16)))
    424.26...
    """
    x = wide(x)
    return namespace(x).sqrt((x * x).sum(axis=axis, keepdims=keepdims))


def rms(x: Array) -> Array:
    """The root of the mean square, in float32 at least."""
    return norm(x) / max(x.size, 1) ** 0.5
