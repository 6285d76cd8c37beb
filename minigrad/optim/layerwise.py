"""LAMB and LARS: the size of a step in proportion to the norm of what is stepped, tensor by tensor.

Builds on: `minigrad.optim.optimizer`, `minigrad.optim.adam`. Read next: `minigrad.optim.adafactor`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from minigrad.backend import Array, namespace
from minigrad.ewma import EWMA
from minigrad.optim.adam import Adam
from minigrad.optim.norms import norm
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.options import BETA, Group, LearningRate, Range
from minigrad.optim.sgd import running_sum

__all__ = ["LAMB", "LARS"]


class LAMB(Adam):
    """Adam whose step has the norm of the parameter times the rate, for very large batches.

    u = m^ / (sqrt(v^) + eps) + weight_decay p;  p = p - lr (norm p / norm u) u, the quotient 1 where either norm is 0

    >>> from minigrad import Tensor
    >>> p = Tensor([3.0, 4.0], requires_grad=True)
    >>> p.sum().backward()
    >>> LAMB([p], lr=0.1).step()
    >>> p.numpy().round(4)
    array([2.6482, 3.6447], dtype=float32)

    Reference: You et al., Large Batch Optimization for Deep Learning: Training BERT in 76 Minutes, 2020, algorithm 2.
    """

    per_tensor = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: LearningRate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.01,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, maximize)

    def move(self, p: Array, g: Array, o: Group, lr: float, **kept: Any) -> None:
        u = self.direction(g, o, **kept) + float(o.weight_decay) * p
        p -= (lr * _quotient(norm(p), norm(u))).astype(p.dtype) * u


class LARS(Optimizer):
    """Momentum whose rate is in proportion to the norm of the parameter over that of the gradient.

    local = trust_coefficient norm p / (norm g + weight_decay norm p);
    b = momentum b + local lr (g + weight_decay p);  p = p - b

    A parameter that is 0 has no size to go by: there local is 1.

    >>> from minigrad import Tensor
    >>> p = Tensor([3.0, 4.0], requires_grad=True)
    >>> (p * 100).sum().backward()
    >>> LARS([p], lr=1.0).step()
    >>> p.numpy().round(4)
    array([2.9965, 3.9965], dtype=float32)

    Reference: You, Gitman and Ginsburg, Large Batch Training of Convolutional Networks, 2017, algorithm 1.
    """

    per_tensor = True
    ranges: ClassVar[Mapping[str, Range | None]] = {
        "momentum": BETA,
        "trust_coefficient": Range(0, usual="0.001"),
    }

    def __init__(
        self,
        params: Iterable[Any],
        lr: LearningRate = 1.0,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        trust_coefficient: float = 0.001,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr,
            momentum=momentum,
            weight_decay=weight_decay,
            trust_coefficient=trust_coefficient,
            maximize=maximize,
        )

    def averages(self, o: Group) -> dict[str, EWMA | None]:
        return {"b": EWMA(o.momentum)}

    def move(self, p: Array, g: Array, o: Group, lr: float, **kept: Any) -> None:
        decay, size = float(o.weight_decay), norm(p)
        local = _quotient(o.trust_coefficient * size, norm(g) + decay * size)
        p -= running_sum(kept["b"], (lr * local).astype(p.dtype) * (g + decay * p))


def _quotient(a: Array, b: Array) -> Array:
    """a / b on the device, 1 where either is 0."""
    xp = namespace(a)
    there = (a > 0) & (b > 0)
    return xp.where(there, a / xp.where(there, b, 1), 1)
