"""The NumPy backend: the host, and the meaning that every other backend is held to.

Builds on: `minigrad.backend.vocabulary`. Read next: `minigrad.graph`, or on to `minigrad.autodiff`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from minigrad.backend.vocabulary import Array, Backend, is_basic

__all__ = ["NumPy", "overlap"]


class NumPy(Backend):
    """NumPy arrays and NumPy scalars."""

    name = "numpy"
    array_types = (np.ndarray,)

    def __init__(self) -> None:
        super().__init__(np)

    def from_host(self, array: np.ndarray[Any, Any]) -> Array:
        return array

    def to_host(self, array: Array) -> np.ndarray[Any, Any]:
        return np.asarray(array)

    def describe(self) -> dict[str, str]:
        return {"version": np.__version__}

    def readonly(self, array: Array) -> Array:
        view = np.asarray(array).view()  # of a NumPy scalar too, if one was put in an array's place
        view.flags.writeable = False
        return view

    def shares_memory(self, a: Array, b: Array) -> bool:
        return overlap(a, b)

    def scatter(self, values: Array, index: Any, shape: Sequence[int]) -> Array:
        if is_basic(index):
            return super().scatter(values, index, shape)
        # np.add.at is five times faster on one dimension than on several, and adds in the same order.
        out = np.zeros(math.prod(shape), values.dtype)
        if isinstance(index, np.ndarray) and index.dtype.kind in "iu":  # rows, as in an embedding
            width = math.prod(shape[1:])
            rows = index.astype(np.intp)
            rows[rows < 0] += shape[0]
            if rows.size and not 0 <= rows.min() <= rows.max() < shape[0]:
                raise IndexError(f"scatter: rows must be below {shape[0]}, got {index.min()} to {index.max()}")
            places = rows.reshape(-1, 1) * width + np.arange(width)
            taken = (*index.shape, *shape[1:])
        else:
            places = np.arange(out.size).reshape(shape)[index]
            taken = places.shape
        np.add.at(out, places.ravel(), np.broadcast_to(values, taken).ravel())
        return out.reshape(shape)


def overlap(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    """Whether two arrays have an element in common: neighbouring columns of one matrix have none."""
    try:
        return bool(np.shares_memory(a, b, max_work=cast(Any, 10_000)))  # stubs know but two of the numbers
    except np.exceptions.TooHardError:  # strides of many axes: yes is the safe answer
        return True


def load() -> NumPy:
    """The one instance of this backend."""
    return NumPy()
