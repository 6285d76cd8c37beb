"""`Linear`, the affine map that most layers contain, and `Bilinear`, one of two inputs.

Builds on: `minigrad.nn.layer`, `minigrad.nn.init`. Read next: `minigrad.optim.adam`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from minigrad.errors import DTypeError, ShapeError
from minigrad.nn.argument import check_sizes
from minigrad.nn.functional.linear import bilinear, check_activation, linear
from minigrad.nn.init import uniform
from minigrad.nn.layer import Layer, Parameter

__all__ = ["Bilinear", "Linear", "initial"]

Initializer = Callable[..., Any]


class Linear(Layer):
    """An affine map of the last axis.

    y = x W^T + b, or activation(x W^T + b)

    Shapes: x (..., in_features), W (out_features, in_features), b (out_features), y (..., out_features).
    W and b start uniform in +-1/sqrt(in_features), PyTorch's default; W as ``init(shape)`` says where that is given,
    ``init=minigrad.nn.init.he_normal`` for instance. An `activation`, 'relu', 'gelu', 'gelu_tanh' or 'silu', is one op
    with the map.

    Raises
    ------
    ShapeError
        If the last axis of x is not in_features.
    ValueError
        If the activation is none of these.

    >>> from minigrad import ones
    >>> Linear(3, 2)(ones((5, 3))).shape
    (5, 2)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        init: Initializer | None = None,
        activation: str | None = None,
    ) -> None:
        in_features, out_features = check_sizes(self, in_features=in_features, out_features=out_features)
        self.in_features, self.out_features, self.init = in_features, out_features, init
        self.activation = None if activation is None else check_activation("Linear", activation)
        bound = 1 / math.sqrt(in_features) if in_features else 0.0
        self.weight = initial(self, (out_features, in_features), lambda s: uniform(s, -bound, bound))
        self.bias = Parameter(uniform((out_features,), -bound, bound)) if bias else None

    def forward(self, x: Any) -> Any:
        return linear(x, self.weight, self.bias, self.activation)


class Bilinear(Layer):
    """A map that is linear in each of two inputs.

    y_k = x1^T W_k x2 + b_k

    Shapes: x1 (..., in1_features), x2 (..., in2_features), W (out_features, in1_features, in2_features),
    b (out_features), y (..., out_features). W and b start uniform in +-1/sqrt(in1_features), PyTorch's default.

    Raises
    ------
    ShapeError
        If the inputs do not fit the features or each other.

    >>> from minigrad import ones
    >>> Bilinear(3, 4, 2)(ones((5, 3)), ones((5, 4))).shape
    (5, 2)
    """

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        init: Initializer | None = None,
    ) -> None:
        in1_features, in2_features, out_features = check_sizes(
            self, in1_features=in1_features, in2_features=in2_features, out_features=out_features
        )
        self.in1_features, self.in2_features, self.out_features = in1_features, in2_features, out_features
        self.init = init
        bound = 1 / math.sqrt(in1_features) if in1_features else 0.0
        shape = (out_features, in1_features, in2_features)
        self.weight = initial(self, shape, lambda s: uniform(s, -bound, bound))
        self.bias = Parameter(uniform((out_features,), -bound, bound)) if bias else None

    def forward(self, x1: Any, x2: Any) -> Any:
        return bilinear(x1, x2, self.weight, self.bias)


def initial(layer: Any, shape: tuple[int, ...], default: Initializer) -> Parameter:
    """A weight as the layer's `init` makes it of the shape, else as `default` does."""
    if layer.init is None:
        return Parameter(default(shape))
    name = type(layer).__name__
    if not callable(layer.init):
        raise DTypeError(f"{name}: init must be a function of the shape, got {layer.init!r:.60}; try he_normal")
    weight = Parameter(layer.init(shape))
    if weight.shape != shape:
        raise ShapeError(f"{name}: init must give a weight of shape {shape}, got {weight.shape}; use the shape it gets")
    return weight
