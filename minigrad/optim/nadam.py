"""NAdam.

Builds on: `minigrad.optim.optimizer`, `minigrad.ewma`. Read next: `minigrad.optim.radam`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from minigrad.backend import Array, namespace
from minigrad.ewma import EWMA
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.options import Group, LearningRate, Range

__all__ = ["NAdam"]


class NAdam(Optimizer):
    """Adam with Nesterov's momentum: the step goes along the average as it will be, not as it is.

    mu_t = beta1 (1 - 0.5 0.96^(momentum_decay t));  c_t = mu_1 ... mu_t;  m, v as in Adam;
    p = p - lr (mu_{t+1} m / (1 - c_{t+1}) + (1 - mu_t) g / (1 - c_t)) / (sqrt(v^) + eps)

    `weight_decay` is added to the gradient, with `decoupled_weight_decay` p shrinks by itself as in AdamW.

    >>> from minigrad import Tensor
    >>> p = Tensor([1.0], requires_grad=True)
    >>> (p * p).backward()
    >>> NAdam([p], lr=0.1).step()
    >>> round(p.item(), 4)
    0.8944

    Reference: Dozat, Incorporating Nesterov Momentum into Adam, 2016, algorithm 2.
    """

    ranges: ClassVar[Mapping[str, Range | None]] = {"momentum_decay": Range(0, usual="0.004")}

    def __init__(
        self,
        params: Iterable[Any],
        lr: LearningRate = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            momentum_decay=momentum_decay,
            decoupled_weight_decay=decoupled_weight_decay,
            maximize=maximize,
        )

    def averages(self, o: Group) -> dict[str, EWMA | None]:
        return {"m": EWMA(o.betas[0]), "v": EWMA(o.betas[1])}

    def direction(self, g: Array, o: Group, m: EWMA, v: EWMA) -> Array:  # type: ignore[override]
        m.update(g)
        v.update(g * g)
        now, ahead = (_mu(t, o.betas[0], o.momentum_decay) for t in (m.t, m.t + 1))
        product = _product(m.t, o.betas[0], o.momentum_decay)
        nesterov = (ahead / (1 - product * ahead)) * m.value + ((1 - now) / (1 - product)) * g
        return nesterov / (namespace(g).sqrt(v.corrected) + o.eps)


def _mu(t: int, beta: float, decay: float) -> float:
    """The momentum of the t-th update, which rises from about beta / 2 to beta."""
    return float(beta * (1 - 0.5 * 0.96 ** (decay * t)))


def _product(t: int, beta: float, decay: float) -> float:
    """mu_1 ... mu_t, made from t alone, so that nothing has to be kept; 0 once it is too small to change 1 - c."""
    product = 1.0
    for i in range(1, t + 1):
        product *= _mu(i, beta, decay)
        if product < 1e-20:
            return 0.0
    return product
