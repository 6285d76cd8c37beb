"""What all normalisers of activations share: the axes they average over, the standard form, scale and shift.

Each averages over some axes of x, subtracts the mean or not, divides by the root of a mean square, and learns a scale
and a shift. What tells one from another stands in `KINDS`, all of it. The gradient goes through mean and deviation too:
they depend on x, and a rule that takes them for constants is wrong.

Builds on: `minigrad.ops`, `minigrad.ops.collective`. Read next: `minigrad.nn.functional.running`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from minigrad.backend import namespace
from minigrad.errors import DTypeError, ShapeError
from minigrad.nn.argument import ArgumentError
from minigrad.ops import add, multiply
from minigrad.ops.collective import Communicator, all_reduce
from minigrad.promote import wide
from minigrad.tape import Result, Value, op
from minigrad.tensor import as_value, raw

__all__ = [
    "KINDS",
    "Kind",
    "averaged_axes",
    "floating",
    "of_shape",
    "scaled",
    "standard_form",
    "standardize",
]


# NumPy adds up a first axis row by row, and a float32 sum of so many rows drifts from them: of 65536 numbers around 1e4
# the mean is wrong by 3. The mean of what is left, which is small, brings it back.
MANY = 1024


class Kind(NamedTuple):
    """What makes a kind of normaliser.

    >>> KINDS["rms"].centred
    False
    """

    axes: Callable[[int, int], Iterable[int]]  # averaged over, from the number of axes and of trailing ones
    learned: str  # one scale and shift for each 'channel', or for each 'element' of the trailing axes
    centred: bool  # whether the mean is subtracted
    running: bool  # whether averages over batches may be kept, for use


def examples_and_places(ndim: int, trailing: int) -> Iterable[int]:
    """N and ... of (N, C, ...)."""
    return (0, *range(2, ndim))


def places(ndim: int, trailing: int) -> Iterable[int]:
    """... of (N, C, ...)."""
    return range(2, ndim)


def trailing_axes(ndim: int, trailing: int) -> Iterable[int]:
    """The last ones, however many come before them."""
    return range(ndim - trailing, ndim)


KINDS = {
    #                averaged over        learned    centred  running
    "batch":    Kind(examples_and_places, "channel", True,    True),
    "instance": Kind(places,              "channel", True,    True),
    "group":    Kind(places,              "channel", True,    False),  # of (N, groups, channels of a group, ...)
    "layer":    Kind(trailing_axes,       "element", True,    False),
    "rms":      Kind(trailing_axes,       "element", False,   False),
}  # fmt: skip


def averaged_axes(kind: str, ndim: int, trailing: int = 1) -> tuple[int, ...]:
    """The axes over which a normaliser averages, for x of `ndim` axes (N, C, ...).

    'batch': all but the channels; 'instance': all but examples and channels; 'group': the same, where groups of
    channels stand in place of the channels; 'layer' and 'rms': the last `trailing` ones.

    >>> averaged_axes("batch", 4), averaged_axes("instance", 4), averaged_axes("layer", 3)
    ((0, 2, 3), (2, 3), (2,))
    """
    if kind not in KINDS:
        raise ArgumentError(f"averaged_axes: the kind is one of {', '.join(KINDS)}, got {kind!r}; name one of them")
    return tuple(KINDS[kind].axes(ndim, trailing))


@op
def standardize(
    x: Value, /, axes: Any, eps: float = 1e-5, centred: bool = True, seen: Any = None,
    communicator: Communicator | None = None,
) -> Result:  # fmt: skip
    """Mean 0 and variance 1 over axes; mean square 1 if not `centred`.

    y = (x - mean x) / sqrt(var x + eps), with the biased variance; not centred: y = x / sqrt(mean x^2 + eps)

    Gradient: (g - mean g - y mean(g y)) / sqrt(var x + eps), without mean g where the mean is not subtracted. With a
    `communicator` every mean, those of the gradient too, is taken over the workers as well. Mean, variance and the
    number of values they are of go to the list `seen`, as plain arrays.

    >>> standardize([1.0, 2.0, 3.0], (0,))
    array([-1.2247,  0.    ,  1.2247], dtype=float32)
    """
    floating("standardize", x)
    n, mean = averaging(x, axes, communicator)
    center = mean(x) if centred else None
    d = x if center is None else x - center
    if center is not None and communicator is None and 0 in axes and x.shape[0] > MANY:
        rest = mean(d)
        center, d = center + rest, d - rest
    var = mean(d * d)
    r = namespace(var).rsqrt(var + float(eps))
    y = d * r
    if seen is not None:
        seen.extend((raw(center), raw(var), n))

    def vjp(g: Value) -> Value:
        inner = g - mean(g) if centred else g
        return (inner - y * mean(g * y)) * r

    return y, (vjp,)


def averaging(x: Value, axes: Any, communicator: Communicator | None) -> tuple[Any, Callable[[Value], Value]]:
    """How many values a mean over axes is of, and the mean; over all workers where there are others."""
    n = math.prod(x.shape[a] for a in axes)
    if communicator is None:
        return n, lambda v: v.mean(axis=axes, keepdims=True)
    host = raw(x)
    total = communicator.all_reduce(namespace(host).full((), n, dtype=host.dtype))  # shards may be of unequal size
    return total, lambda v: all_reduce(v.sum(axis=axes, keepdims=True), communicator) / total


def standard_form(
    kind: str, x: Any, eps: float, trailing: int = 1, seen: Any = None, communicator: Communicator | None = None
) -> Any:
    """x standardised as its kind says; float16 as float32."""
    axes = averaged_axes(kind, x.ndim, trailing)
    return standardize(wide(x), axes, eps, KINDS[kind].centred, seen, communicator)


def scaled(name: str, kind: str, y: Any, x: Any, weight: Any, bias: Any, trailing: int = 1) -> Any:
    """y * weight + bias in the form that the kind learns them, either left out where it is None; float16 as x was."""
    if x.dtype == "float16":
        y = y.astype(x.dtype)
    channels = KINDS[kind].learned == "channel"
    shape = x.shape[1:2] if channels else x.shape[x.ndim - trailing :]
    along = (-1, *[1] * (x.ndim - 2)) if channels else shape
    for what, part, apply in (("weight", weight, multiply), ("bias", bias, add)):
        if part is not None:
            part = of_shape(name, what, part, shape)
            y = apply(y, part if len(along) == len(shape) else part.reshape(along))
    return y


# -- what may be handed in ---------------------------------------------------------------------------------------------


def floating(name: str, x: Any) -> Any:
    """x as a value, refused where it is not of floating numbers."""
    x = as_value(x)
    if x.dtype.kind != "f":
        raise DTypeError(f"{name}: needs floating numbers, got {x.dtype}; cast to float32 first, .astype('float32')")
    return x


def of_shape(name: str, what: str, part: Any, shape: tuple[int, ...]) -> Any:
    """What belongs to x as a value, refused where it has another shape."""
    part = as_value(part)
    if part.shape != shape:
        raise ShapeError(f"{name}: {what} must have shape {shape}, got {part.shape}; one for each channel or feature")
    return part
