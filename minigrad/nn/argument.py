"""Sizes of layers: whole numbers from 0 on, and shapes made of them.

Builds on: `minigrad.argument`. Read next: `minigrad.nn.functional.reduction`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minigrad.argument import whole
from minigrad.errors import ArgumentError

__all__ = ["ArgumentError", "check_shape", "check_sizes"]


def check_sizes(layer: Any, **sizes: Any) -> list[int]:
    """The sizes of a layer as Python's ints, refused unless they are whole numbers from 0 on."""
    return [whole(type(layer).__name__, what, n) for what, n in sizes.items()]


def check_shape(name: str, what: str, shape: Any) -> tuple[int, ...]:
    """A shape, for the public function `name`: of one whole number or of several.

    >>> check_shape("example", "normalized_shape", 3), check_shape("example", "normalized_shape", [2, 3])
    ((3,), (2, 3))
    """
    several = isinstance(shape, Iterable) and not isinstance(shape, str) and getattr(shape, "shape", None) != ()
    return tuple(whole(name, what, n) for n in (shape if several else (shape,)))
