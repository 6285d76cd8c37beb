"""The options of a group of parameters, and what they may be.

Builds on: `minigrad.errors`. Read next: `minigrad.optim.optimizer`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from minigrad.argument import is_number
from minigrad.errors import DTypeError

__all__ = ["BETA", "EPS", "Group", "LearningRate", "Range", "check_options", "python"]

LearningRate = float | Callable[[int], float]


class Group(dict[str, Any]):
    """The options of some parameters; ``group.lr`` is ``group["lr"]``."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the group has no option {name!r}; it has {', '.join(sorted(self))}") from None


class Range(NamedTuple):
    """The numbers that an option may be, [low, high), and one that is usual.

    >>> 0.9 in Range(0, 1, "0.9"), float("nan") in Range(0, 1, "0.9"), "a" in Range(0, 1, "0.9")
    (True, False, False)
    """

    low: float
    high: float
    usual: str

    def __contains__(self, value: Any) -> bool:
        return is_number(value) and bool(self.low <= value < self.high)

    def __str__(self) -> str:
        return (
            f"a number from {self.low:g} up"
            if self.high == float("inf")
            else f"a number in [{self.low:g}, {self.high:g})"
        )


BETA = Range(0, 1, "0.9")  # how much of itself an average keeps
EPS = Range(0, float("inf"), "1e-8")
ALWAYS = {"weight_decay": Range(0, float("inf"), "0.01"), "eps": EPS}


def check_options(name: str, o: Group, ranges: Mapping[str, Range | None]) -> None:
    """Options that would only show as a diverged training are refused at the door."""
    if not callable(o.lr) and o.lr not in Range(0, float("inf"), "1e-3"):
        raise DTypeError(
            f"{name}: lr must be a number from 0 up or a function of the step, got {o.lr!r}; 1e-3 is usual"
        )
    betas = o.get("betas", (0.0, 0.0))
    if not (isinstance(betas, (tuple, list)) and len(betas) == 2 and all(beta in BETA for beta in betas)):
        raise DTypeError(f"{name}: betas are two numbers in [0, 1), got {betas!r}; (0.9, 0.999) is usual")
    if o.maximize not in (True, False):
        raise DTypeError(f"{name}: maximize must be True or False, got {o.maximize!r}; False goes down the gradient")
    for option, range_ in {**ALWAYS, **ranges}.items():
        if range_ is not None and option in o and o[option] not in range_:
            raise DTypeError(f"{name}: {option} must be {range_}, got {o[option]!r}; {range_.usual} is usual")


def python(option: Any) -> Any:
    """NumPy's scalars as Python's, which widen nothing."""
    if isinstance(option, np.generic):
        return option.item()
    return tuple(map(python, option)) if isinstance(option, tuple) else option
