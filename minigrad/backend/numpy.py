"""The NumPy backend: the host, and the meaning that every other backend is held to.

Builds on: `minigrad.backend.vocabulary`. Read next: `minigrad.graph`, or on to `minigrad.autodiff`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.lib.stride_tricks import as_strided

from minigrad.backend.vocabulary import Array, Backend, Sizes, is_basic
from minigrad.backend.windows import window_view
from minigrad.errors import ExportError

__all__ = ["NumPy", "add_rows", "overlap"]

HOST = (1, 0)  # DLPack's kind and number of this device
BITS = {np.dtype(f"f{n}"): np.dtype(f"i{n}") for n in (2, 4, 8)}  # integers as long as floating numbers
VERSIONED = np.lib.NumpyVersion(np.__version__) >= "2.1.0"  # NumPy speaks DLPack 1.0, which knows read-only memory


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

    def to_dlpack(self, array: Array, **options: Any) -> Any:
        place, stream, copy = (options.get(name) for name in ("dl_device", "stream", "copy"))
        if stream is not None or place not in (None, HOST):
            asked = f"device {place}" if stream is None else f"stream {stream}"
            raise ExportError(f"__dlpack__: the values lie on the host, got a request for {asked}; move them with .to")
        version = options.get("max_version") if VERSIONED else None
        marked = version is not None and tuple(version) >= (1, 0)  # DLPack before 1.0 cannot say 'read-only'
        if not marked or any(stride < 0 for stride in array.strides):  # at which PyTorch would end the process
            if copy is False:
                raise ExportError("__dlpack__: only a copy can be handed over, got copy=False; leave it out")
            copy = True
        try:
            if not marked:
                return np.array(array).__dlpack__()
            return self.readonly(array).__dlpack__(max_version=version, copy=copy)
        except BufferError as error:
            complaint = str(error).rstrip(".")
            raise ExportError(f"__dlpack__: {complaint}, got {array.dtype}; cast it to float32") from error

    def from_dlpack(self, x: Any, copy: bool | None = None) -> Array:
        array = np.from_dlpack(x, copy=False) if copy is False and VERSIONED else np.from_dlpack(x)
        return np.array(array) if copy else array

    def shares_memory(self, a: Array, b: Array) -> bool:
        return overlap(a, b)

    def where(self, condition: Array, x: Array, y: Array) -> Array:
        # NumPy's own takes ten times as long where the choice alternates, as it does in the gradient of relu. Against
        # a plain 0 the bits of x times 0 or 1 are the same numbers: infinities and NaN go where they are not chosen.
        against_0 = type(y) is int and y == 0 and type(x) is type(condition) is np.ndarray
        if against_0 and x.dtype in BITS and condition.dtype == np.bool_ and condition.shape == x.shape:
            return (x.view(BITS[x.dtype]) * condition).view(x.dtype)
        return np.where(condition, x, y)

    def logaddexp(self, x: Array, y: Array) -> Array:
        # NumPy's own calls the C library for each element. Against a plain 0 nothing can cancel, and these words are
        # twelve times as fast in float32, and as exact.
        if type(y) is int and y == 0 and type(x) is np.ndarray:
            return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
        return np.logaddexp(x, y)

    def scatter(self, values: Array, index: Any, shape: Sequence[int]) -> Array:
        if is_basic(index):
            return super().scatter(values, index, shape)
        out = np.zeros(shape, values.dtype)
        if isinstance(index, np.ndarray) and index.dtype.kind in "iu":  # rows, as in an embedding
            rows = index.astype(np.intp)
            rows[rows < 0] += shape[0]
            if rows.size and not 0 <= rows.min() <= rows.max() < shape[0]:
                raise IndexError(f"scatter: rows must be below {shape[0]}, got {index.min()} to {index.max()}")
            add_rows(out, rows, np.broadcast_to(values, (*index.shape, *shape[1:])))
        else:
            places = np.arange(out.size).reshape(shape)[index]
            np.add.at(out.reshape(-1), places.ravel(), np.broadcast_to(values, places.shape).ravel())
        return out

    def sliding_windows(self, x: Array, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Array:
        return self.readonly(window_view(as_strided, x, kernel, stride, dilation))  # one element lies in many places


def add_rows(out: np.ndarray[Any, Any], rows: np.ndarray[Any, Any], values: np.ndarray[Any, Any]) -> None:
    """Add `values` (*rows.shape, ...) to those rows of `out`, which lies in one piece; a row named twice gets both.

    np.add.at is five times faster on one dimension than on several, and adds in the same order.

    >>> out = np.zeros((2, 2))
    >>> add_rows(out, np.array([1, 1]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    >>> out
    array([[0., 0.],
           [4., 6.]])
    """
    width = math.prod(out.shape[1:])
    places = rows if width == 1 else rows.reshape(-1, 1) * width + np.arange(width)
    np.add.at(out.reshape(-1), places.ravel(), values.ravel())


def overlap(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    """Whether two arrays have an element in common: neighbouring columns of one matrix have none."""
    try:
        return bool(np.shares_memory(a, b, max_work=cast(Any, 10_000)))  # stubs know but two of the numbers
    except np.exceptions.TooHardError:  # strides of many axes: yes is the safe answer
        return True


def load() -> NumPy:
    """The one instance of this backend."""
    return NumPy()
