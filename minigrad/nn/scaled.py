"""Layers that keep the variance of signals by themselves, for networks without normalisers.

Weights of mean 0 and mean square 1 / fan_in pass on the variance of their inputs, whatever the inputs' mean is. What
an activation between two such layers takes away, `minigrad.nn.scaled_activation` gives back.

Builds on: `minigrad.nn.weight_standardization`, `minigrad.nn.convolution`. Read next: `minigrad.nn.scaled_activation`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from minigrad.nn.argument import check_eps
from minigrad.nn.convolution import Conv2d
from minigrad.nn.functional.weight import standardize_weight
from minigrad.nn.init import lecun_normal, ones
from minigrad.nn.layer import Layer, Parameter
from minigrad.nn.linear import Linear
from minigrad.nn.reparametrisation import with_part
from minigrad.nn.weight_standardization import check_spread
from minigrad.ops import multiply

__all__ = ["ScaledWSConv2d", "ScaledWSLinear"]

Initializer = Callable[..., Any]
Sizes = int | Sequence[int]


class _ScaledWS(Layer):
    """What the two share: the weight, and a gain for each output."""

    weight: Parameter

    def _scaled(self, eps: float) -> None:
        """Make the gains."""
        check_spread(type(self).__name__, math.prod(self.weight.shape[1:]))
        self.eps = check_eps(type(self).__name__, eps)
        self.gain = Parameter(ones((self.weight.shape[0], *[1] * (self.weight.ndim - 1))))  # (out, 1, ...)

    @property
    def scaled_weight(self) -> Any:
        """gain (w - mean) / sqrt(fan_in (var + eps))"""
        scale = 1 / math.sqrt(math.prod(self.weight.shape[1:]))
        return multiply(standardize_weight(self.weight, 0, self.eps), multiply(self.gain, scale))


class ScaledWSLinear(_ScaledWS, Linear):
    """An affine map whose weights are standardised for each output and scaled to keep the variance of its input.

    y = x (gain w^ / sqrt(in_features))^T + b, w^ = (w - mean) / sqrt(var + eps) of each output, var the biased variance

    Between such layers stands a `ScaledActivation`. The weights start LeCun normal, the gains at 1. The scale of w does
    not matter but for eps: where w has variance 1 / fan_in, the output loses the share eps fan_in of its variance, so
    for many thousand inputs make eps smaller.

    Shapes: x (..., in_features), W (out_features, in_features), gain (out_features, 1), b (out_features),
    y (..., out_features).

    Raises
    ------
    ShapeError
        If there are fewer than two inputs, or the last axis of x is not in_features.

    >>> from minigrad import ones
    >>> ScaledWSLinear(3, 2)(ones((5, 3))).shape
    (5, 2)

    Reference: Brock et al., Characterizing Signal Propagation to Close the Performance Gap in Unnormalized ResNets,
    2021, section 4.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        init: Initializer = lecun_normal,
        eps: float = 1e-5,
    ) -> None:
        super().__init__(in_features, out_features, bias, init)
        self._scaled(eps)

    def forward(self, x: Any) -> Any:
        return Linear.forward(with_part(self, "weight", self.scaled_weight), x)  # type: ignore[arg-type]


class ScaledWSConv2d(_ScaledWS, Conv2d):
    """A convolution of images whose kernels are standardised for each output and scaled to keep the input's variance.

    y = conv2d(x, gain w^ / sqrt(fan_in)) + b, w^ = (w - mean) / sqrt(var + eps) of each output, var the biased variance

    fan_in is in_channels / groups kh kw. Arguments as in `Conv2d`, start and eps as in `ScaledWSLinear`.

    Shapes: x (N, in_channels, H, W), W (out_channels, in_channels / groups, kh, kw), gain (out_channels, 1, 1, 1),
    b (out_channels), y (N, out_channels, H', W').

    Raises
    ------
    ShapeError
        If an output has fewer than two weights, or x has other channels or axes, or is smaller than the kernel.

    >>> from minigrad import ones
    >>> ScaledWSConv2d(1, 16, 3, stride=2, padding=1)(ones((2, 1, 28, 28))).shape
    (2, 16, 14, 14)

    Reference: Brock et al., Characterizing Signal Propagation to Close the Performance Gap in Unnormalized ResNets,
    2021, section 4.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes | str = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        init: Initializer = lecun_normal,
        eps: float = 1e-5,
    ) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode, init
        )
        self._scaled(eps)

    def forward(self, x: Any) -> Any:
        return Conv2d.forward(with_part(self, "weight", self.scaled_weight), x)  # type: ignore[arg-type]
