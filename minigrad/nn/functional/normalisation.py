"""Normalisers: subtract a mean, divide by a standard deviation, over axes that differ from one to the next.

Which axes, says `averaged_axes`; how, says `normalize`. The gradient goes through mean and deviation too: they depend
on x, and a rule that takes them for constants is wrong.

Builds on: `minigrad.tape`, `minigrad.ewma`. Read next: `minigrad.nn.norm`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.argument import sizes
from minigrad.backend import Array, namespace
from minigrad.errors import DTypeError, ShapeError
from minigrad.ewma import EWMA, flush
from minigrad.ops import add, multiply
from minigrad.tape import Result, Value, composite, op
from minigrad.tensor import Tensor, as_value, raw

__all__ = ["averaged_axes", "batch_norm", "layer_norm", "normalize"]


def averaged_axes(kind: str, ndim: int, trailing: int = 1) -> tuple[int, ...]:
    """The axes over which a normaliser averages, for x of `ndim` axes (N, C, ...).

    'batch': all but the channels; 'instance': all but examples and channels; 'layer': the last `trailing` ones.

    >>> averaged_axes("batch", 4), averaged_axes("instance", 4), averaged_axes("layer", 3)
    ((0, 2, 3), (2, 3), (2,))
    """
    axes = {
        "batch": (0, *range(2, ndim)),
        "instance": tuple(range(2, ndim)),
        "layer": tuple(range(ndim - trailing, ndim)),
    }
    return axes[kind]


@op
def normalize(x: Value, /, axes: Any, eps: float = 1e-5, seen: Any = None) -> Result:
    """Mean 0 and variance 1 over axes.

    y = (x - mean x) / sqrt(var x + eps), with the biased variance

    Gradient: (g - mean g - y mean(g y)) / sqrt(var x + eps). Mean and variance themselves go to the list `seen`, as
    plain arrays.

    >>> normalize([1.0, 2.0, 3.0], (0,))
    array([-1.2247,  0.    ,  1.2247], dtype=float32)
    """
    if x.dtype.kind != "f":
        raise DTypeError(f"normalize: needs floating numbers, got {x.dtype}; cast to float32 first, .astype('float32')")
    mean = x.mean(axis=axes, keepdims=True)
    d = x - mean
    var = (d * d).mean(axis=axes, keepdims=True)
    r = namespace(var).rsqrt(var + float(eps))
    y = d * r
    if seen is not None:
        seen.extend((raw(mean), raw(var)))

    def vjp(g: Value) -> Value:
        spread = (g * y).mean(axis=axes, keepdims=True)
        return (g - g.mean(axis=axes, keepdims=True) - y * spread) * r

    return y, (vjp,)


def wide(x: Any) -> Any:
    """float16 as float32: its squares overflow from 256 on."""
    return x.astype("float32") if x.dtype == "float16" else x


@composite
def layer_norm(
    x: Any, normalized_shape: int | Sequence[int], weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """Layer normalisation: mean 0 and variance 1 over the last axes of each example, then a learned scale and shift.

    y = (x - mean x) / sqrt(var x + eps) * weight + bias, with the biased variance

    Shapes: x (..., *normalized_shape), weight and bias normalized_shape, y as x.

    Raises
    ------
    ShapeError
        If x does not end with `normalized_shape`.

    >>> layer_norm([2.0, 4.0, 12.0], 3, bias=[3.0, 3.0, 3.0])
    array([2.0742, 2.5371, 4.3887], dtype=float32)

    Reference: Ba et al., Layer Normalization, 2016, equation 4.
    """
    x = as_value(x)
    shape = sizes("layer_norm", "normalized_shape", normalized_shape)
    if not shape or x.shape[-len(shape) :] != shape:
        raise ShapeError(f"layer_norm: x must end with normalized_shape {shape}, got {x.shape}; check the feature axis")
    y = normalize(wide(x), averaged_axes("layer", x.ndim, len(shape)), eps)
    return _affine("layer_norm", y.astype(x.dtype) if x.dtype == "float16" else y, weight, bias, shape, shape)


@composite
def batch_norm(
    x: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: Any = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Batch normalisation: mean 0 and variance 1 for each channel over the batch, then a learned scale and shift.

    y = (x - mean) / sqrt(var + eps) * weight + bias; running = (1 - momentum) running + momentum batch

    In training, mean and variance are the batch's, the variance biased, and the running ones are updated, the variance
    unbiased (n / (n - 1)); else they are the running ones, and constants.

    Shapes: x (N, C, ...), everything else (C,), y as x.

    Raises
    ------
    ShapeError
        If in training there is one value per channel, whose variance would be 0.

    >>> batch_norm([[1.0], [3.0]], None, None, training=True)
    array([[-1.],
           [ 1.]], dtype=float32)

    Reference: Ioffe and Szegedy, Batch Normalization, 2015, algorithm 1.
    """
    x = as_value(x)
    if x.ndim < 2:
        raise ShapeError(f"batch_norm: x must be (N, C, ...), got {x.shape}; add the batch axis")
    channels, axes = (x.shape[1],), averaged_axes("batch", x.ndim)
    along = (-1, *[1] * (x.ndim - 2))
    source, x = x, wide(x)
    if training:
        n = x.size // max(x.shape[1], 1)
        if n < 2:
            raise ShapeError(
                f"batch_norm: one value per channel has no variance to train with, got {x.shape}; "
                "train on larger batches (drop_last), or call model.eval() before using the model"
            )
        seen: list[Array] = []
        y = normalize(x, axes, eps, seen)
        _track(running_mean, seen[0].reshape(-1), momentum)
        _track(running_var, seen[1].reshape(-1) * (n / (n - 1)), momentum)
    else:
        if running_mean is None or running_var is None:
            raise ShapeError("batch_norm: in use it needs running statistics, got None; pass training=True")
        mean, var = raw(as_value(running_mean)), raw(as_value(running_var))
        r = namespace(var).rsqrt(var + float(eps))
        y = multiply(x - mean.reshape(along), r.reshape(along))
    y = y.astype(source.dtype) if source.dtype == "float16" else y
    return _affine("batch_norm", y, weight, bias, channels, along)


def _track(running: Any, batch: Array, momentum: Any) -> None:
    """running = (1 - momentum) running + momentum batch, in place; the momentum may be an array on the device."""
    if running is None:
        return
    old = raw(running)
    if isinstance(momentum, (int, float)):
        if not momentum:
            return
        new = EWMA(1 - momentum, old.copy()).update(batch).value
        flush(new)
    else:
        new = old + (batch - old) * momentum
    new = new.astype(old.dtype)
    if isinstance(running, Tensor):
        running.value = new  # not written into: a graph may still hold the old statistics
    else:
        running[...] = new


def _affine(name: str, y: Any, weight: Any, bias: Any, shape: tuple[int, ...], along: tuple[int, ...]) -> Any:
    """y * weight + bias, either left out where it is None; each of `shape`, brought to the form `along`."""
    for what, part in (("weight", weight), ("bias", bias)):
        if part is not None and as_value(part).shape != shape:
            raise ShapeError(
                f"{name}: {what} must have shape {shape}, got {as_value(part).shape}; one for each feature"
            )
    if weight is not None:
        y = multiply(y, as_value(weight) if along == shape else as_value(weight).reshape(along))
    if bias is not None:
        y = add(y, as_value(bias) if along == shape else as_value(bias).reshape(along))
    return y
