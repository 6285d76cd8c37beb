"""Where a value lies, and the same value on the host: what lets this folder serve Tensors without knowing them.

Builds on: `minigrad.backend`. Read next: `minigrad.data.dataset`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.backend import Backend, namespace
from minigrad.errors import DeviceError, DTypeError, ShapeError

__all__ = ["backend_name", "host"]


def backend_name(x: Any) -> str:
    """The name of the library that holds an array or a Tensor.

    >>> backend_name(np.ones(2))
    'numpy'
    """
    xp = namespace(x)
    return str(xp.name if isinstance(xp, Backend) else x.backend)  # a Tensor's namespace is no library but the ops


def host(name: str, x: Any) -> NDArray[Any]:
    """Anything made of values as a NumPy array, for the public function `name`; lists of floats become float32.

    >>> host("example", [0.5, 1.0]).dtype
    dtype('float32')
    """
    if isinstance(x, (bool, int, float, str, list, tuple)):
        return _from_python(name, x)
    try:
        xp = namespace(x)
    except DeviceError:  # no library of ours: pandas, torch and others can still hand over an array
        if not hasattr(x, "__array__"):
            raise DTypeError(f"{name}: not an array, got {type(x).__name__} {x!r:.60}; pass arrays or lists") from None
        return np.asarray(x)
    return np.asarray(xp.to_host(x) if isinstance(xp, Backend) else x.numpy())


def _from_python(name: str, x: Any) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.asarray(x)
    except ValueError:  # lists of unequal lengths
        message = f"{name}: the lists do not make a rectangle, got {x!r:.60}; pass lists of equal lengths"
        raise ShapeError(message) from None
    return array.astype(np.float32) if array.dtype == np.float64 else array
