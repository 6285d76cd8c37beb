"""Sequences of unequal lengths in one array: where each of them goes on, and where padding is.

Builds on: `minigrad.backend`. Read next: `minigrad.nn.recurrent_cell`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.argument import whole
from minigrad.backend import Array, namespace
from minigrad.errors import DeviceError, DTypeError, ShapeError
from minigrad.tensor import raw

__all__ = ["running"]


def running(name: str, lengths: Any, x: Any) -> Array:
    """Which sequences of x (N, T, ...) have not ended, at each time: booleans (T, N, 1) on the device of x.

    Lengths on the host are checked. On a device looking would mean waiting for it: there a length beyond T is as good
    as T, and a sequence of length 0 keeps its initial state.

    >>> running("example", [1, 3], np.zeros((2, 3, 1)))[..., 0].tolist()
    [[True, True], [False, True], [False, True]]
    """
    xp, (n, steps) = namespace(raw(x)), x.shape[:2]
    lengths = raw(lengths)
    if isinstance(lengths, (list, tuple)):
        lengths = np.asarray([whole(name, "a length", each) for each in lengths], np.int64)
    if getattr(getattr(lengths, "dtype", None), "kind", "") not in ("i", "u"):
        got = getattr(lengths, "dtype", type(lengths).__name__)
        raise DTypeError(
            f"{name}: lengths must be whole numbers, one for each sequence, got {got}; pass a list of ints"
        )
    if lengths.shape != (n,):
        raise ShapeError(f"{name}: lengths must be {n}, one for each sequence of {x.shape}, got {lengths.shape}; count")
    if isinstance(lengths, np.ndarray):
        if n and not 1 <= lengths.min() <= lengths.max() <= steps:
            raise ShapeError(
                f"{name}: lengths must lie in 1 to {steps}, the steps of {x.shape}, got {lengths.min()} to "
                f"{lengths.max()}; leave empty sequences out"
            )
        lengths = xp.from_host(lengths)
    elif namespace(lengths) is not xp:
        there = namespace(lengths).name
        raise DeviceError(f"{name}: lengths must lie on {xp.name} like x, got {there}; move them there")
    going: Array = xp.arange(steps).reshape(-1, 1, 1) < lengths.reshape(1, -1, 1)
    return going
