"""A formula and, beside it, the kernel that takes a whole step by it at once.

An optimizer is written as a formula, its `direction`. On arrays of the host most of the time of a step goes into
carrying arrays from memory and back, once for every sign in the formula; a kernel carries them once. It serves where
`direction` is the very function that it was written beside, and `move` is that of `Optimizer`: a subclass that writes
either anew is computed by what it wrote. Other devices, half precision, and optimizers that take parameters one by one
go by the formula.

Builds on: `minigrad.backend`. Read next: `minigrad.optim.adam`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["at_once"]

Direction = TypeVar("Direction", bound=Callable[..., Any])


def at_once(step: Callable[..., None]) -> Callable[[Direction], Direction]:
    """Say that `step(p, g, o, lr, shrink, pull, **kept)` does at once what `Optimizer.move` does by this `direction`.

    >>> @at_once(print)
    ... def direction(self, g, o):
    ...     return g
    >>> direction.at_once is print
    True
    """

    def beside(direction: Direction) -> Direction:
        direction.at_once = step  # type: ignore[attr-defined]
        return direction

    return beside
