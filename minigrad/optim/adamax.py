"""Adamax.

Builds on: `minigrad.optim.adam`. Read next: `minigrad.optim.nadam`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minigrad.backend import Array, namespace
from minigrad.ewma import EWMA
from minigrad.optim.adam import Adam
from minigrad.optim.options import Group, LearningRate

__all__ = ["Adamax"]


class Adamax(Adam):
    """Adam by the largest gradient of late in place of the mean square: the infinity norm.

    m = beta1 m + (1 - beta1) g;  u = max(beta2 u, |g| + eps);  p = p - lr m^ / u

    >>> from minigrad import Tensor
    >>> p = Tensor([1.0], requires_grad=True)
    >>> (p * p).backward()
    >>> Adamax([p], lr=0.1).step()
    >>> round(p.item(), 4)
    0.9

    Reference: Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015, algorithm 2.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: LearningRate = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, maximize)

    def averages(self, o: Group) -> dict[str, EWMA | None]:
        return {"m": EWMA(o.betas[0]), "u": None}

    def direction(self, g: Array, o: Group, m: EWMA, u: Array) -> Array:  # type: ignore[override]
        xp = namespace(g)
        u[...] = xp.maximum(o.betas[1] * u, xp.abs(g) + o.eps)
        return m.update(g).corrected / u
