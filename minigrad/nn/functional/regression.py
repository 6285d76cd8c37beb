"""Losses of numbers against numbers. Shapes must be equal: nothing broadcasts.

Builds on: `minigrad.nn.functional.reduction`. Read next: `minigrad.nn.functional.classification`.
"""

from __future__ import annotations

from typing import Any

from minigrad.argument import ABOVE_0, AT_LEAST_0, number
from minigrad.nn.functional.reduction import pair, reduced
from minigrad.ops import abs, square, subtract, where
from minigrad.tape import composite
from minigrad.tensor import raw

__all__ = ["huber_loss", "l1_loss", "mse_loss", "smooth_l1_loss"]


@composite
def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """Squared error, its mean by default.

    y = mean (input - target)^2

    Shapes: input and target the same; y (), or theirs with reduction 'none'.

    Raises
    ------
    ShapeError
        If the shapes differ, (N, 1) against (N,) for instance.

    >>> mse_loss([1.0, 2.0], [1.0, 4.0])
    array(2., dtype=float32)
    """
    input, target = pair("mse_loss", input, target)
    return reduced("mse_loss", square(subtract(input, target)), reduction)


@composite
def l1_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """Absolute error, its mean by default.

    y = mean abs(input - target)

    Shapes: input and target the same; y (), or theirs with reduction 'none'. Gradient: 0 where they are equal.

    Raises
    ------
    ShapeError
        If the shapes differ.

    >>> l1_loss([1.0, 2.0], [1.0, 4.0])
    array(1., dtype=float32)
    """
    input, target = pair("l1_loss", input, target)
    return reduced("l1_loss", abs(subtract(input, target)), reduction)


@composite
def smooth_l1_loss(input: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Any:
    """Absolute error with a rounded tip; its slope far out is 1.

    y = mean of d^2 / (2 beta) where abs(d) < beta, else abs(d) - beta / 2, with d = input - target

    Shapes: input and target the same; y (), or theirs with reduction 'none'.

    Raises
    ------
    ShapeError
        If the shapes differ.
    ValueError
        If beta is negative; 0 gives the absolute error.

    >>> smooth_l1_loss([0.0, 0.0], [0.5, 3.0], "none")
    array([0.125, 2.5  ], dtype=float32)

    Reference: Girshick, Fast R-CNN, 2015, equation 3.
    """
    beta = number("smooth_l1_loss", "beta", beta, AT_LEAST_0)
    if beta == 0:
        return l1_loss(input, target, reduction)
    input, target = pair("smooth_l1_loss", input, target)
    d = subtract(input, target)
    size = abs(d)
    return reduced("smooth_l1_loss", where(raw(size) < beta, square(d) * (0.5 / beta), size - 0.5 * beta), reduction)


@composite
def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    """Squared error near 0, absolute error far out; its slope far out is delta.

    y = mean of d^2 / 2 where abs(d) <= delta, else delta (abs(d) - delta / 2), with d = input - target

    Shapes: input and target the same; y (), or theirs with reduction 'none'.

    Raises
    ------
    ShapeError
        If the shapes differ.
    ValueError
        If delta is not above 0.

    >>> huber_loss([0.0, 0.0], [0.5, 3.0], "none", delta=2.0)
    array([0.125, 4.   ], dtype=float32)

    Reference: Huber, Robust Estimation of a Location Parameter, 1964.
    """
    delta = number("huber_loss", "delta", delta, ABOVE_0)
    input, target = pair("huber_loss", input, target)
    d = subtract(input, target)
    size = abs(d)
    return reduced("huber_loss", where(raw(size) <= delta, square(d) * 0.5, (size - 0.5 * delta) * delta), reduction)
