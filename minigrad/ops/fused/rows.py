"""Rows: most kernels see an array as a matrix, whose rows they treat one by one.

Builds on: nothing. Read next: `minigrad.ops.fused.softmax`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["along", "as_rows", "shaped", "flat"]

Array = np.ndarray[Any, Any]


def as_rows(x: Array, trailing: int = 1) -> Array:
    """x (..., *trailing axes) as a matrix: one row for what the last axes hold.

    >>> as_rows(np.zeros((2, 3, 4)), 2).shape
    (2, 12)
    """
    kept = x.ndim - trailing
    return x if x.ndim == 2 and trailing == 1 else x.reshape(math.prod(x.shape[:kept]), math.prod(x.shape[kept:]))


def shaped(x: Array, shape: tuple[int, ...]) -> Array:
    """x in this shape; comparing shapes takes a third of the time that reshaping takes.

    >>> shaped(np.zeros((6, 4)), (2, 3, 4)).shape
    (2, 3, 4)
    """
    return x if x.shape == shape else x.reshape(shape)


def along(x: Array, axis: int) -> tuple[Array, Callable[[Array], Array]]:
    """x as a matrix whose rows run along an axis, and what gives a matrix of that shape the axes of x.

    Backward keeps the way back, which therefore holds the shape of x and not x.

    >>> rows, back = along(np.zeros((2, 3, 4)), 1)
    >>> rows.shape, back(rows).shape
    ((8, 3), (2, 3, 4))
    """
    if axis in (-1, x.ndim - 1):
        shape = x.shape
        return as_rows(x), lambda y: shaped(y, shape)
    moved = np.moveaxis(x, axis, -1)
    turned = moved.shape
    return as_rows(moved), lambda y: np.moveaxis(y.reshape(turned), -1, axis)


def flat(part: Array | None, number: float, size: int, dtype: Any) -> Array:
    """What is learned as a vector; the number everywhere where there is none.

    >>> flat(None, 1.0, 2, np.float32)
    array([1., 1.], dtype=float32)
    """
    return np.full(size, number, dtype) if part is None else part.reshape(size)
