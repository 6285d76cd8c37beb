"""Rates that rise and fall, once or again and again.

Builds on: `minigrad.optim.schedules.schedule`. Read next: `minigrad.optim.schedules.combined`.
"""

from __future__ import annotations

import math
from typing import Any

from minigrad.optim.schedules.argument import choice
from minigrad.optim.schedules.schedule import schedule

__all__ = ["cosine_restarts", "cyclic", "one_cycle"]


@schedule()
def cosine_restarts(s: int, lr: float, T0: int, mult: int = 1, end: float = 0.0) -> float:
    """A rate that falls along half a cosine again and again, each time `mult` times as long, without end.

    lr(s) = end + (lr - end) (1 + cos(pi t / T)) / 2, with t the steps since the last restart, and T = T0 mult^restarts

    >>> [round(cosine_restarts(1.0, 2, 2)(s), 4) for s in range(7)]
    [1.0, 0.5, 1.0, 0.8536, 0.5, 0.1464, 1.0]

    Reference: Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2017, equation 5.
    """
    t, length = (s % T0 if mult == 1 else s), T0
    while t >= length:  # in whole numbers: a logarithm would miss a restart by a rounding
        t, length = t - length, length * mult
    return end + (lr - end) * (1 + math.cos(math.pi * t / length)) / 2


def _cyclic(lr: float, max_lr: float, mode: str, **rest: Any) -> str:
    if max_lr < lr:
        return f"cyclic: max_lr must not be below lr, got {max_lr} and {lr}; exchange them"
    return choice("cyclic", "mode", mode, ["triangular", "triangular2", "exp_range"])


@schedule(_cyclic)
def cyclic(
    s: int,
    lr: float,
    max_lr: float,
    up: int = 2000,
    down: int | None = None,
    mode: str = "triangular",
    gamma: float = 1.0,
) -> float:
    """A rate that rises from lr to max_lr in a line and falls back, again and again, without end.

    lr(s) = lr + (max_lr - lr) h c, with h the height of the triangle, 0 to 1 in `up` steps and back in `down`

    `down` is as long as `up` where it is None. By `mode` c is 1 (triangular), 1 / 2^(cycles done) (triangular2), or
    gamma^s (exp_range).

    Raises
    ------
    ValueError
        If max_lr is below lr, or the mode is none of these.

    >>> [round(cyclic(0.0, 1.0, 2)(s), 4) for s in range(6)]
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.5]

    Reference: Smith, Cyclical Learning Rates for Training Neural Networks, 2017, section 3.
    """
    fall = up if down is None else down
    cycle, t = divmod(s, up + fall)
    height = t / up if t <= up else 1 - (t - up) / fall
    ceiling = {"triangular": 1.0, "triangular2": 0.5**cycle, "exp_range": gamma**s if mode == "exp_range" else 0.0}[
        mode
    ]
    return lr + (max_lr - lr) * height * ceiling


def _one_cycle(anneal: str, three_phase: bool, pct_start: float, **rest: Any) -> str:
    if three_phase and pct_start > 0.5:
        return f"one_cycle: of three phases the first two are equally long, got pct_start={pct_start}; at most 0.5"
    return choice("one_cycle", "anneal", anneal, ["cos", "linear"])


@schedule(_one_cycle)
def one_cycle(
    s: int,
    lr: float,
    steps: int,
    pct_start: float = 0.3,
    anneal: str = "cos",
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
    three_phase: bool = False,
) -> float:
    """A rate that rises to lr, falls far below where it began, and stays there: one cycle for a whole training.

    first = lr / div_factor, last = first / final_div_factor;
    two phases: first to lr until s = pct_start steps - 1, then to last until s = steps - 1;
    three phases: first to lr, back to first until s = 2 pct_start steps - 2, then to last

    Each phase goes along half a cosine or, with ``anneal="linear"``, a line. PyTorch's OneCycleLR calls `lr` max_lr.

    Raises
    ------
    ValueError
        If `anneal` is neither cos nor linear, or of three phases the first is longer than half of the steps.

    >>> [round(one_cycle(1.0, 5, 0.4, "linear", 4, 10)(s), 4) for s in range(6)]
    [0.25, 1.0, 0.675, 0.35, 0.025, 0.025]

    Reference: Smith and Topin, Super-Convergence, 2018, section 4.
    """
    first, top = lr / div_factor, pct_start * steps - 1
    last = first / final_div_factor
    middle = [(2 * top, lr, first)] if three_phase else []
    begin = 0.0
    for end, a, b in [(top, first, lr), *middle, (steps - 1.0, middle[0][2] if middle else lr, last)]:
        if s <= end:
            part = (s - begin) / (end - begin) if end > begin else 1.0
            return b + (a - b) * ((1 + math.cos(math.pi * part)) / 2 if anneal == "cos" else 1 - part)
        begin = end
    return last
