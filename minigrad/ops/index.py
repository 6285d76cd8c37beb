"""Indexing, and its mirror image: putting values back to where they came from.

Taking elements and adding elements at places are each other's derivative, so two ops carry all of indexing:
`x[index]` and `scatter`. Places that are named twice add up.

Builds on: `minigrad.tape`. Read next: `minigrad.ops.shape`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.backend import namespace
from minigrad.errors import DeviceError, DTypeError, ShapeError
from minigrad.ops.axes import one_axis
from minigrad.ops.piecewise import where
from minigrad.promote import together
from minigrad.tape import Result, Value, composite, op
from minigrad.tensor import as_value, raw

__all__ = ["getitem", "masked_fill", "scatter", "scatter_add", "take", "take_along_axis"]


@op
def getitem(x: Value, /, index: Any) -> Result:
    """Elements of an array: by slices, integers, integer arrays, boolean masks, and mixtures, as in NumPy.

    y = x[index]

    Gradient: added at the places the elements came from; a place taken twice receives both.

    >>> getitem([1.0, 2.0, 3.0], [0, 0, 2])
    array([1., 1., 3.], dtype=float32)
    """
    shape, index = x.shape, on_device(index, x)
    return x[index], (lambda g: namespace(g).scatter(g, index, shape),)


@op
def scatter(values: Value, /, index: Any, shape: Any) -> Result:
    """Zeros of a shape, with values added at places: the mirror image of indexing.

    y = 0, then y[index] += values

    Shapes: `values` broadcasts to the shape of ``y[index]``.

    >>> scatter([1.0, 2.0, 3.0], [0, 0, 2], (4,))
    array([3., 0., 3., 0.], dtype=float32)
    """
    index = on_device(index, values)
    return namespace(values).scatter(values, index, shape), (lambda g: g[index],)


def on_device(index: Any, x: Any) -> Any:
    """The index with Tensors unwrapped, lists made arrays, and arrays on the device of `x`."""
    if isinstance(index, tuple):
        return tuple(on_device(part, x) for part in index)
    index = raw(index)
    if isinstance(index, list):
        index = np.asarray(index, dtype=np.int64 if not index else None)
    if getattr(index, "shape", None) is None or not hasattr(index, "dtype"):
        return index
    if index.dtype.kind not in "iub":
        raise DTypeError(f"index: places are integers or booleans, got {index.dtype}; cast with .astype('int64')")
    home = namespace(raw(x))
    if namespace(index) is home:
        return index
    if not isinstance(index, np.ndarray):
        raise DeviceError(f"index: must lie on {home.name} like the values, got {namespace(index).name}; move it there")
    return home.from_host(index)


@composite
def scatter_add(x: Any, index: Any, values: Any) -> Any:
    """A copy of an array with values added at places; a place named twice receives both.

    y = x, then y[index] += values

    >>> scatter_add([1.0, 1.0, 1.0], [0, 0], [5.0, 7.0])
    array([13.,  1.,  1.], dtype=float32)
    """
    x, values = together([x, values])
    return x + scatter(values, index, x.shape)


@composite
def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Elements at integer places along an axis, of the flattened array by default.

    y_i = x_(indices_i)

    >>> take([[1.0, 2.0], [3.0, 4.0]], [1, 1], axis=0)
    array([[3., 4.],
           [3., 4.]], dtype=float32)
    """
    x = as_value(x)
    if axis is None:
        x, axis = x.reshape(-1), 0
    return getitem(x, (slice(None),) * one_axis(axis, x.shape) + (indices,))


@composite
def take_along_axis(x: Any, indices: Any, axis: int | None) -> Any:
    """Elements at places that differ for each line along an axis, such as those argsort finds; None flattens.

    y[i, j] = x[i, indices[i, j]]

    Shapes: `indices` has as many axes as `x`, and broadcasts against it but for `axis`.

    >>> take_along_axis([[1.0, 2.0], [3.0, 4.0]], [[1], [0]], axis=1)
    array([[2.],
           [3.]], dtype=float32)
    """
    x = as_value(x)
    indices = on_device(indices, x)
    if axis is not None and indices.ndim != x.ndim:
        raise ShapeError(
            f"take_along_axis: indices must have as many axes as x, got {indices.shape} and {x.shape}; expand_dims them"
        )
    x, axis = (x.reshape(-1), 0) if axis is None else (x, one_axis(axis, x.shape))
    xp = namespace(raw(x))
    index = [xp.arange(n).reshape([-1 if i == k else 1 for i in range(x.ndim)]) for k, n in enumerate(x.shape)]
    index[axis] = indices
    return getitem(x, tuple(index))


@composite
def masked_fill(x: Any, mask: Any, value: float) -> Any:
    """An array with one value wherever a mask holds.

    y = value where mask, else x

    >>> masked_fill([1.0, 2.0], [True, False], 0.0)
    array([0., 2.], dtype=float32)
    """
    return where(mask, value, x)
