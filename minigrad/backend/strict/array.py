"""The arrays of the device double: NumPy inside, CuPy's names and refusals outside.

A `DeviceArray` wraps a NumPy array (it is no subclass, so nothing converts it in silence) and does what `cupy.ndarray`
does, after CuPy 14.2's source: which operand it defers to, what it refuses, what waits for the device. Where CuPy goes
on in silence with a wrong result (an index out of range, one place assigned twice) the double raises. NumPy's warnings
about division by zero and the like are left on; a GPU gives none.

Builds on: `minigrad.backend.strict.watch`, cupy_names.json (the names of CuPy 14.2). Read next:
`minigrad.backend.strict.operators`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from minigrad.backend.strict.watch import DeviceMisuse, watch

__all__ = ["NAMES", "SCALARS", "DeviceArray", "from_host", "unwrap", "wrap"]

NAMES: dict[str, Any] = json.loads(Path(__file__).parents[1].joinpath("cupy_names.json").read_text(encoding="utf-8"))
SCALARS = frozenset([bool, int, float, complex, *np.sctypeDict.values()])


def wrap(value: Any) -> Any:
    """NumPy's results as the device's: a scalar becomes a 0-d array."""
    if isinstance(value, np.ndarray):
        return DeviceArray(value)
    if isinstance(value, np.generic):
        return DeviceArray(np.asarray(value))
    if hasattr(value, "_fields"):  # a named tuple, as slogdet's
        return type(value)(*map(wrap, value))
    return type(value)(map(wrap, value)) if type(value) in (tuple, list) else value


def unwrap(value: Any) -> Any:
    """The NumPy arrays inside; an array of the host is refused."""
    kind = type(value)
    if kind is DeviceArray:
        return value._a
    if kind in SCALARS:
        return value
    if isinstance(value, np.ndarray):
        raise TypeError(f"Unsupported type {kind}: an array of the host beside arrays of the device")
    return kind(map(unwrap, value)) if kind in (tuple, list) else value


class DeviceArray:
    """An array on the pretended device."""

    __slots__ = ("__weakref__", "_a")
    __array_priority__ = 100
    __hash__ = None  # type: ignore[assignment]
    __backend__ = "strict"
    _a: np.ndarray[Any, Any]

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self._a = array

    # -- what NumPy may ask

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()`")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: tuple[Any, ...] = (), **kwargs: Any) -> Any:
        others = [value for value in (*inputs, *out) if type(value) is not DeviceArray]
        if not all(type(value) in SCALARS or isinstance(value, np.ndarray) for value in others):
            return NotImplemented  # now NumPy asks the other operand
        raw = [unwrap(value) for value in inputs]
        if any(isinstance(value, (np.ndarray, np.generic)) for value in others) and method == "__call__" and not kwargs:
            result = ufunc(*raw, *map(unwrap, out))  # np.float32(2) * x comes this way
            if watch.audit:
                watch.widened(result, *raw)
            return wrap(result)
        raise TypeError(f"np.{ufunc.__name__} was called on a device array; use xp.{ufunc.__name__}")

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if any(kind is not DeviceArray and kind is not np.ndarray for kind in types):
            return NotImplemented
        raise TypeError(f"np.{func.__name__} was called on a device array; use xp.{func.__name__}")

    # -- what makes the host wait

    def get(self, *, order: str = "C", blocking: bool = True) -> np.ndarray[Any, Any]:
        watch.synchronise("get")
        return self._a.copy(order)  # type: ignore[arg-type]

    def item(self) -> Any:
        watch.synchronise("item")
        return self._a.item()

    def tolist(self) -> Any:
        watch.synchronise("tolist")
        return self._a.tolist()

    def tobytes(self, order: str = "C") -> bytes:
        watch.synchronise("tobytes")
        return self._a.tobytes(order)  # type: ignore[arg-type]

    def nonzero(self) -> Any:
        watch.synchronise("nonzero")
        return wrap(self._a.nonzero())

    def __float__(self) -> float:
        watch.synchronise("float()")
        return float(self._a)

    def __int__(self) -> int:
        watch.synchronise("int()")
        return int(self._a)

    def __complex__(self) -> complex:
        watch.synchronise("complex()")
        return complex(self._a)

    def __bool__(self) -> bool:
        watch.synchronise("bool()")
        return bool(self._a)

    def __repr__(self) -> str:
        watch.synchronise("repr()")
        return "device_" + repr(self._a)

    def __format__(self, spec: str) -> str:
        watch.synchronise("format()")
        return format(self._a, spec)

    def __reduce__(self) -> Any:
        return from_host, (self.get(),)

    # -- containers

    def __len__(self) -> int:
        return len(self._a)

    def __iter__(self) -> Iterator[DeviceArray]:
        if not self._a.ndim:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self._a)))

    def __getitem__(self, key: Any) -> DeviceArray:
        if type(key) is not int and type(key) is not slice:
            key = _index(key)
        part = self._a[key]
        if type(part) is not np.ndarray:  # a single place: a view too
            part = self._a[(*key, ...) if type(key) is tuple else (key, ...)]
        return DeviceArray(part)

    def __setitem__(self, key: Any, value: Any) -> None:
        key = _index(key)
        if type(value) is not DeviceArray and type(value) not in SCALARS:
            raise TypeError(f"Unsupported type {type(value)}: only device arrays and numbers are assigned")
        if type(value) is DeviceArray and value._a.size > 1 and _has_integer_arrays(key):
            places = np.arange(self._a.size).reshape(self._a.shape)[key]
            if np.unique(places).size != places.size:
                raise DeviceMisuse("one place is assigned twice and either value may stay; use scatter, which adds")
        self._a[key] = unwrap(value)

    def __copy__(self) -> DeviceArray:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> DeviceArray:
        return self.copy()

    def copy(self, order: str = "C") -> DeviceArray:
        return DeviceArray(self._a.copy(order))  # type: ignore[arg-type]

    def astype(self, dtype: Any, order: Any = "K", casting: None = None, subok: None = None, copy: bool = True) -> Any:
        result = self._a.astype(dtype, order=order, copy=copy)
        if watch.audit:
            watch.widened(result, self._a)
        return self if result is self._a else DeviceArray(result)

    # -- attributes

    @property
    def shape(self) -> tuple[int, ...]:
        shape: tuple[int, ...] = self._a.shape
        return shape

    @shape.setter
    def shape(self, shape: Any) -> None:
        view = self._a.reshape(shape)
        if view.size and not np.shares_memory(view, self._a):
            raise AttributeError(f"incompatible shape for in-place modification: {self._a.shape} to {shape}")
        self._a = view

    dtype = property(lambda self: self._a.dtype)
    ndim = property(lambda self: self._a.ndim)
    size = property(lambda self: self._a.size)
    nbytes = property(lambda self: self._a.nbytes)
    itemsize = property(lambda self: self._a.itemsize)
    strides = property(lambda self: self._a.strides)
    flags = property(lambda self: self._a.flags)
    T = property(lambda self: DeviceArray(self._a.T))
    mT = property(lambda self: DeviceArray(self._a.mT))
    real = property(lambda self: DeviceArray(self._a.real))
    imag = property(lambda self: DeviceArray(self._a.imag))
    base = property(lambda self: None if self._a.base is None else wrap(self._a.base))
    device = property(lambda self: "strict:0")


def from_host(array: np.ndarray[Any, Any]) -> DeviceArray:
    """A copy on the device; what a pickled `DeviceArray` is made from."""
    return DeviceArray(np.array(array))


def _index(key: Any) -> Any:
    """An index as NumPy takes it. As in CuPy an array of the host is copied over, and a mask has to be counted."""
    parts = key if type(key) is tuple else (key,)
    raw = [part._a if type(part) is DeviceArray else np.asarray(part) if type(part) is list else part for part in parts]
    if any(type(part) is bool or (isinstance(part, np.ndarray) and part.dtype == bool and part.size) for part in raw):
        watch.synchronise("a boolean mask as an index")
    return tuple(map(_whole, raw))


def _whole(part: Any) -> Any:
    """An empty list is no index of floating numbers but an index of nothing."""
    return part.astype(int) if isinstance(part, np.ndarray) and part.dtype.kind == "f" and not part.size else part


def _has_integer_arrays(key: tuple[Any, ...]) -> bool:
    return any(isinstance(part, np.ndarray) and part.dtype != bool for part in key)
