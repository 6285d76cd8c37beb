"""Rows of minigrad.ops.windows: one window and one element at a time, in Python, is what they are held to."""

from typing import Any

import numpy as np

import minigrad as mg
from tests.ops.row import Row

__all__ = ["ROWS"]

# kernel, stride, dilation, and the size of the axes they move along
PLAIN: dict[str, Any] = {
    "1d": ((2,), (1,), (1,), (5,)),
    "stride": ((2,), (2,), (1,), (5,)),
    "dilation": ((2,), (1,), (2,), (5,)),
    "apart": ((2,), (3,), (1,), (6,)),
    "whole": ((4,), (2,), (1,), (4,)),
    "one": ((1,), (1,), (1,), (3,)),
    "2d": ((2, 3), (1, 2), (2, 1), (4, 5)),
    "3d": ((1, 2, 2), (1, 2, 1), (1, 1, 1), (2, 3, 2)),
}


def windows(x: np.ndarray, kernel: Any, stride: Any, dilation: Any) -> np.ndarray:
    """y[..., o, t] = x[..., o stride + t dilation], an element at a time."""
    n = len(kernel)
    lead, size = x.shape[: x.ndim - n], x.shape[x.ndim - n :]
    count = tuple((m - d * (k - 1) - 1) // s + 1 for m, k, s, d in zip(size, kernel, stride, dilation, strict=True))
    y = np.zeros((*lead, *count, *kernel), x.dtype)
    for o in np.ndindex(*count):
        for t in np.ndindex(*kernel):
            y[(..., *o, *t)] = x[(..., *(a * s + b * d for a, s, b, d in zip(o, stride, t, dilation, strict=True)))]
    return y


def added(y: np.ndarray, size: Any, stride: Any, dilation: Any) -> np.ndarray:
    """x[..., o stride + t dilation] += y[..., o, t], an element at a time."""
    n = len(size)
    lead, count, kernel = y.shape[: y.ndim - 2 * n], y.shape[y.ndim - 2 * n : y.ndim - n], y.shape[y.ndim - n :]
    x = np.zeros((*lead, *size), y.dtype)
    for o in np.ndindex(*count):
        for t in np.ndindex(*kernel):
            x[(..., *(a * s + b * d for a, s, b, d in zip(o, stride, t, dilation, strict=True)))] += y[(..., *o, *t)]
    return x


def pair(variant: str, kernel: Any, stride: Any, dilation: Any, size: Any) -> list[Row]:
    """Both ops of one kernel."""
    taken = windows(np.zeros((2, *size)), kernel, stride, dilation).shape
    return [
        Row("sliding_windows", [(2, *size)], lambda x: windows(x, kernel, stride, dilation), variant,
            lambda x: mg.sliding_windows(x, kernel, stride, dilation), shapes=[[size], [(0, *size)], [(1, 2, *size)]]),
        Row("overlap_add", [taken], lambda y: added(y, size, stride, dilation), variant,
            lambda y: mg.overlap_add(y, size, stride, dilation), shapes=[[taken[1:]], [(0, *taken[1:])]]),
    ]  # fmt: skip


ROWS = [
    *(row for variant, static in PLAIN.items() for row in pair(variant, *static)),
    Row("sliding_windows", [(2, 5)], lambda x: windows(x, (2,), (2,), (1,)), "numbers",
        lambda x: mg.sliding_windows(x, 2, 2)),
    Row("overlap_add", [(2, 2, 2)], lambda y: added(y, (5,), (1,), (1,)), "numbers", lambda y: mg.overlap_add(y, 5)),
    Row("overlap_add", [(2, 2, 2)], lambda y: added(y, (9,), (2,), (1,)), "with room left",
        lambda y: mg.overlap_add(y, 9, 2)),
    Row("overlap_add", [(2, 0, 2)], lambda y: np.zeros((2, 3)), "of no windows", lambda y: mg.overlap_add(y, 3)),
]  # fmt: skip
