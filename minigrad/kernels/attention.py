"""Kernels of attention, on scores that stand key by key: (n, S, L), one column for each query.

A column is the softmax of one query. Standing so, the largest of a column and its sum are found for all queries of a
matrix at once, by whole rows of memory.

Builds on: `minigrad.kernels`. Read next: `minigrad.kernels.numpy.attention`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels import in_place

__all__ = ["weights", "weights_backward"]

Array = np.ndarray[Any, Any]


@in_place
def weights(s: Array, scale: float, offset: int) -> tuple[()]:
    """p = softmax(scale s) over the keys j <= i + offset of query i, in place; 0 at other keys, and where all are -inf.

    The largest score of a query is subtracted first; where it is infinite, 0 stands in its place.
    """
    return ()


@in_place
def weights_backward(g: Array, p: Array, scale: float, offset: int) -> tuple[()]:
    """ds = scale p (g - sum_j g_j p_j), in place of g."""
    return ()
