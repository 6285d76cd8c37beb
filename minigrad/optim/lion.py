"""Lion.

Builds on: `minigrad.optim.optimizer`, `minigrad.ewma`. Read next: `minigrad.optim.layerwise`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minigrad.backend import Array, namespace
from minigrad.ewma import EWMA
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.options import Group, LearningRate

__all__ = ["Lion"]


class Lion(Optimizer):
    """Steps of one size, along the sign of an average that looks harder at the newest gradient than its memory does.

    c = beta1 m + (1 - beta1) g;  p = p - lr (sign(c) + weight_decay p);  m = beta2 m + (1 - beta2) g

    A third to a tenth of the rate of AdamW is usual, with so many times its decay.

    >>> from minigrad import Tensor
    >>> p = Tensor([1.0], requires_grad=True)
    >>> (p * p).backward()
    >>> Lion([p], lr=0.1).step()
    >>> round(p.item(), 4)
    0.9

    Reference: Chen et al., Symbolic Discovery of Optimization Algorithms, 2023, program 1.
    """

    decoupled = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: LearningRate = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas=betas, weight_decay=weight_decay, maximize=maximize)

    def averages(self, o: Group) -> dict[str, EWMA | None]:
        return {"m": EWMA(o.betas[1])}

    def direction(self, g: Array, o: Group, m: EWMA) -> Array:  # type: ignore[override]
        c = o.betas[0] * m.value + (1 - o.betas[0]) * g
        m.update(g)
        return namespace(g).sign(c)
