"""Gradient descent, plain, with momentum, and with Nesterov's momentum.

Builds on: `minigrad.optim.optimizer`, `minigrad.optim.at_once`. Read next: `minigrad.optim.adam`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from minigrad.backend import Array
from minigrad.errors import GraphError
from minigrad.ewma import EWMA, flush
from minigrad.kernels import update
from minigrad.optim.at_once import at_once
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.options import BETA, Group, LearningRate, Range
from minigrad.tensor import Tensor

__all__ = ["NAG", "SGD", "Momentum"]


def descent_at_once(p: Array, g: Array, o: Group, lr: float, shrink: float, pull: float) -> None:
    """p = p - lr g"""
    update.descent(p, g, lr, shrink, pull)


class SGD(Optimizer):
    """Stochastic gradient descent.

    p = p - lr (g + weight_decay p)

    >>> from minigrad import Tensor
    >>> p = Tensor([1.0], requires_grad=True)
    >>> (p * p).backward()
    >>> SGD([p], lr=0.25).step()
    >>> p.tolist()
    [0.5]

    Reference: Robbins and Monro, A Stochastic Approximation Method, 1951.
    """

    def __init__(
        self, params: Iterable[Any], lr: LearningRate = 1e-3, weight_decay: float = 0.0, maximize: bool = False
    ) -> None:
        super().__init__(params, lr, weight_decay=weight_decay, maximize=maximize)

    @at_once(descent_at_once)
    def direction(self, g: Array, o: Group, **kept: Any) -> Array:
        return g


def momentum_at_once(p: Array, g: Array, o: Group, lr: float, shrink: float, pull: float, b: EWMA) -> None:
    """p = p - lr b"""
    beta, share = (b.beta, 1 - b.beta) if o["average"] else sum_of(b, o["dampening"] if o["momentum"] else 0.0)
    update.momentum(p, g, b.value, beta, share, 1.0, 0.0, lr, shrink, pull, b.count())


class Momentum(Optimizer):
    """Gradient descent along a running sum of gradients, or along their average.

    b = momentum b + (1 - dampening) g, from b = g;  p = p - lr b. With a momentum of 0 nothing is dampened.
    With ``average=True``: v = momentum v + (1 - momentum) g, from v = 0;  p = p - lr v

    At a constant rate the average takes the steps of the sum at rate lr (1 - momentum), but for the start.

    >>> from minigrad import Tensor
    >>> p = Tensor([1.0], requires_grad=True)
    >>> optimizer = Momentum([p], lr=0.1)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (p * 1.0).backward()
    ...     optimizer.step()
    >>> round(p.item(), 4)
    0.71

    Reference: Polyak, Some Methods of Speeding Up the Convergence of Iteration Methods, 1964.
    """

    ranges: ClassVar[Mapping[str, Range | None]] = {"momentum": BETA, "dampening": Range(0, usual="0")}

    def __init__(
        self,
        params: Iterable[Any],
        lr: LearningRate = 1e-3,
        momentum: float = 0.9,
        dampening: float = 0.0,
        average: bool = False,
        weight_decay: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr,
            momentum=momentum,
            dampening=dampening,
            average=average,
            weight_decay=weight_decay,
            maximize=maximize,
        )

    def averages(self, o: Group) -> dict[str, EWMA | None]:
        return {"b": EWMA(o.momentum)}

    @at_once(momentum_at_once)
    def direction(self, g: Array, o: Group, b: EWMA) -> Array:  # type: ignore[override]
        if o.average:
            return b.update(g).value
        return running_sum(b, g, o.dampening if o.momentum else 0.0)  # PyTorch's: dampening is of momentum


def nesterov_at_once(p: Array, g: Array, o: Group, lr: float, shrink: float, pull: float, b: EWMA) -> None:
    """p = p - lr (g + momentum b), with `look_ahead` p - lr g"""
    beta, share = sum_of(b)
    ahead = 0.0 if o["look_ahead"] else b.beta
    update.momentum(p, g, b.value, beta, share, ahead, 1.0, lr, shrink, pull, b.count())


class NAG(Optimizer):
    """Nesterov's accelerated gradient, as if the gradient were taken where the momentum leads.

    b = momentum b + g, from b = g;  p = p - lr (g + momentum b)

    The paper's own form takes the gradient at the point ahead, q = p - lr momentum b: with ``look_ahead=True`` call
    `look` before the forward, which goes from p to q, and `step` then does b = momentum b + g;  p = q - lr g. In the
    variable q both forms are one.

    >>> from minigrad import Tensor
    >>> p = Tensor([1.0], requires_grad=True)
    >>> (p * p).backward()
    >>> NAG([p], lr=0.1).step()
    >>> round(p.item(), 4)
    0.62

    Reference: Nesterov, A Method of Solving a Convex Programming Problem, 1983; Sutskever et al., 2013, section 2.
    """

    ranges: ClassVar[Mapping[str, Range | None]] = {"momentum": BETA}

    def __init__(
        self,
        params: Iterable[Any],
        lr: LearningRate = 1e-3,
        momentum: float = 0.9,
        look_ahead: bool = False,
        weight_decay: float = 0.0,
        maximize: bool = False,
    ) -> None:
        self._stood: list[tuple[Tensor, Array]] | None = None  # where the parameters were before `look`
        super().__init__(
            params, lr, momentum=momentum, look_ahead=look_ahead, weight_decay=weight_decay, maximize=maximize
        )

    def averages(self, o: Group) -> dict[str, EWMA | None]:
        return {"b": EWMA(o.momentum)}

    @at_once(nesterov_at_once)
    def direction(self, g: Array, o: Group, b: EWMA) -> Array:  # type: ignore[override]
        ahead = o.momentum * running_sum(b, g)
        return g if o.look_ahead else g + ahead

    def look(self) -> None:
        """With ``look_ahead=True``: go where the momentum leads, to take the gradient there."""
        if self._stood is not None:
            raise GraphError("NAG.look: has looked ahead already, got a second look; call step in between")
        self._stood = []
        for o, block in self._blocks:
            if not o.look_ahead:
                raise GraphError("NAG.look: is for look_ahead=True, got False; the usual form needs no look")
            for i, p in enumerate(block.parameters):
                self._stood.append((p, p.value.copy()))
                p.write(..., p.value - self.rate(o) * o.momentum * block.kept(i)["b"])

    def step(self) -> None:
        if self._stood is None and any(o.look_ahead for o in self.param_groups):
            raise GraphError(
                "NAG.step: look_ahead=True takes the gradient ahead, got no look; call look() before forward"
            )
        for p, before in self._stood or ():
            if p.grad is None:  # it stays where it stood
                p.write(..., before)
        self._stood = None
        super().step()


def running_sum(b: EWMA, g: Array, dampening: float = 0.0) -> Array:
    """b = beta b + (1 - dampening) g, the first time b = g: PyTorch's momentum, in the memory of an average."""
    beta, share = sum_of(b, dampening)
    b.value *= beta
    b.value += share * g
    if b.count():
        flush(b.value)
    return b.value


def sum_of(b: EWMA, dampening: float = 0.0) -> tuple[float, float]:
    """beta and share in b = beta b + share g: the first time b is g alone."""
    return (b.beta, 1 - dampening) if b.t else (0.0, 1.0)
