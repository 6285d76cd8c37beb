"""Convolution over one, two or three axes, and its adjoint, the transposed convolution.

A convolution is three steps: sliding windows lay out what each place of the result sees, as the columns of one large
matrix; one product of matrices makes all of it; the result gets its axes back. They stand in `ops/fused/conv.py`. The
transposed convolution walks the same steps backwards, with `overlap_add`.

Builds on: `minigrad.ops.fused.conv`. Read next: `minigrad.nn.convolution`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.argument import whole
from minigrad.backend.windows import Steps
from minigrad.errors import ShapeError
from minigrad.nn.argument import ArgumentError
from minigrad.ops import expand_dims
from minigrad.ops.axes import per_axis
from minigrad.ops.fused.conv import conv, conv__plain
from minigrad.promote import wide
from minigrad.tape import composite
from minigrad.tensor import as_value

__all__ = ["conv1d", "conv2d", "conv3d"]

Sizes = int | Sequence[int]


@composite
def conv1d(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Any:
    """Convolution (cross-correlation, as everywhere in the field) over one axis.

    y[n, o, i] = b[o] + sum_c sum_t W[o, c, t] x[n, c, i stride + t dilation - padding]

    `padding` is a number of zeros at both ends, 'valid' for none, or 'same' for as many as keep the size. With groups,
    the outputs of a group see the inputs of that group alone.

    Shapes: x (N, C, L) or (C, L), W (O, C / groups, k), b (O), y (N, O, L') or (O, L') with
    L' = floor((L + 2 padding - dilation (k - 1) - 1) / stride) + 1.

    Raises
    ------
    ShapeError
        If x and weight do not fit each other, or the kernel is larger than the padded x.
    ValueError
        If stride, padding, dilation or groups mean nothing.

    >>> conv1d([[1.0, 2.0, 4.0]], [[[1.0, 1.0]]])
    array([[3., 6.]], dtype=float32)
    """
    return _convolution("conv1d", 1, x, weight, bias, stride, padding, dilation, groups)


@composite
def conv2d(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Any:
    """Convolution (cross-correlation, as everywhere in the field) over height and width.

    y[n, o, i] = b[o] + sum_c sum_t W[o, c, t] x[n, c, i stride + t dilation - padding], i and t pairs

    Arguments as in `conv1d`; each may differ from axis to axis, ``stride=(2, 1)``.

    Shapes: x (N, C, H, W) or (C, H, W), W (O, C / groups, kh, kw), b (O), y (N, O, H', W') or (O, H', W').

    Raises
    ------
    ShapeError
        If x and weight do not fit each other, or the kernel is larger than the padded x.
    ValueError
        If stride, padding, dilation or groups mean nothing.

    >>> from minigrad import ones
    >>> conv2d(ones((1, 2, 5, 5)), ones((4, 2, 3, 3)), padding="same").shape
    (1, 4, 5, 5)
    """
    return _convolution("conv2d", 2, x, weight, bias, stride, padding, dilation, groups)


@composite
def conv3d(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Any:
    """Convolution (cross-correlation, as everywhere in the field) over depth, height and width.

    y[n, o, i] = b[o] + sum_c sum_t W[o, c, t] x[n, c, i stride + t dilation - padding], i and t triples

    Arguments as in `conv1d`; each may differ from axis to axis.

    Shapes: x (N, C, D, H, W) or (C, D, H, W), W (O, C / groups, kd, kh, kw), b (O), y (N, O, D', H', W') or without N.

    Raises
    ------
    ShapeError
        If x and weight do not fit each other, or the kernel is larger than the padded x.
    ValueError
        If stride, padding, dilation or groups mean nothing.

    >>> from minigrad import ones
    >>> conv3d(ones((1, 1, 4, 4, 4)), ones((2, 1, 3, 3, 3)), stride=2, padding=1).shape
    (1, 2, 2, 2, 2)
    """
    return _convolution("conv3d", 3, x, weight, bias, stride, padding, dilation, groups)


def _convolution(
    name: str, n: int, x: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Any:
    """All three: `n` is the number of axes that the kernel moves along."""
    stride, dilation = per_axis(name, "stride", stride, n, 1), per_axis(name, "dilation", dilation, n, 1)
    (x, weight, bias), half, single = operands(name, n, x, weight, bias)
    groups = check_groups(name, x.shape[1], weight.shape[0], groups)
    out, channels = weight.shape[0], weight.shape[1] * groups
    check_channels(name, x, weight, bias, channels, out)
    kernel, size = weight.shape[2:], x.shape[2:]
    steps = Steps(kernel, stride, dilation, tuple(padding_widths(name, padding, kernel, stride, dilation)))
    if 0 in steps.out(size):
        raise ShapeError(
            f"{name}: the kernel must fit into the padded x, got kernel {kernel} with dilation {dilation} for "
            f"{size} padded to {steps.padded(size)}; pad more, or take a smaller kernel"
        )
    # Groups are a batch of products, which the plain form does; kernels serve one group.
    y = conv(x, weight, bias, steps) if groups == 1 else conv__plain(x, weight, bias, steps, groups)
    return settled(y, half, single)


def padding_widths(
    name: str, padding: Any, kernel: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> list[tuple[int, int]]:
    """How many zeros come before and after each axis; an odd one of 'same' comes after."""
    if padding == "same":
        if max(stride) > 1:
            raise ArgumentError(f"{name}: padding 'same' keeps the size at stride 1 alone, got {stride}; pass a number")
        whole = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        return [(m // 2, m - m // 2) for m in whole]
    if isinstance(padding, str) and padding != "valid":
        raise ArgumentError(f"{name}: padding is a number, 'same' or 'valid', got {padding!r}; 'valid' means none")
    return [(m, m) for m in per_axis(name, "padding", 0 if padding == "valid" else padding, len(kernel))]


# -- what the transposed convolution does alike ------------------------------------------------------------------------


def operands(name: str, n: int, x: Any, weight: Any, bias: Any) -> tuple[tuple[Any, Any, Any], bool, bool]:
    """The three as values with a batch, whether all are float16 (then wide, since sums overflow), whether x was one."""
    x, weight, bias = (None if part is None else as_value(part) for part in (x, weight, bias))
    if weight.ndim != n + 2:
        raise ShapeError(f"{name}: the weight has {n + 2} axes, got {weight.shape}; see the docstring for their order")
    if x.ndim not in (n + 1, n + 2):
        raise ShapeError(
            f"{name}: x is (N, C, ...) with {n} axes behind the channels, or without N, got {x.shape}; reshape it"
        )
    half = all(part.dtype == "float16" for part in (x, weight, bias) if part is not None)
    single = x.ndim == n + 1
    x = expand_dims(x, 0) if single else x
    x, weight, bias = (None if part is None else wide(part) for part in (x, weight, bias))
    return (x, weight, bias), half, single


def check_groups(name: str, channels: int, out: int, groups: Any) -> int:
    """The number of groups, refused where it does not divide the channels on both sides."""
    number = whole(name, "groups", groups, 1)
    if channels % number or out % number:
        raise ArgumentError(
            f"{name}: groups must divide the channels, got {number} for {channels} into {out}; 1 connects all"
        )
    return number


def check_channels(name: str, x: Any, weight: Any, bias: Any, channels: int, out: int) -> None:
    """Refuse an x of other channels than the weight takes, and a bias of another length."""
    if x.shape[1] != channels:
        raise ShapeError(
            f"{name}: x must have {channels} channels on axis 1, as the weight {weight.shape} says, got {x.shape}; "
            "check in_channels and groups, or move the channels there"
        )
    if bias is not None and bias.shape != (out,):
        raise ShapeError(f"{name}: the bias must be ({out},), one for each output channel, got {bias.shape}; reshape")


def settled(y: Any, half: bool, single: bool) -> Any:
    """(N, O, ...) in the dtype of the operands, or (O, ...) where x was one example."""
    y = y.astype("float16") if half else y
    return y[0] if single else y
