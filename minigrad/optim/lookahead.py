"""Lookahead.

Builds on: `minigrad.optim.optimizer`. Read next: `minigrad.optim.together`.
"""

from __future__ import annotations

from typing import Any

from minigrad.argument import Range, number, whole
from minigrad.errors import GraphError, ShapeError
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.state import check_entries

__all__ = ["Lookahead", "inner"]


class Lookahead(Optimizer):
    """Slow weights that follow another optimizer's fast ones half the way, and call them back.

    every k updates: slow = slow + alpha (fast - slow), fast = slow

    The slow weights begin where a parameter's first update finds it. They are kept among the state of the optimizer
    inside, whose groups and options are those of this one.

    Raises
    ------
    GraphError
        If `optimizer` is none, or moves the parameters between steps (`NAG` with ``look_ahead=True``).

    >>> from minigrad import Tensor
    >>> from minigrad.optim import SGD
    >>> p = Tensor([1.0], requires_grad=True)
    >>> optimizer = Lookahead(SGD([p], lr=0.1), k=2)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (p * 1.0).backward()
    ...     optimizer.step()
    >>> round(p.item(), 4)
    0.9

    Reference: Zhang et al., Lookahead Optimizer: k Steps Forward, 1 Step Back, 2019, algorithm 1.
    """

    def __init__(self, optimizer: Optimizer, k: int = 5, alpha: float = 0.5) -> None:
        self.optimizer = inner("Lookahead", optimizer)
        self.k, self.alpha = checked(k, alpha)
        self.name = f"Lookahead({optimizer.name})"
        self.defaults, self.param_groups = optimizer.defaults, optimizer.param_groups
        self.steps, self._blocks = optimizer.steps, optimizer._blocks
        self._keep()

    def _keep(self) -> None:
        """Slow weights beside the state of every parameter that has none."""
        for _, block in self._blocks:
            if "slow" not in block.state:
                block.keep("slow", [p.shape for p in block.parameters])
                for i, p in enumerate(block.parameters):
                    block.kept(i)["slow"][...] = p.value

    def add_param_group(self, group: dict[str, Any]) -> None:
        self.optimizer.add_param_group(group)
        self._keep()

    def step(self) -> None:
        for _, block in self._blocks:
            for run in block.runs([t == 0 for t in block.t]):
                run.state["slow"][...] = run.values
        self.optimizer.step()
        self.steps = self.optimizer.steps
        for _, block in self._blocks:
            due = [has and t % self.k == 0 for has, t in zip(block.present(), block.t, strict=True)]
            for run in block.runs(due):
                slow = run.state["slow"]
                slow += self.alpha * (run.values - slow)
                run.values[...] = slow

    def state_dict(self) -> dict[str, Any]:
        return {**self.optimizer.state_dict(), "optimizer": self.name, "k": self.k, "alpha": self.alpha}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        check_entries(f"{self.name}.load_state_dict", saved, (), "an optimizer's state")
        if saved.get("optimizer") != self.name:
            raise ShapeError(
                f"{self.name}.load_state_dict: the state is of another optimizer, got one of "
                f"{saved.get('optimizer')}; make that one, or start anew"
            )
        k, alpha = checked(saved.get("k"), saved.get("alpha"))
        self.optimizer.load_state_dict({**saved, "optimizer": self.optimizer.name})
        self.steps, self.k, self.alpha = self.optimizer.steps, k, alpha

    def __repr__(self) -> str:
        return f"Lookahead({self.optimizer!r}, k={self.k}, alpha={self.alpha})"


def checked(k: Any, alpha: Any) -> tuple[int, float]:
    """How often and how far, as Python's numbers, which widen nothing."""
    return whole("Lookahead", "k", k, 1), number("Lookahead", "alpha", alpha, Range(0, 1, usual="0.5"))


def inner(name: str, optimizer: Any) -> Optimizer:
    """The optimizer itself, if it can work inside another one."""
    if not isinstance(optimizer, Optimizer):
        kind = type(optimizer).__name__
        raise GraphError(f"{name}: works with optimizers of single models, got {kind}; wrap SGD, AdamW, ... itself")
    if any(group.get("look_ahead") for group in optimizer.param_groups):
        raise GraphError(
            f"{name}: the optimizer inside may not look ahead by itself, got {optimizer!r:.60}; use look_ahead=False"
        )
    return optimizer
