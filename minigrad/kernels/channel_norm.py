"""Kernels of normalisation by channels: sums over what belongs to a channel, and lines with coefficients of channels.

They see a matrix in which whole rows or whole columns belong to a channel, so that arrays of any order in memory are
taken as they lie. With `last`, column j is of channel j mod C, else row i is of channel i mod C; every vector here has
one number for each of the C channels. Of these four, batch, group and instance normalisation are made.

Builds on: `minigrad.kernels`. Read next: `minigrad.kernels.numpy.channel_norm`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels import kernel

__all__ = ["affine", "affine_backward", "moments", "products"]

Array = np.ndarray[Any, Any]


@kernel
def moments(x: Array, channels: int, last: int) -> tuple[Array, ...]:
    """Mean and biased variance of each channel."""
    return np.empty(channels, x.dtype), np.empty(channels, x.dtype)


@kernel
def affine(x: Array, center: Array, scale: Array, shift: Array, last: int) -> tuple[Array, ...]:
    """y = (x - center) scale + shift"""
    return (np.empty(x.shape, x.dtype),)


@kernel
def products(g: Array, x: Array, center: Array, last: int) -> tuple[Array, ...]:
    """The sums of g, and of g (x - center)."""
    return np.empty(center.shape, x.dtype), np.empty(center.shape, x.dtype)


@kernel
def affine_backward(
    g: Array, x: Array, center: Array, scale: Array, slope: Array, shift: Array, last: int
) -> tuple[Array, ...]:
    """dx = g scale - (x - center) slope - shift"""
    return (np.empty(x.shape, x.dtype),)
