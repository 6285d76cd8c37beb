"""The operators: + - * / ** and the comparisons.

Read `multiply` first: it is the form of every op in this folder. The docstring names and defines the function, the
body computes it, and one lambda per input turns the gradient `g` of the result into the gradient of that input. What
a lambda mentions stays alive until backward; nothing else does.

Builds on: `minigrad.tape`. Read next: `minigrad.backend`, or the other ops from `minigrad.ops.elementwise` on.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.backend import namespace
from minigrad.errors import DTypeError
from minigrad.explain import explain_forward
from minigrad.promote import promote
from minigrad.tape import Result, Value, composite, op
from minigrad.tensor import raw

__all__ = [
    "add",
    "divide",
    "equal",
    "floor_divide",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "multiply",
    "negative",
    "not_equal",
    "power",
    "remainder",
    "subtract",
]


@op
def add(a: Value, b: Value) -> Result:
    """Sum of two arrays, elementwise.

    y = a + b

    Shapes: any that broadcast.

    >>> add([1.0, 2.0], 3.0)
    array([4., 5.], dtype=float32)
    """
    return a + b, (lambda g: g, lambda g: g)


@op
def subtract(a: Value, b: Value) -> Result:
    """Difference of two arrays, elementwise.

    y = a - b

    >>> subtract([1.0, 2.0], 3.0)
    array([-2., -1.], dtype=float32)
    """
    return a - b, (lambda g: g, lambda g: -g)


@op
def multiply(a: Value, b: Value) -> Result:
    """Product of two arrays, elementwise.

    y = a b

    >>> multiply([1.0, 2.0], 3.0)
    array([3., 6.], dtype=float32)
    """
    return a * b, (lambda g: g * b, lambda g: g * a)


@op
def divide(a: Value, b: Value) -> Result:
    """Quotient of two arrays, elementwise.

    y = a / b

    >>> divide([1.0, 2.0], 4.0)
    array([0.25, 0.5 ], dtype=float32)
    """
    y = a / b
    return y, (lambda g: g / b, lambda g: -g * y / b)


@op
def negative(x: Value) -> Result:
    """The negative of each element.

    y = -x

    >>> negative([1.0, -2.0])
    array([-1.,  2.], dtype=float32)
    """
    return -x, (lambda g: -g,)


@composite
def power(a: Value, b: Value) -> Value:
    """The first array raised to the powers of the second.

    y = a^b

    Gradient: dy/da = b a^(b-1), taken as 0 where b = 0; dy/db = y log a, taken as 0 where a = 0.

    >>> power([1.0, 2.0, 3.0], 2)
    array([1., 4., 9.], dtype=float32)
    """
    b = b.item() if isinstance(b, np.generic) else b
    if isinstance(b, int) and b < 0 and hasattr(a, "dtype") and a.dtype.kind in "iub":
        raise DTypeError(f"power: integers have no negative powers, got {a.dtype} and {b}; cast to float32 first")
    if isinstance(b, float) and hasattr(a, "dtype") and a.dtype.kind in "iub":
        a = a.astype(np.float32)
    return _power__number(a, b) if isinstance(b, (int, float)) else _power(a, b)


@op
def _power(a: Value, b: Value) -> Result:
    y = a**b
    return y, (
        lambda g: g * b * a ** namespace(g, b).where(_both_zero(a, b), 1, b - 1),
        lambda g: g * y * _log_base(g, a),
    )


def _both_zero(a: Value, b: Value) -> Any:
    return equal(a, 0) & equal(b, 0)


def _log_base(g: Value, a: Value) -> Value:
    if isinstance(a, (int, float)):
        return 0.0 if a == 0 else math.log(a) if a > 0 else math.nan
    xp = namespace(g, a)
    return xp.log(xp.where(a == 0, 1, a))


@op
def _power__number(x: Value, /, exponent: float) -> Result:
    return _times_itself(x, exponent), (
        lambda g: g * (exponent * _times_itself(x, exponent - 1)) if exponent else g * 0.0,
    )


def _times_itself(x: Value, n: float) -> Value:
    # Libraries send every power through pow(): x**3 takes 300 times as long as x*x*x.
    if n in (1, 2, 3):
        return x * 1 if n == 1 else x * x if n == 2 else x * x * x
    return namespace(x).sqrt(x) if n == 0.5 else x**n


@op
def floor_divide(a: Value, b: Value) -> Result:
    """Quotient rounded down; piecewise constant, so its gradient is 0.

    y = floor(a / b)

    >>> floor_divide([5.0, -5.0], 2.0)
    array([ 2., -3.], dtype=float32)
    """
    return a // b, (lambda g: g * 0.0, lambda g: g * 0.0)


@op
def remainder(a: Value, b: Value) -> Result:
    """Remainder of division, with the sign of the divisor, as Python's ``%``.

    y = a - b floor(a / b)

    >>> remainder([5.0, -5.0], 3.0)
    array([2., 1.], dtype=float32)
    """
    q = raw(a) // raw(b)
    return a % b, (lambda g: g, lambda g: -g * q)


def _comparison(name: str, symbol: str, result: str) -> Any:
    def compare(a: Any, b: Any) -> Any:
        try:
            values = promote(name, [raw(a), raw(b)])
            return getattr(namespace(*values), name)(*values)
        except Exception as error:
            explain_forward(name, (a, b), error)
            raise

    compare.__name__ = compare.__qualname__ = name
    compare.__doc__ = f"""Whether a {symbol} b, elementwise, as a plain boolean array: nothing to differentiate.

    y = 1 where a {symbol} b, else 0

    >>> {name}([1.0, 2.0, 3.0], 2.0).tolist()
    {result}
    """
    return compare


equal = _comparison("equal", "=", "[False, True, False]")
not_equal = _comparison("not_equal", "!=", "[True, False, True]")
less = _comparison("less", "<", "[True, False, False]")
less_equal = _comparison("less_equal", "<=", "[True, True, False]")
greater = _comparison("greater", ">", "[False, False, True]")
greater_equal = _comparison("greater_equal", ">=", "[False, True, True]")
