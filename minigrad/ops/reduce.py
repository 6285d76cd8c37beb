"""Reductions: many elements become one.

`axis` is None (all axes), one axis or a tuple of axes; `keepdims=True` leaves the reduced axes with size 1. A vjp
brings the gradient back to that form (`kept_shape`) and lets it spread over the elements again.

Builds on: `minigrad.ops.axes`, `minigrad.ops.piecewise`. Read next: `minigrad.ops.cumulative`.
"""

from __future__ import annotations

from typing import Any

from minigrad.backend import Array, namespace
from minigrad.errors import ShapeError
from minigrad.ops.axes import all_axes, one_axis
from minigrad.ops.piecewise import abs as _abs
from minigrad.tape import Result, Value, composite, op
from minigrad.tensor import as_value, raw

Axis = Any  # None, int or tuple of ints

__all__ = ["all", "any", "argmax", "argmin", "logsumexp", "max", "mean", "min", "norm", "std", "sum", "var"]


def _tupled(axis: Axis) -> Axis:
    return tuple(axis) if isinstance(axis, list) else axis


def kept_shape(shape: tuple[int, ...], axis: Axis) -> tuple[int, ...]:
    """The shape of a reduction of `shape` with keepdims."""
    axes = all_axes(axis, shape)
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def count(shape: tuple[int, ...], axis: Axis) -> int:
    """How many elements become one."""
    n = 1
    for a in all_axes(axis, shape):
        n *= shape[a]
    return n


def _freedom(shape: tuple[int, ...], axis: Axis, ddof: int) -> int:
    n = count(shape, axis) - ddof
    return n if n > 0 else 0


def _spread(g: Array, kept: tuple[int, ...], shape: tuple[int, ...]) -> Array:
    return namespace(g).broadcast_to(g.reshape(kept), shape)


@op
def sum(x: Value, /, axis: Any = None, keepdims: bool = False) -> Result:
    """Sum over axes.

    y = sum_i x_i

    >>> sum([[1.0, 2.0], [3.0, 4.0]], axis=0)
    array([4., 6.], dtype=float32)
    """
    shape, kept = x.shape, kept_shape(x.shape, axis)
    return x.sum(axis=_tupled(axis), keepdims=keepdims), (lambda g: _spread(g, kept, shape),)


@op
def mean(x: Value, /, axis: Any = None, keepdims: bool = False) -> Result:
    """Mean over axes.

    y = 1/n sum_i x_i

    >>> mean([[1.0, 2.0], [3.0, 4.0]], axis=0)
    array([2., 3.], dtype=float32)
    """
    shape, kept, n = x.shape, kept_shape(x.shape, axis), count(x.shape, axis)
    return x.mean(axis=_tupled(axis), keepdims=keepdims), (lambda g: _spread(g / n, kept, shape),)


@op
def var(x: Value, /, axis: Any = None, keepdims: bool = False, ddof: int = 0) -> Result:
    """Variance over axes: the mean squared distance from the mean.

    y = 1/(n - ddof) sum_i (x_i - mean x)^2

    Gradient: dy/dx = 2 (x - mean x) / (n - ddof).

    >>> var([1.0, 2.0, 3.0, 4.0])
    array(1.25, dtype=float32)
    """
    kept, n = kept_shape(x.shape, axis), _freedom(x.shape, axis, ddof)
    d = x - x.mean(axis=_tupled(axis), keepdims=True)
    return (d * d).sum(axis=_tupled(axis), keepdims=keepdims) / n, (lambda g: (g * 2 / n).reshape(kept) * d,)


@op
def std(x: Value, /, axis: Any = None, keepdims: bool = False, ddof: int = 0) -> Result:
    """Standard deviation over axes: the root of the variance.

    y = sqrt(1/(n - ddof) sum_i (x_i - mean x)^2)

    Gradient: dy/dx = (x - mean x) / ((n - ddof) y); 0 where y = 0, so that constant features do no harm.

    >>> std([1.0, 1.0, 3.0, 3.0])
    array(1., dtype=float32)
    """
    kept, n = kept_shape(x.shape, axis), _freedom(x.shape, axis, ddof)
    d = x - x.mean(axis=_tupled(axis), keepdims=True)
    y = _safe_root((d * d).sum(axis=_tupled(axis), keepdims=keepdims) / n)
    return y, (lambda g: (g / n).reshape(kept) * _unit(d, y.reshape(kept)),)


def _safe_root(s: Array, p: float = 2) -> Array:
    """The p-th root of s, with derivative 0 at 0 to every order: the root of 1 stands in there, and is not chosen."""
    xp, zero = namespace(s), raw(s) == 0
    safe = xp.where(zero, 1, s)
    return xp.where(zero, 0, xp.sqrt(safe) if p == 2 else safe ** (1 / p))


def _unit(x: Array, y: Array) -> Array:
    """x / y, and 0 to every order where y is 0."""
    xp, zero = namespace(x, y), raw(y) == 0
    return xp.where(zero, 0, x / xp.where(zero, 1, y))


