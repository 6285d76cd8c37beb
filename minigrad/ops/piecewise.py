"""Functions with kinks and steps: what they do at the place itself is a choice, and stated; and tests of elements.

Masks are plain boolean arrays, computed once in the forward: there is nothing to differentiate in them.

Builds on: `minigrad.ops.arithmetic`. Read next: `minigrad.ops.index`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.backend import Array, move, namespace
from minigrad.errors import DTypeError
from minigrad.ops.arithmetic import equal, greater, less
from minigrad.tape import Result, Value, composite, op
from minigrad.tensor import Tensor, as_value, raw

__all__ = [
    "abs", "astype", "ceil", "clip", "floor", "isfinite", "isnan", "maximum", "minimum", "round", "sign", "where",
]  # fmt: skip


@op
def abs(x: Value) -> Result:
    """Absolute value, elementwise.

    y = x where x >= 0, else -x

    Gradient: the sign of x; 0 at 0.

    >>> abs([-1.0, 2.0])
    array([1., 2.], dtype=float32)
    """
    s = _sign(x)
    return namespace(x).abs(x), (lambda g: g * s,)


@op
def sign(x: Value) -> Result:
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
def floor(x: Value) -> Result:
    """Largest integer that is not above x; its gradient is 0.

    y = floor(x)

    >>> floor([-1.5, 1.5])
    array([-2.,  1.], dtype=float32)
    """
    return namespace(raw(x)).floor(raw(x)), (lambda g: _zero(g),)


@op
def ceil(x: Value) -> Result:
    """Smallest integer that is not below x; its gradient is 0.

    y = ceil(x)

    >>> ceil([-1.5, 1.5])
    array([-1.,  2.], dtype=float32)
    """
    return namespace(raw(x)).ceil(raw(x)), (lambda g: _zero(g),)


@op
def round(x: Value, /, decimals: int = 0) -> Result:
    """Nearest number with that many decimals, halves to even; its gradient is 0.

    y = round(x)

    >>> round([0.5, 1.5, 2.7])
    array([0., 2., 3.], dtype=float32)
    """
    return namespace(raw(x)).round(raw(x), decimals), (lambda g: _zero(g),)


@op
def maximum(a: Value, b: Value) -> Result:
    """The larger of two elements; a tie shares its gradient equally.

    y = a where a > b, else b

    >>> maximum([1.0, 5.0], 3.0)
    array([3., 5.], dtype=float32)
    """
    a_wins, b_wins, tie = greater(a, b), less(a, b), equal(a, b)
    return namespace(a, b).maximum(a, b), (lambda g: _share(g, a_wins, tie), lambda g: _share(g, b_wins, tie))


@op
def minimum(a: Value, b: Value) -> Result:
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
def _clip(x: Value, /, low: float | None, high: float | None) -> Result:
    value = raw(x)
    inside = value == value if low is None else value >= low
    if high is not None:
        inside = inside & (value <= high)
    xp = namespace(x)
    y = x if low is None else xp.maximum(x, low)
    y = y if high is None else xp.minimum(y, high)
    return y * 1 if y is x else y, (lambda g: namespace(g).where(inside, g, 0),)


@composite
def clip(x: Value, min: Any = None, max: Any = None) -> Value:
    """Each element, moved into the interval from `min` to `max`; None leaves a side open.

    y = minimum(maximum(x, min), max)

    Gradient: 1 inside and on the bounds, 0 outside; bounds that are arrays receive theirs, and share at a tie.

    >>> clip([-1.0, 0.5, 3.0], 0, 1)
    array([0. , 0.5, 1. ], dtype=float32)
    """
    low, high = (v.item() if isinstance(v, np.generic) else v for v in (min, max))
    if all(v is None or isinstance(v, (int, float)) for v in (low, high)):
        return _clip(as_value(x), low, high)
    x = as_value(x)
    x = x if low is None else maximum(x, low)
    return x if high is None else minimum(x, high)


@op
def _where(x: Value, y: Value, /, condition: Any) -> Result:
    return namespace(x, y).where(condition, x, y), (
        lambda g: namespace(g).where(condition, g, 0),
        lambda g: namespace(g).where(condition, 0, g),
    )


@composite
def where(condition: Any, x: Any, y: Any) -> Any:
    """Elements of `x` where the condition holds, of `y` elsewhere.

    out = x where condition, else y

    Shapes: any three that broadcast. Gradient: each input receives that of its own elements; the condition none.

    >>> where([True, False], [1.0, 2.0], 0.0)
    array([1., 0.], dtype=float32)
    """
    condition = raw(condition)
    if not hasattr(condition, "dtype") or isinstance(condition, np.generic):
        if not isinstance(condition, (bool, int, float, list, tuple, np.generic)):
            raise DTypeError(f"where: the condition is an array of booleans, got {condition!r:.40}; compare something")
        condition = np.asarray(condition, dtype=bool)
        device = next((raw(v) for v in (x, y) if hasattr(v, "dtype") and not isinstance(v, np.generic)), condition)
        condition = move(condition, namespace(device).name)
    return _where(x, y, condition)


# -- dtypes and tests --------------------------------------------------------------------------------------------------


@op
def _astype(x: Value, /, dtype: Any) -> Result:
    before = x.dtype
    return x.astype(dtype), (lambda g: g.astype(before),)


@composite
def astype(x: Any, dtype: Any) -> Any:
    """The same values in another dtype; no gradient flows through integers and booleans.

    y = x

    >>> astype([1.7, 2.2], "int64")
    array([1, 2])
    """
    dtype = np.dtype(dtype)
    values = as_value(x)
    if dtype.kind == "f" and values.dtype.kind == "f":
        return _astype(values, dtype)
    out = raw(values).astype(dtype)
    return Tensor(out) if isinstance(x, Tensor) else out


@composite
def isnan(x: Any) -> Any:
    """Whether each element is not a number, as a plain boolean array.

    y = 1 where x != x, else 0

    >>> isnan([1.0, float("nan")]).tolist()
    [False, True]
    """
    x = raw(as_value(x))
    return namespace(x).isnan(x)


@composite
def isfinite(x: Any) -> Any:
    """Whether each element is neither infinite nor NaN, as a plain boolean array.

    y = 1 where abs(x) < inf, else 0

    >>> isfinite([1.0, float("inf")]).tolist()
    [True, False]
    """
    x = raw(as_value(x))
    return namespace(x).isfinite(x)
