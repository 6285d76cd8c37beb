"""Activations as layers, by the names of `torch.nn`: those that are linear where x > 0.

Builds on: `minigrad.nn.layer`, `minigrad.nn.functional`. Read next: `minigrad.nn.activation`.
"""

from __future__ import annotations

from typing import Any

from minigrad.argument import ABOVE_0, is_number, number
from minigrad.nn import functional as F
from minigrad.nn.argument import ArgumentError, check_sizes
from minigrad.nn.init import constant
from minigrad.nn.layer import Layer, Parameter

__all__ = ["CELU", "ELU", "Hardswish", "Hardtanh", "LeakyReLU", "PReLU", "ReLU", "SELU"]


class ReLU(Layer):
    """Rectified linear unit, elementwise.

    y = max(x, 0)

    >>> ReLU()([-1.0, 2.0])
    array([0., 2.], dtype=float32)

    Reference: Nair and Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines, 2010.
    """

    def forward(self, x: Any) -> Any:
        return F.relu(x)


class LeakyReLU(Layer):
    """Rectified linear unit that lets a part of negative values through.

    y = x where x > 0, else negative_slope x

    >>> LeakyReLU(0.1)([-1.0, 2.0])
    array([-0.1,  2. ], dtype=float32)

    Reference: Maas et al., Rectifier Nonlinearities Improve Neural Network Acoustic Models, 2013.
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = number("LeakyReLU", "negative_slope", negative_slope)

    def forward(self, x: Any) -> Any:
        return F.leaky_relu(x, self.negative_slope)


class PReLU(Layer):
    """Leaky rectified linear unit whose slope is learned, one for all channels or one for each.

    y = x where x > 0, else weight x

    Shapes: x (N, C, ...), weight (num_parameters,), 1 or C; it starts at `init`.

    Raises
    ------
    ShapeError
        If there are several slopes, and not one for each channel.

    >>> PReLU()([-1.0, 2.0]).tolist()
    [-0.25, 2.0]

    Reference: He et al., Delving Deep into Rectifiers, 2015, equation 1.
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25) -> None:
        (self.num_parameters,) = check_sizes(self, num_parameters=num_parameters)
        self.init = number("PReLU", "init", init)
        self.weight = Parameter(constant((self.num_parameters,), self.init))

    def forward(self, x: Any) -> Any:
        return F.prelu(x, self.weight)


class ELU(Layer):
    """Exponential linear unit: negative values end smoothly at -alpha.

    y = x where x > 0, else alpha (e^x - 1)

    >>> ELU()([-1.0, 2.0])
    array([-0.6321,  2.    ], dtype=float32)

    Reference: Clevert et al., Fast and Accurate Deep Network Learning by Exponential Linear Units, 2016, equation 15.
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = number("ELU", "alpha", alpha)

    def forward(self, x: Any) -> Any:
        return F.elu(x, self.alpha)


class CELU(Layer):
    """Exponential linear unit that is smooth at 0 for every alpha.

    y = x where x > 0, else alpha (e^(x / alpha) - 1)

    >>> CELU(0.5)([-1.0, 2.0])
    array([-0.4323,  2.    ], dtype=float32)

    Reference: Barron, Continuously Differentiable Exponential Linear Units, 2017.
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = number("CELU", "alpha", alpha, ABOVE_0)

    def forward(self, x: Any) -> Any:
        return F.celu(x, self.alpha)


class SELU(Layer):
    """Scaled exponential linear unit: keeps mean 0 and variance 1 from layer to layer; with `init.lecun_normal`.

    y = 1.0507 (x where x > 0, else 1.6733 (e^x - 1))

    >>> SELU()([-1.0, 1.0])
    array([-1.1113,  1.0507], dtype=float32)

    Reference: Klambauer et al., Self-Normalizing Neural Networks, 2017, equation 2.
    """

    def forward(self, x: Any) -> Any:
        return F.selu(x)


class Hardtanh(Layer):
    """The identity, cut off at two ends.

    y = min(max(x, min_val), max_val)

    >>> Hardtanh()([-3.0, 0.5, 2.0])
    array([-1. ,  0.5,  1. ], dtype=float32)

    Reference: Collobert, Large Scale Machine Learning, 2004.
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0) -> None:
        if not (is_number(min_val) and is_number(max_val) and min_val < max_val):
            raise ArgumentError(f"Hardtanh: min_val must lie below max_val, got {min_val!r} and {max_val!r}; swap them")
        self.min_val, self.max_val = float(min_val), float(max_val)

    def forward(self, x: Any) -> Any:
        return F.hardtanh(x, self.min_val, self.max_val)


class Hardswish(Layer):
    """SiLU made of straight lines and a parabola.

    y = x min(max(x + 3, 0), 6) / 6

    >>> Hardswish()([-4.0, 1.0, 4.0])
    array([-0.    ,  0.6667,  4.    ], dtype=float32)

    Reference: Howard et al., Searching for MobileNetV3, 2019, section 5.2.
    """

    def forward(self, x: Any) -> Any:
        return F.hardswish(x)
