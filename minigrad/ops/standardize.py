"""The standard form: mean 0 and variance 1 over axes, which every normaliser of activations begins with.

The gradient goes through mean and deviation too: they depend on x, and a rule that takes them for constants is wrong.

Builds on: `minigrad.tape`, `minigrad.ops.collective`. Read next: `minigrad.ops.fused.norm`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from minigrad.backend import namespace
from minigrad.errors import DTypeError
from minigrad.ops.arithmetic import add, multiply
from minigrad.ops.collective import Communicator, all_reduce
from minigrad.tape import Result, Value, op
from minigrad.tensor import as_value, raw

__all__ = ["floating", "scaled", "standardize"]


# NumPy adds up a first axis row by row, and a float32 sum of so many rows drifts from them: of 65536 numbers around 1e4
# the mean is wrong by 3. The mean of what is left, which is small, brings it back.
MANY = 1024


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


def scaled(y: Any, weight: Any, bias: Any, along: tuple[int, ...], dtype: Any) -> Any:
    """y * weight + bias, which lie along the axes of y in this shape, or are None; float16 as x was, of `dtype`."""
    if dtype == "float16":
        y = y.astype(dtype)
    for part, apply in ((weight, multiply), (bias, add)):
        if part is not None:
            y = apply(y, part if len(along) == part.ndim else part.reshape(along))
    return y


def floating(name: str, x: Any) -> Any:
    """x as a value, refused where it is not of floating numbers."""
    x = as_value(x)
    if x.dtype.kind != "f":
        raise DTypeError(f"{name}: needs floating numbers, got {x.dtype}; cast to float32 first, .astype('float32')")
    return x
