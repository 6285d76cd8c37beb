"""Pooling layers: the largest element or the mean of every window, and the mean of the whole image.

Builds on: `minigrad.nn.layer`, `minigrad.nn.functional.pooling`, `minigrad.nn.functional.average`. Read next:
`minigrad.nn.adaptive`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.errors import ShapeError
from minigrad.nn.functional.average import avg_pool1d, avg_pool2d, check_divisor
from minigrad.nn.functional.pooling import max_pool1d, max_pool2d, max_pool3d, numbers
from minigrad.nn.layer import Layer
from minigrad.promote import wide
from minigrad.tensor import as_value

__all__ = ["AvgPool1d", "AvgPool2d", "GlobalAvgPool", "MaxPool1d", "MaxPool2d", "MaxPool3d"]

Sizes = int | Sequence[int]


class _MaxPool(Layer):
    """What the three share; a subclass names its number of axes and its function."""

    axes = 0
    function: Any = None

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        ceil_mode: bool = False,
    ) -> None:
        numbers(type(self).__name__, self.axes, kernel_size, stride, padding, dilation)
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        self.dilation, self.ceil_mode = dilation, ceil_mode

    def forward(self, x: Any) -> Any:
        return self.function(x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)


class MaxPool1d(_MaxPool):
    """The largest element of every window, of sequences.

    y[n, c, i] = max over t of x[n, c, i stride + t dilation - padding]

    The stride is the kernel's size where none is given. Padding is -inf, at most half a kernel. With `ceil_mode` a last
    window that reaches beyond the end counts too.

    Shapes: x (N, C, L) or (C, L), y (N, C, L') with
    L' = floor((L + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1.
    Gradient: all of it goes to the largest element; of equals, to the first.

    Raises
    ------
    ShapeError
        If no window fits, or x has other axes.
    ValueError
        If an argument means nothing.

    >>> MaxPool1d(2)([[1.0, 3.0, 2.0, 0.0]])
    array([[3., 2.]], dtype=float32)
    """

    axes, function = 1, staticmethod(max_pool1d)


class MaxPool2d(_MaxPool):
    """The largest element of every window, of images.

    y[n, c, i] = max over t of x[n, c, i stride + t dilation - padding], i and t pairs

    Arguments and gradient as in `MaxPool1d`; sizes are one number, or one for each axis.

    Shapes: x (N, C, H, W) or (C, H, W), y (N, C, H', W').

    Raises
    ------
    ShapeError
        If no window fits, or x has other axes.
    ValueError
        If an argument means nothing.

    >>> from minigrad import ones
    >>> MaxPool2d(3, stride=2, padding=1)(ones((2, 4, 28, 28))).shape
    (2, 4, 14, 14)
    """

    axes, function = 2, staticmethod(max_pool2d)


class MaxPool3d(_MaxPool):
    """The largest element of every window, of volumes.

    y[n, c, i] = max over t of x[n, c, i stride + t dilation - padding], i and t triples

    Arguments and gradient as in `MaxPool1d`; sizes are one number, or one for each axis.

    Shapes: x (N, C, D, H, W) or (C, D, H, W), y (N, C, D', H', W').

    Raises
    ------
    ShapeError
        If no window fits, or x has other axes.
    ValueError
        If an argument means nothing.

    >>> from minigrad import ones
    >>> MaxPool3d(2)(ones((2, 4, 4, 4, 4))).shape
    (2, 4, 2, 2, 2)
    """

    axes, function = 3, staticmethod(max_pool3d)


class AvgPool1d(Layer):
    """The mean of every window, of sequences.

    y[n, c, i] = sum over t of x[n, c, i stride + t - padding] / kernel_size

    The stride is the kernel's size where none is given. Padding is zeros, at most half a kernel; without
    `count_include_pad` they do not count. With `ceil_mode` a last window that reaches beyond the end counts too, with
    the elements that it has.

    Shapes: x (N, C, L) or (C, L), y (N, C, L') with L' = floor((L + 2 padding - kernel_size) / stride) + 1.

    Raises
    ------
    ShapeError
        If no window fits, or x has other axes.
    ValueError
        If an argument means nothing.

    >>> AvgPool1d(2)([[1.0, 3.0, 2.0, 0.0]])
    array([[2., 1.]], dtype=float32)
    """

    axes = 1

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        numbers(type(self).__name__, self.axes, kernel_size, stride, padding)
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def forward(self, x: Any) -> Any:
        return avg_pool1d(x, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)


class AvgPool2d(Layer):
    """The mean of every window, of images.

    y[n, c, i] = sum over t of x[n, c, i stride + t - padding] / (kh kw), i and t pairs

    Arguments as in `AvgPool1d`; `divisor_override` takes the place of kh kw.

    Shapes: x (N, C, H, W) or (C, H, W), y (N, C, H', W').

    Raises
    ------
    ShapeError
        If no window fits, or x has other axes.
    ValueError
        If an argument means nothing.

    >>> from minigrad import ones
    >>> AvgPool2d(2)(ones((2, 4, 28, 28))).shape
    (2, 4, 14, 14)
    """

    axes = 2

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        numbers(type(self).__name__, self.axes, kernel_size, stride, padding)
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        self.ceil_mode, self.count_include_pad, self.divisor_override = (
            ceil_mode, count_include_pad, check_divisor(type(self).__name__, divisor_override)
        )  # fmt: skip

    def forward(self, x: Any) -> Any:
        pads, divisor = self.count_include_pad, self.divisor_override
        return avg_pool2d(x, self.kernel_size, self.stride, self.padding, self.ceil_mode, pads, divisor)


class GlobalAvgPool(Layer):
    """The mean of each channel over everything behind it: images of any size become features.

    y[n, c] = mean over i of x[n, c, i]

    Shapes: x (N, C, L), (N, C, H, W) or (N, C, D, H, W), y (N, C).

    Raises
    ------
    ShapeError
        If nothing stands behind the channels.

    >>> from minigrad import ones
    >>> GlobalAvgPool()(ones((2, 4, 7, 7))).shape
    (2, 4)

    Reference: Lin et al., Network In Network, 2013, section 3.2.
    """

    def forward(self, x: Any) -> Any:
        x = as_value(x)
        if x.ndim < 3 or 0 in x.shape[2:]:
            raise ShapeError(f"GlobalAvgPool: x is (N, C, ...) with places behind C, got {x.shape}; reshape it")
        y = wide(x).mean(axis=tuple(range(2, x.ndim)))
        return y.astype(x.dtype) if x.dtype == "float16" else y
