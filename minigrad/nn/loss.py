"""Losses of numbers against numbers, by the names of `torch.nn`. Shapes must be equal: (N, 1) against (N,) is an error.

Builds on: `minigrad.nn.layer`, `minigrad.nn.functional`. Read next: `minigrad.nn.likelihood`.
"""

from __future__ import annotations

from typing import Any

from minigrad.argument import ABOVE_0, AT_LEAST_0, number
from minigrad.nn import functional as F
from minigrad.nn.functional.reduction import check_reduction
from minigrad.nn.layer import Layer

__all__ = ["HuberLoss", "KLDivLoss", "L1Loss", "MSELoss", "SmoothL1Loss"]


class MSELoss(Layer):
    """Squared error, its mean by default.

    y = mean (input - target)^2

    Shapes: input and target the same; y (), or theirs with reduction 'none'.

    Raises
    ------
    ShapeError
        If the shapes differ, (N, 1) against (N,) for instance.

    >>> MSELoss()([1.0, 2.0], [1.0, 4.0])
    array(2., dtype=float32)
    """

    def __init__(self, reduction: str = "mean") -> None:
        check_reduction("MSELoss", reduction)
        self.reduction = reduction

    def forward(self, input: Any, target: Any) -> Any:
        return F.mse_loss(input, target, self.reduction)


class L1Loss(Layer):
    """Absolute error, its mean by default.

    y = mean abs(input - target)

    Shapes: input and target the same; y (), or theirs with reduction 'none'.

    Raises
    ------
    ShapeError
        If the shapes differ, (N, 1) against (N,) for instance.

    >>> L1Loss()([1.0, 2.0], [1.0, 4.0])
    array(1., dtype=float32)
    """

    def __init__(self, reduction: str = "mean") -> None:
        check_reduction("L1Loss", reduction)
        self.reduction = reduction

    def forward(self, input: Any, target: Any) -> Any:
        return F.l1_loss(input, target, self.reduction)


class SmoothL1Loss(Layer):
    """Absolute error with a rounded tip; its slope far out is 1.

    y = mean of d^2 / (2 beta) where abs(d) < beta, else abs(d) - beta / 2, with d = input - target

    Shapes: input and target the same; y (), or theirs with reduction 'none'.

    Raises
    ------
    ShapeError
        If the shapes differ, (N, 1) against (N,) for instance.

    >>> SmoothL1Loss()([0.0, 0.0], [0.5, 3.0])
    array(1.3125, dtype=float32)

    Reference: Girshick, Fast R-CNN, 2015, equation 3.
    """

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        check_reduction("SmoothL1Loss", reduction)
        self.reduction = reduction
        self.beta = number("SmoothL1Loss", "beta", beta, AT_LEAST_0)

    def forward(self, input: Any, target: Any) -> Any:
        return F.smooth_l1_loss(input, target, self.reduction, self.beta)


class HuberLoss(Layer):
    """Squared error near 0, absolute error far out; its slope far out is delta.

    y = mean of d^2 / 2 where abs(d) <= delta, else delta (abs(d) - delta / 2), with d = input - target

    Shapes: input and target the same; y (), or theirs with reduction 'none'.

    Raises
    ------
    ShapeError
        If the shapes differ, (N, 1) against (N,) for instance.

    >>> HuberLoss(delta=2.0)([0.0, 0.0], [0.5, 3.0])
    array(2.0625, dtype=float32)

    Reference: Huber, Robust Estimation of a Location Parameter, 1964.
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        check_reduction("HuberLoss", reduction)
        self.reduction = reduction
        self.delta = number("HuberLoss", "delta", delta, ABOVE_0)

    def forward(self, input: Any, target: Any) -> Any:
        return F.huber_loss(input, target, self.reduction, self.delta)


class KLDivLoss(Layer):
    """Divergence of the target distribution from the one whose log-probabilities are the input.

    y = mean target (ln target - input), and with `log_target` mean e^target (target - input)

    Shapes: input and target the same; y (), or theirs with reduction 'none'.
    'batchmean' divides the sum by N and is the divergence itself; 'mean' divides by the number of elements.

    Raises
    ------
    ShapeError
        If the shapes differ, (N, 1) against (N,) for instance.

    >>> KLDivLoss("batchmean")([[-0.6931, -0.6931]], [[1.0, 0.0]])
    array(0.6931, dtype=float32)

    Reference: Kullback and Leibler, On Information and Sufficiency, 1951.
    """

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        check_reduction("KLDivLoss", reduction, ("none", "mean", "sum", "batchmean"))
        self.reduction = reduction
        self.log_target = log_target

    def forward(self, input: Any, target: Any) -> Any:
        return F.kl_div(input, target, self.reduction, self.log_target)
