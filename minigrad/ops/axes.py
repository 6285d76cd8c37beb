"""Axes as users give them, None, an int or a tuple, negative ones too, as numbers from 0: one place that checks them.

Sizes too, where one number stands for every axis.

Builds on: `minigrad.errors`. Read next: `minigrad.ops.index`.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from minigrad.errors import DTypeError, ShapeError

__all__ = ["all_axes", "one_axis", "per_axis"]


def one_axis(axis: int, shape: tuple[int, ...]) -> int:
    """An axis of `shape`, counted from 0."""
    n = len(shape)
    try:
        axis = operator.index(axis)
    except TypeError:
        raise DTypeError(f"axis: an axis is an integer, got {axis!r}; use -{n} to {n - 1}") from None
    if not -n <= axis < n:
        raise ShapeError(f"axis: the axis is out of range, got axis {axis} for shape {shape}; use {-n} to {n - 1}")
    return axis % n


def all_axes(axis: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The axes of `shape` that None (all), a number or a tuple of numbers means."""
    if axis is None:
        return tuple(range(len(shape)))
    axes = tuple(one_axis(a, shape) for a in (axis if isinstance(axis, (tuple, list)) else (axis,)))
    if len(set(axes)) < len(axes):
        raise ShapeError(f"axis: an axis is named twice, got axis {axis} for shape {shape}; name each once")
    return axes


def per_axis(name: str, what: str, sizes: Any, n: int, least: int = 0) -> tuple[int, ...]:
    """One whole number for each of `n` axes, where one alone stands for all: a stride, a kernel."""
    if type(sizes) is int and sizes >= least:
        return (sizes,) * n
    each = list(sizes) if isinstance(sizes, (tuple, list)) else [sizes]
    try:
        each = [-1 if isinstance(k, (bool, np.bool_)) else operator.index(k) for k in each]
    except TypeError:
        each = []
    each = each * n if len(each) == 1 else each
    if len(each) != n or any(k < least for k in each):
        raise ShapeError(
            f"{name}: {what} is one whole number, or one for each of {n} axes, {least} or more, got {sizes!r}; "
            "pass an int or a tuple of ints"
        )
    return tuple(each)
