"""Transposed convolutional layers: `ConvTranspose1d`, `ConvTranspose2d`.

Builds on: `minigrad.nn.convolution`, `minigrad.nn.functional.transposed`. Read next: `minigrad.nn.pooling`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minigrad.nn.argument import ArgumentError, check_sizes
from minigrad.nn.convolution import weight_and_bias
from minigrad.nn.functional.convolution import check_groups
from minigrad.nn.functional.transposed import conv_transpose1d, conv_transpose2d, output_padding, transposed_size
from minigrad.nn.layer import Layer
from minigrad.ops.axes import per_axis
from minigrad.tensor import as_value

__all__ = ["ConvTranspose1d", "ConvTranspose2d"]

Sizes = int | Sequence[int]


class _ConvTranspose(Layer):
    """What both share; a subclass names its number of axes and its function."""

    axes = 0
    function: Any = None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Sizes = 1,
        padding_mode: str = "zeros",
        init: Callable[..., Any] | None = None,
    ) -> None:
        name = type(self).__name__
        in_channels, out_channels = check_sizes(self, in_channels=in_channels, out_channels=out_channels)
        groups = check_groups(name, in_channels, out_channels, groups)
        if padding_mode != "zeros":
            raise ArgumentError(f"{name}: padding_mode is 'zeros' here, got {padding_mode!r}; leave it out")
        self.in_channels, self.out_channels, self.kernel_size = in_channels, out_channels, kernel_size
        self.stride, self.padding, self.output_padding, self.dilation = stride, padding, output_padding, dilation
        self.groups, self.padding_mode, self.init = groups, padding_mode, init
        kernel = self._sizes()[0]
        shape = (in_channels, out_channels // groups, *kernel)
        self.weight, self.bias = weight_and_bias(shape, out_channels, bias, init)

    def _sizes(self) -> list[tuple[int, ...]]:
        """Kernel, stride, dilation, padding and output_padding, one number for each axis."""
        name, n = type(self).__name__, self.axes
        kernel, stride, dilation, padding = (
            per_axis(name, what, getattr(self, what), n, least)
            for what, least in (("kernel_size", 1), ("stride", 1), ("dilation", 1), ("padding", 0))
        )
        return [kernel, stride, dilation, padding, output_padding(name, self.output_padding, stride, dilation)]

    def forward(self, x: Any, output_size: Sequence[int] | None = None) -> Any:
        x, extra = as_value(x), self.output_padding
        if output_size is not None:
            extra = self._padding_for(tuple(x.shape[-self.axes :]), tuple(output_size)[-self.axes :])
        return self.function(x, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation)

    def _padding_for(self, places: tuple[int, ...], wanted: tuple[int, ...]) -> tuple[int, ...]:
        """The output_padding that gives the wanted size, out of those that one stride makes alike."""
        kernel, stride, dilation, padding, _ = self._sizes()
        full = transposed_size(places, kernel, stride, dilation, (0,) * self.axes)
        least = [m - 2 * p for m, p in zip(full, padding, strict=True)]
        most = [m + max(s, d) - 1 for m, s, d in zip(least, stride, dilation, strict=True)]
        extra = tuple(m - n for m, n in zip(wanted, least, strict=False))
        if len(wanted) != self.axes or any(not a <= m <= b for a, m, b in zip(least, wanted, most, strict=True)):
            raise ArgumentError(
                f"{type(self).__name__}: output_size must lie in {tuple(least)} to {tuple(most)}, got {wanted}; "
                "the stride makes these sizes alike"
            )
        return extra


class ConvTranspose1d(_ConvTranspose):
    """Transposed convolution over one axis: the adjoint of `Conv1d`, which makes short sequences long.

    y[n, o, i stride + t dilation - padding] += W[c, o, t] x[n, c, i], for all c, i and t

    `padding` cuts elements off both ends, `output_padding` adds places at the end; ``layer(x, output_size)`` chooses
    it. W and b start uniform in +-1/sqrt(fan_in), where as in PyTorch fan_in is out_channels / groups kernel_size; W as
    ``init(shape)`` says where that is given.

    Shapes: x (N, in_channels, L) or (in_channels, L), W (in_channels, out_channels / groups, kernel_size),
    b (out_channels), y (N, out_channels, L') with
    L' = (L - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1.

    Raises
    ------
    ShapeError
        If x has other channels or axes, or padding leaves nothing.
    ValueError
        If an argument means nothing.

    >>> from minigrad import ones
    >>> ConvTranspose1d(3, 8, 4, stride=2, padding=1)(ones((2, 3, 10))).shape
    (2, 8, 20)
    """

    axes, function = 1, staticmethod(conv_transpose1d)


class ConvTranspose2d(_ConvTranspose):
    """Transposed convolution over height and width: the adjoint of `Conv2d`, which makes small images large.

    y[n, o, i stride + t dilation - padding] += W[c, o, t] x[n, c, i], for all c and pairs i and t

    Arguments and the start of W and b as in `ConvTranspose1d`; sizes are one number, or one for each axis.

    Shapes: x (N, in_channels, H, W) or (in_channels, H, W), W (in_channels, out_channels / groups, kh, kw),
    b (out_channels), y (N, out_channels, H', W').

    Raises
    ------
    ShapeError
        If x has other channels or axes, or padding leaves nothing.
    ValueError
        If an argument means nothing.

    >>> from minigrad import ones
    >>> ConvTranspose2d(8, 1, 3, stride=2, padding=1, output_padding=1)(ones((2, 8, 14, 14))).shape
    (2, 1, 28, 28)

    Reference: Zeiler et al., Deconvolutional Networks, 2010, equation 1.
    """

    axes, function = 2, staticmethod(conv_transpose2d)
