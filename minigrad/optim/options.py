"""The options of a group of parameters, and what they may be.

Builds on: `minigrad.argument`. Read next: `minigrad.optim.optimizer`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minigrad.argument import Range, number
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


BETA = Range(0, 1, "[)", "0.9")  # how much of itself an average keeps
EPS = Range(0, usual="1e-8")
RATE = Range(0, usual="1e-3, or a function of the step,")
ALWAYS = {"weight_decay": Range(0, usual="0.01"), "eps": EPS}
FLAGS = ("maximize", "average", "nesterov", "look_ahead", "centered", "decoupled_weight_decay")


def check_options(name: str, o: Group, ranges: Mapping[str, Range | None]) -> None:
    """Options that would only show as a diverged training are refused at the door."""
    if not callable(o.lr):
        number(name, "lr", o.lr, RATE)
    betas = o.get("betas", (0.0, 0.0))
    if not (isinstance(betas, (tuple, list)) and len(betas) == 2 and all(beta in BETA for beta in betas)):
        raise DTypeError(f"{name}: betas are two numbers in [0, 1), got {betas!r}; (0.9, 0.999) is usual")
    for flag in FLAGS:
        if not isinstance(o.get(flag, False), bool):
            raise DTypeError(f"{name}: {flag} must be True or False, got {o[flag]!r:.60}; leave it out")
    for option, within in {**ALWAYS, **ranges}.items():
        if within is not None and option in o:
            number(name, option, o[option], within)


def python(option: Any) -> Any:
    """NumPy's scalars as Python's, which widen nothing."""
    if isinstance(option, np.generic):
        return option.item()
    return tuple(map(python, option)) if isinstance(option, tuple) else option
