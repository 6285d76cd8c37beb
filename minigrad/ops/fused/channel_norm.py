"""Batch, group and instance normalisation: statistics of channels, then a scale and a shift for each.

All are lines with coefficients of channels: y = (x - mean) scale + bias with scale = r weight, r = 1 / sqrt(var + eps).
Through mean and variance of n values, the gradient of x gets two terms more::

    dx = g scale - (x - mean) slope - shift,  slope = r^2 scale mean(g (x - mean)),  shift = scale mean g

Builds on: `minigrad.ops.standardize`, `minigrad.ops.fused.channels`, `minigrad.kernels.channel_norm`. Read next:
`minigrad.nn.functional.batch_norm`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.backend import namespace
from minigrad.graph import joint
from minigrad.kernels import channel_norm as kernels
from minigrad.ops.collective import Communicator
from minigrad.ops.fused.channels import Channels
from minigrad.ops.fused.rows import as_rows, flat
from minigrad.ops.standardize import scaled, standardize
from minigrad.promote import wide
from minigrad.tape import Result, Value, op

__all__ = ["batch_norm", "batch_norm__running", "group_norm"]


def per_channel(x: Value) -> tuple[int, ...]:
    """The shape in which a vector lies along the channels of x."""
    return (-1, *[1] * (x.ndim - 2))


def batch_norm__plain(
    x: Value, weight: Value, bias: Value, /, eps: float, seen: Any = None, communicator: Communicator | None = None
) -> Value:
    y = standardize(wide(x), (0, *range(2, x.ndim)), eps, True, seen, communicator)
    return scaled(y, weight, bias, per_channel(x), x.dtype)


@op(plain=batch_norm__plain)
def batch_norm(x: Value, weight: Value, bias: Value, /, eps: float, seen: Any = None) -> Result:
    """Mean 0 and variance 1 for each channel over the batch, then scale and shift, of which each may be None.

    Mean, variance and the number of values they are of go to the list `seen`, as in `standardize`.

    >>> batch_norm([[1.0, 4.0], [3.0, 4.0]], None, None, 1e-5)
    array([[-1.,  0.],
           [ 1.,  0.]], dtype=float32)
    """
    form, c = Channels(x), x.shape[1]
    rows, weight, bias = form.matrix(x), flat(weight, 1, c, x.dtype), flat(bias, 0, c, x.dtype)
    mean, var = kernels.moments(rows, c, form.last)
    r = (var + eps) ** -0.5
    scale, n = r * weight, x.size // max(1, c)
    (y,) = kernels.affine(rows, mean, scale, bias, form.last)
    if seen is not None:
        along = (1, *per_channel(x))
        seen.extend((mean.reshape(along), var.reshape(along), n))

    def batch_norm(g: Any) -> tuple[Any, ...]:
        h = form.matrix(g)
        sum_g, sum_gd = kernels.products(h, rows, mean, form.last)
        slope, shift = r * r * scale * sum_gd / n, scale * sum_g / n
        (dx,) = kernels.affine_backward(h, rows, mean, scale, slope, shift, form.last)
        return form.back(dx), sum_gd * r, sum_g

    return form.back(y), joint(3, batch_norm)


def batch_norm__running__plain(x: Value, weight: Value, bias: Value, mean: Value, var: Value, /, eps: float) -> Value:
    along, r = per_channel(x), namespace(var).rsqrt(var + eps)
    y = (wide(x) - mean.reshape(along)) * r.reshape(along)
    return scaled(y, weight, bias, along, x.dtype)


@op(plain=batch_norm__running__plain)
def batch_norm__running(x: Value, weight: Value, bias: Value, mean: Value, var: Value, /, eps: float) -> Result:
    """(x - mean) / sqrt(var + eps) weight + bias, with a mean and a variance (C,) that do not depend on x.

    >>> import numpy as np
    >>> batch_norm__running([[3.0]], None, None, np.ones(1, np.float32), np.ones(1, np.float32), 0.0)
    array([[2.]], dtype=float32)
    """
    form, c = Channels(x), x.shape[1]
    rows, r = form.matrix(x), (var + eps) ** -0.5
    scale = r * flat(weight, 1, c, x.dtype)
    (y,) = kernels.affine(rows, mean, scale, flat(bias, 0, c, x.dtype), form.last)

    def batch_norm__running(g: Any) -> tuple[Any, ...]:
        h = form.matrix(g)
        sum_g, sum_gd = kernels.products(h, rows, mean, form.last)
        none = np.zeros_like(scale)
        (dx,) = kernels.affine(h, none, scale, none, form.last)
        return form.back(dx), sum_gd * r, sum_g, -scale * sum_g, -0.5 * r * r * scale * sum_gd

    return form.back(y), joint(5, batch_norm__running)


def group_norm__plain(x: Value, weight: Value, bias: Value, /, groups: int, eps: float, seen: Any = None) -> Value:
    grouped = wide(x).reshape(x.shape[0], groups, x.shape[1] // groups, *x.shape[2:])
    y = standardize(grouped, tuple(range(2, grouped.ndim)), eps, seen=seen).reshape(*x.shape)
    return scaled(y, weight, bias, per_channel(x), x.dtype)


@op(plain=group_norm__plain)
def group_norm(x: Value, weight: Value, bias: Value, /, groups: int, eps: float, seen: Any = None) -> Result:
    """Mean 0 and variance 1 for each group of neighbouring channels of an example, then scale and shift per channel.

    As many groups as channels are instance normalisation. Statistics go to `seen`, as in `batch_norm`.

    >>> group_norm([[1.0, 3.0, 10.0, 10.0]], None, None, 2, 0.0001).round(3).tolist()
    [[-1.0, 1.0, 0.0, 0.0]]
    """
    examples, c = x.shape[:2]
    several = c // max(1, groups)  # channels of a group
    n = several * math.prod(x.shape[2:])  # and values of it
    rows, shape = as_rows(x, x.ndim - 2), (examples * groups, n)
    mean, var = kernels.moments(x.reshape(shape), shape[0], 0)
    weight, bias = (np.tile(flat(part, no, c, x.dtype), examples) for part, no in ((weight, 1), (bias, 0)))
    center, r = (np.repeat(v, several) for v in (mean, (var + eps) ** -0.5))  # of every channel of every example
    scale = r * weight
    (y,) = kernels.affine(rows, center, scale, bias, 0)
    if seen is not None:
        along = (examples, groups, *[1] * (x.ndim - 1))
        seen.extend((mean.reshape(along), var.reshape(along), n))

    def mean_of_group(sums: Any) -> Any:
        return np.repeat(sums.reshape(shape[0], several).sum(axis=1) / max(1, n), several)

    def group_norm(g: Any) -> tuple[Any, ...]:
        h = as_rows(g, x.ndim - 2)
        sum_g, sum_gd = kernels.products(h, rows, center, 0)
        slope, shift = r * r * r * mean_of_group(sum_gd * weight), r * mean_of_group(sum_g * weight)
        (dx,) = kernels.affine_backward(h, rows, center, scale, slope, shift, 0)
        dweight, dbias = ((v.reshape(examples, c)).sum(axis=0) for v in (sum_gd * r, sum_g))
        return dx.reshape(g.shape), dweight, dbias

    return y.reshape(x.shape), joint(3, group_norm)
