"""What the arguments of schedules may be: a name means the same in all of them.

Builds on: `minigrad.errors`. Read next: `minigrad.optim.schedules.schedule`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from itertools import pairwise
from numbers import Real
from typing import Any, NamedTuple

from minigrad.errors import ArgumentError, DTypeError

__all__ = ["argument", "choice", "number"]


MAX = sys.float_info.max


class Range(NamedTuple):
    """Numbers from `low` on to `high`; `open` leaves the ends out."""

    low: float = 0.0
    high: float = math.inf
    whole: bool = False
    open: bool = False

    def allows(self, value: float) -> bool:
        inside = self.low < value < self.high if self.open else self.low <= value <= self.high
        return inside and value <= MAX and (not self.whole or value == int(value))

    def __str__(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        if self.high < math.inf:
            return (
                f"{kind} {'between' if self.open else 'from'} {self.low:g} {'and' if self.open else 'to'} {self.high:g}"
            )
        return f"{kind} {'above' if self.open else 'from'} {self.low:g}{'' if self.open else ' up'}"


AMOUNT, POSITIVE, SHARE, COUNT = Range(), Range(open=True), Range(high=1.0), Range(1, whole=True)
RANGES = {
    **dict.fromkeys("lr end max_lr min_lr gamma rate power scale threshold eps".split(), AMOUNT),
    **dict.fromkeys("div_factor final_div_factor".split(), POSITIVE),
    **dict.fromkeys("start_factor end_factor pct_start".split(), SHARE),
    **dict.fromkeys("steps size T0 mult up down d_model".split(), COUNT),
    **dict.fromkeys("warmup decay patience cooldown".split(), Range(0, whole=True)),
    "factor": Range(0.0, 1.0, open=True),
}


def argument(schedule: str, name: str, value: Any) -> Any:
    """The value as the schedule keeps it: Python's numbers, tuples; what the name cannot be is refused."""
    if name in RANGES:
        return value if value is None and name == "down" else number(schedule, name, value)
    if name in ("milestones", "boundaries"):
        return increasing(schedule, name, value)
    return tuple(value) if isinstance(value, list) else value


def number(schedule: str, name: str, value: Any) -> float:
    """A number of the range that belongs to the name, as a Python number: a NumPy scalar would widen parameters."""
    if not _real(value):
        raise DTypeError(f"{schedule}: {name} must be a number, got {value!r}; see the formula")
    allowed, plain = RANGES[name], value.item() if hasattr(value, "item") else value
    if not allowed.allows(plain):
        raise ArgumentError(f"{schedule}: {name} must be {allowed}, got {value!r}; correct it")
    return int(plain) if allowed.whole else plain


def _real(value: Any) -> bool:
    return type(value) is not bool and isinstance(value, Real) and value == value  # True is a Real


def increasing(schedule: str, name: str, value: Any) -> tuple[int, ...]:
    """Steps in order, each once."""
    steps = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else None
    if steps is None or any(not _real(s) or not COUNT.allows(s) for s in steps):
        raise DTypeError(f"{schedule}: {name} must be whole numbers from 1 up in a list, got {value!r}; pass [30, 60]")
    if any(a >= b for a, b in pairwise(steps)):
        raise ArgumentError(f"{schedule}: {name} must increase, got {value!r}; sort them, and name each once")
    return tuple(map(int, steps))


def choice(schedule: str, name: str, value: Any, known: Sequence[str]) -> str:
    """What is wrong with a word that is none of the known ones; else nothing.

    >>> choice("cyclic", "mode", "square", ["triangular"])
    "cyclic: mode must be triangular, got 'square'; choose one"
    """
    return "" if value in known else f"{schedule}: {name} must be {', '.join(known)}, got {value!r}; choose one"
