"""An optimizer that is to be checked: how to make it, and what the checks train with it on one backend.

What is trained is the same for all checks: four parameters, one of them a single number where the optimizer takes such,
with gradients from a formula.

Builds on: `minigrad.testing.probe`, `minigrad.optim.optimizer`. Read next: `minigrad.testing.optimizer_steps`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.optim.optimizer import Optimizer
from minigrad.tensor import Tensor
from minigrad.testing.case import Array, Case
from minigrad.testing.probe import Probe

__all__ = ["OPTIMIZER_HINTS", "SHAPES", "OptimizerCase", "OptimizerProbe", "Step"]

SHAPES: tuple[tuple[int, ...], ...] = ((3, 2), (4,), (), (1, 2))
Step = Callable[..., Any]

OPTIMIZER_HINTS: dict[str, str] = {
    "made": "make(params), which has to hand params, whatever their form, to Optimizer.__init__",
    "formula": "direction: the formula, the start of its averages, and which of them are corrected",
    "missing": "what is kept outside of `averages`: a count of steps of its own, or an array over all parameters",
    "groups": "options read from self or from a constant and not from the group, o.name",
    "state": "what is kept outside of `averages`, in attributes: it is not saved",
    "flat": "a direction that mixes the elements of its one-dimensional array, with a norm or a mean",
    "schedule": "a learning rate read from self.defaults: the base class multiplies the direction by it",
    "maximize": "what is done to the gradient before direction gets it: the base class turns it round",
    "dtypes": "averages or directions in float64: use Python numbers, float(option), for what meets an array",
    "converges": "the sign and the size of the direction; or make it with a larger lr, or allow more steps",
    "device": "what reads a value on the host: float(), bool(), .item(), an if on an array, np.* on an array",
}


@dataclass(frozen=True)
class OptimizerCase:
    """One optimizer as `check_optimizer` sees it."""

    name: str
    make: Callable[..., Any]
    oracle: Step | None
    variants: tuple[Mapping[str, Any], ...]
    steps: int
    within: float
    synchronises: bool
    shapes: tuple[tuple[int, ...], ...] = SHAPES


class OptimizerProbe(Probe):
    """What every check of an optimizer works with."""

    hints = OPTIMIZER_HINTS

    def __init__(self, subject: OptimizerCase, name: str, check: str) -> None:
        super().__init__(Case(subject.name, subject.make, (), (), synchronises=subject.synchronises), name, check)
        self.subject = subject
        self.all = range(len(subject.shapes))

    def start(self, k: int) -> Array:
        """The k-th parameter before the first step."""
        shape = self.subject.shapes[k]
        return np.asarray(np.sin(1.3 * np.arange(1, np.prod(shape, dtype=int) + 1) + k).reshape(shape))

    def gradient(self, k: int, step: int) -> Array:
        """The gradient of the k-th parameter at a step: of all sizes from 1e-3 to 10, and of both signs."""
        place = np.arange(1, np.prod(self.subject.shapes[k], dtype=int) + 1)
        size = 10.0 ** (np.sin(place * 2.1 + k) * 2 - 1)
        return np.asarray((size * np.cos(0.7 * step + place + k)).reshape(self.subject.shapes[k]))

    def parameters(self, dtype: str = "float64", which: Sequence[int] | None = None) -> list[Tensor]:
        """Fresh leaves with the values of the start."""
        return [self.leaf(self.start(k), dtype) for k in (self.all if which is None else which)]

    def make(self, params: Any, **options: Any) -> Optimizer:
        """The optimizer; options go to it by way of a group."""
        made: Optimizer = self.subject.make([{"params": params, **options}] if options else params)
        return made

    def defaults(self) -> dict[str, Any]:
        """The options that the optimizer has where nothing else is said."""
        return copy.copy(self.make(self.parameters()).defaults)

    def rate(self) -> float:
        """Its learning rate at the first step."""
        lr = self.defaults()["lr"]
        return float(lr(0) if callable(lr) else lr)

    def give(self, params: Sequence[Tensor], step: int, which: Sequence[int | None]) -> None:
        """Gradients of a step for the parameters; `which` says which formula each gets, None for no gradient."""
        for p, k in zip(params, which, strict=True):
            p.grad = None if k is None else self.put(self.gradient(k, step), p.dtype)

    def drive(self, optimizer: Any, params: Sequence[Tensor], steps: Sequence[int], which: Any = None) -> list[Array]:
        """The parameters, in one vector, after each of these steps. `which(step)` says who gets a gradient."""
        path = []
        for step in steps:
            self.give(params, step, which(step) if which else range(len(params)))
            optimizer.step()
            path.append(self.vector(params))
        return path

    def vector(self, params: Sequence[Any]) -> Array:
        """All values in one vector on the host."""
        return np.concatenate([np.zeros(0), *(self.host(p).ravel() for p in params)])

    def same(self, got: Any, expected: Any, about: str, hint: str = "", tolerance: float = 0.0) -> bool:
        """Whether two paths, or vectors, are the same: bit for bit, or but for a relative tolerance."""
        a, b = np.asarray(got), np.asarray(expected)
        if a.shape != b.shape:
            return self.expect(False, about, f"shape {b.shape}", f"shape {a.shape}", hint)
        wrong = ~(np.abs(a - b) <= tolerance * (1 + np.abs(b)))
        if not wrong.any():
            return self.expect(True, about, "", "")
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        where = f"element {place[-1]}" if place else "the number"
        where += f" after step {place[0] + 1}" if len(place) > 1 else ""
        return self.expect(False, about, f"{b[place]:.12g} for {where}", f"{a[place]:.12g}", hint)
