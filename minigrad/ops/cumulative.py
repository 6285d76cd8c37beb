"""Products, and running sums and products.

Products are trees of multiplications: nothing is divided, so zeros do no harm, and derivatives of every order follow by
themselves.

Builds on: `minigrad.ops.reduce`, `minigrad.ops.arrange`. Read next: `minigrad.ops.linalg`.
"""

from __future__ import annotations

from typing import Any

from minigrad.backend import namespace
from minigrad.ops.arrange import concatenate, flip
from minigrad.ops.axes import all_axes, one_axis
from minigrad.ops.reduce import count, kept_shape
from minigrad.ops.shape import moveaxis, reshape
from minigrad.tape import Result, Value, composite, op
from minigrad.tensor import Tensor, as_value, raw

__all__ = ["cumprod", "cumsum", "prod"]


@composite
def prod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Product over axes.

    y = prod_i x_i

    Gradient: the product of the others, zeros included: a tree of multiplications, so nothing is divided.

    >>> prod([[1.0, 2.0], [3.0, 4.0]], axis=0)
    array([3., 8.], dtype=float32)
    """
    x, axis = as_value(x), None if axis is None else all_axes(axis, as_value(x).shape)
    if not isinstance(x, Tensor) or x.dtype.kind != "f":  # integers widen as in NumPy, and have no gradient
        product = namespace(raw(x)).prod(raw(x), axis=axis, keepdims=keepdims)
        return Tensor(product) if isinstance(x, Tensor) else product
    kept, axes = kept_shape(x.shape, axis), all_axes(axis, x.shape)
    rest = [i for i in range(x.ndim) if i not in axes]
    n = count(x.shape, axis)
    y = reshape(x.transpose(*rest, *axes), *(x.shape[i] for i in rest), n)
    ones = namespace(raw(x)).ones((*y.shape[:-1], 1), dtype=x.dtype)
    if n == 0:
        y = y.sum(axis=-1, keepdims=True) + 1
    while y.shape[-1] > 1:
        if y.shape[-1] % 2:
            y = concatenate([y, ones], -1)
        y = y[..., ::2] * y[..., 1::2]
    return reshape(y, *(kept if keepdims else y.shape[:-1]))


def _along(x: Any, axis: int | None) -> tuple[Any, int]:
    """For running sums and products: flattened where no axis is given."""
    x = as_value(x)
    return (reshape(x, -1), 0) if axis is None else (x, one_axis(axis, x.shape))


@op
def _cumsum(x: Value, /, axis: Any) -> Result:
    return namespace(x).cumsum(x, axis), (lambda g: flip(namespace(g).cumsum(flip(g, axis), axis), axis),)


@composite
def cumsum(x: Any, axis: int | None = None) -> Any:
    """Running sum along an axis, of the flattened array by default.

    y_i = sum_{j <= i} x_j

    >>> cumsum([1.0, 2.0, 3.0])
    array([1., 3., 6.], dtype=float32)
    """
    return _cumsum(*_along(x, axis))


@composite
def cumprod(x: Any, axis: int | None = None) -> Any:
    """Running product along an axis, of the flattened array by default.

    y_i = prod_{j <= i} x_j

    Gradient: exact with zeros too; the product is built by doubling (a scan), so nothing is divided.

    >>> cumprod([1.0, 2.0, 3.0])
    array([1., 2., 6.], dtype=float32)
    """
    x, axis = _along(x, axis)
    if not isinstance(x, Tensor) or x.dtype.kind != "f":
        product = namespace(raw(x)).cumprod(raw(x), axis)
        return Tensor(product) if isinstance(x, Tensor) else product
    y, step = moveaxis(x, axis, -1), 1
    while step < x.shape[axis]:  # after each round y_i is the product of the last 2 * step elements up to i
        ones = namespace(raw(x)).ones((*y.shape[:-1], step), dtype=x.dtype)
        y = y * concatenate([ones, y[..., :-step]], -1)
        step *= 2
    return moveaxis(y, -1, axis)
