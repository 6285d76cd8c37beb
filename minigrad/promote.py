"""The one rule of dtypes: what meets in an op, and what each value becomes before the op's body sees it.

1. A Python or NumPy scalar takes the dtype of the arrays beside it and never widens them. 2. Integers and booleans
that meet floating numbers become floating numbers of that dtype (float32 beside a Python float). 3. Floating arrays
of two dtypes follow NumPy: the wider one wins.

Builds on: `minigrad.tensor`. Read next: `minigrad.tape`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.errors import DTypeError
from minigrad.tensor import as_array

__all__ = ["floating", "promote"]


def promote(name: str, values: list[Any]) -> list[Any]:
    """Apply the rule to the values that meet in the op `name`.

    >>> a, b = promote("multiply", [np.ones(2, np.float32), np.float64(2)])
    >>> (a * b).dtype
    dtype('float32')
    >>> a, b = promote("multiply", [np.ones(2, np.float32), np.arange(2)])
    >>> (a * b).dtype
    dtype('float32')
    """
    values = [as_array(v) if isinstance(v, (list, tuple)) else v for v in values]
    for v in values:
        if isinstance(v, complex) or getattr(getattr(v, "dtype", None), "kind", "f") not in "fiub":
            raise DTypeError(f"{name}: computes with real numbers, got {v!r:.40}; convert to a floating array first")
    if len(values) < 2:
        return values
    if any(_is_array(v) for v in values):
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


def floating(name: str, y: Any, values: list[Any]) -> None:
    """Refuse a result that became floating out of integers alone, where NumPy would make float64 in silence."""
    if getattr(y, "dtype", None) is None or y.dtype.kind != "f":
        return
    seen = [v.dtype for v in values if hasattr(v, "dtype")]
    if seen and all(d.kind != "f" for d in seen) and not any(type(v) is float for v in values):
        raise DTypeError(f"{name}: needs floating numbers, got {seen[0]}; cast to float32 first, .astype('float32')")


def _is_array(v: Any) -> bool:
    return hasattr(v, "dtype") and not isinstance(v, np.generic)
