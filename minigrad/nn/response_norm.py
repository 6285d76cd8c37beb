"""Local response normalisation as a layer.

Builds on: `minigrad.nn.layer`, `minigrad.nn.functional.response`. Read next: `minigrad.nn.loss`.
"""

from __future__ import annotations

from typing import Any

from minigrad.argument import whole
from minigrad.nn.functional.response import check_numbers, local_response_norm
from minigrad.nn.layer import Layer

__all__ = ["LocalResponseNorm"]


class LocalResponseNorm(Layer):
    """Local response normalisation: each activation divided by that of `size` neighbouring channels at its place.

    y = x / (k + alpha / size * sum x^2)^beta, the sum over channels c - size // 2 to c + (size - 1) // 2

    Beyond the first and the last channel there are zeros. The paper writes alpha for our alpha / size.

    Shapes: x (N, C, ...) of three axes or more, y as x.

    Raises
    ------
    ShapeError
        If x has fewer than three axes.
    ValueError
        If size is no whole number above 0, or alpha, beta or k no finite number.

    >>> LocalResponseNorm(2, alpha=2.0, beta=1.0, k=3.0)([[[1.0], [2.0]]]).tolist()
    [[[0.25], [0.25]]]

    Reference: Krizhevsky et al., ImageNet Classification with Deep Convolutional Networks, 2012, section 3.3.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        self.size = whole("LocalResponseNorm", "size", size, 1)
        self.alpha, self.beta, self.k = check_numbers("LocalResponseNorm", alpha=alpha, beta=beta, k=k)

    def forward(self, x: Any) -> Any:
        return local_response_norm(x, self.size, self.alpha, self.beta, self.k)
