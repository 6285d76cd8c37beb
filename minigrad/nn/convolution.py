"""Convolutional layers: `Conv1d`, `Conv2d`, `Conv3d`.

Builds on: `minigrad.nn.layer`, `minigrad.nn.functional.convolution`. Read next: `minigrad.nn.pooling`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from minigrad.errors import ShapeError
from minigrad.nn.argument import ArgumentError, check_sizes
from minigrad.nn.functional.convolution import check_groups, conv1d, conv2d, conv3d, padding_widths
from minigrad.nn.init import fans, uniform
from minigrad.nn.layer import Layer, Parameter
from minigrad.ops import pad
from minigrad.ops.axes import per_axis
from minigrad.tensor import as_value

__all__ = ["Conv1d", "Conv2d", "Conv3d"]

Initializer = Callable[..., Any]
Sizes = int | Sequence[int]
_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


class _Conv(Layer):
    """What the three share; a subclass names its number of axes and its function."""

    axes = 0
    function: Any = None

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
        init: Initializer | None = None,
    ) -> None:
        name = type(self).__name__
        in_channels, out_channels = check_sizes(self, in_channels=in_channels, out_channels=out_channels)
        groups = check_groups(name, in_channels, out_channels, groups)
        if padding_mode not in _MODES:
            raise ArgumentError(f"{name}: padding_mode is one of {', '.join(_MODES)}, got {padding_mode!r}; pass one")
        kernel = per_axis(name, "kernel_size", kernel_size, self.axes, 1)
        strides, gaps = (
            per_axis(name, what, sizes, self.axes, 1) for what, sizes in (("stride", stride), ("dilation", dilation))
        )
        width = padding_widths(name, padding, kernel, strides, gaps)
        self.in_channels, self.out_channels, self.kernel_size = in_channels, out_channels, kernel_size
        self.stride, self.padding, self.dilation, self.groups = stride, padding, dilation, groups
        self.padding_mode, self.init = padding_mode, init
        # What padding_mode other than zeros adds before the convolution, which then adds none.
        self._around = None if padding_mode == "zeros" else width
        shape = (out_channels, in_channels // groups, *kernel)
        self.weight, self.bias = weight_and_bias(shape, out_channels, bias, init)

    def forward(self, x: Any) -> Any:
        x, padding = as_value(x), self.padding
        if self._around is not None and x.ndim > self.axes:
            x, padding = self._with_ends(x), 0
        return self.function(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def _with_ends(self, x: Any) -> Any:
        """x with more of itself at both ends, as padding_mode says."""
        mode, around = self.padding_mode, self._around or []
        room = [n - (mode == "reflect") for n in x.shape[-self.axes :]]  # of what there is: reflect repeats no end
        if mode != "replicate" and any(max(w) > n for w, n in zip(around, room, strict=True)):
            raise ShapeError(
                f"{type(self).__name__}: padding_mode {mode!r} takes what it pads from x, got padding {around} for "
                f"shape {x.shape}; pad less, or by zeros"
            )
        return pad(x, [*[(0, 0)] * (x.ndim - self.axes), *around], _MODES[mode])


def weight_and_bias(shape: tuple[int, ...], out: int, bias: bool, init: Initializer | None) -> tuple[Any, Any]:
    """Both uniform in +-1/sqrt(fan_in), PyTorch's default; the weight as `init` says where that is given."""
    fan_in = fans(shape)[0]
    bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
    weight = Parameter(init(shape) if init else uniform(shape, -bound, bound))
    return weight, Parameter(uniform((out,), -bound, bound)) if bias else None


class Conv1d(_Conv):
    """Convolution over one axis, of sequences.

    y[n, o, i] = b[o] + sum_c sum_t W[o, c, t] x[n, c, i stride + t dilation - padding]

    `padding` is a number, 'valid' or 'same'; what stands there is zeros, or by `padding_mode` 'reflect', 'replicate'
    or 'circular' what x says. W and b start uniform in +-1/sqrt(fan_in), PyTorch's default, where fan_in is
    in_channels / groups kernel_size; W as ``init(shape)`` says where that is given, `minigrad.nn.init.he_normal` for
    instance.

    Shapes: x (N, in_channels, L) or (in_channels, L), W (out_channels, in_channels / groups, kernel_size),
    b (out_channels), y (N, out_channels, L') with
    L' = floor((L + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1.

    Raises
    ------
    ShapeError
        If x has other channels or axes, or is smaller than the kernel.
    ValueError
        If an argument means nothing.

    >>> from minigrad import ones
    >>> Conv1d(3, 8, 5, padding="same")(ones((2, 3, 20))).shape
    (2, 8, 20)
    """

    axes, function = 1, staticmethod(conv1d)


class Conv2d(_Conv):
    """Convolution over height and width, of images.

    y[n, o, i] = b[o] + sum_c sum_t W[o, c, t] x[n, c, i stride + t dilation - padding], i and t pairs

    Arguments and the start of W and b as in `Conv1d`; sizes are one number, or one for each axis.

    Shapes: x (N, in_channels, H, W) or (in_channels, H, W), W (out_channels, in_channels / groups, kh, kw),
    b (out_channels), y (N, out_channels, H', W').

    Raises
    ------
    ShapeError
        If x has other channels or axes, or is smaller than the kernel.
    ValueError
        If an argument means nothing.

    >>> from minigrad import ones
    >>> Conv2d(1, 16, 3, stride=2, padding=1)(ones((2, 1, 28, 28))).shape
    (2, 16, 14, 14)

    Reference: LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998, section II A.
    """

    axes, function = 2, staticmethod(conv2d)


class Conv3d(_Conv):
    """Convolution over depth, height and width, of volumes.

    y[n, o, i] = b[o] + sum_c sum_t W[o, c, t] x[n, c, i stride + t dilation - padding], i and t triples

    Arguments and the start of W and b as in `Conv1d`; sizes are one number, or one for each axis.

    Shapes: x (N, in_channels, D, H, W) or without N, W (out_channels, in_channels / groups, kd, kh, kw),
    b (out_channels), y (N, out_channels, D', H', W').

    Raises
    ------
    ShapeError
        If x has other channels or axes, or is smaller than the kernel.
    ValueError
        If an argument means nothing.

    >>> from minigrad import ones
    >>> Conv3d(1, 4, (1, 3, 3))(ones((2, 1, 4, 5, 5))).shape
    (2, 4, 4, 3, 3)
    """

    axes, function = 3, staticmethod(conv3d)
