"""`Optimizer`, the base of every optimizer: it holds the parameters, their averages and the step.

A new optimizer names the averages it keeps for each parameter and the direction of a step, and reads like its paper.

Builds on: `minigrad.tensor`, `minigrad.ewma`. Read next: `minigrad.optim.adam`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from minigrad.errors import GraphError
from minigrad.ewma import EWMA
from minigrad.graph import Leaf
from minigrad.tensor import Tensor

__all__ = ["Optimizer"]


class Optimizer:
    """The base of every optimizer.

    p = p - lr * direction(g)

    Parameters
    ----------
    params
        The Tensors to train, leaves that require gradients.
    lr
        The learning rate: a number, or a function of the number of steps done.

    >>> class Descent(Optimizer):
    ...     def direction(self, g):
    ...         return g
    >>> p = Tensor([1.0], requires_grad=True)
    >>> (p * p).backward()
    >>> Descent([p], lr=0.25).step()
    >>> p.tolist()
    [0.5]
    """

    def __init__(self, params: Iterable[Tensor], lr: float | Callable[[int], float]) -> None:
        self.params = list(params)
        if not self.params:
            raise GraphError(f"{type(self).__name__}: needs parameters to train, got none; pass model.parameters()")
        for p in self.params:
            if not isinstance(p, Tensor) or not isinstance(p.node, Leaf):
                raise GraphError(
                    f"{type(self).__name__}: trains leaves that require gradients, got {p!r:.60}; "
                    "pass model.parameters()"
                )
        self.lr = lr
        self.steps = 0
        self.state = [self.averages() for _ in self.params]

    def averages(self) -> dict[str, EWMA]:
        """The averages kept for one parameter, by the names that `direction` takes them by."""
        return {}

    def direction(self, g: Any, **averages: EWMA) -> Any:
        """Where a step goes, before the learning rate."""
        raise NotImplementedError(f"{type(self).__name__}: an optimizer defines direction(self, g, ...)")

    def step(self) -> None:
        """Move every parameter that has a gradient; the others, and their averages, stay as they are."""
        lr = float(self.lr(self.steps) if callable(self.lr) else self.lr)  # a NumPy scalar would widen p
        for p, averages in zip(self.params, self.state, strict=True):
            if p.grad is not None:
                p.write(..., p.value - lr * self.direction(p.grad, **averages))
        self.steps += 1

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for p in self.params:
            p.grad = None
