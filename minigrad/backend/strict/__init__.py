"""The device double: a backend that behaves like CuPy and computes with NumPy, for machines without a GPU.

The whole test suite runs on it, so that code which would fail on a GPU fails here: names and keywords that CuPy lacks,
arrays of the host among arrays of the device, results read back in the middle of a step. It is no faster than NumPy and
no use for anything but tests.

Builds on: `minigrad.backend.vocabulary`, `minigrad.backend.strict.library`. Read next: `minigrad.backend.random`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.backend.numpy import overlap
from minigrad.backend.strict.array import DeviceArray, from_host
from minigrad.backend.strict.library import library
from minigrad.backend.strict.watch import (
    DeviceMisuse,
    SynchronisationError,
    audit_float64,
    no_synchronisation,
    watch,
)
from minigrad.backend.vocabulary import Array, Backend

__all__ = [
    "DeviceArray",
    "DeviceMisuse",
    "Strict",
    "SynchronisationError",
    "audit_float64",
    "library",
    "load",
    "no_synchronisation",
    "watch",
]


class Strict(Backend):
    """Arrays that are NumPy's inside and CuPy's outside."""

    name = "strict"
    array_types = (DeviceArray,)

    def __init__(self) -> None:
        super().__init__(library)

    def from_host(self, array: np.ndarray[Any, Any]) -> Array:
        return from_host(array)

    def to_host(self, array: Array) -> np.ndarray[Any, Any]:
        host: np.ndarray[Any, Any] = array.get()
        return host

    def describe(self) -> dict[str, str]:
        return {"a double of": "CuPy 14.2", "computed by": f"NumPy {np.__version__}"}

    def shares_memory(self, a: Array, b: Array) -> bool:
        return overlap(a._a, b._a)


def load() -> Strict:
    """The one instance of this backend."""
    return Strict()
