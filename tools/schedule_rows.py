"""The schedules of minigrad beside PyTorch's: one table, for the stored reference and for the comparison with it.

A row is a way to make the schedule in each library, and for how many steps both are defined.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from minigrad.optim import schedules

__all__ = [
    "FIGURES", "PLATEAUS", "ROWS", "WITHOUT_TORCH", "PlateauRow", "Row", "minigrad_plateau", "minigrad_rates", "stored",
    "torch_plateau", "torch_rates",
]  # fmt: skip

LR = 0.1


class Row(NamedTuple):
    id: str  # the call in minigrad.optim.schedules
    torch: Callable[[Any, Any], Any]  # (torch.optim.lr_scheduler, optimizer)
    steps: int = 60


def _linear_then_cosine(m: Any, o: Any) -> Any:
    return m.SequentialLR(o, [m.LinearLR(o, 0.2, 1.0, 5), m.CosineAnnealingLR(o, 20, 0.01)], milestones=[8])


def _three_joined(m: Any, o: Any) -> Any:
    parts = [m.LinearLR(o, 0.1, 1.0, 5), m.ExponentialLR(o, 0.9), m.StepLR(o, 4, 0.5)]
    return m.SequentialLR(o, parts, milestones=[5, 12])


def _cyclic(*args: Any, **kwargs: Any) -> Callable[[Any, Any], Any]:
    return lambda m, o: m.CyclicLR(o, *args, cycle_momentum=False, **kwargs)


def _one_cycle(*args: Any, **kwargs: Any) -> Callable[[Any, Any], Any]:
    return lambda m, o: m.OneCycleLR(o, *args, cycle_momentum=False, **kwargs)


ROWS = [
    Row("constant(0.1)", lambda m, o: m.ConstantLR(o, 1.0, 5)),
    Row("linear(0.1, 5)", lambda m, o: m.LinearLR(o)),
    Row("linear(0.1, 17, 1.0, 0.0)", lambda m, o: m.LinearLR(o, 1.0, 0.0, 17)),
    Row("linear(0.1, 17, 0.9, 0.05)", lambda m, o: m.LinearLR(o, 0.9, 0.05, 17)),
    Row("step_decay(0.1, 7)", lambda m, o: m.StepLR(o, 7)),
    Row("step_decay(0.1, 1, 0.9)", lambda m, o: m.StepLR(o, 1, 0.9)),
    Row("multistep_decay(0.1, [3, 10, 11, 30])", lambda m, o: m.MultiStepLR(o, [3, 10, 11, 30])),
    Row("multistep_decay(0.1, [1], 0.5)", lambda m, o: m.MultiStepLR(o, [1], 0.5)),
    Row("exponential_decay(0.1, 0.9)", lambda m, o: m.ExponentialLR(o, 0.9)),
    Row("exponential_decay(0.1, 1.05)", lambda m, o: m.ExponentialLR(o, 1.05)),
    Row("polynomial_decay(0.1, 5)", lambda m, o: m.PolynomialLR(o)),
    Row("polynomial_decay(0.1, 31, power=2.5)", lambda m, o: m.PolynomialLR(o, 31, 2.5)),
    Row("cosine(0.1, 20, 0.01)", lambda m, o: m.CosineAnnealingLR(o, 20, 0.01), 21),
    Row("cosine(0.1, 33)", lambda m, o: m.CosineAnnealingLR(o, 33), 33),
    Row("cosine_restarts(0.1, 7)", lambda m, o: m.CosineAnnealingWarmRestarts(o, 7)),
    Row("cosine_restarts(0.1, 3, 2, 0.01)", lambda m, o: m.CosineAnnealingWarmRestarts(o, 3, 2, 0.01)),
    Row("cosine_restarts(0.1, 1, 3, 0.01)", lambda m, o: m.CosineAnnealingWarmRestarts(o, 1, 3, 0.01)),
    Row("cyclic(0.01, 0.1, 5)", _cyclic(0.01, 0.1, 5)),
    Row("cyclic(0.01, 0.1, 5, 9, 'triangular2')", _cyclic(0.01, 0.1, 5, 9, "triangular2")),
    Row("cyclic(0.01, 0.1, 8, 3, 'exp_range', 0.95)", _cyclic(0.01, 0.1, 8, 3, "exp_range", 0.95)),
    Row("cyclic(0.01, 0.1)", _cyclic(0.01, 0.1)),
    Row("one_cycle(0.1, 60)", _one_cycle(0.1, 60)),
    Row("one_cycle(0.1, 60, 0.45, 'linear', 10.0, 100.0)", _one_cycle(0.1, 60, pct_start=0.45, anneal_strategy="linear",
        div_factor=10.0, final_div_factor=100.0)),
    Row("one_cycle(0.1, 60, three_phase=True)", _one_cycle(0.1, 60, three_phase=True)),
    Row("one_cycle(0.1, 60, 0.5, 'linear', three_phase=True)", _one_cycle(0.1, 60, pct_start=0.5,
        anneal_strategy="linear", three_phase=True)),
    Row("one_cycle(0.1, 7, 0.2)", _one_cycle(0.1, 7, pct_start=0.2), 7),
    Row("join([linear(0.1, 5, 0.2), cosine(0.1, 20, 0.01)], [8])", _linear_then_cosine, 29),
    Row("join([linear(0.1, 5, 0.1), exponential_decay(0.1, 0.9), step_decay(0.1, 4, 0.5)], [5, 12])", _three_joined),
]  # fmt: skip


# Held against formulas alone, in tests/optim/test_schedules.py.
WITHOUT_TORCH = dict.fromkeys(
    ["inverse_time_decay", "noam", "warmup_cosine", "warmup_stable_decay"], "PyTorch has none"
)


class PlateauRow(NamedTuple):
    options: dict[str, Any]

    @property
    def id(self) -> str:
        return f"ReduceOnPlateau {self.options}"


FIGURES = [
    *[2.0, 1.5, 1.2, 1.1, 1.1, 1.1, 1.0999, 1.1, 1.08, float("nan"), 1.0799, 1.2, 1.3, 1.079, 1.0788, 1.0786],
    *[0.7, 0.7, 0.71, 0.69995, 0.7, 0.7, 0.7, 0.7, 0.7, *[0.6] * 14],
]
PLATEAUS = [
    PlateauRow({}),
    PlateauRow({"patience": 2}),
    PlateauRow({"patience": 0, "factor": 0.5}),
    PlateauRow({"patience": 1, "factor": 0.5, "cooldown": 3}),
    PlateauRow({"patience": 1, "factor": 0.5, "min_lr": 0.02}),
    PlateauRow({"patience": 2, "factor": 0.5, "threshold": 0.05}),
    PlateauRow({"patience": 2, "factor": 0.5, "threshold": 0.05, "threshold_mode": "abs"}),
    PlateauRow({"patience": 1, "factor": 0.3, "mode": "max"}),
    PlateauRow({"patience": 1, "factor": 0.9, "mode": "max", "threshold": 0.2, "threshold_mode": "abs"}),
    PlateauRow({"patience": 0, "factor": 0.1, "eps": 1e-4}),
]


def _optimizer() -> Any:
    import torch

    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=LR)


def stored(path: Path) -> dict[str, np.ndarray]:
    """What PyTorch said of each row, by the row's id."""
    with np.load(path) as file:
        return dict(zip(file["ids"].tolist(), np.split(file["rates"], file["ends"][:-1]), strict=True))


