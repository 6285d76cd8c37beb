"""The optimizers of minigrad beside PyTorch's: one table, for the stored reference and for the live comparison.

A row is a way to make the optimizer in each library. What is trained is the same for all: three parameters in two
groups, gradients from a formula, one parameter without a gradient at every third step.
"""

from typing import Any, NamedTuple
from unittest import mock

import numpy as np

from minigrad import optim
from tools.op_rows.with_minigrad import host, on

__all__ = ["ROWS", "WITHOUT_TORCH", "Row", "minigrad_path", "torch_path"]

STEPS = 10
SHAPES = [(3, 2), (2,), (4,)]
MATRICES = [(3, 2), (1, 2), (2, 2)]  # for an optimizer that takes no others


class Row(NamedTuple):
    name: str  # in minigrad.optim
    options: dict[str, Any]
    torch: str  # in torch.optim
    torch_options: dict[str, Any]
    shapes: Any = SHAPES
    rtol: float = 1e-9
    atol: float = 1e-11
    bfloat16: bool = False  # whether Muon rounds to 8 bits, which its iteration blows up, or computes as the rest does

    @property
    def id(self) -> str:
        return self.name + "".join(f" {k}={v}" for k, v in self.options.items())


def _same(
    name: str, *variants: dict[str, Any], torch: str = "", there: Any = (), rest: Any = (), **common: Any
) -> list[Row]:
    """Rows whose options have the same names in both; `there` are options that only PyTorch needs."""
    made = [{**common, **v} for v in ({}, *variants)]
    return [Row(name, options, torch or name, {**options, **dict(there)}, *rest) for options in made]


DECAY, UP, DAMPED = {"weight_decay": 0.1}, {"maximize": True}, {"dampening": 0.3}
OTHER = {"betas": (0.5, 0.9), "eps": 1e-3}
DECOUPLED = {"decoupled_weight_decay": True, **DECAY}

# Optimizers that PyTorch lacks: held against NumPy oracles written from the papers, in tests/testing/optimizer_rows.py.
WITHOUT_TORCH = dict.fromkeys(["LAMB", "LARS", "Lion", "Lookahead"], "PyTorch has none")

ROWS = [
    *_same("SGD", DECAY, UP, DECAY | UP, lr=0.1),
    *(
        Row("Momentum", options, "SGD", options)
        for extra in ({}, DECAY, UP, DAMPED, DAMPED | DECAY | UP, DAMPED | {"momentum": 0.0})
        for options in [{"lr": 0.1, "momentum": 0.8, **extra}]
    ),
    *(
        Row("NAG", options, "SGD", {**options, "nesterov": True})
        for extra in ({}, DECAY, UP, DECAY | UP)
        for options in [{"lr": 0.1, "momentum": 0.8, **extra}]
    ),
    *_same("Adagrad", DECAY, UP, {"eps": 1e-3}, DECAY | UP, lr=0.1),
    *_same("RMSProp", DECAY, UP, {"alpha": 0.9, "eps": 1e-3}, torch="RMSprop", lr=0.1),
    *_same("RMSProp", DECAY, DECAY | UP, torch="RMSprop", lr=0.1, centered=True),
    *_same("RMSProp", DECAY | UP, {"centered": True}, {"centered": True} | DECAY | UP, torch="RMSprop", lr=0.1,
           momentum=0.8),
    *_same("Adadelta", DECAY, UP, {"rho": 0.5, "eps": 1e-3}, DECAY | UP, lr=1.0),
    *_same("Adam", DECAY, UP, OTHER, DECAY | UP, lr=0.1),
    *_same("AdamW", DECAY, UP, OTHER, DECAY | UP, lr=0.1),
    *_same("AMSGrad", DECAY, UP, OTHER, DECAY | UP, torch="Adam", there={"amsgrad": True}, lr=0.1),
    *_same("NAdam", DECAY, UP, OTHER, DECAY | UP, DECOUPLED, {"momentum_decay": 0.5}, lr=0.1),
    *_same("RAdam", DECAY, UP, OTHER, DECAY | UP, DECOUPLED, lr=0.1),
    *_same("Adamax", DECAY, UP, OTHER, DECAY | UP, lr=0.1),
    *_same("Adafactor", DECAY, UP, {"beta2_decay": -0.5, "d": 2.0}, {"eps": (1e-3, 0.5)}, {"lr": 0.9},
           DECAY | UP, lr=0.1),
    *_same(
        "Muon", {"nesterov": False}, {"momentum": 0.5}, {"adjust_lr_fn": "match_rms_adamw"}, {"weight_decay": 0.0},
        rest=(MATRICES,), lr=0.1,
    ),
    Row("Muon", {"lr": 0.01}, "Muon", {"lr": 0.01}, MATRICES, 1e-3, 1e-3, bfloat16=True),
]  # fmt: skip


def start(row: Row) -> list[np.ndarray]:
    """The parameters before the first step."""
    return [np.sin(1.3 * np.arange(1, np.prod(s) + 1) + i).reshape(s) for i, s in enumerate(row.shapes)]


def gradients(row: Row, step: int) -> list[np.ndarray | None]:
    """The gradient of each parameter at a step; the last one has none at every third."""
    found: list[np.ndarray | None] = [
        np.cos(0.7 * np.arange(1, np.prod(s) + 1) * (i + 1) + step).reshape(s) for i, s in enumerate(row.shapes)
    ]
    if step % 3 == 1:
        found[-1] = None
    return found


def minigrad_path(row: Row, device: str = "numpy") -> np.ndarray:
    """The parameters after each step in minigrad, one row each."""
    params = [on(device, p, requires_grad=True) for p in start(row)]
    groups = [{"params": params[:2]}, {"params": params[2:], "lr": 0.3 * row.options["lr"]}]
    optimizer = getattr(optim, row.name)(groups, **row.options)
    path = []
    for step in range(STEPS):
        for p, g in zip(params, gradients(row, step), strict=True):
            p.grad = None if g is None else on(device, g)
        optimizer.step()
        path.append(np.concatenate([host(p).ravel() for p in params]))
    return np.array(path)


def torch_path(row: Row) -> np.ndarray:
    """The parameters after each step in PyTorch, one row each."""
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # NAdam keeps its product of momenta in that
    kept = torch.Tensor.bfloat16 if row.bfloat16 else torch.Tensor.clone
    try:
        with mock.patch.object(torch.Tensor, "bfloat16", kept):
            return _path(row, torch)
    finally:
        torch.set_default_dtype(before)


def _path(row: Row, torch: Any) -> np.ndarray:
    params = [torch.tensor(p, requires_grad=True) for p in start(row)]
    groups = [{"params": params[:2]}, {"params": params[2:], "lr": 0.3 * row.options["lr"]}]
    optimizer = getattr(torch.optim, row.torch)(groups, **row.torch_options)
    path = []
    for step in range(STEPS):
        for p, g in zip(params, gradients(row, step), strict=True):
            p.grad = None if g is None else torch.tensor(g)
        optimizer.step()
        path.append(np.concatenate([p.detach().numpy().ravel() for p in params]))
    return np.array(path)
