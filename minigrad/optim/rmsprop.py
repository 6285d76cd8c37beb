"""RMSProp.

Builds on: `minigrad.optim.optimizer`, `minigrad.ewma`. Read next: `minigrad.optim.adadelta`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from minigrad.backend import Array, namespace
from minigrad.ewma import EWMA
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.options import BETA, Group, LearningRate, Range
from minigrad.optim.sgd import running_sum

__all__ = ["RMSProp"]


class RMSProp(Optimizer):
    """Gradients divided by the root of their mean square, which forgets: Adagrad with a memory.

    v = alpha v + (1 - alpha) g^2;  p = p - lr g / (sqrt(v) + eps)

    `centered` divides by the deviation, sqrt(v - m^2) with m the average of g; with `momentum` the quotients are summed
    up, b = momentum b + quotient;  p = p - lr b.

    >>> from minigrad import Tensor
    >>> p = Tensor([1.0], requires_grad=True)
    >>> (p * p).backward()
    >>> RMSProp([p], lr=0.01).step()
    >>> round(p.item(), 4)
    0.9

    Reference: Tieleman and Hinton, Lecture 6.5 of Neural Networks for Machine Learning, 2012; Graves, Generating
    Sequences With Recurrent Neural Networks, 2013, equations 38 to 41 (centered).
    """

    ranges: ClassVar[Mapping[str, Range | None]] = {"alpha": BETA, "momentum": BETA}

    def __init__(
        self,
        params: Iterable[Any],
        lr: LearningRate = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr,
            alpha=alpha,
            eps=eps,
            weight_decay=weight_decay,
            momentum=momentum,
            centered=centered,
            maximize=maximize,
        )

    def averages(self, o: Group) -> dict[str, EWMA | None]:
        kept: dict[str, EWMA | None] = {"v": EWMA(o.alpha)}
        if o.centered:
            kept["m"] = EWMA(o.alpha)
        if o.momentum:
            kept["b"] = EWMA(o.momentum)
        return kept

    def direction(  # type: ignore[override]
        self, g: Array, o: Group, v: EWMA, m: EWMA | None = None, b: EWMA | None = None
    ) -> Array:
        xp, square = namespace(g), v.update(g * g).value
        if m is not None:
            mean = m.update(g).value
            square = xp.maximum(square - mean * mean, 0)  # rounding may make it negative
        quotient = g / (xp.sqrt(square) + o.eps)
        return quotient if b is None else running_sum(b, quotient)
