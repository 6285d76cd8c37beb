"""Sizes of layers: whole numbers from 0 on.

Builds on: `minigrad.argument`. Read next: `minigrad.nn.functional.reduction`.
"""

from __future__ import annotations

from typing import Any

from minigrad.argument import AT_LEAST_0, number, whole
from minigrad.errors import ArgumentError

__all__ = ["ArgumentError", "check_eps", "check_sizes"]


def check_sizes(layer: Any, **sizes: Any) -> list[int]:
    """The sizes of a layer as Python's ints, refused unless they are whole numbers from 0 on."""
    return [whole(type(layer).__name__, what, n) for what, n in sizes.items()]


def check_eps(name: str, eps: Any) -> float:
    """The eps of a normaliser as Python's float, refused unless it is a number from 0 up."""
    return number(name, "eps", eps, AT_LEAST_0)
