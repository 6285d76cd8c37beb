"""Patches of images as columns and back, and channels as places: only the order of elements changes.

Builds on: `minigrad.ops.windows`. Read next: `minigrad.nn.resample`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from minigrad.argument import whole
from minigrad.backend.windows import places
from minigrad.errors import ShapeError
from minigrad.ops import overlap_add, pad, reshape, sliding_windows, transpose
from minigrad.ops.axes import per_axis
from minigrad.tape import composite
from minigrad.tensor import as_value

__all__ = ["fold", "pixel_shuffle", "pixel_unshuffle", "unfold"]

Sizes = int | Sequence[int]


def patch_options(name: str, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> list[tuple[int, ...]]:
    """Each as one number for height and one for width."""
    return [
        per_axis(name, what, sizes, 2, least)
        for what, sizes, least in (
            ("kernel_size", kernel_size, 1), ("dilation", dilation, 1), ("padding", padding, 0), ("stride", stride, 1)
        )
    ]  # fmt: skip


@composite
def unfold(x: Any, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> Any:
    """All patches of an image as columns: what a convolution multiplies its weight with.

    y[n, (c, t), i] = x[n, c, i stride + t dilation - padding], i and t pairs, in row-major order

    Shapes: x (N, C, H, W) or (C, H, W), y (N, C kh kw, patches) or (C kh kw, patches).
    Gradient: `fold`.

    Raises
    ------
    ShapeError
        If no patch fits, or x has other axes.
    ValueError
        If an argument means nothing.

    >>> unfold([[[1.0, 2.0, 3.0]]], (1, 2))
    array([[1., 2.],
           [2., 3.]], dtype=float32)
    """
    x = as_value(x)
    kernel, gaps, width, strides = patch_options("unfold", kernel_size, dilation, padding, stride)
    if x.ndim not in (3, 4):
        raise ShapeError(f"unfold: x is (N, C, H, W) or (C, H, W), got {x.shape}; reshape it")
    lead = x.shape[:-2]
    x = pad(x, [*[(0, 0)] * len(lead), *((p, p) for p in width)]) if any(width) else x
    if 0 in places(x.shape[-2:], kernel, strides, gaps):
        raise ShapeError(
            f"unfold: a patch must fit into the padded x, got kernel {kernel} with dilation {gaps} for {x.shape[-2:]}; "
            "pad more, or take a smaller kernel"
        )
    y = sliding_windows(x, kernel, strides, gaps)  # (N, C, H', W', kh, kw)
    n = len(lead)
    count = math.prod(y.shape[n : n + 2])
    y = transpose(y, *range(n), n + 2, n + 3, n, n + 1)
    return reshape(y, *lead[:-1], lead[-1] * math.prod(kernel), count)


@composite
def fold(
    x: Any, output_size: Sizes, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1
) -> Any:
    """Columns of patches added up to an image: the adjoint of `unfold`, not its inverse, where patches overlap.

    y[n, c, i stride + t dilation - padding] += x[n, (c, t), i], i and t pairs, in row-major order

    Shapes: x (N, C kh kw, patches) or (C kh kw, patches), y (N, C, *output_size) or (C, *output_size).
    Gradient: `unfold`.

    Raises
    ------
    ShapeError
        If x does not hold the patches of an image of that size.
    ValueError
        If an argument means nothing.

    >>> fold([[1.0, 2.0], [2.0, 3.0]], (1, 3), (1, 2))
    array([[[1., 4., 3.]]], dtype=float32)
    """
    x = as_value(x)
    size = per_axis("fold", "output_size", output_size, 2, 1)
    kernel, gaps, width, strides = patch_options("fold", kernel_size, dilation, padding, stride)
    if x.ndim not in (2, 3):
        raise ShapeError(f"fold: x is (N, C kh kw, patches) or without N, got {x.shape}; reshape it")
    whole = tuple(m + 2 * p for m, p in zip(size, width, strict=True))
    count, taps = places(whole, kernel, strides, gaps), math.prod(kernel)
    rows, columns = x.shape[-2:]
    if rows % taps or columns != math.prod(count):
        raise ShapeError(
            f"fold: x must have a multiple of {taps} rows, and {count[0]} x {count[1]} patches for output_size {size}, "
            f"got {x.shape}; check output_size and the arguments of unfold"
        )
    lead = (*x.shape[:-2], rows // taps)
    n = len(lead)
    x = transpose(reshape(x, *lead, *kernel, *count), *range(n), n + 2, n + 3, n, n + 1)
    y = overlap_add(x, whole, strides, gaps)
    inside = (..., *(slice(p, p + m) for p, m in zip(width, size, strict=True)))
    return y[inside] if any(width) else y


@composite
def pixel_shuffle(x: Any, upscale_factor: int) -> Any:
    """Groups of r^2 channels as the r x r pixels of one: a larger image of fewer channels.

    y[..., c, h r + i, w r + j] = x[..., c r^2 + i r + j, h, w]

    Shapes: x (..., C r^2, H, W), y (..., C, H r, W r).

    Raises
    ------
    ShapeError
        If r^2 does not divide the channels.
    ValueError
        If r means nothing.

    >>> pixel_shuffle([[[1.0]], [[2.0]], [[3.0]], [[4.0]]], 2)
    array([[[1., 2.],
            [3., 4.]]], dtype=float32)

    Reference: Shi et al., Real-Time Single Image and Video Super-Resolution, 2016, equation 4.
    """
    x, r = as_value(x), whole("pixel_shuffle", "upscale_factor", upscale_factor, 1)
    if x.ndim < 3 or x.shape[-3] % r**2:
        raise ShapeError(
            f"pixel_shuffle: x is (..., C, H, W) with {r**2} dividing the channels, got {x.shape}; "
            "make upscale_factor^2 channels for each of the result"
        )
    *lead, c, h, w = x.shape
    n = len(lead)
    y = reshape(x, *lead, c // r**2, r, r, h, w)
    return reshape(transpose(y, *range(n), n, n + 3, n + 1, n + 4, n + 2), *lead, c // r**2, h * r, w * r)


@composite
def pixel_unshuffle(x: Any, downscale_factor: int) -> Any:
    """The r x r pixels of an image as channels of a smaller one: `pixel_shuffle` undone.

    y[..., c r^2 + i r + j, h, w] = x[..., c, h r + i, w r + j]

    Shapes: x (..., C, H r, W r), y (..., C r^2, H, W).

    Raises
    ------
    ShapeError
        If r does not divide height and width.
    ValueError
        If r means nothing.

    >>> pixel_unshuffle([[[1.0, 2.0], [3.0, 4.0]]], 2).shape
    (4, 1, 1)
    """
    x, r = as_value(x), whole("pixel_unshuffle", "downscale_factor", downscale_factor, 1)
    if x.ndim < 3 or x.shape[-2] % r or x.shape[-1] % r:
        raise ShapeError(
            f"pixel_unshuffle: x is (..., C, H, W) with {r} dividing height and width, got {x.shape}; pad or crop it"
        )
    *lead, c, h, w = x.shape
    n = len(lead)
    y = reshape(x, *lead, c, h // r, r, w // r, r)
    return reshape(transpose(y, *range(n), n, n + 2, n + 4, n + 1, n + 3), *lead, c * r**2, h // r, w // r)
