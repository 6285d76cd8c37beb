"""The NumPy backend: the host, and the meaning that every other backend is held to.

Builds on: `minigrad.backend.vocabulary`. Read next: `minigrad.tensor`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.backend.vocabulary import Array, Backend

__all__ = ["NumPy"]


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
        view = array.view()
        view.flags.writeable = False
        return view

    def shares_memory(self, a: Array, b: Array) -> bool:
        return bool(np.may_share_memory(a, b))


def load() -> NumPy:
    """The one instance of this backend."""
    return NumPy()
