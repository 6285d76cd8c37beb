"""RMSProp.

Builds on: `minigrad.optim.optimizer`, `minigrad.ewma`. Read next: `minigrad.optim.adam`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minigrad.backend import Array, namespace
from minigrad.ewma import EWMA
from minigrad.optim.optimizer import Group, LearningRate, Optimizer

__all__ = ["RMSProp"]


class RMSProp(Optimizer):
    """Gradients divided by the root of their mean square, which forgets: Adagrad with a memory.

    v = alpha v + (1 - alpha) g^2;  p = p - lr g / (sqrt(v) + eps)

    >>> from minigrad import Tensor
    >>> p = Tensor([1.0], requires_grad=True)
    >>> (p * p).backward()
    >>> RMSProp([p], lr=0.01).step()
    >>> round(p.item(), 4)
    0.9

    Reference: Tieleman and Hinton, Lecture 6.5 of Neural Networks for Machine Learning, 2012.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: LearningRate = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, alpha=alpha, eps=eps, weight_decay=weight_decay, maximize=maximize)

    def averages(self, o: Group) -> dict[str, EWMA | None]:
        return {"v": EWMA(o.alpha)}

    def direction(self, g: Array, o: Group, v: EWMA) -> Array:  # type: ignore[override]
        return g / (namespace(g).sqrt(v.update(g * g).value) + o.eps)
