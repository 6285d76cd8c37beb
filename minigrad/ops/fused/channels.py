"""Channels: an array (N, C, ...) as a matrix in which whole rows, or whole columns, belong to a channel.

Images may lie in memory in other orders than their axes say: channels last, as convolutions like it, or channels
first. The matrix takes each as it lies, and what comes out of it lies in the same way.

Builds on: nothing. Read next: `minigrad.ops.fused.channel_norm`.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

__all__ = ["Channels"]

Array = np.ndarray[Any, Any]
Axes = tuple[int, ...]

WIDE = 1024  # numbers that a row should have, so that loops over rows are long


@cache
def channels_at(n: int) -> dict[int, tuple[Axes, Axes]]:
    """For each place in memory that channels may have the order of the n axes there, and the way back."""
    axes = range(n)
    swapped = (1, 0, *axes[2:])
    return {-1: ((0, *axes[2:], 1), (0, n - 1, *axes[1:-1])), 0: (swapped, swapped), 1: (tuple(axes), tuple(axes))}


class Channels:
    """How an array (N, C, ...) lies in memory, and how it becomes a matrix and back.

    >>> images = np.moveaxis(np.zeros((2, 4, 4, 3)), -1, 1)
    >>> form = Channels(images)
    >>> form.last, form.matrix(images).shape, form.back(form.matrix(images)).strides == images.strides
    (1, (1, 96), True)
    """

    def __init__(self, x: Array) -> None:
        orders = channels_at(x.ndim)
        place = next((place for place in (-1, 0) if x.transpose(orders[place][0]).flags.c_contiguous), 1)
        self.there, self.home = orders[place]
        self.last = int(place == -1)  # whether columns belong to a channel
        self.lying = tuple(x.shape[axis] for axis in self.there)
        channels, others = x.shape[1], x.size // max(1, x.shape[1])
        if self.last:  # several places in one row, for which their number is divided by a power of two
            many = math.gcd(others, 1 << max(0, (WIDE // max(1, channels)).bit_length() - 1))
            self.shape = (others // max(1, many), channels * many)
        else:
            rows = channels if place == 0 else channels * x.shape[0]
            self.shape = (rows, x.size // max(1, rows))

    def matrix(self, x: Array) -> Array:
        """The array as a matrix: of those that lie as the first one did a view, of others a copy."""
        return x.transpose(self.there).reshape(self.shape)

    def back(self, y: Array) -> Array:
        """A matrix as an array (N, C, ...)."""
        return y.reshape(self.lying).transpose(self.home)
