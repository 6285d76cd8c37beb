"""Adaptive pooling layers: so many regions, whatever the size of the image.

Builds on: `minigrad.nn.layer`, `minigrad.nn.functional.adaptive`. Read next: `minigrad.nn.resample`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.nn.functional.adaptive import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    regions,
)
from minigrad.nn.layer import Layer

__all__ = ["AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d"]


class _Adaptive(Layer):
    """What adaptive layers share; a subclass names its number of axes and its function."""

    axes = 0
    function: Any = None

    def __init__(self, output_size: int | Sequence[int | None] | None) -> None:
        regions(type(self).__name__, output_size, (1,) * self.axes)
        self.output_size = output_size

    def forward(self, x: Any) -> Any:
        return self.function(x, self.output_size)


class AdaptiveAvgPool1d(_Adaptive):
    """The mean of each of so many regions, whatever the length.

    y[n, c, i] = mean of x[n, c, floor(i L / output_size) : ceil((i + 1) L / output_size)]

    Shapes: x (N, C, L) or (C, L), y (N, C, output_size).

    Raises
    ------
    ShapeError
        If x has other axes, or is empty.
    ValueError
        If output_size means nothing.

    >>> AdaptiveAvgPool1d(2)([[1.0, 2.0, 6.0]])
    array([[1.5, 4. ]], dtype=float32)
    """

    axes, function = 1, staticmethod(adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_Adaptive):
    """The mean of each of so many regions, whatever the height and width.

    y[n, c, i, j] = mean of the region between floor(i H / h) and ceil((i + 1) H / h), and likewise for j

    `output_size` is (h, w), or one number for both; None keeps the size of an axis.

    Shapes: x (N, C, H, W) or (C, H, W), y (N, C, h, w).

    Raises
    ------
    ShapeError
        If x has other axes, or is empty.
    ValueError
        If output_size means nothing.

    >>> from minigrad import ones
    >>> AdaptiveAvgPool2d((1, None))(ones((2, 4, 7, 5))).shape
    (2, 4, 1, 5)
    """

    axes, function = 2, staticmethod(adaptive_avg_pool2d)


class AdaptiveMaxPool1d(_Adaptive):
    """The largest element of each of so many regions, whatever the length.

    y[n, c, i] = max of x[n, c, floor(i L / output_size) : ceil((i + 1) L / output_size)]

    Shapes: x (N, C, L) or (C, L), y (N, C, output_size).
    Gradient: all of it goes to the largest element; of equals, to the first.

    Raises
    ------
    ShapeError
        If x has other axes, or is empty.
    ValueError
        If output_size means nothing.

    >>> AdaptiveMaxPool1d(2)([[1.0, 2.0, 6.0]])
    array([[2., 6.]], dtype=float32)
    """

    axes, function = 1, staticmethod(adaptive_max_pool1d)


class AdaptiveMaxPool2d(_Adaptive):
    """The largest element of each of so many regions, whatever the height and width.

    y[n, c, i, j] = max of the region between floor(i H / h) and ceil((i + 1) H / h), and likewise for j

    `output_size` is (h, w), or one number for both; None keeps the size of an axis.

    Shapes: x (N, C, H, W) or (C, H, W), y (N, C, h, w).
    Gradient: all of it goes to the largest element; of equals, to the first.

    Raises
    ------
    ShapeError
        If x has other axes, or is empty.
    ValueError
        If output_size means nothing.

    >>> from minigrad import ones
    >>> AdaptiveMaxPool2d(3)(ones((2, 4, 7, 5))).shape
    (2, 4, 3, 3)
    """

    axes, function = 2, staticmethod(adaptive_max_pool2d)
