"""Order: sorted values, the places they came from, and the first few of them.

Places are found on plain arrays, values are taken from there: `minigrad.ops.index.take_along_axis` brings derivatives
of every order. Equal elements keep their order (the sort is stable), and NaN counts as larger than every number: both
the same on every device.

Builds on: `minigrad.ops.index`. Read next: `minigrad.ops.linalg`.
"""

from __future__ import annotations

import operator
from typing import Any, NamedTuple

from minigrad.backend import Array, namespace
from minigrad.errors import DTypeError, ShapeError
from minigrad.ops.axes import one_axis
from minigrad.ops.index import take_along_axis
from minigrad.tape import composite
from minigrad.tensor import as_value, raw

__all__ = ["argsort", "sort", "topk"]


class TopK(NamedTuple):
    """What `topk` returns: a Tensor (or a plain array) of values, and a plain array of their places."""

    values: Any
    indices: Array


def _order(x: Any, axis: int | None, descending: bool) -> tuple[Any, Array, int]:
    """The value, flattened where no axis is given, the places of its elements in order, and the axis."""
    x = as_value(x)
    x, axis = (x.reshape(-1), 0) if axis is None else (x, one_axis(axis, x.shape))
    xp, value = namespace(raw(x)), raw(x)
    if not descending:
        return x, xp.argsort(value, axis=axis, kind="stable"), axis
    # Turned round twice: the largest come first, and equal elements still keep their order.
    order = xp.flip(xp.argsort(xp.flip(value, axis), axis=axis, kind="stable"), axis)
    return x, x.shape[axis] - 1 - order, axis


@composite
def sort(x: Any, axis: int | None = -1, *, descending: bool = False) -> Any:
    """Elements in ascending order along an axis; None flattens. Equal elements keep their order, NaN is the largest.

    y = (x_p1, ..., x_pn) with x_p1 <= ... <= x_pn

    Gradient: goes back to the places the elements came from.

    >>> sort([3.0, 1.0, 2.0])
    array([1., 2., 3.], dtype=float32)
    """
    return take_along_axis(*_order(x, axis, descending))


@composite
def argsort(x: Any, axis: int | None = -1, *, descending: bool = False) -> Any:
    """Places of the elements in ascending order along an axis, as a plain integer array; None flattens.

    y = (p1, ..., pn) with x_p1 <= ... <= x_pn

    >>> argsort([3.0, 1.0, 2.0])
    array([1, 2, 0])
    """
    return _order(x, axis, descending)[1]


@composite
def topk(x: Any, k: int, axis: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The k largest elements along an axis, or the smallest, and their places: ``values, indices``.

    y = (x_p1, ..., x_pk) with x_p1 >= ... >= x_pk >= all others

    Shapes: both like `x`, with size k along `axis`.
    Gradient: goes back to the places the elements came from; the places are a plain integer array.

    Parameters
    ----------
    sorted
        There for PyTorch's signature: the order that False leaves open is the sorted one here too.

    Raises
    ------
    ShapeError
        If there are fewer than k elements along the axis.

    >>> values, indices = topk([3.0, 1.0, 2.0], 2)
    >>> values, indices
    (array([3., 2.], dtype=float32), array([0, 2]))
    """
    x, order, axis = _order(x, one_axis(axis, as_value(x).shape), largest)
    try:
        k = operator.index(k)
    except TypeError:
        raise DTypeError(f"topk: k is an integer, got {k!r:.40}; say how many elements to take") from None
    if not 0 <= k <= x.shape[axis]:
        raise ShapeError(
            f"topk: k must lie in 0 to {x.shape[axis]}, got k={k} for axis {axis} of shape {x.shape}; take fewer"
        )
    indices = order[(slice(None),) * axis + (slice(k),)]
    return TopK(take_along_axis(x, indices, axis), indices)
