"""Sliding windows and overlap-add, each the derivative of the other: what convolution and pooling are made of.

Builds on: `minigrad.tape`. Read next: `minigrad.nn.functional.convolution`.
"""

from __future__ import annotations

from collections.abc import Sequence

from minigrad.backend import namespace
from minigrad.backend.windows import places
from minigrad.errors import ShapeError
from minigrad.ops.axes import per_axis
from minigrad.tape import Result, Value, op

__all__ = ["overlap_add", "sliding_windows"]

Sizes = int | Sequence[int]


def _steps(name: str, stride: Sizes, dilation: Sizes, n: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return per_axis(name, "stride", stride, n, 1), per_axis(name, "dilation", dilation, n, 1)


@op
def sliding_windows(x: Value, /, kernel: Sizes, stride: Sizes = 1, dilation: Sizes = 1) -> Result:
    """All windows over the last axes: as many axes as the kernel has sizes.

    y[..., o, t] = x[..., o stride + t dilation], for t < kernel

    Shapes: x (..., *size), y (..., *windows, *kernel), with floor((size - dilation (kernel - 1) - 1) / stride) + 1
    windows. On NumPy y is a view that cannot be written to: nothing is copied.
    Gradient: `overlap_add`, its adjoint.

    >>> sliding_windows([1.0, 2.0, 3.0], 2)
    array([[1., 2.],
           [2., 3.]], dtype=float32)
    """
    n = 1 if isinstance(kernel, int) else len(kernel)
    if not 1 <= n <= x.ndim:
        raise ShapeError(
            f"sliding_windows: needs an axis for each size of the kernel, got {kernel} for {x.shape}; shorten kernel"
        )
    kernel, size = per_axis("sliding_windows", "kernel", kernel, n, 1), x.shape[x.ndim - n :]
    stride, dilation = _steps("sliding_windows", stride, dilation, n)
    if 0 in places(size, kernel, stride, dilation):
        raise ShapeError(
            f"sliding_windows: a window must fit into x, got kernel {kernel} with dilation {dilation} for {x.shape}; "
            "pad x, or take a smaller kernel"
        )
    windows = namespace(x).sliding_windows(x, kernel, stride, dilation)
    return windows, (lambda g: namespace(g).overlap_add(g, size, stride, dilation),)


@op
def overlap_add(windows: Value, /, size: Sizes, stride: Sizes = 1, dilation: Sizes = 1) -> Result:
    """Windows added up where `sliding_windows` takes them from: the adjoint of it.

    x[..., i] = sum of windows[..., o, t] over all o and t with o stride + t dilation = i

    Shapes: windows (..., *windows, *kernel), x (..., *size).
    Gradient: `sliding_windows`.

    >>> overlap_add([[1.0, 2.0], [2.0, 3.0]], 3)
    array([1., 4., 3.], dtype=float32)
    """
    n = 1 if isinstance(size, int) else len(size)
    if windows.ndim < 2 * n or n < 1:
        raise ShapeError(
            f"overlap_add: windows are (..., *windows, *kernel), got {windows.shape} for size {size}; shorten size"
        )
    size, shape = per_axis("overlap_add", "size", size, n), windows.shape
    stride, dilation = _steps("overlap_add", stride, dilation, n)
    count, kernel = shape[-2 * n : -n], shape[-n:]
    if any(m > room for m, room in zip(count, places(size, kernel, stride, dilation), strict=True)):
        raise ShapeError(
            f"overlap_add: the windows must fit into size, got {count} windows of {kernel} for size {size}; "
            f"it has room for {places(size, kernel, stride, dilation)}"
        )
    own = (..., *(slice(m) for m in count), *(slice(None) for _ in kernel))  # size may have room for more

    def vjp(g: Value) -> Value:
        return namespace(g).sliding_windows(g, kernel, stride, dilation)[own]

    return namespace(windows).overlap_add(windows, size, stride, dilation), (vjp,)
