"""Ops that move elements and change none.

Most are one line over `reshape`, `transpose` and indexing; only those that NumPy does better in one call are ops of
their own. A vjp moves the gradient back.

Builds on: `minigrad.ops.index`. Read next: `minigrad.ops.reduce`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.backend import namespace
from minigrad.errors import ShapeError
from minigrad.ops.axes import all_axes, one_axis
from minigrad.ops.index import take
from minigrad.tape import Result, Value, composite, op
from minigrad.tensor import as_value

__all__ = [
    "broadcast_to", "concatenate", "diagonal", "expand_dims", "flatten", "flip", "moveaxis", "pad", "repeat", "reshape",
    "roll", "split", "squeeze", "stack", "swapaxes", "tile", "trace", "transpose", "tril", "triu",
]  # fmt: skip


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
    before = x.shape
    return x.reshape(_tupled(shape)), (lambda g: g.reshape(before),)


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


@op
def _concatenate(*arrays: Value, axis: Any) -> Result:
    if not arrays:
        raise ShapeError("concatenate: needs at least one array, got none; pass a list of arrays")
    if any(a.ndim == 0 for a in arrays):
        raise ShapeError("concatenate: a 0-d array has no axis to join, got one; use stack, or expand_dims")
    before = (slice(None),) * one_axis(axis, arrays[0].shape)
    ends = list(itertools.accumulate(a.shape[axis] for a in arrays))

    def part(start: int, end: int) -> Any:
        return lambda g: g[(*before, slice(start, end))]

    vjps = tuple(part(start, end) for start, end in zip([0, *ends], ends))  # noqa: B905 (one start too many)
    for vjp in vjps:
        vjp.__qualname__ = "concatenate"
    return namespace(*arrays).concatenate(list(arrays), axis), vjps


@composite
def concatenate(arrays: Sequence[Any], axis: int = 0) -> Any:
    """Arrays joined along an axis they have.

    y = [a, b, ...]

    Shapes: equal but for `axis`.

    >>> concatenate([[1.0, 2.0], [3.0]])
    array([1., 2., 3.], dtype=float32)
    """
    return _concatenate(*arrays, axis=axis)


@composite
def stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    """Arrays of one shape joined along a new axis.

    y[i] = a_i

    >>> stack([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 2.],
           [3., 4.]], dtype=float32)
    """
    return concatenate([expand_dims(a, axis) for a in arrays], axis)


@composite
def split(x: Any, sections: int | Sequence[int], axis: int = 0) -> list[Any]:
    """An array cut along an axis: into equal parts, or before each of the given places.

    [y_1, y_2, ...] = x

    >>> split([1.0, 2.0, 3.0], [1])
    [array([1.], dtype=float32), array([2., 3.], dtype=float32)]
    """
    x = as_value(x)
    axis = one_axis(axis, x.shape)
    n = x.shape[axis]
    if isinstance(sections, int):
        if sections < 1 or n % sections:
            raise ShapeError(f"split: equal parts must divide the axis, got {sections} parts of {n}; pass the cuts")
        places = list(range(0, n, n // sections))[1:] if n else [0] * (sections - 1)
    else:
        places = list(sections)
    before = (slice(None),) * axis
    return [x[(*before, slice(a, b))] for a, b in itertools.pairwise([0, *places, n])]


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
def moveaxis(x: Any, source: int, destination: int) -> Any:
    """One axis moved to another place, the others in their order.

    y[j, k, i] = x[i, j, k]

    >>> moveaxis([[[1.0], [2.0]]], 0, -1).shape
    (2, 1, 1)
    """
    x = as_value(x)
    order = list(range(x.ndim))
    order.insert(one_axis(destination, x.shape), order.pop(one_axis(source, x.shape)))
    return transpose(x, order)


@op
def flip(x: Value, /, axis: Any = None) -> Result:
    """The elements in reverse order along axes, all by default.

    y_i = x_(n - 1 - i)

    >>> flip([1.0, 2.0, 3.0])
    array([3., 2., 1.], dtype=float32)
    """
    return namespace(x).flip(x, axis), (lambda g: namespace(g).flip(g, axis),)


@op
def roll(x: Value, /, shift: Any, axis: Any = None) -> Result:
    """The elements shifted along axes; what leaves at one end comes back at the other.

    y_i = x_((i - shift) mod n)

    >>> roll([1.0, 2.0, 3.0], 1)
    array([3., 1., 2.], dtype=float32)
    """
    back = tuple(-s for s in shift) if isinstance(shift, tuple) else -shift
    return namespace(x).roll(x, shift, axis), (lambda g: namespace(g).roll(g, back, axis),)


@composite
def repeat(x: Any, repeats: int | Sequence[int], axis: int | None = None) -> Any:
    """Each element several times in a row; of the flattened array by default.

    y = [x_0, x_0, x_1, x_1, ...]

    >>> repeat([1.0, 2.0], 2)
    array([1., 1., 2., 2.], dtype=float32)
    """
    x = as_value(x)
    if axis is None:
        x, axis = flatten(x), 0
    axis = one_axis(axis, x.shape)
    return take(x, np.repeat(np.arange(x.shape[axis]), repeats), axis)


@composite
def tile(x: Any, reps: int | tuple[int, ...]) -> Any:
    """The whole array several times along each axis.

    y = [x, x, ...]

    >>> tile([1.0, 2.0], 2)
    array([1., 2., 1., 2.], dtype=float32)
    """
    x = as_value(x)
    times = reps if isinstance(reps, tuple) else (reps,)
    sizes = (1,) * (len(times) - x.ndim) + x.shape
    times = (1,) * (x.ndim - len(times)) + times
    between = reshape(x, tuple(itertools.chain(*((1, n) for n in sizes))))
    spread = broadcast_to(between, tuple(itertools.chain(*zip(times, sizes))))  # noqa: B905 (of equal length)
    return reshape(spread, tuple(r * n for r, n in zip(times, sizes)))  # noqa: B905 (of equal length)


@op
def _pad(x: Value, /, width: Any, constant: float) -> Result:
    inside = tuple(slice(before, before + n) for (before, _), n in zip(width, x.shape))  # noqa: B905 (of equal length)
    return namespace(x).pad(x, width, constant_values=constant), (lambda g: g[inside],)


@composite
def pad(x: Any, width: Any, mode: str = "constant", constant_values: float = 0.0) -> Any:
    """More elements at the ends of each axis.

    y = [constant, x, constant]

    Parameters
    ----------
    width
        (before, after) for each axis, one such pair for all, or one number.
    mode
        'constant' pads with `constant_values`; 'edge', 'reflect', 'symmetric' and 'wrap' repeat elements as NumPy does.

    >>> pad([1.0, 2.0], (1, 0))
    array([0., 1., 2.], dtype=float32)
    """
    x = as_value(x)
    if np.asarray(width).ndim and len(width) not in (1, 2, x.ndim):
        raise ShapeError(
            f"pad: needs one pair of widths per axis, got {width} for shape {x.shape}; pass ((before, after), ...)"
        )
    width = [(int(a), int(b)) for a, b in np.broadcast_to(np.asarray(width), (x.ndim, 2))]
    if any(w < 0 for pair in width for w in pair):
        raise ShapeError(f"pad: widths must not be negative, got {width}; cut with x[...] instead")
    if mode == "constant":
        return _pad(x, width, constant_values)
    for axis, pair in enumerate(width):
        if pair != (0, 0):  # NumPy pads the places, and taking them pads the elements
            x = take(x, np.pad(np.arange(x.shape[axis]), pair, mode=mode), axis)  # type: ignore[call-overload]
    return x


@op
def tril(x: Value, /, k: int = 0) -> Result:
    """The lower triangle of the last two axes, zeros above diagonal `k`.

    y[i, j] = x[i, j] where j <= i + k, else 0

    >>> tril([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 0.],
           [3., 4.]], dtype=float32)
    """
    return namespace(x).tril(x, k), (lambda g: namespace(g).tril(g, k),)


@op
def triu(x: Value, /, k: int = 0) -> Result:
    """The upper triangle of the last two axes, zeros below diagonal `k`.

    y[i, j] = x[i, j] where j >= i + k, else 0

    >>> triu([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 2.],
           [0., 4.]], dtype=float32)
    """
    return namespace(x).triu(x, k), (lambda g: namespace(g).triu(g, k),)


@composite
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The diagonal of two axes, as a new last axis.

    y[..., i] = x[i, i + offset, ...]

    >>> diagonal([[1.0, 2.0], [3.0, 4.0]])
    array([1., 4.], dtype=float32)
    """
    x = as_value(x)
    if x.ndim < 2:
        raise ShapeError(f"diagonal: needs two axes or more, got shape {x.shape}; expand_dims adds one")
    a, b = one_axis(axis1, x.shape), one_axis(axis2, x.shape)
    if a == b:
        raise ShapeError(f"diagonal: needs two different axes, got axis {a} twice for shape {x.shape}; name another")
    x = transpose(x, [i for i in range(x.ndim) if i not in (a, b)] + [a, b])
    rows, columns = x.shape[-2:]
    first = max(-offset, 0)
    i = np.arange(first, max(first, min(rows, columns - offset)))
    return x[..., i, i + offset]


@composite
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Sum of the diagonal of two axes.

    y = sum_i x[i, i + offset]

    >>> trace([[1.0, 2.0], [3.0, 4.0]])
    np.float32(5.0)
    """
    return diagonal(x, offset, axis1, axis2).sum(axis=-1)
