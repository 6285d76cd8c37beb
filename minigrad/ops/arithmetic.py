"""The operators: + - * / ** and the comparisons.

Read `multiply` first: it is the form of every op in this folder. The docstring names and defines the function, the
body computes it, and one lambda per input turns the gradient `g` of the result into the gradient of that input. What
a lambda mentions stays alive until backward; nothing else does.

Builds on: `minigrad.tape`. Read next: `minigrad.ops.elementwise`, or on to `minigrad.autodiff`.
"""

from __future__ import annotations

from typing import Any

from minigrad.backend import Array, namespace
from minigrad.explain import explain_forward
from minigrad.promote import promote
from minigrad.tape import Result, Value, op
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


@op
def power(a: Value, b: Value) -> Result:
    """The first array raised to the powers of the second.

    y = a^b

    Gradient: dy/da = b a^(b-1), taken as 0 where b = 0; dy/db = y log a, taken as 0 where a = 0.

    >>> power([1.0, 2.0, 3.0], 2)
    array([1., 4., 9.], dtype=float32)
    """
    y = _power(a, b)

    def to_base(g: Array) -> Array:
        if isinstance(b, (int, float)):
            return g * (b * _power(a, b - 1)) if b else g * 0.0
        return g * b * a ** namespace(g, b).where(b == 0, 1.0, b - 1)

    return y, (to_base, lambda g: g * y * namespace(g, a).log(namespace(g, a).where(a == 0, 1.0, a)))


def _power(a: Array, b: Any) -> Array:
    # Libraries send every power through pow(): x**3 takes 300 times as long as x*x*x.
    if isinstance(b, (int, float)) and b in (1, 2, 3):
        return a * 1 if b == 1 else a * a if b == 2 else a * a * a
    if isinstance(b, (int, float)) and b == 0.5:
        return namespace(a).sqrt(a)
    return a**b


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
