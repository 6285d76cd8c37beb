"""`Linear`: the affine map that most layers contain.

Builds on: `minigrad.nn.layer`. Read next: `minigrad.optim.adam`.
"""

from __future__ import annotations

import math
from typing import Any

from minigrad.backend import default_backend
from minigrad.backend.random import default_generator
from minigrad.nn.layer import Layer, Parameter

__all__ = ["Linear"]


class Linear(Layer):
    """An affine map of the last axis.

    y = x W^T + b

    Shapes: x (..., in_features), W (out_features, in_features), b (out_features), y (..., out_features).
    W and b start uniform in +-1/sqrt(in_features), PyTorch's default.

    >>> from minigrad import ones
    >>> Linear(3, 2)(ones((5, 3))).shape
    (5, 2)
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        self.in_features, self.out_features = in_features, out_features
        bound = 1 / math.sqrt(in_features)
        draw, xp = default_generator(), default_backend()
        self.weight = Parameter(draw.uniform((out_features, in_features), -bound, bound, xp=xp))
        self.bias = Parameter(draw.uniform((out_features,), -bound, bound, xp=xp)) if bias else None

    def forward(self, x: Any) -> Any:
        y = x @ self.weight.T
        return y if self.bias is None else y + self.bias

    def __repr__(self) -> str:
        return f"Linear({self.in_features}, {self.out_features}, bias={self.bias is not None})"
