"""Exponentials, logarithms, roots and what is made of them: smooth functions of each element by itself.

A vjp looks functions up by `namespace(g)`, not by the forward's: the gradient may be a Tensor where the input was an
array. That is what lets one rule serve every order of derivative.

Builds on: `minigrad.tape`. Read next: `minigrad.ops.trigonometry`.
"""

from __future__ import annotations

import math

from minigrad.backend import namespace
from minigrad.tape import Result, Value, op
from minigrad.tensor import raw

__all__ = [
    "erf", "exp", "expm1", "log", "log10", "log1p", "log2", "logaddexp", "reciprocal", "rsqrt", "sigmoid", "softplus",
    "sqrt", "square",
]  # fmt: skip


# -- exponentials and logarithms ---------------------------------------------------------------------------------------


@op
def exp(x: Value) -> Result:
    """Exponential function, elementwise.

    y = e^x

    >>> exp([0.0, 1.0])
    array([1.    , 2.7183], dtype=float32)
    """
    y = namespace(x).exp(x)
    return y, (lambda g: g * y,)


@op
def expm1(x: Value) -> Result:
    """Exponential minus one, exact for small x.

    y = e^x - 1

    >>> expm1([0.0, 1.0])
    array([0.    , 1.7183], dtype=float32)
    """
    y = namespace(x).expm1(x)
    return y, (lambda g: g * (y + 1),)


@op
def log(x: Value) -> Result:
    """Natural logarithm, elementwise.

    y = ln x

    >>> log([1.0, 2.0])
    array([0.    , 0.6931], dtype=float32)
    """
    return namespace(x).log(x), (lambda g: g / x,)


@op
def log1p(x: Value) -> Result:
    """Natural logarithm of 1 + x, exact for small x.

    y = ln(1 + x)

    >>> log1p([0.0, 1.0])
    array([0.    , 0.6931], dtype=float32)
    """
    return namespace(x).log1p(x), (lambda g: g / (x + 1),)


@op
def log2(x: Value) -> Result:
    """Logarithm to base 2, elementwise.

    y = log2 x

    >>> log2([1.0, 8.0])
    array([0., 3.], dtype=float32)
    """
    return namespace(x).log2(x), (lambda g: g / (x * math.log(2)),)


@op
def log10(x: Value) -> Result:
    """Logarithm to base 10, elementwise.

    y = log10 x

    >>> log10([1.0, 10.0])
    array([0., 1.], dtype=float32)
    """
    return namespace(x).log10(x), (lambda g: g / (x * math.log(10)),)


@op
def logaddexp(a: Value, b: Value) -> Result:
    """Logarithm of the sum of two exponentials, without overflow.

    y = ln(e^a + e^b)

    Gradient: dy/da = sigmoid(a - b), dy/db = sigmoid(b - a).

    >>> logaddexp([0.0, 1000.0], 0.0)
    array([   0.6931, 1000.    ], dtype=float32)
    """
    return namespace(a, b).logaddexp(a, b), (lambda g: g * sigmoid(a - b), lambda g: g * sigmoid(b - a))


@op
def softplus(x: Value) -> Result:
    """Smooth form of max(x, 0), without overflow.

    y = ln(1 + e^x)

    Gradient: dy/dx = sigmoid(x).

    >>> softplus([-1000.0, 0.0, 1000.0])
    array([   0.    ,    0.6931, 1000.    ], dtype=float32)
    """
    return namespace(x).logaddexp(x, 0), (lambda g: g * sigmoid(x),)


@op
def sigmoid(x: Value) -> Result:
    """Logistic function, without overflow.

    y = 1 / (1 + e^-x)

    Gradient: dy/dx = y (1 - y).

    >>> sigmoid([-1000.0, 0.0, 1000.0])
    array([0. , 0.5, 1. ], dtype=float32)
    """
    xp = namespace(x)
    e = xp.exp(-xp.abs(x))  # at most 1, whatever the sign of x
    y = xp.where(raw(x) >= 0, 1, e) / (1 + e)
    return y, (lambda g: g * y * (1 - y),)


# -- roots and powers --------------------------------------------------------------------------------------------------


@op
def sqrt(x: Value) -> Result:
    """Square root, elementwise.

    y = sqrt(x)

    Gradient: dy/dx = 1 / (2 y), infinite at 0.

    >>> sqrt([1.0, 4.0])
    array([1., 2.], dtype=float32)
    """
    y = namespace(x).sqrt(x)
    return y, (lambda g: g / (2 * y),)


@op
def rsqrt(x: Value) -> Result:
    """Reciprocal of the square root, elementwise.

    y = 1 / sqrt(x)

    >>> rsqrt([1.0, 4.0])
    array([1. , 0.5], dtype=float32)
    """
    y = namespace(x).rsqrt(x)
    return y, (lambda g: g * y * y * y * -0.5,)


@op
def square(x: Value) -> Result:
    """Square of each element.

    y = x^2

    >>> square([1.0, -2.0])
    array([1., 4.], dtype=float32)
    """
    return x * x, (lambda g: g * x * 2,)


@op
def reciprocal(x: Value) -> Result:
    """One over each element.

    y = 1 / x

    >>> reciprocal([1.0, 4.0])
    array([1.  , 0.25], dtype=float32)
    """
    y = 1 / x
    return y, (lambda g: -g * y * y,)


@op
def erf(x: Value) -> Result:
    """Error function, elementwise: to 1e-15 in float64, 3e-7 in float32.

    y = 2 / sqrt(pi) * integral of e^(-t^2) from 0 to x

    >>> erf([0.0, 1.0])
    array([0.    , 0.8427], dtype=float32)
    """
    return namespace(x).erf(x), (lambda g: g * namespace(x).exp(-x * x) * (2 / math.sqrt(math.pi)),)
