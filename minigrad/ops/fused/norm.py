"""Layer and root-mean-square normalisation: the last axes of each example, then a learned scale and shift.

Builds on: `minigrad.ops.standardize`, `minigrad.ops.fused.rows`, `minigrad.kernels.norm`. Read next:
`minigrad.ops.fused.channel_norm`.
"""

from __future__ import annotations

from typing import Any

from minigrad.graph import joint
from minigrad.kernels import norm as kernels
from minigrad.ops.fused.rows import as_rows, flat
from minigrad.ops.standardize import scaled, standardize
from minigrad.promote import wide
from minigrad.tape import Result, Value, op

__all__ = ["layer_norm", "rms_norm"]


def layer_norm__plain(x: Value, weight: Value, bias: Value, /, eps: float, trailing: int = 1) -> Value:
    axes = tuple(range(x.ndim - trailing, x.ndim))
    return scaled(standardize(wide(x), axes, eps), weight, bias, x.shape[x.ndim - trailing :], x.dtype)


@op(plain=layer_norm__plain)
def layer_norm(x: Value, weight: Value, bias: Value, /, eps: float, trailing: int = 1) -> Result:
    """Mean 0 and variance 1 over the last `trailing` axes, then scale and shift, of which each may be None.

    y = t weight + bias with t = (x - mean x) / sqrt(var x + eps)

    Gradient: of x (h - mean h - t mean(h t)) / sqrt(var x + eps) with h = g weight, of weight sum g t, of bias sum g.

    >>> layer_norm([2.0, 4.0, 12.0], None, None, 1e-5)
    array([-0.9258, -0.4629,  1.3887], dtype=float32)
    """
    rows, shape = as_rows(x, trailing), x.shape[x.ndim - trailing :]
    d = rows.shape[1]
    scale = flat(weight, 1, d, x.dtype)
    y, mean, r = kernels.layer_norm(rows, scale, flat(bias, 0, d, x.dtype), eps)

    def layer_norm(g: Any) -> tuple[Any, ...]:
        dx, dweight, dbias = kernels.layer_norm_backward(as_rows(g, trailing), rows, scale, mean, r)
        return dx.reshape(g.shape), dweight.reshape(shape), dbias.reshape(shape)

    return y.reshape(x.shape), joint(3, layer_norm)


def rms_norm__plain(x: Value, weight: Value, /, eps: float, trailing: int = 1) -> Value:
    axes = tuple(range(x.ndim - trailing, x.ndim))
    return scaled(standardize(wide(x), axes, eps, False), weight, None, x.shape[x.ndim - trailing :], x.dtype)


@op(plain=rms_norm__plain)
def rms_norm(x: Value, weight: Value, /, eps: float, trailing: int = 1) -> Result:
    """Mean square 1 over the last `trailing` axes, then a scale, which may be None.

    y = t weight with t = x / sqrt(mean x^2 + eps)

    Gradient: of x (h - t mean(h t)) / sqrt(mean x^2 + eps) with h = g weight, of weight sum g t.

    >>> rms_norm([1.0, 7.0], None, 1e-6)
    array([0.2, 1.4], dtype=float32)
    """
    rows, shape = as_rows(x, trailing), x.shape[x.ndim - trailing :]
    scale = flat(weight, 1, rows.shape[1], x.dtype)
    y, r = kernels.rms_norm(rows, scale, eps)

    def rms_norm(g: Any) -> tuple[Any, ...]:
        dx, dweight = kernels.rms_norm_backward(as_rows(g, trailing), rows, scale, r)
        return dx.reshape(g.shape), dweight.reshape(shape)

    return y.reshape(x.shape), joint(2, rms_norm)
