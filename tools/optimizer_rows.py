"""The optimizers of minigrad beside PyTorch's: one table, for the stored reference and for the live comparison.

A row is a way to make the optimizer in each library. What is trained is the same for all: three parameters in two
groups, gradients from a formula, one parameter without a gradient at every third step.
"""

from typing import Any, NamedTuple

import numpy as np

__all__ = ["ROWS", "STEPS", "Row", "gradients", "start", "torch_path"]

STEPS = 10
SHAPES = [(3, 2), (2,), (4,)]


class Row(NamedTuple):
    name: str  # in minigrad.optim
    options: dict[str, Any]
    torch: str  # in torch.optim
    torch_options: dict[str, Any]

    @property
    def id(self) -> str:
        return self.name + "".join(f" {k}={v}" for k, v in self.options.items())


def _same(name: str, *variants: dict[str, Any], torch: str = "", **common: Any) -> list[Row]:
    """Rows whose options have the same names in both."""
    return [Row(name, {**common, **v}, torch or name, {**common, **v}) for v in ({}, *variants)]


DECAY, UP = {"weight_decay": 0.1}, {"maximize": True}

ROWS = [
    *_same("SGD", DECAY, UP, DECAY | UP, lr=0.1),
    *(
        Row("Momentum", options, "SGD", options)
        for extra in ({}, DECAY, UP, {"dampening": 0.3}, {"dampening": 0.3} | DECAY | UP)
        for options in [{"lr": 0.1, "momentum": 0.8, **extra}]
    ),
    *(
        Row("NAG", options, "SGD", {**options, "nesterov": True})
        for extra in ({}, DECAY, UP)
        for options in [{"lr": 0.1, "momentum": 0.8, **extra}]
    ),
    *_same("Adagrad", DECAY, UP, {"eps": 1e-3}, lr=0.1),
    *_same("RMSProp", DECAY, UP, {"alpha": 0.9, "eps": 1e-3}, torch="RMSprop", lr=0.1),
    *_same("Adam", DECAY, UP, {"betas": (0.5, 0.9), "eps": 1e-3}, DECAY | UP, lr=0.1),
    *_same("AdamW", DECAY, UP, {"betas": (0.5, 0.9), "eps": 1e-3}, DECAY | UP, lr=0.1),
]


def start() -> list[np.ndarray]:
    """The parameters before the first step."""
    return [np.sin(1.3 * np.arange(1, np.prod(s) + 1) + i).reshape(s) for i, s in enumerate(SHAPES)]


def gradients(step: int) -> list[np.ndarray | None]:
    """The gradient of each parameter at a step; the last one has none at every third."""
    found: list[np.ndarray | None] = [
        np.cos(0.7 * np.arange(1, np.prod(s) + 1) * (i + 1) + step).reshape(s) for i, s in enumerate(SHAPES)
    ]
    if step % 3 == 1:
        found[-1] = None
    return found


def torch_path(row: Row) -> np.ndarray:
    """The parameters after each step in PyTorch, one row each."""
    import torch

    params = [torch.tensor(p, requires_grad=True) for p in start()]
    groups = [{"params": params[:2]}, {"params": params[2:], "lr": 0.03}]
    optimizer = getattr(torch.optim, row.torch)(groups, **row.torch_options)
    path = []
    for step in range(STEPS):
        for p, g in zip(params, gradients(step), strict=True):
            p.grad = None if g is None else torch.tensor(g)
        optimizer.step()
        path.append(np.concatenate([p.detach().numpy().ravel() for p in params]))
    return np.array(path)
