"""Adam.

Builds on: `minigrad.optim.optimizer`, `minigrad.ewma`. Read next: ``examples/mlp.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from minigrad.backend import namespace
from minigrad.ewma import EWMA
from minigrad.optim.optimizer import Optimizer
from minigrad.tensor import Tensor

__all__ = ["Adam"]


class Adam(Optimizer):
    """Momentum divided by the root of the mean squared gradient, both corrected for their start from zero.

    m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;  p = p - lr m^ / (sqrt(v^) + eps)

    >>> p = Tensor([1.0], requires_grad=True)
    >>> (p * p).backward()
    >>> Adam([p], lr=0.1).step()
    >>> round(p.item(), 4)
    0.9

    Reference: Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015, algorithm 1.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float | Callable[[int], float] = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        self.betas, self.eps = betas, float(eps)
        super().__init__(params, lr)

    def averages(self) -> dict[str, EWMA]:
        return {"m": EWMA(self.betas[0]), "v": EWMA(self.betas[1])}

    def direction(self, g: Any, m: EWMA, v: EWMA) -> Any:  # type: ignore[override]
        m.update(g)
        v.update(g * g)
        return m.corrected / (namespace(g).sqrt(v.corrected) + self.eps)
