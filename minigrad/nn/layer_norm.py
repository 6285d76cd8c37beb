"""Normalisers of each example by itself as layers: no running statistics, the same in training and in use.

Builds on: `minigrad.nn.layer`, `minigrad.nn.functional.layer_norm`. Read next: `minigrad.nn.response_norm`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.argument import sizes
from minigrad.errors import ShapeError
from minigrad.nn.argument import ArgumentError, check_eps, check_sizes
from minigrad.nn.functional.layer_norm import group_norm, layer_norm, rms_norm
from minigrad.nn.init import ones, zeros
from minigrad.nn.layer import Layer, Parameter
from minigrad.tensor import as_value

__all__ = ["GroupNorm", "LayerNorm", "RMSNorm"]


class LayerNorm(Layer):
    """Layer normalisation: mean 0 and variance 1 over the last axes of each example, in training and in use.

    y = (x - mean x) / sqrt(var x + eps) * weight + bias, with the biased variance

    Shapes: x (..., *normalized_shape), weight and bias normalized_shape, y as x.

    Raises
    ------
    ShapeError
        If x does not end with `normalized_shape`.
    ValueError
        If eps is below 0.

    >>> LayerNorm(3)([2.0, 4.0, 12.0]).tolist()
    [-0.9258..., -0.4629..., 1.3887...]

    Reference: Ba et al., Layer Normalization, 2016, equation 4.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
    ) -> None:
        self.normalized_shape = sizes(type(self).__name__, "normalized_shape", normalized_shape)
        self.eps, self.elementwise_affine = check_eps("LayerNorm", eps), elementwise_affine
        self.weight = Parameter(ones(self.normalized_shape)) if elementwise_affine else None
        self.bias = Parameter(zeros(self.normalized_shape)) if elementwise_affine and bias else None

    def forward(self, x: Any) -> Any:
        return layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)


class RMSNorm(Layer):
    """Root-mean-square normalisation: mean square 1 over the last axes of each example, in training and in use.

    y = x / sqrt(mean x^2 + eps) * weight

    As layer normalisation without its mean and its shift. ``eps=None`` is the spacing of the numbers of x at 1,
    PyTorch's default.

    Shapes: x (..., *normalized_shape), weight normalized_shape, y as x.

    Raises
    ------
    ShapeError
        If x does not end with `normalized_shape`.
    ValueError
        If eps is below 0.

    >>> RMSNorm(2)([1.0, 7.0]).numpy()
    array([0.2, 1.4], dtype=float32)

    Reference: Zhang and Sennrich, Root Mean Square Layer Normalization, 2019, equation 4.
    """

    def __init__(
        self, normalized_shape: int | Sequence[int], eps: float | None = 1e-6, elementwise_affine: bool = True
    ) -> None:
        self.normalized_shape = sizes(type(self).__name__, "normalized_shape", normalized_shape)
        self.eps, self.elementwise_affine = None if eps is None else check_eps("RMSNorm", eps), elementwise_affine
        self.weight = Parameter(ones(self.normalized_shape)) if elementwise_affine else None

    def forward(self, x: Any) -> Any:
        return rms_norm(x, self.normalized_shape, self.weight, self.eps)


class GroupNorm(Layer):
    """Group normalisation: mean 0 and variance 1 over groups of channels of each example, in training and in use.

    y = (x - mean) / sqrt(var + eps) * weight + bias, over num_channels / num_groups neighbouring channels and all
    later axes

    Shapes: x (N, C, ...), weight and bias (C,), y as x.

    Raises
    ------
    ShapeError
        If the channels do not fit, or a group has one value, whose variance is 0.
    ValueError
        If the groups do not divide the channels, or eps is below 0.

    >>> GroupNorm(2, 4)([[1.0, 3.0, 10.0, 30.0]]).round(3).tolist()
    [[-1.0, 1.0, -1.0, 1.0]]

    Reference: Wu and He, Group Normalization, 2018, equation 7.
    """

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True, *, bias: bool = True
    ) -> None:
        num_groups, num_channels = check_sizes(self, num_groups=num_groups, num_channels=num_channels)
        if num_groups < 1 or num_channels % num_groups:
            raise ArgumentError(
                f"GroupNorm: num_groups must divide num_channels, got {num_groups} and {num_channels}; 32 is usual"
            )
        self.num_groups, self.num_channels = num_groups, num_channels
        self.eps, self.affine = check_eps("GroupNorm", eps), affine
        self.weight = Parameter(ones((num_channels,))) if affine else None
        self.bias = Parameter(zeros((num_channels,))) if affine and bias else None

    def forward(self, x: Any) -> Any:
        x = as_value(x)
        if x.ndim < 2 or x.shape[1] != self.num_channels:
            raise ShapeError(
                f"GroupNorm: x must be (N, C, ...) with C = {self.num_channels}, got {x.shape}; "
                "the channels stand on axis 1"
            )
        return group_norm(x, self.num_groups, self.weight, self.bias, self.eps)
