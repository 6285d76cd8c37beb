"""Kernels of optimizers: a whole step over flat arrays, written where they lie; and the sum of squares for clipping.

`shrink` and `pull` are the two kinds of weight decay: p = shrink p past the gradient, or g = g + pull p before it.
`least` is the size below which averages become 0 at this update; mostly it is 0, and nothing does (`minigrad.ewma`).

Builds on: `minigrad.kernels`. Read next: `minigrad.kernels.numpy.update`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels import in_place, kernel

__all__ = ["adam", "average", "bound", "descent", "momentum", "squares"]

Array = np.ndarray[Any, Any]


@in_place
def descent(p: Array, g: Array, rate: float, shrink: float, pull: float) -> tuple[()]:
    """p = shrink p - rate (g + pull p)"""
    return ()


@in_place
def momentum(
    p: Array, g: Array, b: Array,
    beta: float, share: float, along: float, across: float,
    rate: float, shrink: float, pull: float, least: float,
) -> tuple[()]:  # fmt: skip
    """b = beta b + share g;  p = shrink p - rate (along b + across g)"""
    return ()


@in_place
def adam(
    p: Array, g: Array, m: Array, v: Array,
    beta1: float, beta2: float, eps: float,
    rate: float, shrink: float, pull: float, least: float,
) -> tuple[()]:  # fmt: skip
    """m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;  p = shrink p - rate m / (sqrt(v) + eps)"""
    return ()


@in_place
def average(v: Array, x: Array, beta: float, least: float) -> tuple[()]:
    """v = beta v + (1 - beta) x"""
    return ()


@in_place
def bound(g: Array, scale: float) -> tuple[()]:
    """g = g min(1, scale)"""
    return ()


@kernel
def squares(g: Array) -> tuple[Array]:
    """s = sum of g^2"""
    return (np.empty((), g.dtype),)
