"""The functions of the device double: a module object that offers what `import cupy` would.

A name that CuPy lacks does not exist here, a keyword that CuPy would not take is refused, an array of the host is taken
where CuPy copies one over and nowhere else.

Builds on: `minigrad.backend.strict.array`. Read next: `minigrad.backend.strict`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.backend.strict.array import NAMES, SCALARS, DeviceArray, unwrap, wrap
from minigrad.backend.strict.operators import check_keywords
from minigrad.backend.strict.watch import watch

__all__ = ["SIGNATURES", "Library", "Ufunc", "library"]

SIGNATURES: dict[str, list[str]] = {  # those that the snapshot could not read
    "einsum": ["dtype", "optimize"],
    "pad": ["array", "pad_width", "mode", "constant_values", "end_values", "stat_length", "reflect_type"],
}
_FROM_HOST = frozenset(["array", "asarray", "asanyarray", "ascontiguousarray"])
_ARRAY_FIRST = frozenset(["a", "x", "m", "A", "array", "arr", "condition", "dst"])  # names of a first array parameter
_WAITS = frozenset(
    """argwhere array_repr array_str asnumpy bincount choose compress delete extract flatnonzero histogram nonzero place
    trim_zeros union1d unique unique_all unique_counts unique_inverse unique_values""".split()
)
_AT = {  # the dtypes for which a GPU has the atomic operation
    "add": "efdilqIQL",
    "subtract": "iI",
    "maximum": "fdilqIQL",
    "minimum": "fdilqIQL",
}


class Ufunc:
    """An elementwise function: `out=`, `dtype=` and `casting=` alone, and few of NumPy's methods."""

    def __init__(self, ufunc: np.ufunc) -> None:
        self.ufunc, self.__name__ = ufunc, ufunc.__name__

    def __repr__(self) -> str:
        return f"<device ufunc {self.__name__}>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raw = [a._a if type(a) is DeviceArray else a for a in args]
        for value in raw:
            if type(value) not in SCALARS and type(value) is not np.ndarray:
                if hasattr(value, "__cupy_override_elementwise_kernel__"):
                    return value.__cupy_override_elementwise_kernel__(self, *args, **kwargs)
                raise TypeError(f"Unsupported type {type(value)}")
        if any(type(a) is np.ndarray for a in args):
            unwrap(args)  # raises
        if kwargs:
            return self._with_keywords(raw, kwargs)
        result = self.ufunc(*raw)
        if watch.audit:
            watch.widened(result, *raw)
        return DeviceArray(result) if type(result) is np.ndarray else wrap(result)

    def _with_keywords(self, raw: list[Any], kwargs: dict[str, Any]) -> Any:
        if wrong := set(kwargs) - {"out", "dtype", "casting"}:
            raise TypeError(f"Wrong arguments {sorted(wrong)}")
        out = kwargs.pop("out", None)
        result = self.ufunc(*raw, out=unwrap(out), **kwargs)
        if out is not None:
            return out
        if watch.audit:
            watch.widened(result, *raw)
        return wrap(result)

    def at(self, a: DeviceArray, indices: Any, b: Any = None) -> None:
        """Unbuffered, so that repeated places add up."""
        if self.__name__ not in NAMES["ufunc_at"]:
            raise NotImplementedError(f"`{self.__name__}.at` is not supported by CuPy")
        if a.dtype.char not in _AT.get(self.__name__, a.dtype.char):
            raise TypeError(f"{self.__name__}.at does not support {a.dtype} on a GPU")
        key = indices if isinstance(indices, tuple) else (indices,)
        self.ufunc.at(a._a, tuple(k._a if type(k) is DeviceArray else k for k in key), unwrap(b))

    def reduce(self, a: DeviceArray, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        return self._along("reduce", a, axis, dtype, out, keepdims=keepdims)

    def accumulate(self, a: DeviceArray, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
        return self._along("accumulate", a, axis, dtype, out)

    def _along(self, method: str, a: DeviceArray, axis: Any, dtype: Any, out: Any, **kwargs: Any) -> Any:
        if self.__name__ not in ("add", "multiply"):
            raise NotImplementedError(f"`{self.__name__}.{method}` is not supported by CuPy")
        result = getattr(self.ufunc, method)(unwrap(a), axis, dtype, unwrap(out), **kwargs)
        return wrap(result) if out is None else out

    def outer(self, a: DeviceArray, b: DeviceArray) -> Any:
        return wrap(self.ufunc.outer(unwrap(a), unwrap(b)))


def _function(path: str, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    """A function that is not elementwise, under CuPy's signature."""
    known = NAMES["sig"].get(f"{path}.{name}") or SIGNATURES.get(name)
    first = known[0] if known else ""
    call = _unraised(call) if path == "cupy.linalg" else call
    # *args, whose count is not known
    many = known is None or first in ("args", "arrays", "arrays_and_dtypes", "arys", "varargs", "dtype")

    def function(*args: Any, **kwargs: Any) -> Any:
        if kwargs and known is not None:
            check_keywords(name, kwargs, known)
        if not many and known is not None and len(args) > len(known):
            raise TypeError(f"{name}() takes at most {len(known)} arguments, {len(args)} given (CuPy)")
        if name in _WAITS or (name == "where" and len(args) == 1):
            watch.synchronise(name)
        if name in _FROM_HOST:
            return _from_host(call, *args, **kwargs)
        if first in _ARRAY_FIRST and args and type(args[0]) is not DeviceArray:
            raise TypeError(f"{name}() wants a device array first, got {type(args[0]).__name__} (CuPy)")
        if first == "tup" and args and not all(type(a) is DeviceArray for a in args[0]):
            raise TypeError(f"{name}() wants device arrays alone (CuPy)")
        if name == "take" and not isinstance(args[1], DeviceArray):
            args = (args[0], DeviceArray(np.asarray(args[1], dtype=int)), *args[2:])  # copied over, as in CuPy
        raw = unwrap(args)
        result = call(*raw, **{word: unwrap(value) for word, value in kwargs.items()})
        if watch.audit:
            watch.widened(result, *raw)
        out = kwargs.get("out")
        return out if out is not None else wrap(result)

    function.__name__ = name
    return function


def _unraised(call: Callable[..., Any]) -> Callable[..., Any]:
    """As on a device that nobody waits for: no error for a matrix that has no result, but NaN in its place alone."""

    def function(a: Any, *others: Any, **kwargs: Any) -> Any:
        try:
            return call(a, *others, **kwargs)
        except np.linalg.LinAlgError:
            if a.ndim == 2:  # of one matrix the shapes of the results are those for the unit matrix
                return _with_nan(call(np.eye(len(a), dtype=a.dtype), *others, **kwargs))
        each = [function(*matrices, **kwargs) for matrices in zip(a, *others, strict=True)]
        return np.stack(each) if isinstance(each[0], np.ndarray) else tuple(map(np.stack, zip(*each, strict=True)))

    return function


def _with_nan(result: Any) -> Any:
    return np.full_like(result, np.nan) if isinstance(result, np.ndarray) else tuple(map(_with_nan, result))


def _from_host(call: Callable[..., Any], value: Any, *args: Any, **kwargs: Any) -> DeviceArray:
    raw = _inside(value)
    result = call(raw, *args, **kwargs)
    if watch.audit and not isinstance(value, np.ndarray):
        watch.widened(result, raw)
    if type(value) is DeviceArray:
        return value if result is raw else DeviceArray(result)
    return DeviceArray(result.copy() if result is raw else result)


def _inside(value: Any) -> Any:
    if type(value) is DeviceArray:
        return value._a
    return type(value)(map(_inside, value)) if type(value) in (list, tuple) else value


class Library:
    """A module: attributes are found by CuPy's list of names and made when first asked for."""

    ndarray: Any
    asnumpy: Any

    def __init__(self, path: str, module: Any) -> None:
        self._path, self._module = path, module

    def __repr__(self) -> str:
        return f"<device double of {self._path}>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in NAMES[self._path]:
            raise AttributeError(f"module {self._path!r} has no attribute {name!r}")
        value = getattr(self._module, name, None)
        if name == "linalg":
            value = Library("cupy.linalg", value)
        elif isinstance(value, np.ufunc):
            value = Ufunc(value)
        elif callable(value) and not isinstance(value, type):
            value = _function(self._path, name, value)
        elif value is None and name != "newaxis":
            raise NotImplementedError(f"the device double has no {self._path}.{name}; CuPy does")
        setattr(self, name, value)
        return value


library = Library("cupy", np)
library.ndarray = DeviceArray
library.asnumpy = lambda a: a.get() if type(a) is DeviceArray else np.asarray(a)
