"""RAdam.

Builds on: `minigrad.optim.optimizer`, `minigrad.ewma`. Read next: `minigrad.optim.lion`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minigrad.backend import Array, namespace
from minigrad.ewma import EWMA
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.options import Group, LearningRate

__all__ = ["RAdam"]


class RAdam(Optimizer):
    """Adam that waits with the division until its second average has seen enough: a warm-up by computation.

    rho_inf = 2 / (1 - beta2) - 1;  rho = rho_inf - 2 t beta2^t / (1 - beta2^t);  m, v as in Adam;
    rho > 5: p = p - lr r m^ sqrt(1 - beta2^t) / (sqrt(v) + eps), else p = p - lr m^,
    r = sqrt((rho - 4) (rho - 2) rho_inf / ((rho_inf - 4) (rho_inf - 2) rho))

    `weight_decay` is added to the gradient, with `decoupled_weight_decay` p shrinks by itself as in AdamW.

    >>> from minigrad import Tensor
    >>> p = Tensor([1.0], requires_grad=True)
    >>> (p * p).backward()
    >>> RAdam([p], lr=0.1).step()
    >>> round(p.item(), 4)
    0.8

    Reference: Liu et al., On the Variance of the Adaptive Learning Rate and Beyond, 2020, algorithm 2.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: LearningRate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            decoupled_weight_decay=decoupled_weight_decay,
            maximize=maximize,
        )

    def averages(self, o: Group) -> dict[str, EWMA | None]:
        return {"m": EWMA(o.betas[0]), "v": EWMA(o.betas[1])}

    def direction(self, g: Array, o: Group, m: EWMA, v: EWMA) -> Array:  # type: ignore[override]
        m.update(g)
        v.update(g * g)
        power = v.beta**v.t
        rho_inf = 2 / (1 - v.beta) - 1
        rho = rho_inf - 2 * v.t * power / (1 - power)
        if rho <= 5:
            return m.corrected
        r = ((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho)) ** 0.5
        return (r * (1 - power) ** 0.5) * m.corrected / (namespace(g).sqrt(v.value) + o.eps)
