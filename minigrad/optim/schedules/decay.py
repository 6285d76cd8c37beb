"""Rates that stay, fall or rise once.

Builds on: `minigrad.optim.schedules.schedule`. Read next: `minigrad.optim.schedules.cycle`.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

from minigrad.optim.schedules.schedule import schedule

__all__ = [
    "constant", "cosine", "exponential_decay", "inverse_time_decay", "linear", "multistep_decay", "noam",
    "polynomial_decay", "step_decay",
]  # fmt: skip


@schedule()
def constant(s: int, lr: float) -> float:
    """The same rate at every step.

    lr(s) = lr

    >>> constant(0.1)(1000)
    0.1
    """
    return lr


@schedule()
def linear(s: int, lr: float, steps: int, start_factor: float = 1 / 3, end_factor: float = 1.0) -> float:
    """A rate that goes in a line from one factor of lr to another, and stays there.

    lr(s) = lr (start_factor + (end_factor - start_factor) min(s, steps) / steps)

    PyTorch's LinearLR; its factors lie in [0, 1].

    >>> [round(linear(1.0, 4, 0.2)(s), 4) for s in range(6)]
    [0.2, 0.4, 0.6, 0.8, 1.0, 1.0]
    """
    return lr * (start_factor + (end_factor - start_factor) * min(s, steps) / steps)


@schedule()
def step_decay(s: int, lr: float, size: int, gamma: float = 0.1) -> float:
    """A rate that falls by a factor every `size` steps, without end.

    lr(s) = lr gamma^floor(s / size)

    >>> [round(step_decay(1.0, 2, 0.5)(s), 4) for s in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    return float(lr * gamma ** (s // size))


@schedule()
def multistep_decay(s: int, lr: float, milestones: Sequence[int], gamma: float = 0.1) -> float:
    """A rate that falls by a factor at each milestone, and stays after the last.

    lr(s) = lr gamma^(number of milestones <= s)

    >>> [round(multistep_decay(1.0, [2, 3], 0.5)(s), 4) for s in range(5)]
    [1.0, 1.0, 0.5, 0.25, 0.25]
    """
    return float(lr * gamma ** bisect_right(milestones, s))


@schedule()
def exponential_decay(s: int, lr: float, gamma: float) -> float:
    """A rate that falls by a factor every step, without end.

    lr(s) = lr gamma^s

    >>> [round(exponential_decay(1.0, 0.5)(s), 4) for s in range(3)]
    [1.0, 0.5, 0.25]
    """
    return float(lr * gamma**s)


@schedule()
def inverse_time_decay(s: int, lr: float, rate: float) -> float:
    """A rate that falls with one over time, without end.

    lr(s) = lr / (1 + rate s)

    >>> [round(inverse_time_decay(1.0, 1.0)(s), 4) for s in range(3)]
    [1.0, 0.5, 0.3333]
    """
    return lr / (1 + rate * s)


@schedule()
def polynomial_decay(s: int, lr: float, steps: int, end: float = 0.0, power: float = 1.0) -> float:
    """A rate that falls like a power of the time that is left, and stays at its end.

    lr(s) = end + (lr - end) (1 - s / steps)^power, for s up to steps

    >>> [round(polynomial_decay(1.0, 4, power=2)(s), 4) for s in range(6)]
    [1.0, 0.5625, 0.25, 0.0625, 0.0, 0.0]
    """
    return end if s >= steps else float(end + (lr - end) * (1 - s / steps) ** power)


@schedule()
def cosine(s: int, lr: float, steps: int, end: float = 0.0) -> float:
    """A rate that falls along half a cosine, and stays at its end (PyTorch's would rise again).

    lr(s) = end + (lr - end) (1 + cos(pi s / steps)) / 2, for s up to steps

    >>> [round(cosine(1.0, 4)(s), 4) for s in range(6)]
    [1.0, 0.8536, 0.5, 0.1464, 0.0, 0.0]

    Reference: Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2017, equation 5.
    """
    return end + (lr - end) * (1 + math.cos(math.pi * min(s, steps) / steps)) / 2


@schedule()
def noam(s: int, d_model: int, warmup: int = 4000, scale: float = 1.0) -> float:
    """A rate that rises in a line, then falls with one over the root of time, without end: the Transformer's.

    lr(s) = scale d_model^-0.5 min((s + 1)^-0.5, (s + 1) warmup^-1.5)

    >>> [round(noam(4, 2)(s), 4) for s in range(4)]
    [0.1768, 0.3536, 0.2887, 0.25]

    Reference: Vaswani et al., Attention Is All You Need, 2017, equation 3.
    """
    t = s + 1
    return float(scale * d_model**-0.5 * min(t**-0.5, t * max(warmup, 1) ** -1.5))
