"""The one rule of dtypes: what meets in an op, and what each value becomes before the op's body sees it.

1. A Python or NumPy scalar takes the dtype of the arrays beside it and never widens them. 2. Integers and booleans
that meet floating numbers become floating numbers of that dtype (float32 beside a Python float). 3. Floating arrays
of two dtypes follow NumPy: the wider one wins.

Builds on: `minigrad.tensor`. Read next: `minigrad.tape`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.backend import default_backend, namespace
from minigrad.errors import DTypeError
from minigrad.tensor import Nested, Tensor, as_array, raw

__all__ = ["HALF", "below", "constant", "constants", "floating", "promote", "settle", "together", "wide"]

HALF = np.dtype(np.float16)

constants: dict[Any, Any] = {}  # (number, dtype) -> 0-d array: NumPy takes twice as long with a Python number


def promote(name: str, values: list[Any]) -> list[Any]:
    """Apply the rule to the values that meet in the op `name`.

    >>> a, b = promote("multiply", [np.ones(2, np.float32), np.float64(2)])
    >>> (a * b).dtype
    dtype('float32')
    >>> a, b = promote("multiply", [np.ones(2, np.float32), np.arange(2)])
    >>> (a * b).dtype
    dtype('float32')
    """
    values = [v if type(v) in ORDINARY else _admitted(name, v) for v in values]
    if not any(_is_array(v) for v in values):  # numbers alone: float32 like everything that is made of Python's
        return [
            as_array(v) if isinstance(v, (bool, int, float)) and not isinstance(v, np.generic) else v for v in values
        ]
    if len(values) > 1:
        values = [v.item() if isinstance(v, np.generic) else v for v in values]
    dtypes = [v.dtype for v in values if _is_array(v)]
    floats = [d for d in dtypes if d.kind == "f"]
    if len(floats) == len(dtypes):  # the ordinary case: nothing to do
        return values
    if floats:
        wanted = np.result_type(*floats)
    elif any(type(v) is float for v in values):
        wanted = np.dtype(np.float32)
    else:
        return values
    return [v.astype(wanted) if _is_array(v) and v.dtype.kind in "iub" else v for v in values]


ORDINARY = {bool, int, float, type(None), Tensor, Nested}


def _admitted(name: str, v: Any) -> Any:
    """What may take part in an op: arrays of a backend, Tensors, numbers, and lists of numbers as arrays."""
    if isinstance(v, (list, tuple)) or (isinstance(v, np.ndarray) and type(v) is not np.ndarray):
        return as_array(v)  # a matrix would multiply in its own way, a mask would be lost
    if getattr(getattr(v, "dtype", None), "kind", "") in ("f", "i", "u", "b"):
        return v
    raise DTypeError(f"{name}: takes arrays, Tensors and real numbers, got {type(v).__name__} {v!r:.40}; convert it")


def together(values: Sequence[Any]) -> list[Any]:
    """Arrays and Tensors as they are, and numbers and lists beside them as arrays of their dtype, on their device.

    >>> [v.dtype.name for v in together([np.ones(2, np.float64), 2.0])]
    ['float64', 'float64']
    """
    arrays = [v for v in values if _is_array(v)]
    floats = [v.dtype for v in arrays if v.dtype.kind == "f"]
    whole = arrays and not floats and all(isinstance(v, (int, np.integer)) for v in values if not _is_array(v))
    dtype = arrays[0].dtype if whole else np.result_type(*floats) if floats else np.dtype(np.float32)
    xp = namespace(raw(arrays[0])) if arrays else default_backend()
    return [v if _is_array(v) else xp.from_host(_numbers(v).astype(dtype)) for v in values]


def _numbers(v: Any) -> np.ndarray[Any, Any]:
    as_array(v)  # says what is wrong with anything but numbers and lists of them
    return np.asarray(v)


def floating(name: str, y: Any, values: list[Any]) -> None:
    """Refuse a result that became floating out of integers alone, where NumPy would make float64 in silence."""
    if getattr(y, "dtype", None) is None or y.dtype.kind != "f":
        return
    seen = [v.dtype for v in values if hasattr(v, "dtype")]
    if seen and all(d.kind != "f" for d in seen) and not any(type(v) is float for v in values):
        raise DTypeError(f"{name}: needs floating numbers, got {seen[0]}; cast to float32 first, .astype('float32')")


def _is_array(v: Any) -> bool:
    return hasattr(v, "dtype") and not isinstance(v, np.generic)


def wide(x: Any) -> Any:
    """float16 as float32, for sums: squares overflow float16 from 256 on.

    >>> wide(np.ones(2, np.float16)).dtype, wide(np.ones(2)).dtype
    (dtype('float32'), dtype('float64'))
    """
    return x.astype(np.float32) if x.dtype == HALF else x


def constant(number: float, dtype: Any) -> Any:
    """The number as a 0-d array, kept for the next time; zeros are not kept, since 0.0 and -0.0 are one key."""
    if len(constants) > 1000:
        constants.clear()
    array = np.array(number, dtype)
    return constants.setdefault((number, dtype), array) if number else array


def below(x: Any, level: int) -> Any:
    """What the body of an op at `level` sees of `x`: its value one level down, and no Tensors without a graph."""
    while isinstance(x, Tensor) and (x.level == level or x.node is None):
        x = x.value
    return x


def settle(y: Any) -> Any:
    """NumPy's full reductions answer with scalars; a Tensor's value is always an array."""
    return np.asarray(y) if isinstance(y, np.generic) else y
