"""Activations that are linear where x > 0, and what was made of that idea.

What a branch computes where it is not chosen must not overflow, or its gradient would be 0 times infinity: hence the
clipping of x before an exponential.

Builds on: `minigrad.tape`, `minigrad.ops`, `minigrad.ops.fused.activation`. Read next: `minigrad.nn.functional.smooth`.
"""

from __future__ import annotations

from typing import Any

from minigrad.backend import namespace
from minigrad.errors import ShapeError
from minigrad.nn.argument import ArgumentError
from minigrad.ops import clip, expm1, multiply, where
from minigrad.ops.fused.activation import relu
from minigrad.tape import Result, Value, composite, op
from minigrad.tensor import as_value, raw

__all__ = ["celu", "elu", "hardswish", "hardtanh", "leaky_relu", "prelu", "relu", "selu"]


@op
def leaky_relu(x: Value, /, negative_slope: float = 0.01) -> Result:
    """Rectified linear unit that lets a part of negative values through.

    y = x where x > 0, else negative_slope x

    >>> leaky_relu([-1.0, 2.0], 0.1)
    array([-0.1,  2. ], dtype=float32)

    Reference: Maas et al., Rectifier Nonlinearities Improve Neural Network Acoustic Models, 2013.
    """
    slope, positive = float(negative_slope), raw(x) > 0
    return namespace(x).where(positive, x, x * slope), (lambda g: namespace(g).where(positive, g, g * slope),)


@composite
def prelu(x: Any, weight: Any) -> Any:
    """Leaky rectified linear unit whose slope is learned, one for all channels or one for each.

    y = x where x > 0, else weight x

    Shapes: x (N, C, ...), weight (1,) or (C,).

    Raises
    ------
    ShapeError
        If there are several slopes, and not one for each channel.

    >>> prelu([-1.0, 2.0], [0.25])
    array([-0.25,  2.  ], dtype=float32)

    Reference: He et al., Delving Deep into Rectifiers, 2015, equation 1.
    """
    x, weight = as_value(x), as_value(weight)
    if weight.size > 1:
        channels = x.shape[1] if x.ndim > 1 else 1
        if weight.shape != (channels,):
            raise ShapeError(
                f"prelu: needs one slope, or one for each of the {channels} channels (axis 1), got weight "
                f"{weight.shape} for x {x.shape}; PReLU({channels})"
            )
        weight = weight.reshape(-1, *[1] * (x.ndim - 2))
    return where(raw(x) > 0, x, multiply(weight, x))


@composite
def elu(x: Any, alpha: float = 1.0) -> Any:
    """Exponential linear unit: negative values end smoothly at -alpha.

    y = x where x > 0, else alpha (e^x - 1)

    >>> elu([-1000.0, -1.0, 2.0])
    array([-1.    , -0.6321,  2.    ], dtype=float32)

    Reference: Clevert et al., Fast and Accurate Deep Network Learning by Exponential Linear Units, 2016, equation 15.
    """
    x = as_value(x)
    return where(raw(x) > 0, x, expm1(clip(x, None, 0)) * float(alpha))


@composite
def celu(x: Any, alpha: float = 1.0) -> Any:
    """Exponential linear unit that is smooth at 0 for every alpha.

    y = x where x > 0, else alpha (e^(x / alpha) - 1)

    >>> celu([-1.0, 2.0], 0.5)
    array([-0.4323,  2.    ], dtype=float32)

    Reference: Barron, Continuously Differentiable Exponential Linear Units, 2017.
    """
    x, alpha = as_value(x), float(alpha)
    return where(raw(x) > 0, x, expm1(clip(x, None, 0) / alpha) * alpha)


SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


@composite
def selu(x: Any) -> Any:
    """Scaled exponential linear unit: keeps mean 0 and variance 1 from layer to layer.

    y = 1.0507 (x where x > 0, else 1.6733 (e^x - 1))

    >>> selu([-1.0, 1.0])
    array([-1.1113,  1.0507], dtype=float32)

    Reference: Klambauer et al., Self-Normalizing Neural Networks, 2017, equation 2.
    """
    return elu(x, SELU_ALPHA) * SELU_SCALE


@op
def hardtanh(x: Value, /, min_val: float = -1.0, max_val: float = 1.0) -> Result:
    """The identity, cut off at two ends.

    y = min(max(x, min_val), max_val)

    Gradient: 1 strictly inside, 0 at the ends and outside.

    >>> hardtanh([-3.0, 0.5, 2.0])
    array([-1. ,  0.5,  1. ], dtype=float32)
    """
    low, high = float(min_val), float(max_val)
    if not low < high:
        raise ArgumentError(f"hardtanh: min_val must lie below max_val, got {low} and {high}; swap them")
    xp = namespace(x)
    inside = (raw(x) > low) & (raw(x) < high)
    return xp.minimum(xp.maximum(x, low), high), (lambda g: namespace(g).where(inside, g, 0),)


@composite
def hardswish(x: Any) -> Any:
    """SiLU made of straight lines and a parabola.

    y = x min(max(x + 3, 0), 6) / 6

    >>> hardswish([-4.0, 1.0, 4.0])
    array([-0.    ,  0.6667,  4.    ], dtype=float32)

    Reference: Howard et al., Searching for MobileNetV3, 2019, section 5.2.
    """
    x = as_value(x)
    return x * hardtanh(x + 3, 0, 6) * (1 / 6)
