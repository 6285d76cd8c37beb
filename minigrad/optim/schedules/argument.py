"""What the arguments of schedules may be: a name means the same in all of them.

Builds on: `minigrad.argument`. Read next: `minigrad.optim.schedules.schedule`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from minigrad.argument import ABOVE_0, AT_LEAST_0, SHARE, Range, number, whole
from minigrad.errors import ArgumentError, DTypeError

__all__ = ["argument", "choice"]

RANGES = {
    **dict.fromkeys("lr end max_lr min_lr gamma rate power scale threshold eps".split(), AT_LEAST_0),
    **dict.fromkeys("div_factor final_div_factor".split(), ABOVE_0),
    **dict.fromkeys("start_factor end_factor pct_start".split(), SHARE),
    "factor": Range(0, 1, "()"),
}
LEAST = {
    **dict.fromkeys("steps size T0 mult up down d_model".split(), 1),
    **dict.fromkeys("warmup decay patience cooldown".split(), 0),
}


def argument(schedule: str, name: str, value: Any) -> Any:
    """The value as the schedule keeps it: Python's numbers, tuples; what the name cannot be is refused."""
    if name in LEAST:
        return value if value is None and name == "down" else whole(schedule, name, value, LEAST[name])
    if name in RANGES:
        return number(schedule, name, value, RANGES[name])
    if name in ("milestones", "boundaries"):
        return increasing(schedule, name, value)
    return tuple(value) if isinstance(value, list) else value


def increasing(schedule: str, name: str, value: Any) -> tuple[int, ...]:
    """Steps in order, each once."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise DTypeError(f"{schedule}: {name} must be whole numbers in a list, got {value!r:.60}; pass [30, 60]")
    steps = tuple(whole(schedule, f"each of {name}", step, 1) for step in value)
    if any(a >= b for a, b in pairwise(steps)):
        raise ArgumentError(f"{schedule}: {name} must increase, got {value!r}; sort them, and name each once")
    return steps


def choice(schedule: str, name: str, value: Any, known: Sequence[str]) -> str:
    """What is wrong with a word that is none of the known ones; else nothing.

    >>> choice("cyclic", "mode", "square", ["triangular"])
    "cyclic: mode must be triangular, got 'square'; choose one"
    """
    return "" if value in known else f"{schedule}: {name} must be {', '.join(known)}, got {value!r}; choose one"
