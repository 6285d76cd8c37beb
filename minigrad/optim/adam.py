"""Adam and AdamW.

Builds on: `minigrad.optim.optimizer`, `minigrad.optim.at_once`, `minigrad.ewma`. Read next: ``examples/mlp.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minigrad.backend import Array, namespace
from minigrad.ewma import EWMA
from minigrad.kernels import update
from minigrad.optim.at_once import at_once
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.options import Group, LearningRate

__all__ = ["Adam", "AdamW"]


def adam_at_once(p: Array, g: Array, o: Group, lr: float, shrink: float, pull: float, m: EWMA, v: EWMA) -> None:
    """lr m^ / (sqrt(v^) + eps) = (lr d / c) m / (sqrt(v) + d eps), c = 1 - beta1^t, d = sqrt(1 - beta2^t)"""
    least, _ = m.count(), v.count()
    c, d = 1 - m.beta**m.t, (1 - v.beta**v.t) ** 0.5
    update.adam(p, g, m.value, v.value, m.beta, v.beta, d * o["eps"], lr * d / c, shrink, pull, least)


class Adam(Optimizer):
    """Momentum divided by the root of the mean squared gradient, both corrected for their start from zero.

    m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;  p = p - lr m^ / (sqrt(v^) + eps)

    `weight_decay` is coupled: it is added to the gradient, and so divided by the root like it (see AdamW).

    >>> from minigrad import Tensor
    >>> p = Tensor([1.0], requires_grad=True)
    >>> (p * p).backward()
    >>> Adam([p], lr=0.1).step()
    >>> round(p.item(), 4)
    0.9

    Reference: Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015, algorithm 1.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: LearningRate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas=betas, eps=eps, weight_decay=weight_decay, maximize=maximize)

    def averages(self, o: Group) -> dict[str, EWMA | None]:
        beta1, beta2 = o["betas"]
        return {"m": EWMA(beta1), "v": EWMA(beta2)}

    @at_once(adam_at_once)
    def direction(self, g: Array, o: Group, m: EWMA, v: EWMA) -> Array:  # type: ignore[override]
        m.update(g)
        v.update(g * g)
        return m.corrected / (namespace(g).sqrt(v.corrected) + o.eps)


class AdamW(Adam):
    """Adam with decoupled weight decay: the parameter shrinks by itself, past the averages.

    p = p (1 - lr weight_decay), then a step of Adam on the raw gradient

    >>> from minigrad import Tensor
    >>> p = Tensor([1.0], requires_grad=True)
    >>> (p * 0.0).backward()
    >>> AdamW([p], lr=0.1, weight_decay=0.5).step()
    >>> round(p.item(), 4)
    0.95

    Reference: Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019, algorithm 2.
    """

    decoupled = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: LearningRate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, maximize)
