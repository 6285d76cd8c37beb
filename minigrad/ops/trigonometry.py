"""Trigonometric and hyperbolic functions.

Builds on: `minigrad.tape`. Read next: `minigrad.ops.piecewise`.
"""

from __future__ import annotations

from minigrad.backend import namespace
from minigrad.tape import Result, Value, op

__all__ = ["acos", "asin", "atan", "atan2", "cos", "cosh", "sin", "sinh", "tan", "tanh"]


@op
def sin(x: Value) -> Result:
    """Sine, elementwise; x in radians.

    y = sin x

    >>> sin([0.0, 1.0])
    array([0.    , 0.8415], dtype=float32)
    """
    return namespace(x).sin(x), (lambda g: g * namespace(x).cos(x),)


@op
def cos(x: Value) -> Result:
    """Cosine, elementwise; x in radians.

    y = cos x

    >>> cos([0.0, 1.0])
    array([1.    , 0.5403], dtype=float32)
    """
    return namespace(x).cos(x), (lambda g: g * -namespace(x).sin(x),)


@op
def tan(x: Value) -> Result:
    """Tangent, elementwise; x in radians.

    y = tan x

    >>> tan([0.0, 1.0])
    array([0.    , 1.5574], dtype=float32)
    """
    y = namespace(x).tan(x)
    return y, (lambda g: g * (1 + y * y),)


@op
def asin(x: Value) -> Result:
    """Inverse sine of x in [-1, 1], in radians.

    y = arcsin x

    >>> asin([0.0, 0.5])
    array([0.    , 0.5236], dtype=float32)
    """
    return namespace(x).asin(x), (lambda g: g * namespace(x).rsqrt(1 - x * x),)


@op
def acos(x: Value) -> Result:
    """Inverse cosine of x in [-1, 1], in radians.

    y = arccos x

    >>> acos([1.0, 0.5])
    array([0.    , 1.0472], dtype=float32)
    """
    return namespace(x).acos(x), (lambda g: g * -namespace(x).rsqrt(1 - x * x),)


@op
def atan(x: Value) -> Result:
    """Inverse tangent, in radians.

    y = arctan x

    >>> atan([0.0, 1.0])
    array([0.    , 0.7854], dtype=float32)
    """
    return namespace(x).atan(x), (lambda g: g / (1 + x * x),)


@op
def atan2(a: Value, b: Value) -> Result:
    """Angle of the point (b, a), in radians, from -pi to pi.

    y = arctan(a / b), in the right quadrant

    >>> atan2([1.0], [-1.0])
    array([2.3562], dtype=float32)
    """
    y = namespace(a, b).atan2(a, b)
    return y, (lambda g: g * b / (a * a + b * b), lambda g: -g * a / (a * a + b * b))


@op
def sinh(x: Value) -> Result:
    """Hyperbolic sine, elementwise.

    y = (e^x - e^-x) / 2

    >>> sinh([0.0, 1.0])
    array([0.    , 1.1752], dtype=float32)
    """
    return namespace(x).sinh(x), (lambda g: g * namespace(x).cosh(x),)


@op
def cosh(x: Value) -> Result:
    """Hyperbolic cosine, elementwise.

    y = (e^x + e^-x) / 2

    >>> cosh([0.0, 1.0])
    array([1.    , 1.5431], dtype=float32)
    """
    return namespace(x).cosh(x), (lambda g: g * namespace(x).sinh(x),)


@op
def tanh(x: Value) -> Result:
    """Hyperbolic tangent, elementwise.

    y = tanh x

    Gradient: dy/dx = 1 - y^2.

    >>> tanh([0.0, 1.0])
    array([0.    , 0.7616], dtype=float32)
    """
    y = namespace(x).tanh(x)
    return y, (lambda g: g - g * y * y,)  # two products of arrays: a Python 1 would take as long as both
