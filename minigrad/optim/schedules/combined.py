"""Schedules one after the other, and the two in use everywhere that begin with a warm-up.

Why a warm-up? The averages of an adaptive optimizer know little at first, and normalisers are not settled: early steps
at full rate can spoil what later ones do not mend.

Builds on: `minigrad.optim.schedules.decay`. Read next: `minigrad.optim.schedules.plateau`.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

from minigrad.optim.schedules.argument import choice
from minigrad.optim.schedules.schedule import schedule

__all__ = ["join", "warmup_cosine", "warmup_stable_decay"]


def _warmup_cosine(warmup: int, steps: int, **rest: Any) -> str:
    if warmup < steps:
        return ""
    return f"warmup_cosine: the warm-up must be shorter than all steps, got {warmup} of {steps}; 5 % of them is usual"


@schedule(_warmup_cosine)
def warmup_cosine(s: int, lr: float, warmup: int, steps: int, end: float = 0.0) -> float:
    """A rate that rises in a line, then falls along half a cosine, and stays at its end.

    lr(s) = lr (s + 1) / (warmup + 1) for s < warmup, then the cosine over what is left of steps

    Raises
    ------
    ValueError
        If the warm-up is not shorter than all steps.

    >>> [round(warmup_cosine(1.0, 1, 5)(s), 4) for s in range(6)]
    [0.5, 1.0, 0.8536, 0.5, 0.1464, 0.0]
    """
    if s < warmup:
        return lr * (s + 1) / (warmup + 1)
    part = min((s - warmup) / (steps - warmup), 1.0)
    return end + (lr - end) * (1 + math.cos(math.pi * part)) / 2


def _warmup_stable_decay(warmup: int, decay: int, steps: int, shape: str, **rest: Any) -> str:
    if warmup + decay > steps:
        return (
            f"warmup_stable_decay: warm-up and decay must fit into all steps, got {warmup} and {decay} of {steps}; "
            "shorten them"
        )
    return choice("warmup_stable_decay", "shape", shape, ["linear", "1-sqrt"])


@schedule(_warmup_stable_decay)
def warmup_stable_decay(
    s: int, lr: float, warmup: int, decay: int, steps: int, end: float = 0.0, shape: str = "linear"
) -> float:
    """A rate that rises in a line, stays, falls in the last `decay` of all steps, and stays at its end.

    lr(s) = lr (s + 1) / (warmup + 1) for s < warmup; lr; then end + (lr - end) (1 - x), or (1 - sqrt x) with
    ``shape="1-sqrt"``, where x = (s - (steps - decay)) / decay

    Raises
    ------
    ValueError
        If warm-up and decay do not fit into the steps, or the shape is unknown.

    >>> [round(warmup_stable_decay(1.0, 1, 2, 6)(s), 4) for s in range(8)]
    [0.5, 1.0, 1.0, 1.0, 1.0, 0.5, 0.0, 0.0]

    Reference: Hu et al., MiniCPM, 2024, equation 1; Hägele et al., Scaling Laws and Compute-Optimal Training Beyond
    Fixed Training Durations, 2024, equation 2 (1-sqrt).
    """
    if s < warmup:
        return lr * (s + 1) / (warmup + 1)
    if s >= steps:
        return end
    x = max(s - (steps - decay), 0) / max(decay, 1)
    return end + (lr - end) * (1 - (math.sqrt(x) if shape == "1-sqrt" else x))


def _join(schedules: Sequence[Any], boundaries: Sequence[int]) -> str:
    parts = list(schedules) if isinstance(schedules, (list, tuple)) else []
    if not parts or not all(map(callable, parts)):
        return f"join: schedules are functions of the step in a list, got {schedules!r}; for a number, constant(lr)"
    if len(boundaries) != len(parts) - 1:
        return f"join: between {len(parts)} schedules lie {len(parts) - 1} boundaries, got {boundaries}; correct one"
    return ""


@schedule(_join)
def join(s: int, schedules: Sequence[Callable[[int], float]], boundaries: Sequence[int]) -> float:
    """Schedules one after the other, each counting from the step at which it begins; the last goes on.

    lr(s) = schedules[i](s - boundaries[i - 1]), with i the number of boundaries <= s

    Raises
    ------
    ValueError
        If there is not one boundary less than schedules.

    >>> from minigrad.optim.schedules import constant, linear
    >>> rate = join([linear(1.0, 2, 0.5), constant(0.1)], boundaries=[3])
    >>> [rate(s) for s in range(5)]
    [0.5, 0.75, 1.0, 0.1, 0.1]
    """
    i = bisect_right(boundaries, s)
    return schedules[i](s - (boundaries[i - 1] if i else 0))
