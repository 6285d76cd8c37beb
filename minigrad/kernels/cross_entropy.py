"""The kernel of cross-entropy, over the rows of a matrix of logits (n, classes).

Builds on: `minigrad.kernels`. Read next: `minigrad.kernels.numpy.cross_entropy`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels import kernel

__all__ = ["cross_entropy"]

Array = np.ndarray[Any, Any]


@kernel
def cross_entropy(x: Array, labels: Array, scale: Array) -> tuple[Array, Array]:
    """y = -scale log softmax(x)[label] of each row, and dy/dx = scale (softmax(x) - 1 at the label).

    Shapes: x (n, c), labels (n), scale (n) or (1) for all, y (n), dy/dx (n, c). Where the scale is 0 both are 0.
    """
    return np.empty(x.shape[0], x.dtype), np.empty(x.shape, x.dtype)
