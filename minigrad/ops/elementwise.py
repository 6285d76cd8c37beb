"""Functions of each element by itself.

A vjp looks functions up by `namespace(g)`, not by the forward's: the gradient may be a Tensor where the input was an
array. That is what lets one rule serve every order of derivative.

Builds on: `minigrad.tape`. Read next: `minigrad.ops.reduce`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.backend import Array, namespace
from minigrad.ops.arithmetic import equal, greater, less
from minigrad.tape import op
from minigrad.tensor import Tensor, raw

__all__ = [
    "abs", "acos", "asin", "astype", "atan", "atan2", "ceil", "clip", "cos", "cosh", "erf", "exp", "expm1", "floor",
    "isfinite", "isnan", "log", "log10", "log1p", "log2", "logaddexp", "maximum", "minimum", "reciprocal", "round",
    "rsqrt", "sigmoid", "sign", "sin", "sinh", "softplus", "sqrt", "square", "tan", "tanh", "where",
]  # fmt: skip


# -- exponentials and logarithms ---------------------------------------------------------------------------------------


@op
def exp(x):
    """Exponential function, elementwise.

    y = e^x

    >>> exp([0.0, 1.0])
    array([1.       , 2.7182817], dtype=float32)
    """
    y = namespace(x).exp(x)
    return y, (lambda g: g * y,)


@op
def expm1(x):
    """Exponential minus one, exact for small x.

    y = e^x - 1

    >>> expm1([0.0, 1.0])
    array([0.       , 1.7182819], dtype=float32)
    """
    y = namespace(x).expm1(x)
    return y, (lambda g: g * (y + 1),)


@op
def log(x):
    """Natural logarithm, elementwise.

    y = ln x

    >>> log([1.0, 2.0])
    array([0.       , 0.6931472], dtype=float32)
    """
    return namespace(x).log(x), (lambda g: g / x,)


@op
def log1p(x):
    """Natural logarithm of 1 + x, exact for small x.

    y = ln(1 + x)

    >>> log1p([0.0, 1.0])
    array([0.       , 0.6931472], dtype=float32)
    """
    return namespace(x).log1p(x), (lambda g: g / (x + 1),)


@op
def log2(x):
    """Logarithm to base 2, elementwise.

    y = log2 x

    >>> log2([1.0, 8.0])
    array([0., 3.], dtype=float32)
    """
    return namespace(x).log2(x), (lambda g: g / (x * math.log(2)),)


@op
def log10(x):
    """Logarithm to base 10, elementwise.

    y = log10 x

    >>> log10([1.0, 100.0])
    array([0., 2.], dtype=float32)
    """
    return namespace(x).log10(x), (lambda g: g / (x * math.log(10)),)


@op
def logaddexp(a, b):
    """Logarithm of the sum of two exponentials, without overflow.

    y = ln(e^a + e^b)

    Gradient: dy/da = sigmoid(a - b), dy/db = sigmoid(b - a).

    >>> logaddexp([0.0, 1000.0], 0.0)
    array([   0.6931472, 1000.       ], dtype=float32)
    """
    return namespace(a, b).logaddexp(a, b), (lambda g: g * sigmoid(a - b), lambda g: g * sigmoid(b - a))


@op
def softplus(x):
    """Smooth form of max(x, 0), without overflow.

    y = ln(1 + e^x)

    Gradient: dy/dx = sigmoid(x).

    >>> softplus([-1000.0, 0.0, 1000.0])
    array([   0.       ,    0.6931472, 1000.       ], dtype=float32)
    """
    return namespace(x).logaddexp(x, 0), (lambda g: g * sigmoid(x),)


@op
def sigmoid(x):
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
def sqrt(x):
    """Square root, elementwise.

    y = sqrt(x)

    Gradient: dy/dx = 1 / (2 y), infinite at 0.

    >>> sqrt([1.0, 4.0])
    array([1., 2.], dtype=float32)
    """
    y = namespace(x).sqrt(x)
    return y, (lambda g: g / (2 * y),)


@op
def rsqrt(x):
    """Reciprocal of the square root, elementwise.

    y = 1 / sqrt(x)

    >>> rsqrt([1.0, 4.0])
    array([1. , 0.5], dtype=float32)
    """
    y = namespace(x).rsqrt(x)
    return y, (lambda g: g * y * y * y * -0.5,)


@op
def square(x):
    """Square of each element.

    y = x^2

    >>> square([1.0, -2.0])
    array([1., 4.], dtype=float32)
    """
    return x * x, (lambda g: g * x * 2,)


@op
def reciprocal(x):
    """One over each element.

    y = 1 / x

    >>> reciprocal([1.0, 4.0])
    array([1.  , 0.25], dtype=float32)
    """
    y = 1 / x
    return y, (lambda g: -g * y * y,)


# -- trigonometry ------------------------------------------------------------------------------------------------------


@op
def sin(x):
    """Sine, elementwise; x in radians.

    y = sin x

    >>> sin([0.0, 1.0])
    array([0.       , 0.8414711], dtype=float32)
    """
    return namespace(x).sin(x), (lambda g: g * namespace(x).cos(x),)


@op
def cos(x):
    """Cosine, elementwise; x in radians.

    y = cos x

    >>> cos([0.0, 1.0])
    array([1.        , 0.54030234], dtype=float32)
    """
    return namespace(x).cos(x), (lambda g: g * -namespace(x).sin(x),)


@op
def tan(x):
    """Tangent, elementwise; x in radians.

    y = tan x

    >>> tan([0.0, 1.0])
    array([0.       , 1.5574077], dtype=float32)
    """
    y = namespace(x).tan(x)
    return y, (lambda g: g * (1 + y * y),)


@op
def asin(x):
    """Inverse sine of x in [-1, 1], in radians.

    y = arcsin x

    >>> asin([0.0, 0.5])
    array([0.       , 0.5235988], dtype=float32)
    """
    return namespace(x).asin(x), (lambda g: g * namespace(x).rsqrt(1 - x * x),)


@op
def acos(x):
    """Inverse cosine of x in [-1, 1], in radians.

    y = arccos x

    >>> acos([1.0, 0.5])
    array([0.       , 1.0471976], dtype=float32)
    """
    return namespace(x).acos(x), (lambda g: g * -namespace(x).rsqrt(1 - x * x),)


@op
def atan(x):
    """Inverse tangent, in radians.

    y = arctan x

    >>> atan([0.0, 1.0])
    array([0.       , 0.7853982], dtype=float32)
    """
    return namespace(x).atan(x), (lambda g: g / (1 + x * x),)


@op
def atan2(a, b):
    """Angle of the point (b, a), in radians, from -pi to pi.

    y = arctan(a / b), in the right quadrant

    >>> atan2([1.0], [-1.0])
    array([2.3561945], dtype=float32)
    """
    y = namespace(a, b).atan2(a, b)
    return y, (lambda g: g * b / (a * a + b * b), lambda g: -g * a / (a * a + b * b))


@op
def sinh(x):
    """Hyperbolic sine, elementwise.

    y = (e^x - e^-x) / 2

    >>> sinh([0.0, 1.0])
    array([0.       , 1.1752012], dtype=float32)
    """
    return namespace(x).sinh(x), (lambda g: g * namespace(x).cosh(x),)


@op
def cosh(x):
    """Hyperbolic cosine, elementwise.

    y = (e^x + e^-x) / 2

    >>> cosh([0.0, 1.0])
    array([1.       , 1.5430807], dtype=float32)
    """
    return namespace(x).cosh(x), (lambda g: g * namespace(x).sinh(x),)


@op
def tanh(x):
    """Hyperbolic tangent, elementwise.

    y = tanh x

    Gradient: dy/dx = 1 - y^2.

    >>> tanh([0.0, 1.0])
    array([0.       , 0.7615942], dtype=float32)
    """
    y = namespace(x).tanh(x)
    return y, (lambda g: g * (1 - y * y),)


@op
def erf(x):
    """Error function, elementwise: to 1e-15 in float64, 3e-7 in float32.

    y = 2 / sqrt(pi) * integral of e^(-t^2) from 0 to x

    >>> erf([0.0, 1.0])
    array([0.       , 0.8427008], dtype=float32)
    """
    return namespace(x).erf(x), (lambda g: g * namespace(x).exp(-x * x) * (2 / math.sqrt(math.pi)),)


# -- kinks and steps ---------------------------------------------------------------------------------------------------


@op
def abs(x):  # noqa: A001 (NumPy's name)
    """Absolute value, elementwise.

    y = x where x >= 0, else -x

    Gradient: the sign of x; 0 at 0.

    >>> abs([-1.0, 2.0])
    array([1., 2.], dtype=float32)
    """
    s = _sign(x)
    return namespace(x).abs(x), (lambda g: g * s,)


@op
def sign(x):
    """Sign of each element, -1, 0 or 1; its gradient is 0.

    y = x / abs(x), 0 at 0

    >>> sign([-3.0, 0.0, 2.0])
    array([-1.,  0.,  1.], dtype=float32)
    """
    return _sign(x), (lambda g: _zero(g),)


def _sign(x: Array) -> Array:
    return namespace(raw(x)).sign(raw(x))


def _zero(g: Array) -> Array:
    return namespace(g).zeros_like(g)


@op
def floor(x):
    """Largest integer that is not above x; its gradient is 0.

    y = floor(x)

    >>> floor([-1.5, 1.5])
    array([-2.,  1.], dtype=float32)
    """
    return namespace(raw(x)).floor(raw(x)), (lambda g: _zero(g),)


@op
def ceil(x):
    """Smallest integer that is not below x; its gradient is 0.

    y = ceil(x)

    >>> ceil([-1.5, 1.5])
    array([-1.,  2.], dtype=float32)
    """
    return namespace(raw(x)).ceil(raw(x)), (lambda g: _zero(g),)


@op
def round(x, /, decimals=0):  # noqa: A001 (NumPy's name)
    """Nearest number with that many decimals, halves to even; its gradient is 0.

    y = round(x)

    >>> round([0.5, 1.5, 2.7])
    array([0., 2., 3.], dtype=float32)
    """
    return namespace(raw(x)).round(raw(x), decimals), (lambda g: _zero(g),)


@op
def maximum(a, b):
    """The larger of two elements; a tie shares its gradient equally.

    y = a where a > b, else b

    >>> maximum([1.0, 5.0], 3.0)
    array([3., 5.], dtype=float32)
    """
    a_wins, b_wins, tie = greater(a, b), less(a, b), equal(a, b)
    return namespace(a, b).maximum(a, b), (lambda g: _share(g, a_wins, tie), lambda g: _share(g, b_wins, tie))


@op
def minimum(a, b):
    """The smaller of two elements; a tie shares its gradient equally.

    y = a where a < b, else b

    >>> minimum([1.0, 5.0], 3.0)
    array([1., 3.], dtype=float32)
    """
    a_wins, b_wins, tie = less(a, b), greater(a, b), equal(a, b)
    return namespace(a, b).minimum(a, b), (lambda g: _share(g, a_wins, tie), lambda g: _share(g, b_wins, tie))


def _share(g: Array, wins: Array, tie: Array) -> Array:
    where = namespace(g).where
    return where(wins, g, where(tie, g / 2, 0))


@op
def clip(x, /, min=None, max=None):  # noqa: A002 (NumPy's names)
    """Each element, moved into the interval from `min` to `max`; None leaves a side open.

    y = minimum(maximum(x, min), max)

    Gradient: 1 inside and on the bounds, 0 outside.

    >>> clip([-1.0, 0.5, 3.0], 0, 1)
    array([0. , 0.5, 1. ], dtype=float32)
    """
    low, high = (raw(v).item() if isinstance(raw(v), np.generic) else raw(v) for v in (min, max))
    value = raw(x)
    inside = value == value if low is None else value >= low
    if high is not None:
        inside = inside & (value <= high)
    xp = namespace(x)
    y = x if low is None else xp.maximum(x, low)
    y = y if high is None else xp.minimum(y, high)
    return y * 1 if y is x else y, (lambda g: namespace(g).where(inside, g, 0),)


@op
def _where(x, y, /, condition):
    return namespace(x, y).where(condition, x, y), (
        lambda g: namespace(g).where(condition, g, 0),
        lambda g: namespace(g).where(condition, 0, g),
    )


def where(condition: Any, x: Any, y: Any) -> Any:
    """Elements of `x` where the condition holds, of `y` elsewhere.

    out = x where condition, else y

    Shapes: any three that broadcast. Gradient: each input receives that of its own elements; the condition none.

    >>> where([True, False], [1.0, 2.0], 0.0)
    array([1., 0.], dtype=float32)
    """
    condition = raw(condition)
    if isinstance(condition, (list, tuple, bool)):
        condition = np.asarray(condition, dtype=bool)
        first = next((raw(v) for v in (x, y) if hasattr(v, "dtype")), None)
        if first is not None and not isinstance(first, np.ndarray):
            condition = namespace(first).from_host(condition)
    return _where(x, y, condition)


# -- dtypes and tests --------------------------------------------------------------------------------------------------


@op
def _cast(x, /, dtype):
    before = x.dtype
    return x.astype(dtype), (lambda g: g.astype(before),)


def astype(x: Any, dtype: Any) -> Any:
    """The same values in another dtype; no gradient flows through integers and booleans.

    y = x

    >>> astype([1.7, 2.2], "int64")
    array([1, 2])
    """
    dtype = np.dtype(dtype)
    values = x if hasattr(x, "dtype") else np.asarray(x, np.float32)
    if dtype.kind == "f" and values.dtype.kind == "f":
        return _cast(values, dtype)
    out = raw(values).astype(dtype)
    return Tensor(out) if isinstance(x, Tensor) else out


def isnan(x: Any) -> Any:
    """Whether each element is not a number, as a plain boolean array.

    y = 1 where x != x, else 0

    >>> isnan([1.0, float("nan")]).tolist()
    [False, True]
    """
    x = raw(x) if hasattr(x, "dtype") else np.asarray(x)
    return namespace(x).isnan(x)


def isfinite(x: Any) -> Any:
    """Whether each element is neither infinite nor NaN, as a plain boolean array.

    y = 1 where abs(x) < inf, else 0

    >>> isfinite([1.0, float("inf")]).tolist()
    [True, False]
    """
    x = raw(x) if hasattr(x, "dtype") else np.asarray(x)
    return namespace(x).isfinite(x)
