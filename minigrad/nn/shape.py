"""Layers that only change the shape.

Builds on: `minigrad.nn.layer`. Read next: `minigrad.nn.dropout`.
"""

from __future__ import annotations

import math
from typing import Any

from minigrad.nn.layer import Layer
from minigrad.ops import reshape
from minigrad.ops.axes import one_axis
from minigrad.tensor import as_value

__all__ = ["Flatten"]


class Flatten(Layer):
    """Several axes made one: all but the first by default.

    y = x

    Shapes: x (N, C, H, W), y (N, C H W).

    >>> from minigrad import ones
    >>> Flatten()(ones((2, 3, 4))).shape
    (2, 12)
    """

    def __init__(self, start_axis: int = 1, end_axis: int = -1) -> None:
        self.start_axis, self.end_axis = start_axis, end_axis

    def forward(self, x: Any) -> Any:
        shape = as_value(x).shape
        first, last = one_axis(self.start_axis, shape), one_axis(self.end_axis, shape)
        return reshape(x, *shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :])
