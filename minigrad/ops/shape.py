"""Other shapes for the same elements.

Two ops carry all of it, `reshape` and `transpose`; the others are one line over them. A vjp moves the gradient back.

Builds on: `minigrad.tape`. Read next: `minigrad.ops.arrange`.
"""

from __future__ import annotations

from typing import Any

from minigrad.backend import namespace
from minigrad.errors import ShapeError
from minigrad.ops.axes import all_axes, one_axis
from minigrad.tape import Result, Value, composite, op
from minigrad.tensor import as_value

__all__ = ["broadcast_to", "expand_dims", "flatten", "moveaxis", "reshape", "squeeze", "swapaxes", "transpose"]


def _tupled(numbers: tuple[Any, ...]) -> tuple[int, ...]:
    """f(2, 3) and f((2, 3)) mean the same."""
    return tuple(numbers[0]) if len(numbers) == 1 and isinstance(numbers[0], (tuple, list)) else numbers


@op
def reshape(x: Value, /, *shape: Any) -> Result:
    """The same elements in another shape; one size may be -1, what is left over.

    y = x, read in row-major order

    >>> reshape([1.0, 2.0, 3.0, 4.0], 2, -1)
    array([[1., 2.],
           [3., 4.]], dtype=float32)
    """
    before, after = x.shape, _tupled(shape)
    if any(isinstance(n, int) and n < -1 for n in after):
        raise ShapeError(f"reshape: a size is at least 0, or -1 for what is left, got {after}; count again")
    return x.reshape(after), (lambda g: g.reshape(before),)


@op
def transpose(x: Value, /, *axes: Any) -> Result:
    """The axes in another order, reversed by default.

    y[i, j] = x[j, i]

    >>> transpose([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 3.],
           [2., 4.]], dtype=float32)
    """
    order = None if axes == (None,) else _tupled(axes) or None
    back = None if order is None else tuple(sorted(range(x.ndim), key=lambda i: order[i] % x.ndim))
    return x.transpose(order), (lambda g: g.transpose(back),)


@op
def broadcast_to(x: Value, /, shape: Any) -> Result:
    """The array repeated to a larger shape, by the rules of broadcasting.

    y[i, j] = x[j]

    Gradient: summed over what was repeated, as the engine does for every op.

    >>> broadcast_to([1.0, 2.0], (2, 2))
    array([[1., 2.],
           [1., 2.]], dtype=float32)
    """
    return namespace(x).broadcast_to(x, shape), (lambda g: g,)


@composite
def expand_dims(x: Any, axis: int | tuple[int, ...]) -> Any:
    """New axes of size 1, at the given places of the result.

    y[0, i] = x[i]

    >>> expand_dims([1.0, 2.0], 0).shape
    (1, 2)
    """
    x = as_value(x)
    axes = axis if isinstance(axis, tuple) else (axis,)
    ndim = x.ndim + len(axes)
    for a in axes:
        if not -ndim <= a < ndim:
            raise ShapeError(f"expand_dims: axis out of range, got {a}; use -{ndim} to {ndim - 1} for {ndim} axes")
    places = {a % ndim for a in axes}
    if len(places) < len(axes):
        raise ShapeError(f"expand_dims: a place is named twice, got {axis}; name each once")
    sizes = iter(x.shape)
    return reshape(x, tuple(1 if i in places else next(sizes) for i in range(ndim)))


@composite
def squeeze(x: Any, axis: int | tuple[int, ...] | None = None) -> Any:
    """Without axes of size 1: all of them, or those given.

    y[i] = x[0, i]

    >>> squeeze([[1.0, 2.0]]).shape
    (2,)
    """
    x = as_value(x)
    if axis is None:
        return reshape(x, tuple(n for n in x.shape if n != 1))
    axes = all_axes(axis, x.shape)
    for a in axes:
        if x.shape[a] != 1:
            raise ShapeError(f"squeeze: only axes of size 1 can go, got axis {a} of shape {x.shape}; use reshape")
    return reshape(x, tuple(n for i, n in enumerate(x.shape) if i not in axes))


@composite
def flatten(x: Any) -> Any:
    """All elements in one axis.

    y = x, read in row-major order

    >>> flatten([[1.0, 2.0], [3.0, 4.0]])
    array([1., 2., 3., 4.], dtype=float32)
    """
    return reshape(x, -1)


@composite
def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Two axes in each other's place.

    y[j, i] = x[i, j]

    >>> swapaxes([[1.0, 2.0]], 0, 1).shape
    (2, 1)
    """
    x = as_value(x)
    order = list(range(x.ndim))
    a, b = one_axis(axis1, x.shape), one_axis(axis2, x.shape)
    order[a], order[b] = b, a
    return transpose(x, order)


@composite
def moveaxis(x: Any, source: int | tuple[int, ...], destination: int | tuple[int, ...]) -> Any:
    """Axes moved to other places, the others in their order.

    y[j, k, i] = x[i, j, k]

    >>> moveaxis([[[1.0], [2.0]]], 0, -1).shape
    (2, 1, 1)
    """
    x = as_value(x)
    places, sources = all_axes(destination, x.shape), all_axes(source, x.shape)
    if len(places) != len(sources):
        raise ShapeError(f"moveaxis: one place for each axis, got axes {source} to {destination}; name as many")
    order = [i for i in range(x.ndim) if i not in sources]
    for place, axis in sorted(zip(places, sources)):  # noqa: B905 (checked above)
        order.insert(place, axis)
    return transpose(x, order)
