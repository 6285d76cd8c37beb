"""Normalisers of each example by itself: layer, root-mean-square and group normalisation.

The same in training and in use: nothing is kept of a batch.

Builds on: `minigrad.nn.functional.standardize`. Read next: `minigrad.nn.functional.response`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.argument import sizes, whole
from minigrad.errors import ShapeError
from minigrad.nn.argument import check_eps
from minigrad.nn.functional.standardize import floating, learned
from minigrad.ops.fused import channel_norm, norm
from minigrad.promote import wide
from minigrad.tape import composite

__all__ = ["group_norm", "layer_norm", "rms_norm"]


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
    x, weight, bias, trailing = _trailing("layer_norm", "layer", x, normalized_shape, weight, bias)
    return norm.layer_norm(x, weight, bias, check_eps("layer_norm", eps), trailing)


@composite
def rms_norm(x: Any, normalized_shape: int | Sequence[int], weight: Any = None, eps: float | None = 1e-6) -> Any:
    """Root-mean-square normalisation: mean square 1 over the last axes of each example, then a learned scale.

    y = x / sqrt(mean x^2 + eps) * weight

    As layer normalisation without its mean and its shift. ``eps=None`` is the spacing of the numbers of x at 1,
    PyTorch's default.

    Shapes: x (..., *normalized_shape), weight normalized_shape, y as x.

    Raises
    ------
    ShapeError
        If x does not end with `normalized_shape`.

    >>> rms_norm([1.0, 7.0], 2)
    array([0.2, 1.4], dtype=float32)

    Reference: Zhang and Sennrich, Root Mean Square Layer Normalization, 2019, equation 4.
    """
    if eps is None:
        eps = float(np.finfo(wide(floating("rms_norm", x)).dtype).eps)
    x, weight, _, trailing = _trailing("rms_norm", "rms", x, normalized_shape, weight, None)
    return norm.rms_norm(x, weight, check_eps("rms_norm", eps), trailing)


def _trailing(name: str, kind: str, x: Any, normalized_shape: Any, weight: Any, bias: Any) -> tuple[Any, ...]:
    """What was handed in as values, refused where it does not fit, and the number of axes to average over."""
    x, shape = floating(name, x), sizes(name, "normalized_shape", normalized_shape)
    if not shape or x.shape[-len(shape) :] != shape:
        raise ShapeError(f"{name}: x must end with normalized_shape {shape}, got {x.shape}; check the feature axis")
    return x, *learned(name, kind, x, weight, bias, len(shape)), len(shape)


@composite
def group_norm(x: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Group normalisation: mean 0 and variance 1 over groups of channels of each example, then a scale and a shift.

    y = (x - mean) / sqrt(var + eps) * weight + bias, over C / num_groups neighbouring channels and all later axes

    One group is layer normalisation over (C, ...), as many groups as channels are instance normalisation; scale and
    shift are per channel in any case.

    Shapes: x (N, C, ...), weight and bias (C,), y as x.

    Raises
    ------
    ShapeError
        If the groups do not divide the channels, or a group has one value, whose variance is 0.

    >>> group_norm([[1.0, 3.0, 10.0, 30.0]], 2).round(3).tolist()
    [[-1.0, 1.0, -1.0, 1.0]]

    Reference: Wu and He, Group Normalization, 2018, equation 7.
    """
    x, eps = floating("group_norm", x), check_eps("group_norm", eps)
    num_groups = whole("group_norm", "num_groups", num_groups, 1)
    if x.ndim < 2 or x.shape[1] % num_groups:
        raise ShapeError(
            f"group_norm: x must be (N, C, ...) with C a multiple of num_groups {num_groups}, got {x.shape}; "
            "take a number of groups that divides the channels"
        )
    if 0 < x.size == x.shape[0] * num_groups:
        raise ShapeError(f"group_norm: one value per group has no variance, got {x.shape}; take fewer groups")
    return channel_norm.group_norm(x, *learned("group_norm", "group", x, weight, bias), num_groups, eps)
