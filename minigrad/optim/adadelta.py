"""Adadelta.

Builds on: `minigrad.optim.optimizer`, `minigrad.ewma`. Read next: `minigrad.optim.adam`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from minigrad.backend import Array, namespace
from minigrad.ewma import EWMA
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.options import BETA, Group, LearningRate, Range

__all__ = ["Adadelta"]


class Adadelta(Optimizer):
    """RMSProp with the size of its own past steps in place of a rate, so that a step has the units of the parameter.

    v = rho v + (1 - rho) g^2;  d = sqrt(u + eps) / sqrt(v + eps) g;  u = rho u + (1 - rho) d^2;  p = p - lr d

    >>> from minigrad import Tensor
    >>> p = Tensor([1.0], requires_grad=True)
    >>> (p * p).backward()
    >>> Adadelta([p]).step()
    >>> round(p.item(), 4)
    0.9968

    Reference: Zeiler, ADADELTA: An Adaptive Learning Rate Method, 2012, algorithm 1.
    """

    ranges: ClassVar[Mapping[str, Range | None]] = {"rho": BETA}

    def __init__(
        self,
        params: Iterable[Any],
        lr: LearningRate = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, rho=rho, eps=eps, weight_decay=weight_decay, maximize=maximize)

    def averages(self, o: Group) -> dict[str, EWMA | None]:
        return {"v": EWMA(o.rho), "u": EWMA(o.rho)}

    def direction(self, g: Array, o: Group, v: EWMA, u: EWMA) -> Array:  # type: ignore[override]
        xp = namespace(g)
        d = xp.sqrt(u.value + o.eps) / xp.sqrt(v.update(g * g).value + o.eps) * g
        u.update(d * d)
        return d
