"""Transposed convolution: the adjoint of the convolution with the same weight, which makes small images large.

Every element of x is multiplied by the whole kernel, and what overlaps is added: the steps of `convolution` walked
backwards, one product of matrices and `overlap_add`.

Builds on: `minigrad.nn.functional.convolution`. Read next: `minigrad.nn.transposed`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from minigrad.argument import whole
from minigrad.errors import ShapeError
from minigrad.nn.argument import ArgumentError
from minigrad.nn.functional.convolution import check_channels, check_groups, operands, settled
from minigrad.ops import matmul, overlap_add, reshape, swapaxes, transpose
from minigrad.ops.axes import per_axis
from minigrad.ops.fused.conv import finish, grouped
from minigrad.tape import composite

__all__ = ["conv_transpose1d", "conv_transpose2d"]

Sizes = int | Sequence[int]


@composite
def conv_transpose1d(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Any:
    """Transposed convolution over one axis: the adjoint of `conv1d` with the same weight.

    y[n, o, i stride + t dilation - padding] += W[c, o, t] x[n, c, i], for all c, i and t

    `padding` cuts elements off both ends; `output_padding` adds places at the end, which of the sizes that `conv1d`
    would bring to the size of x is meant.

    Shapes: x (N, C, L) or (C, L), W (C, O / groups, k), b (O), y (N, O, L') or (O, L') with
    L' = (L - 1) stride - 2 padding + dilation (k - 1) + output_padding + 1.

    Raises
    ------
    ShapeError
        If x and weight do not fit each other, or padding leaves nothing.
    ValueError
        If an argument means nothing; output_padding must be less than the stride or the dilation.

    >>> conv_transpose1d([[1.0, 2.0]], [[[1.0, 10.0]]])
    array([[ 1., 12., 20.]], dtype=float32)
    """
    return _transposed("conv_transpose1d", 1, x, weight, bias, stride, padding, output_padding, groups, dilation)


@composite
def conv_transpose2d(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Any:
    """Transposed convolution over height and width: the adjoint of `conv2d` with the same weight.

    y[n, o, i stride + t dilation - padding] += W[c, o, t] x[n, c, i], for all c and pairs i and t

    Arguments as in `conv_transpose1d`; each may differ from axis to axis.

    Shapes: x (N, C, H, W) or (C, H, W), W (C, O / groups, kh, kw), b (O), y (N, O, H', W') or (O, H', W').

    Raises
    ------
    ShapeError
        If x and weight do not fit each other, or padding leaves nothing.
    ValueError
        If an argument means nothing; output_padding must be less than the stride or the dilation.

    >>> from minigrad import ones
    >>> conv_transpose2d(ones((1, 2, 7, 7)), ones((2, 4, 2, 2)), stride=2).shape
    (1, 4, 14, 14)

    Reference: Zeiler et al., Deconvolutional Networks, 2010, equation 1.
    """
    return _transposed("conv_transpose2d", 2, x, weight, bias, stride, padding, output_padding, groups, dilation)


def _transposed(
    name: str, n: int, x: Any, weight: Any, bias: Any, stride: Any, padding: Any, extra: Any, groups: int, dilation: Any
) -> Any:
    stride, dilation = per_axis(name, "stride", stride, n, 1), per_axis(name, "dilation", dilation, n, 1)
    padding, extra = per_axis(name, "padding", padding, n), output_padding(name, extra, stride, dilation)
    (x, weight, bias), half, single = operands(name, n, x, weight, bias)
    channels, out = weight.shape[0], weight.shape[1] * whole(name, "groups", groups, 1)
    groups = check_groups(name, channels, out, groups)
    check_channels(name, x, weight, bias, channels, out)
    kernel, batch, places = weight.shape[2:], x.shape[0], x.shape[2:]
    size = transposed_size(places, kernel, stride, dilation, extra)  # before the ends are cut off
    if any(m <= 2 * p for m, p in zip(size, padding, strict=True)):
        raise ShapeError(
            f"{name}: padding must leave something of the result, got {padding} off both ends of {size}; pad less"
        )
    x = reshape(swapaxes(x, 0, 1), grouped(groups, channels // groups, batch * math.prod(places)))
    rows = reshape(weight, grouped(groups, channels // groups, weight.shape[1] * math.prod(kernel)))
    windows = reshape(matmul(swapaxes(rows, -1, -2), x), out, *kernel, batch, *places)
    windows = transpose(windows, 0, *range(n + 1, 2 * n + 2), *range(1, n + 1))  # (O, N, *places, *kernel)
    y = overlap_add(windows, size, stride, dilation)
    inside = (..., *(slice(p, m - p) for p, m in zip(padding, size, strict=True)))
    return settled(finish(y[inside] if any(padding) else y, bias), half, single)


def output_padding(name: str, extra: Any, stride: tuple[int, ...], dilation: tuple[int, ...]) -> tuple[int, ...]:
    """How many places are added at the end of each axis: fewer than would make another window."""
    more = per_axis(name, "output_padding", extra, len(stride))
    if any(e >= max(s, d) for e, s, d in zip(more, stride, dilation, strict=True)):
        raise ArgumentError(
            f"{name}: output_padding must be less than the stride or the dilation, got {more} for stride {stride} and "
            f"dilation {dilation}; it only tells apart sizes that one stride makes alike"
        )
    return more


def transposed_size(
    places: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    extra: tuple[int, ...],
) -> tuple[int, ...]:
    """(L - 1) stride + dilation (k - 1) + 1 + output_padding, for each axis."""
    return tuple(
        (m - 1) * s + d * (k - 1) + 1 + e for m, k, s, d, e in zip(places, kernel, stride, dilation, extra, strict=True)
    )
