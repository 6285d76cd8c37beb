"""Arguments that mean nothing: a probability of 2, an unknown reduction, a negative number of features.

Builds on: `minigrad.errors`. Read next: `minigrad.nn.functional.reduction`.
"""

from __future__ import annotations

import operator
from typing import Any

from minigrad.errors import MinigradError

__all__ = ["ArgumentError", "check_sizes"]


class ArgumentError(MinigradError, ValueError):
    """An argument outside of what it may be."""


def check_sizes(layer: Any, **sizes: Any) -> None:
    """Refuse sizes of a layer that are no whole numbers from 0 on."""
    for what, n in sizes.items():
        try:
            good = operator.index(n) >= 0
        except TypeError:
            good = False
        if not good:
            raise ArgumentError(f"{type(layer).__name__}: {what} is a whole number, 0 or more, got {n!r}; pass an int")
