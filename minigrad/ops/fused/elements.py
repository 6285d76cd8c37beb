"""Elements: an array of any axes as one row, in the order in which it lies in memory.

An activation asks for no order. So it takes images whose channels lie last, as convolutions leave them, without a copy,
and what comes out lies in the same way.

Builds on: nothing. Read next: `minigrad.ops.fused.activation`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["Elements"]

Array = np.ndarray[Any, Any]


class Elements:
    """How an array lies in memory, and how its elements become a row and back.

    >>> x = np.zeros((4, 3, 2)).T
    >>> e = Elements(x)
    >>> np.shares_memory(e.flat(x), x), e.back(e.flat(x)).strides == x.strides
    (True, True)
    """

    def __init__(self, x: Array) -> None:
        self.shape: Any = x.shape
        self.turned = not x.flags.c_contiguous
        if self.turned:
            self.axes = sorted(range(x.ndim), key=x.strides.__getitem__, reverse=True)
            self.places = sorted(range(x.ndim), key=self.axes.__getitem__)
            self.shape = [x.shape[axis] for axis in self.axes]

    def flat(self, x: Array) -> Array:
        """Of those that lie as the first one did a view, of others a copy."""
        return (x.transpose(self.axes) if self.turned else x).reshape(-1)

    def back(self, y: Array) -> Array:
        """With the axes of x again."""
        y = y.reshape(self.shape)
        return y.transpose(self.places) if self.turned else y
