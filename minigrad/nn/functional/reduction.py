"""What all losses share: strict shapes, and one number out of many.

Builds on: `minigrad.tensor`. Read next: `minigrad.nn.functional.regression`.
"""

from __future__ import annotations

import warnings
from typing import Any

from minigrad.errors import ShapeError
from minigrad.nn.argument import ArgumentError
from minigrad.tensor import as_value

__all__ = ["check_reduction", "pair", "reduced"]


def pair(name: str, input: Any, target: Any) -> tuple[Any, Any]:
    """The two as values, refused unless they have one shape: (N, 1) against (N,) would broadcast to (N, N)."""
    input, target = as_value(input), as_value(target)
    if input.shape != target.shape:
        raise ShapeError(
            f"{name}: input and target must have one shape, got {input.shape} and {target.shape}; reshape one of them"
        )
    return input, target


def check_reduction(name: str, reduction: str, known: tuple[str, ...] = ("none", "mean", "sum")) -> None:
    """Refuse a reduction that is none of the known ones."""
    if reduction not in known:
        raise ArgumentError(f"{name}: reduction must be one of {', '.join(known)}, got {reduction!r}; 'mean' is usual")


def reduced(name: str, loss: Any, reduction: str) -> Any:
    """The losses of all elements, their mean or their sum; the mean of none is NaN, and a warning."""
    check_reduction(name, reduction)
    if reduction == "mean" and not loss.size:
        warnings.warn(f"{name}: there is nothing to average, so that the mean is NaN", RuntimeWarning, stacklevel=4)
        return loss.sum() * float("nan")
    return loss if reduction == "none" else loss.mean() if reduction == "mean" else loss.sum()
