"""Learning rates as functions of the step.

A schedule is called with the number of updates done, 0 at the first; hand it to an optimizer as its `lr`. It keeps
nothing, so a resumed training goes on as if it had never stopped, and prints as the call that made it.

Builds on: `minigrad.argument`. Read next: `minigrad.optim.optimizer`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from minigrad.argument import is_number
from minigrad.errors import DTypeError

__all__ = ["Schedule", "constant", "cosine", "exponential_decay", "inverse_time_decay", "step_decay", "warmup_cosine"]


class Schedule:
    """A function of the step that knows how it was made.

    lr = schedule(step)

    >>> schedule = step_decay(0.1, size=10)
    >>> schedule
    step_decay(0.1, size=10, gamma=0.1)
    >>> round(schedule(10), 4)
    0.01
    """

    def __init__(self, rate: Callable[[int], float], text: str) -> None:
        self.rate, self.text = rate, text

    def __call__(self, step: int) -> float:
        return float(self.rate(step))

    def __repr__(self) -> str:
        return self.text


def _schedule(make: Callable[..., Callable[[int], float]]) -> Callable[..., Schedule]:
    names = make.__code__.co_varnames[: make.__code__.co_argcount]
    defaults = dict(zip(reversed(names), reversed(make.__defaults__ or ()), strict=False))

    @functools.wraps(make)
    def call(*args: Any, **kwargs: Any) -> Schedule:
        given = {**defaults, **dict(zip(names, args, strict=False)), **kwargs}
        for name, value in given.items():
            if not is_number(value) or math.isnan(value):
                raise DTypeError(f"{make.__name__}: {name} must be a number, got {value!r}; see the formula")
            if value < 0 or (value == 0 and name in ("size", "steps")):
                raise DTypeError(
                    f"{make.__name__}: {name} must not be negative, nor 0 steps, got {value!r}; correct it"
                )
        rest = ", ".join(f"{name}={given[name]}" for name in names[1:] if name in given)
        return Schedule(make(*args, **kwargs), f"{make.__name__}({given.get(names[0])}{', ' if rest else ''}{rest})")

    return call


@_schedule
def constant(lr: float) -> Callable[[int], float]:
    """The same rate at every step.

    lr(s) = lr

    >>> constant(0.1)(1000)
    0.1
    """
    return lambda s: lr


@_schedule
def step_decay(lr: float, size: int, gamma: float = 0.1) -> Callable[[int], float]:
    """A rate that falls by a factor every `size` steps.

    lr(s) = lr gamma^floor(s / size)

    >>> [round(step_decay(1.0, 2, 0.5)(s), 4) for s in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    return lambda s: lr * gamma ** (s // size)


@_schedule
def exponential_decay(lr: float, gamma: float) -> Callable[[int], float]:
    """A rate that falls by a factor every step.

    lr(s) = lr gamma^s

    >>> [round(exponential_decay(1.0, 0.5)(s), 4) for s in range(3)]
    [1.0, 0.5, 0.25]
    """
    return lambda s: lr * gamma**s


@_schedule
def inverse_time_decay(lr: float, rate: float) -> Callable[[int], float]:
    """A rate that falls with one over time.

    lr(s) = lr / (1 + rate s)

    >>> [round(inverse_time_decay(1.0, 1.0)(s), 4) for s in range(3)]
    [1.0, 0.5, 0.3333]
    """
    return lambda s: lr / (1 + rate * s)


@_schedule
def cosine(lr: float, steps: int, end: float = 0.0) -> Callable[[int], float]:
    """A rate that falls along half a cosine, and stays at its end.

    lr(s) = end + (lr - end) (1 + cos(pi s / steps)) / 2, for s up to steps

    >>> [round(cosine(1.0, 4)(s), 4) for s in range(6)]
    [1.0, 0.8536, 0.5, 0.1464, 0.0, 0.0]

    Reference: Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2017, equation 5.
    """
    return lambda s: end + (lr - end) * (1 + math.cos(math.pi * min(s, steps) / steps)) / 2


@_schedule
def warmup_cosine(lr: float, warmup: int, steps: int, end: float = 0.0) -> Callable[[int], float]:
    """A rate that rises in a line, then falls along half a cosine, and stays at its end.

    lr(s) = lr (s + 1) / (warmup + 1) for s < warmup, then the cosine over what is left of steps

    >>> [round(warmup_cosine(1.0, 1, 5)(s), 4) for s in range(6)]
    [0.5, 1.0, 0.8536, 0.5, 0.1464, 0.0]
    """
    fall = cosine(lr, max(steps - warmup, 1), end)
    return lambda s: lr * (s + 1) / (warmup + 1) if s < warmup else fall(s - warmup)
