"""Elements joined, cut, turned, repeated and padded; none is changed.

Only what a library does better in one call is an op of its own; the rest is made of indexing.

Builds on: `minigrad.ops.index`, `minigrad.ops.shape`. Read next: `minigrad.ops.reduce`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from minigrad.argument import whole
from minigrad.backend import namespace
from minigrad.errors import DTypeError, ShapeError
from minigrad.ops.axes import one_axis
from minigrad.ops.index import take
from minigrad.ops.shape import broadcast_to, expand_dims, flatten, reshape
from minigrad.promote import together
from minigrad.tape import Result, Value, composite, op
from minigrad.tensor import as_value

__all__ = ["concatenate", "flip", "pad", "repeat", "roll", "split", "stack", "tile"]


@op
def _concatenate(*arrays: Value, axis: Any) -> Result:
    if not arrays:
        raise ShapeError("concatenate: needs at least one array, got none; pass a list of arrays")
    if any(a.ndim == 0 for a in arrays):
        raise ShapeError("concatenate: a 0-d array has no axis to join, got one; use stack, or expand_dims")
    before = (slice(None),) * one_axis(axis, arrays[0].shape)
    ends = list(itertools.accumulate(a.shape[axis] for a in arrays))

    def part(start: int, end: int) -> Any:
        place = (*before, slice(start, end))
        return lambda g: g[place]

    vjps = tuple(part(start, end) for start, end in zip([0, *ends], ends))  # noqa: B905 (one start too many)
    for vjp in vjps:
        vjp.__qualname__ = "concatenate"
    return namespace(*arrays).concatenate(list(arrays), axis), vjps


@composite
def concatenate(arrays: Sequence[Any], axis: int | None = 0) -> Any:
    """Arrays joined along an axis they have; None joins them flattened.

    y = [a, b, ...]

    Shapes: equal but for `axis`.

    >>> concatenate([[1.0, 2.0], [3.0]])
    array([1., 2., 3.], dtype=float32)
    """
    if not isinstance(arrays, (list, tuple)):
        raise ShapeError(
            f"concatenate: takes a list of arrays, got one {type(arrays).__name__}; write concatenate([a, b])"
        )
    if axis is None:
        arrays, axis = [flatten(a) for a in together(arrays)], 0
    return _concatenate(*together(arrays), axis=axis)


@composite
def stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    """Arrays of one shape joined along a new axis.

    y[i] = a_i

    >>> stack([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 2.],
           [3., 4.]], dtype=float32)
    """
    arrays = together(arrays)
    shapes = [a.shape for a in arrays]
    if len(set(shapes)) > 1:
        raise ShapeError(
            f"stack: all arrays must have one shape, got {shapes}; concatenate joins along an axis they have"
        )
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
    if not isinstance(sections, Iterable) or getattr(sections, "shape", None) == ():
        sections = whole("split", "the number of parts", sections)
        if sections < 1 or n % sections:
            raise ShapeError(f"split: equal parts must divide the axis, got {sections} parts of {n}; pass the cuts")
        places = list(range(0, n, n // sections))[1:] if n else [0] * (sections - 1)
    else:
        places = [whole("split", "a place", place, -math.inf) for place in sections]
    before = (slice(None),) * axis
    parts = [(*before, slice(a, b)) for a, b in itertools.pairwise([0, *places, n])]
    return [x[part] for part in parts]


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
    shift = tuple(shift) if isinstance(shift, list) else shift
    axis = tuple(axis) if isinstance(axis, list) else axis
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
    if np.asarray(repeats).dtype.kind not in "iu":
        raise DTypeError(f"repeat: counts are integers, got {repeats!r:.40}; round them first")
    return take(x, np.repeat(np.arange(x.shape[axis]), repeats), axis)


@composite
def tile(x: Any, reps: int | tuple[int, ...]) -> Any:
    """The whole array several times along each axis.

    y = [x, x, ...]

    >>> tile([1.0, 2.0], 2)
    array([1., 2., 1., 2.], dtype=float32)
    """
    x = as_value(x)
    times = tuple(reps) if isinstance(reps, (tuple, list)) else (reps,)
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
    if np.asarray(width).dtype.kind not in "iu" or (x.dtype.kind in "iub" and constant_values != int(constant_values)):
        raise DTypeError(
            f"pad: widths are integers, and integers are padded with integers, got {width}, {constant_values}"
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
