"""Layers that make images larger or smaller, and patches of them columns: none has parameters.

Builds on: `minigrad.nn.layer`, `minigrad.nn.functional.resample`, `minigrad.nn.functional.unfold`. Read next:
`minigrad.nn.batch_norm`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.argument import whole
from minigrad.nn.functional.resample import check_mode, check_target, interpolate
from minigrad.nn.functional.unfold import fold, patch_options, pixel_shuffle, pixel_unshuffle, unfold
from minigrad.nn.layer import Layer
from minigrad.ops.axes import per_axis

__all__ = ["Fold", "PixelShuffle", "PixelUnshuffle", "Unfold", "Upsample"]

Sizes = int | Sequence[int]


class Upsample(Layer):
    """Images of another size: of the nearest place, or by straight lines between places.

    nearest: y[i] = x[floor(i n / m)]; linear: y[i] = (1 - f) x[p] + f x[p + 1] with p + f = (i + 1/2) n / m - 1/2, not
    below 0, or i (n - 1) / (m - 1) with `align_corners`; for sizes n of x and m of y, along each axis

    Give `size` or `scale_factor`; `mode` is 'nearest', 'linear' over one axis, 'bilinear' over two or 'trilinear' over
    three.

    Shapes: x (N, C, L), (N, C, H, W) or (N, C, D, H, W), y (N, C, *size).

    Raises
    ------
    ShapeError
        If x has other axes than the mode says, or no elements.
    ValueError
        If an argument means nothing, or both or none of size and scale_factor are given.

    >>> Upsample(scale_factor=2)([[[1.0, 3.0]]])
    array([[[1., 1., 3., 3.]]], dtype=float32)
    """

    def __init__(
        self,
        size: Sizes | None = None,
        scale_factor: float | Sequence[float] | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
    ) -> None:
        check_target("Upsample", size, scale_factor)
        check_mode("Upsample", mode, align_corners)
        self.size, self.scale_factor, self.mode, self.align_corners = size, scale_factor, mode, align_corners

    def forward(self, x: Any) -> Any:
        return interpolate(x, self.size, self.scale_factor, self.mode, self.align_corners)


class PixelShuffle(Layer):
    """Groups of r^2 channels as the r x r pixels of one: a larger image of fewer channels.

    y[..., c, h r + i, w r + j] = x[..., c r^2 + i r + j, h, w]

    Shapes: x (..., C r^2, H, W), y (..., C, H r, W r).

    Raises
    ------
    ShapeError
        If r^2 does not divide the channels.
    ValueError
        If r means nothing.

    >>> PixelShuffle(2)([[[1.0]], [[2.0]], [[3.0]], [[4.0]]])
    array([[[1., 2.],
            [3., 4.]]], dtype=float32)

    Reference: Shi et al., Real-Time Single Image and Video Super-Resolution, 2016, equation 4.
    """

    def __init__(self, upscale_factor: int) -> None:
        self.upscale_factor = whole("PixelShuffle", "upscale_factor", upscale_factor, 1)

    def forward(self, x: Any) -> Any:
        return pixel_shuffle(x, self.upscale_factor)


class PixelUnshuffle(Layer):
    """The r x r pixels of an image as channels of a smaller one: `PixelShuffle` undone.

    y[..., c r^2 + i r + j, h, w] = x[..., c, h r + i, w r + j]

    Shapes: x (..., C, H r, W r), y (..., C r^2, H, W).

    Raises
    ------
    ShapeError
        If r does not divide height and width.
    ValueError
        If r means nothing.

    >>> PixelUnshuffle(2)([[[1.0, 2.0], [3.0, 4.0]]]).shape
    (4, 1, 1)
    """

    def __init__(self, downscale_factor: int) -> None:
        self.downscale_factor = whole("PixelUnshuffle", "downscale_factor", downscale_factor, 1)

    def forward(self, x: Any) -> Any:
        return pixel_unshuffle(x, self.downscale_factor)


class Unfold(Layer):
    """All patches of an image as columns: what a convolution multiplies its weight with.

    y[n, (c, t), i] = x[n, c, i stride + t dilation - padding], i and t pairs, in row-major order

    Shapes: x (N, C, H, W) or (C, H, W), y (N, C kh kw, patches) or (C kh kw, patches).
    Gradient: `Fold`.

    Raises
    ------
    ShapeError
        If no patch fits, or x has other axes.
    ValueError
        If an argument means nothing.

    >>> Unfold((1, 2))([[[1.0, 2.0, 3.0]]])
    array([[1., 2.],
           [2., 3.]], dtype=float32)
    """

    def __init__(self, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> None:
        patch_options("Unfold", kernel_size, dilation, padding, stride)
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride

    def forward(self, x: Any) -> Any:
        return unfold(x, self.kernel_size, self.dilation, self.padding, self.stride)


class Fold(Layer):
    """Columns of patches added up to an image: the adjoint of `Unfold`, not its inverse, where patches overlap.

    y[n, c, i stride + t dilation - padding] += x[n, (c, t), i], i and t pairs, in row-major order

    Shapes: x (N, C kh kw, patches) or (C kh kw, patches), y (N, C, *output_size) or (C, *output_size).
    Gradient: `Unfold`.

    Raises
    ------
    ShapeError
        If x does not hold the patches of an image of that size.
    ValueError
        If an argument means nothing.

    >>> Fold((1, 3), (1, 2))([[1.0, 2.0], [2.0, 3.0]])
    array([[[1., 4., 3.]]], dtype=float32)
    """

    def __init__(
        self, output_size: Sizes, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1
    ) -> None:
        per_axis("Fold", "output_size", output_size, 2, 1)
        patch_options("Fold", kernel_size, dilation, padding, stride)
        self.output_size, self.kernel_size = output_size, kernel_size
        self.dilation, self.padding, self.stride = dilation, padding, stride

    def forward(self, x: Any) -> Any:
        return fold(x, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)