def minigrad_rates(row: Row) -> np.ndarray:
    """The rate of each step in minigrad."""
    schedule = eval(row.id, vars(schedules))
    return np.array([schedule(step) for step in range(row.steps)])


def minigrad_plateau(row: PlateauRow) -> np.ndarray:
    """The rate after each figure in minigrad."""
    rate, rates = schedules.ReduceOnPlateau(LR, **row.options), []
    for figure in FIGURES:
        rate.step(figure)
        rates.append(rate(len(rates)))
    return np.array(rates)


def torch_rates(row: Row) -> np.ndarray:
    """The rate of each step in PyTorch."""
    import torch

    optimizer = _optimizer()
    scheduler, rates = row.torch(torch.optim.lr_scheduler, optimizer), []
    for step in range(row.steps):
        rates.append(optimizer.param_groups[0]["lr"])
        if step < row.steps - 1:  # OneCycleLR refuses one more
            optimizer.step()
            scheduler.step()
    return np.array(rates, np.float64)


def torch_plateau(row: PlateauRow) -> np.ndarray:
    """The rate after each figure in PyTorch."""
    import torch

    optimizer = _optimizer()
    scheduler, rates = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **row.options), []
    for figure in FIGURES:
        scheduler.step(figure)
        rates.append(optimizer.param_groups[0]["lr"])
    return np.array(rates, np.float64)
