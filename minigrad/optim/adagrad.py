"""Adagrad.

Builds on: `minigrad.optim.optimizer`. Read next: `minigrad.optim.rmsprop`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minigrad.backend import Array, namespace
from minigrad.ewma import EWMA
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.options import Group, LearningRate

__all__ = ["Adagrad"]


class Adagrad(Optimizer):
    """Gradients divided by the root of the sum of all their squares: rates that only shrink, each by its own history.

    s = s + g^2;  p = p - lr g / (sqrt(s) + eps)

    >>> from minigrad import Tensor
    >>> p = Tensor([1.0], requires_grad=True)
    >>> (p * p).backward()
    >>> Adagrad([p], lr=0.1).step()
    >>> round(p.item(), 4)
    0.9

    Reference: Duchi, Hazan and Singer, Adaptive Subgradient Methods, 2011.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: LearningRate = 1e-2,
        eps: float = 1e-10,
        weight_decay: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, eps=eps, weight_decay=weight_decay, maximize=maximize)

    def averages(self, o: Group) -> dict[str, EWMA | None]:
        return {"s": None}

    def direction(self, g: Array, o: Group, s: Array) -> Array:  # type: ignore[override]
        s += g * g
        return g / (namespace(g).sqrt(s) + o.eps)
