"""Images larger and smaller: each place of the result is a weighted sum of a few places of x, one axis after the other.

Which places and with what weights is two small tables for each axis, made on the host; the rest is indexing.

Builds on: `minigrad.ops.index`. Read next: `minigrad.nn.resample`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from minigrad.argument import ABOVE_0
from minigrad.backend import Array, namespace
from minigrad.errors import ShapeError
from minigrad.nn.argument import ArgumentError
from minigrad.ops import add, broadcast_to, multiply, reshape, take
from minigrad.ops.axes import per_axis
from minigrad.promote import wide
from minigrad.tape import composite
from minigrad.tensor import as_value, raw

__all__ = ["interpolate"]

_LINEAR = {"linear": 1, "bilinear": 2, "trilinear": 3}  # their number of axes


def mixed(x: Any, axis: int, place: Array, weight: Array | None = None) -> Any:
    """y[..., o, ...] = sum over t of weight[o, t] x[..., place[o, t], ...] along an axis; without weights one place."""
    if weight is None:
        return _taken(x, axis, place[:, 0])
    along = (-1, *[1] * (x.ndim - axis - 1))
    dtype = x.dtype if x.dtype.kind == "f" else np.float32
    columns = [namespace(raw(x)).from_host(w.astype(dtype).reshape(along)) for w in weight.T]
    return reduce(add, (multiply(take(x, p, axis), w) for p, w in zip(place.T, columns, strict=True)))


def _taken(x: Any, axis: int, place: Array) -> Any:
    """x at the places. Each equally often is a broadcast, whose gradient is a sum: three times as fast."""
    n, m = x.shape[axis], len(place)
    if m % n or (place != np.arange(m) // (m // n)).any():
        return take(x, place, axis)
    before, after = x.shape[: axis + 1], x.shape[axis + 1 :]
    x = broadcast_to(reshape(x, *before, 1, *after), (*before, m // n, *after))
    return reshape(x, *before[:-1], m, *after)


@composite
def interpolate(
    x: Any,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Any:
    """Images of another size: of the nearest place, or by straight lines between places.

    nearest: y[i] = x[floor(i n / m)]; linear: y[i] = (1 - f) x[p] + f x[p + 1] with p + f = (i + 1/2) n / m - 1/2, not
    below 0, or i (n - 1) / (m - 1) with `align_corners`; for sizes n of x and m of y, along each axis

    Give `size` or `scale_factor`; with the latter m = floor(n scale_factor), and 1 / scale_factor stands for n / m.
    `mode` is 'nearest', 'linear' over one axis, 'bilinear' over two or 'trilinear' over three.

    Shapes: x (N, C, L), (N, C, H, W) or (N, C, D, H, W), y (N, C, *size).

    Raises
    ------
    ShapeError
        If x has other axes than the mode says, or no elements.
    ValueError
        If an argument means nothing, or both or none of size and scale_factor are given.

    >>> interpolate([[[1.0, 3.0]]], scale_factor=2)
    array([[[1., 1., 3., 3.]]], dtype=float32)
    >>> interpolate([[[1.0, 3.0]]], 3, mode="linear", align_corners=True)
    array([[[1., 2., 3.]]], dtype=float32)
    """
    x = as_value(x)
    check_mode("interpolate", mode, align_corners)
    n = x.ndim - 2
    if n not in (1, 2, 3) or n != _LINEAR.get(mode, n) or 0 in x.shape[2:]:
        axes = _LINEAR.get(mode, "one to three")
        raise ShapeError(f"interpolate: x is (N, C, ...) with {axes} axes behind C for {mode!r}, got {x.shape}; fit it")
    y = wide(x)
    for axis, (target, ratio) in enumerate(_targets("interpolate", x.shape[2:], size, scale_factor), 2):
        if mode != "nearest" and target == x.shape[axis]:  # as it is, whatever the factor says
            continue
        y = mixed(y, axis, *_table(x.shape[axis], target, ratio, mode, bool(align_corners)))
    return y.astype("float16") if x.dtype == "float16" else y


def check_mode(name: str, mode: str, align_corners: bool | None) -> None:
    """Refuse unknown modes, and align_corners where nothing is aligned."""
    if mode not in ("nearest", *_LINEAR):
        raise ArgumentError(f"{name}: mode is nearest, linear, bilinear or trilinear, got {mode!r}; pass one of them")
    if align_corners is not None and mode == "nearest":
        raise ArgumentError(f"{name}: align_corners is for linear modes, got {align_corners} for 'nearest'; omit it")


def check_target(name: str, size: Any, scale_factor: Any) -> None:
    """Refuse both, none, and factors that are not positive."""
    if (size is None) == (scale_factor is None):
        raise ArgumentError(f"{name}: takes size or scale_factor, got {size} and {scale_factor}; give one of the two")
    factors = scale_factor if isinstance(scale_factor, (tuple, list)) else [scale_factor]
    if size is None and any(f not in ABOVE_0 for f in factors):
        raise ArgumentError(f"{name}: scale_factor must be above 0, got {scale_factor!r}; 2 doubles the size")


def _targets(name: str, size: tuple[int, ...], wanted: Any, factor: Any) -> list[tuple[int, float]]:
    """For each axis the new size, and how many places of x there are for each place of y."""
    check_target(name, wanted, factor)
    n = len(size)
    if wanted is not None:
        return [(m, k / m) for k, m in zip(size, per_axis(name, "size", wanted, n, 1), strict=True)]
    factors = list(factor) if isinstance(factor, (tuple, list)) else [factor] * n
    if len(factors) != n or any(int(k * f) < 1 for k, f in zip(size, factors, strict=True)):
        raise ArgumentError(
            f"{name}: scale_factor must leave one place or more on each of {n} axes, got {factor} for {size}; raise it"
        )
    return [(int(k * f), 1 / f) for k, f in zip(size, factors, strict=True)]


def _table(n: int, m: int, ratio: float, mode: str, align_corners: bool) -> tuple[Array, Array | None]:
    """The places (m, t) and their weights along an axis of n elements that becomes one of m."""
    i = np.arange(m)
    if mode == "nearest":
        return np.minimum(np.floor(i * ratio).astype(np.int64), n - 1)[:, None], None
    where = i * ((n - 1) / max(m - 1, 1)) if align_corners else np.maximum((i + 0.5) * ratio - 0.5, 0)
    low = np.minimum(np.floor(where).astype(np.int64), n - 1)
    part = np.clip(where - low, 0.0, 1.0)
    return np.stack([low, np.minimum(low + 1, n - 1)], axis=1), np.stack([1 - part, part], axis=1)