@op
def max(x: Value, /, axis: Any = None, keepdims: bool = False) -> Result:
    """Largest element over axes; ties share the gradient equally.

    y = max_i x_i

    >>> max([[1.0, 5.0], [3.0, 4.0]], axis=0)
    array([3., 5.], dtype=float32)
    """
    y, back = _extreme(x, "max", axis, keepdims)
    return y, (lambda g: back(g),)


@op
def min(x: Value, /, axis: Any = None, keepdims: bool = False) -> Result:
    """Smallest element over axes; ties share the gradient equally.

    y = min_i x_i

    >>> min([[1.0, 5.0], [3.0, 4.0]], axis=0)
    array([1., 4.], dtype=float32)
    """
    y, back = _extreme(x, "min", axis, keepdims)
    return y, (lambda g: back(g),)


def _extreme(x: Array, name: str, axis: Axis, keepdims: bool) -> tuple[Array, Any]:
    value = raw(x)
    kept = kept_shape(x.shape, axis)
    y = getattr(x, name)(axis=_tupled(axis), keepdims=keepdims)
    winners = value == raw(y).reshape(kept)
    share = winners / winners.sum(axis=_tupled(axis), keepdims=True).astype(value.dtype)
    return y, lambda g: g.reshape(kept) * share.astype(value.dtype)


@op
def logsumexp(x: Value, /, axis: Any = None, keepdims: bool = False) -> Result:
    """Logarithm of a sum of exponentials, without overflow.

    y = ln sum_i e^(x_i)

    Gradient: dy/dx = softmax(x).

    >>> logsumexp([1000.0, 1000.0]).round(3)
    np.float32(1000.693)
    """
    xp, kept = namespace(x), kept_shape(x.shape, axis)
    top = raw(x).max(axis=_tupled(axis), keepdims=True)  # a constant: shifting by it changes nothing
    top = namespace(top).where(namespace(top).isfinite(top), top, 0)
    e = xp.exp(x - top)
    s = e.sum(axis=_tupled(axis), keepdims=True)
    y = xp.log(s) + top
    return y if keepdims else y.squeeze(all_axes(axis, x.shape)), (lambda g: g.reshape(kept) * (e / s),)


@op
def _norm__two(x: Value, /, axis: Any, keepdims: Any) -> Result:
    kept = kept_shape(x.shape, axis)
    y = _safe_root((x * x).sum(axis=_tupled(axis), keepdims=keepdims))
    return y, (lambda g: g.reshape(kept) * _unit(x, y.reshape(kept)),)


@op
def _norm__p(x: Value, /, p: float, axis: Any, keepdims: bool) -> Result:
    kept = kept_shape(x.shape, axis)
    size, sign = _abs(x), namespace(raw(x)).sign(raw(x))
    y = _safe_root((size**p).sum(axis=_tupled(axis), keepdims=keepdims), p)
    some = namespace(size).where(raw(size) == 0, 1, size)  # times a sign of 0
    return y, (lambda g: g.reshape(kept) * sign * _unit(some, y.reshape(kept)) ** (p - 1),)


@composite
def norm(x: Any, ord: float = 2, axis: Axis = None, keepdims: bool = False) -> Any:
    """Length of vectors: the p-norm over axes, over all elements by default.

    y = (sum_i abs(x_i)^p)^(1/p)

    Gradient: 0 at the zero vector for p = 2, and 1 and inf as those of abs and max.

    >>> norm([3.0, 4.0])
    array(5., dtype=float32)
    """
    if ord == 2:
        return _norm__two(x, axis, keepdims)
    if ord == float("inf"):
        return max(_abs(x), axis, keepdims)
    if ord == 1:
        return sum(_abs(x), axis, keepdims)
    if not ord > 0:
        raise ShapeError(f"norm: the order must be a number above 0 or inf, got ord={ord}; 2 is the usual length")
    return _norm__p(x, float(ord), axis, keepdims)


def _plain(x: Any) -> Any:
    return raw(as_value(x))


@composite
def any(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Whether some element is not 0, over axes, as a plain boolean array.

    y = 1 where some x_i != 0, else 0

    >>> bool(any([0.0, 1.0]))
    True
    """
    return namespace(_plain(x)).any(_plain(x), axis=_tupled(axis), keepdims=keepdims)


@composite
def all(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Whether no element is 0, over axes, as a plain boolean array.

    y = 1 where all x_i != 0, else 0

    >>> bool(all([0.0, 1.0]))
    False
    """
    return namespace(_plain(x)).all(_plain(x), axis=_tupled(axis), keepdims=keepdims)


def _place(find: Any, x: Any, axis: int | None, keepdims: bool) -> Any:
    x = _plain(x)
    axis = None if axis is None else one_axis(axis, x.shape)
    y = find(x, axis=axis)
    return y.reshape(kept_shape(x.shape, axis)) if keepdims else y


@composite
def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Place of the largest element along an axis, the first of equals, as a plain integer array.

    y = the smallest i with x_i = max x

    >>> int(argmax([1.0, 5.0, 3.0]))
    1
    """
    return _place(namespace(_plain(x)).argmax, x, axis, keepdims)


@composite
def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Place of the smallest element along an axis, the first of equals, as a plain integer array.

    y = the smallest i with x_i = min x

    >>> int(argmin([1.0, 5.0, 3.0]))
    0
    """
    return _place(namespace(_plain(x)).argmin, x, axis, keepdims)
